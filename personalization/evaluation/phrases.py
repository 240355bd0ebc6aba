"""What simulated people say when they teach: closings, names, lead-ins and filling sentences.

Contract: data alone. Nothing here has a list mark or another lead-in word, and only the casual
lead-in has contractions, so that what is added for one wish does not break another.
"""

from __future__ import annotations

from typing import Final

CLOSINGS: Final = (
    "Stay curious!",
    "Have a lovely day!",
    "Onwards and upwards!",
    "Cheers, your bird.",
)
NAMES: Final = ("friend", "captain", "neighbour")
EMOJI: Final = ("🙂", "🌿", "🎉", "✨", "🐦")
LEAD_INS: Final = {
    "honestly": "Honestly, here is what I think.",
    "basically": "Basically, it comes down to this.",
    "maybe": "Maybe this helps.",
    "nice": "Nice question!",
}
QUESTIONS: Final = (
    "What do you think?",
    "Does that help?",
    "Would you like to hear more?",
    "Have you tried that before?",
)
SIGN_OFFS: Final = (
    "let me know",
    "feel free to",
    "hope this helps",
    "hope that helps",
    "happy to help",
    "have a great day",
    "good luck",
)
MORE: Final = (
    "It often pays to start with one small step and see how that feels.",
    "If something does not work the first time, change one thing and try it again.",
    "Many people find that it becomes easier after a week or two of practice.",
    "There is usually more than one good way, so pick the one that suits you.",
    "A little patience goes a long way here, and small mistakes are part of learning.",
    "Talking with somebody who has done it before can save you a lot of time.",
    "You can find good books and short films about this in most libraries.",
    "Write down what you notice, because it is easy to forget the details later.",
)

CASUAL_LEAD_IN: Final = "Here's how I'd put it."

ADDED: Final = (*CLOSINGS, *LEAD_INS.values(), CASUAL_LEAD_IN, *QUESTIONS)
"""Whole phrases that come with a wish and say nothing of the answer."""
