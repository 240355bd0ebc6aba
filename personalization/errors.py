"""Everything that personalization can raise on purpose: one tree, every text says what to do."""

from __future__ import annotations


class PersonalizationError(Exception):
    """Base of the tree. ``str(error)`` is one sentence for a person or the operator."""


class ModelError(PersonalizationError):
    """The base model cannot be fetched, converted or loaded."""


class AdapterError(PersonalizationError):
    """An adapter is missing, damaged, or does not fit the base model."""


class GenerationError(PersonalizationError):
    """A reply could not be generated."""


class QueueFullError(GenerationError):
    """Too many replies are waiting; ask again in a moment."""


class OutOfMemoryError(GenerationError):
    """The reply does not fit into the memory set aside for generation."""


class PromptTooLongError(GenerationError):
    """The newest turn alone does not fit into the model's context."""


class TrainingError(PersonalizationError):
    """A training run could not be done; nothing of it was published."""


class TrainingDisabledError(TrainingError):
    """Training is off until the operator sets ``TRAINING_ACKNOWLEDGED=true``."""


class TrainingInterruptedError(TrainingError):
    """Bowerbird is closing; the run stays open and goes on at the next start."""


class NothingToLearnError(TrainingError):
    """There is no feedback of this person to train on."""


class ConsentError(PersonalizationError):
    """The person has not turned personalization on."""
