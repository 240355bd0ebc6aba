"""The values that travel along the path: conversation, adapter, sampling, draft.

Frozen, cheap to import, no torch and no Discord types. ``Turn`` is storage's, because what was
sent to the model is what is stored.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bowerbird.storage.records import DM_SCOPE, GLOBAL_SCOPE, Origin, Role, Turn

__all__ = [
    "DM_SCOPE",
    "GLOBAL_SCOPE",
    "AdapterRef",
    "Conversation",
    "FinishReason",
    "Origin",
    "ReplyDraft",
    "Role",
    "Sampling",
    "Turn",
]


@dataclass(frozen=True, slots=True)
class Conversation:
    """User and assistant turns, oldest first; the last one is the question."""

    turns: tuple[Turn, ...]

    def __post_init__(self) -> None:
        if not self.turns or self.turns[-1].role != "user":
            raise ValueError("a conversation ends with the person's question")

    @property
    def question(self) -> Turn:
        return self.turns[-1]


@dataclass(frozen=True, slots=True)
class AdapterRef:
    """One published adapter version: an immutable directory in PEFT's format."""

    scope_id: int
    user_id: int
    version: int
    path: Path

    @property
    def name(self) -> str:
        """A name no other version will ever have (also what a vLLM server knows it by)."""
        return f"s{self.scope_id}-u{self.user_id}-v{self.version}"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. ``temperature`` 0 is greedy; ``seed`` makes a reply repeatable.

    ``repetition_penalty`` as in CTRL (Keskar et al. 2019), of what the reply itself has said: what
    a question asks about and a person's style in the prompt must not be avoided. 1 is off.
    """

    temperature: float = 0.4
    top_p: float = 0.9
    top_k: int = 50
    repetition_penalty: float = 1.1
    max_new_tokens: int = 256
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class FinishReason(StrEnum):
    """``STOPPED``: by the person. It and ``LENGTH`` cut a reply off, so its end is not learned."""

    STOP = "stop"
    LENGTH = "length"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """A finished reply and exactly what it came from; not yet tied to Discord messages.

    ``turns`` are the conversation's own as really sent to the model, system prompt first, after
    truncation. ``retrieved``: ids of the replies whose exchanges stood before them; their texts
    are not repeated here, so that nothing outlives the messages they came from, which are
    ``read_messages``. ``candidates``: of how many it was the best; ``sampling`` is that of the one
    chosen.
    """

    scope_id: int
    user_id: int
    turns: tuple[Turn, ...]
    text: str
    base_model: str
    adapter_version: int | None
    sampling: Sampling
    finish_reason: FinishReason
    tokens: int
    seconds: float
    retrieved: tuple[int, ...] = ()
    read_messages: tuple[int, ...] = ()
    candidates: int = 1
