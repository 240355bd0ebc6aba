"""What is remembered, as frozen values. Knows no database, no Discord, no torch.

Ids are Discord snowflakes (integers). A *scope* is where learning is kept apart: a server's id,
or one of the two reserved ids below, which no snowflake can equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

DM_SCOPE: Final = 0
"""Scope of everything said in direct messages (one person's DMs never mix with another's)."""

GLOBAL_SCOPE: Final = 1
"""The one scope of every place when ``ADAPTER_SCOPE=global``."""

Role = Literal["system", "user", "assistant"]
Origin = Literal["message", "slash", "modal"]
"""How a text reached us. ``TRAIN_ON=interactions`` trains on ``slash`` and ``modal`` alone."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation.

    ``message_id`` is the Discord message it came from and ``author_id`` the person who wrote it;
    both are ``None`` for the system prompt, ``author_id`` also for the bot's own turns.
    """

    role: Role
    text: str
    message_id: int | None = None
    author_id: int | None = None


class Consent(StrEnum):
    """Where a person stands. Nothing is stored or trained unless it is ``ON``."""

    UNASKED = "unasked"
    OFFERED = "offered"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Person:
    """One person in one scope. ``active_version`` is the promoted adapter, ``None`` for base.

    ``active_base_model``: the base model that version was trained on.
    ``is_stale``: a text that the active adapter was trained on has since been deleted or edited,
    so it must be retrained even if there is no new feedback.
    """

    scope_id: int
    user_id: int
    consent: Consent = Consent.UNASKED
    consent_changed_at: datetime | None = None
    active_version: int | None = None
    active_base_model: str | None = None
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class NewReply:
    """A reply as it was made, ready to be recorded: exactly what the model was given and gave.

    ``turns`` start with the system prompt and end with the question. Exchanges that the person had
    liked may have stood between the two; ``sampling["retrieved"]`` names them by reply id and keeps
    no text, so deleting a message leaves no copy here. ``is_exact`` is false when
    turns of people who have not consented had to be left out; such a reply is never trained on.
    ``message_ids`` are the Discord messages the reply was split over, in order.
    ``regenerates`` is a message id of the reply that ↻ replaced by this one.
    """

    scope_id: int
    user_id: int
    channel_id: int
    question_id: int | None
    message_ids: tuple[int, ...]
    turns: tuple[Turn, ...]
    text: str
    base_model: str
    adapter_version: int | None
    sampling: dict[str, Any]
    origin: Origin
    created_at: datetime
    is_exact: bool = True
    regenerates: int | None = None


@dataclass(frozen=True, slots=True)
class Reply(NewReply):
    """A recorded reply."""

    reply_id: int = 0


class FeedbackKind(StrEnum):
    """LIKE and DISLIKE may both be present; the later one is the person's label."""

    LIKE = "like"
    DISLIKE = "dislike"
    REGENERATE = "regenerate"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's feedback on one Discord message; (message, user, kind) is its key.

    It may be older than the row of the reply it belongs to, so it refers to the message, not to
    the reply. ``text`` is the correction, else ``None``.
    """

    scope_id: int
    message_id: int
    user_id: int
    kind: FeedbackKind
    origin: Origin
    created_at: datetime
    text: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledReply:
    """A reply with what the asker thought of it: what training reads.

    ``is_liked``: the later of 👍/👎 (``None``: no vote, e.g. only a correction or only ↻).
    ``correction``: what the person would have wanted to read. ``was_regenerated``: the person
    pressed ↻. ``replaces``: reply id of the earlier half of a ↻ pair.
    """

    reply: Reply
    is_liked: bool | None
    correction: str | None
    correction_origin: Origin | None
    was_regenerated: bool
    replaces: int | None
    labelled_at: datetime


class AdapterState(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class AdapterVersion:
    """One trained version and the gate's verdict on it (stored, pass or fail).

    ``trained_on``: number of labelled replies. ``verdict``: JSON of reasons and measurements.
    ``is_stale``: it may have learned from a text that was deleted or edited since. ``replaced``:
    the version that answered before it (``None``: the base model). ``rolled_back_at``: when it was
    taken back because it pleased less than that one; ``verdict["rolled_back"]`` says why. These
    three are kept by the store, so what is said of them when recording it does not count.
    """

    scope_id: int
    user_id: int
    version: int
    state: AdapterState
    base_model: str
    trained_on: int
    verdict: dict[str, Any]
    created_at: datetime
    is_stale: bool = False
    replaced: int | None = None
    rolled_back_at: datetime | None = None


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PROMOTED = "promoted"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"
    """The night's time was up before it began: that person comes first the next night."""

    @property
    def is_over(self) -> bool:
        return self not in {RunState.QUEUED, RunState.RUNNING}


