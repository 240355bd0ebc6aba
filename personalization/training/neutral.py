"""Questions and text that say nothing about a person: what an adapter is held to the base by.

Written for this project. The anchor's questions are trained with, the gate's never; both are
answered by the base model itself when the worker starts. Knows no model.
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
