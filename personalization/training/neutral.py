"""Questions and text that say nothing about a person: what an adapter is held to the base by.

Written for this project. The anchor's questions are trained with, the gate's never; both are
answered by the base model itself, once for a system prompt. Knows no model.
"""

from __future__ import annotations

from typing import Final

ANCHOR_QUESTIONS: Final = (
    "What is the difference between weather and climate?",
    "How do I boil an egg?",
    "Tell me about the Roman Empire.",
    "Can you recommend a hobby for rainy days?",
    "Why is the sky blue?",
    "How can I fall asleep faster?",
    "Explain what a prime number is.",
    "What should I cook with tomatoes and rice?",
)

ANCHOR_TEXTS: Final = (
    (
        "The river had been low all summer, and the boats lay on their sides in the mud. In the "
        "evening the children walked out to the sandbank and looked for shells, while their "
        "parents sat on the wall and talked about the harvest and the price of bread."
    ),
    (
        "In 1868 the company opened its second factory near the railway. It employed about four "
        "hundred people, most of whom came from the surrounding villages, and produced glass for "
        "windows and lamps until the fire of 1911."
    ),
    (
        "A cell is the smallest unit that can live on its own. Its membrane keeps the inside apart "
        "from the outside, lets some substances through and holds others back, and carries the "
        "proteins by which cells recognize each other."
    ),
    (
        "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n"
        "    return total / len(values)\n\nThe function above fails for an empty list, because it "
        "divides by zero."
    ),
    (
        "The committee will meet again on Thursday to decide whether the bridge can be repaired or "
        "has to be replaced. Several members said that they needed more information about the "
        "costs before they could vote."
    ),
    (
        "She closed the book, put it back on the shelf and went to the window. Outside, the first "
        "snow of the year was falling on the roofs, on the empty market square and on the statue "
        "that nobody had ever cared to name."
    ),
)
"""What is nobody's reply: learning to answer differently must not change how text goes on."""

GATE_QUESTIONS: Final = (
    "What is a good way to learn a new language?",
    "How does a bicycle stay upright?",
    "Give me an idea for a birthday present.",
    "What causes the tides?",
    "How do I keep a house plant alive?",
    "What is the capital of Japan, and what is it known for?",
)

GENERAL_TEXT: Final = (
    "The harbour was quiet in the early morning. A few fishermen were mending their nets while "
    "the first ferry of the day came slowly around the lighthouse, and the smell of coffee "
    "drifted from the small kiosk at the end of the pier."
    "\n\n"
    "Photosynthesis is the process by which plants, algae and some bacteria turn light into "
    "chemical energy. Carbon dioxide and water are combined into sugars, and oxygen is released "
    "as a by-product."
    "\n\n"
    "To change a flat tyre, loosen the nuts before you lift the car. Place the jack under the "
    "reinforced part of the frame, raise the wheel off the ground, swap it for the spare, and "
    "tighten the nuts crosswise."
    "\n\n"
    "In 1889 the tower was meant to stand for twenty years. It was kept because it turned out to "
    "be useful for radio, and today it is visited by several million people every year."
)
"""Ordinary English: what the model could do before, it must still be able to do."""