@dataclass(frozen=True, slots=True)
class Run:
    """One person's training in one night; (night, scope, user) is unique.

    ``night`` is the date of the night (``2026-11-21``), or a name of its own for a run somebody
    asked for (``retrain-<milliseconds>``). ``started_at``: of the last attempt.
    """

    run_id: int
    night: str
    scope_id: int
    user_id: int
    state: RunState
    attempts: int
    version: int | None
    detail: str
    created_at: datetime
    finished_at: datetime | None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DuePerson:
    """A consenting person with feedback newer than their last finished run.

    ``is_postponed``: their last night was over before it came to them. ``waiting_since``: when the
    oldest of the new feedback was given.
    """

    scope_id: int
    user_id: int
    new_feedback: int
    is_stale: bool
    is_postponed: bool = False
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class VersionVotes:
    """What the asker thinks of the replies that one version made; ``None`` is the base model."""

    version: int | None
    likes: int
    dislikes: int


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """Counts behind ``/my status``. ``others_votes``: other people's votes on their replies."""

    person: Person
    replies: int
    likes: int
    dislikes: int
    corrections: int
    regenerations: int
    others_votes: int
    new_feedback: int
    latest: AdapterVersion | None
    last_run: Run | None


@dataclass(frozen=True, slots=True)
class ScopeSummary:
    """Counts behind ``/server status``."""

    people_on: int
    people_off: int
    replies: int
    likes: int
    dislikes: int
    corrections: int
    active_adapters: int
    due: int
    last_runs: tuple[Run, ...]


VoteStyle = Literal["reactions", "buttons"]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server's admins decided. The defaults are a server where nobody decided anything.

    ``allowed_channels`` empty: every channel; ``blocked_channels`` wins over it, and threads follow
    their channel. ``allowed_roles`` empty: everybody. ``cooldown_s``: seconds between two
    questions of one person, ``server_cooldown_s``: of anybody; ``daily_replies``: replies a person
    gets in a day, ``daily_tokens``: tokens that all replies there together have in a day; 0
    switches each of them off. Emoji as Discord writes them; none: the operator's. ``language`` is a
    Discord locale (``de``, ``zh-CN``); ``None``: each person's own. ``announcement_channel_id``:
    where the night's summary is posted, if anywhere.
    """

    allowed_channels: frozenset[int] = frozenset()
    blocked_channels: frozenset[int] = frozenset()
    allowed_roles: frozenset[int] = frozenset()
    cooldown_s: int = 0
    daily_replies: int = 0
    server_cooldown_s: int = 0
    daily_tokens: int = 0
    votes: VoteStyle = "reactions"
    positive_emoji: tuple[str, ...] = ()
    negative_emoji: tuple[str, ...] = ()
    language: str | None = None
    announcement_channel_id: int | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """A receipt: how many rows went. The caller deletes the weights of ``people``."""

    replies: int
    feedback: int
    adapters: int
    runs: int
    people: tuple[tuple[int, int], ...]
    """(scope, user) pairs whose adapter folders must go too."""
