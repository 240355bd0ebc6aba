"""The seam between what is remembered and who asks: intent-named methods, no SQL, no rows.

Every method is one transaction: it happens wholly or not at all, also when two tasks call at
once. Times are timezone-aware UTC. Errors: ``StoreError`` with a sentence that says what to do
(disk full, unreachable, damaged, newer schema); nothing else escapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bowerbird.storage.records import (
    AdapterVersion,
    Consent,
    DuePerson,
    Erased,
    Feedback,
    FeedbackKind,
    LabelledReply,
    NewReply,
    Person,
    PersonSummary,
    Reply,
    Run,
    RunState,
    ScopeSummary,
    ServerSettings,
    VersionVotes,
)


class StoreError(Exception):
    """The database could not do it. The text is one sentence for the operator."""


class Store(Protocol):
    """What Bowerbird remembers."""

    async def open(self) -> None:
        """Connect and bring the schema up to date."""

    async def aclose(self) -> None: ...

    # --- people and consent -------------------------------------------------------------------
    async def person(self, scope_id: int, user_id: int) -> Person:
        """The person, as ``UNASKED`` if nothing is known of them. Writes nothing."""

    async def offer_consent(self, scope_id: int, user_id: int) -> bool:
        """Remember that the offer is being made. True for exactly one caller, ever,
        unless it is withdrawn."""

    async def withdraw_offer(self, scope_id: int, user_id: int) -> None:
        """The offer could not be made: the person is as if never asked, unless they answered."""

    async def claim_lesson(self, scope_id: int, user_id: int, every: timedelta) -> bool:
        """Remember that a consenting person is asked what we should have said.

        True once in ``every``, for one caller.
        """

    async def set_consent(self, scope_id: int, user_id: int, consent: Consent) -> None: ...

    async def people(self, scope_id: int | None = None) -> list[Person]:
        """Everybody known, in one scope or in all."""

    # --- replies ------------------------------------------------------------------------------
    async def add_reply(self, reply: NewReply) -> int | None:
        """Record a reply; returns its id, or ``None`` if the person does not consent (any more).

        Idempotent on ``message_ids[0]``.
        """

    async def replies_since(self, scope_id: int, user_id: int, moment: datetime) -> int:
        """How many recorded replies this person got since then."""

    async def reply_of_message(self, message_id: int) -> Reply | None:
        """The reply any part of which is this message."""

    async def parts_beside(self, message_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """All parts of the replies of which any of these is one: whose (scope, user) each is."""

    async def messages_in(self, channel_id: int) -> list[int]:
        """The questions and replies in this channel of which anything is kept."""

    async def channels(self, scope_id: int) -> list[int]:
        """The channels and threads of this scope of which anything is kept."""

    async def replace_text(self, message_id: int, text: str) -> int:
        """A message was edited: replace its text in every turn that quotes it.

        Active adapters trained on those replies become stale. Returns the turns changed.
        """

    async def erase_messages(self, message_ids: Sequence[int]) -> int:
        """Messages were deleted: their text goes.

        A reply of which a part or the question is deleted goes whole, with its feedback; in
        other replies the quoting turn goes and the reply is no longer exact. Active adapters
        trained on them become stale. Returns the replies touched.
        """

    async def erase_before(self, moment: datetime) -> int:
        """The retention clock: replies (and their feedback) made before ``moment`` go."""

    # --- feedback -----------------------------------------------------------------------------
    async def put_feedback(self, feedback: Feedback) -> bool:
        """Upsert by (message, user, kind). False, and nothing stored, without consent.

        May arrive before the reply it belongs to.
        """

    async def remove_feedback(
        self, message_id: int, kinds: Sequence[FeedbackKind], user_id: int | None = None
    ) -> int:
        """Remove a person's feedback of these kinds from a message, or everybody's (cleared)."""

    async def labelled_replies(
        self,
        scope_id: int,
        user_id: int,
        *,
        interactions_only: bool = False,
        with_silent: bool = False,
        newest: int | None = None,
    ) -> list[LabelledReply]:
        """The asker's own replies with their own feedback, oldest first; exact ones only.

        ``interactions_only``: only text given through slash commands and modals. ``with_silent``:
        also replies without any feedback, labelled when they were made. ``newest``: no more than
        so many, all with feedback.
        """

    # --- adapters -----------------------------------------------------------------------------
    async def next_version(self, scope_id: int, user_id: int) -> int:
        """One more than the highest version ever given to this person in this scope."""

    async def add_adapter(self, adapter: AdapterVersion, *, promote: bool) -> bool:
        """Record a version with its verdict and, if ``promote``, flip the active pointer to it.

        False, and nothing stored, if the person does not consent any more.
        """

    async def adapters(self, scope_id: int, user_id: int) -> list[AdapterVersion]:
        """All recorded versions, oldest first."""

    async def activate(self, scope_id: int, user_id: int, version: int | None) -> None:
        """Point the person at an accepted version, or at base (``None``)."""

    async def roll_back(
        self, scope_id: int, user_id: int, version: int, *, to: int | None, why: dict[str, Any]
    ) -> bool:
        """Take an active version back and point the person at ``to`` instead (``None``: base).

        ``why`` is added to its verdict as ``rolled_back``. False, and nothing changed, if it is
        not the active version (any more), or was taken back once before. Raises ``StoreError`` if
        ``to`` cannot be active.
        """

    async def rolled_back_since(self, moment: datetime) -> list[AdapterVersion]:
        """Everybody's versions that were taken back since then, oldest first."""

    async def outdate_adapters(self, base_model: str) -> int:
        """Active versions of any other base model become stale, so their people are due.

        Returns how many did.
        """

    # --- runs ---------------------------------------------------------------------------------
    async def due_people(
        self, min_feedback: int, scope_id: int | None = None, *, interactions_only: bool = False
    ) -> list[DuePerson]:
        """Consenting people with that many new items, or stale; who needs it most comes first.

        First those whose adapter has seen a text that is gone, since they were promised that it
        goes; then whom the last night did not reach; then most new feedback (a correction counts
        as one), then who waits longest. ``interactions_only`` counts what ``labelled_replies``
        gives under the same name.
        """

    async def add_run(self, night: str, scope_id: int, user_id: int) -> Run:
        """Queue a run; the existing one if (night, scope, user) is known already."""

    async def start_run(self, run_id: int) -> Run:
        """Mark it running and count the attempt. Raises ``StoreError`` if it is over."""

    async def finish_run(
        self, run_id: int, state: RunState, *, version: int | None = None, detail: str = ""
    ) -> None:
        """End a run. When PROMOTED or REJECTED, feedback older than its start is no longer new."""

    async def unfinished_runs(self) -> list[Run]:
        """Queued and running ones, oldest first: what a crash left."""

    async def runs(self, night: str) -> list[Run]: ...

    async def has_open_run(self, scope_id: int, user_id: int) -> bool: ...

    # --- summaries ----------------------------------------------------------------------------
    async def person_summary(self, scope_id: int, user_id: int) -> PersonSummary: ...

    async def votes_by_version(
        self, scope_id: int, user_id: int | None = None
    ) -> list[VersionVotes]:
        """The base model first, then oldest first; only versions with votes.

        Without a person: everybody's, the versions of the same number together. Of 👍 and 👎 on
        one reply the later one counts.
        """

    async def scope_summary(self, scope_id: int, min_feedback: int) -> ScopeSummary: ...

    # --- leaving ------------------------------------------------------------------------------
    async def forget(self, user_id: int, scope_id: int | None = None) -> Erased:
        """Erase all of a person's rows, in one scope or everywhere; open runs are cancelled.

        Consent is left as OFF so that they are not asked again, and version numbers are not
        reused. Deleted text is overwritten in the file, not just unlinked.
        """

    async def reset(self, scope_id: int, user_id: int, *, keep_feedback: bool) -> Erased:
        """Back to base: versions and runs go, and feedback and replies unless kept."""

    async def erase_server(self, server_id: int) -> int:
        """Everything of the scope of this number, its people too, and of the server of that number.

        Returns how many replies those were. Deleted text is overwritten in the file.
        """

    async def export(self, user_id: int) -> dict[str, Any]:
        """Everything of a person, in every scope, as JSON-ready values."""

    # --- servers ------------------------------------------------------------------------------
    async def server_settings(self, server_id: int) -> ServerSettings:
        """What this server's admins decided; the defaults if they decided nothing.

        ``server_id`` is the server itself, also where servers share one scope.
        """

    async def put_server_settings(self, server_id: int, settings: ServerSettings) -> None:
        """From now on these, all of them. The defaults leave no row behind."""

    # --- the operator -------------------------------------------------------------------------
    async def get_meta(self, key: str) -> str | None: ...

    async def set_meta(self, key: str, value: str) -> None: ...

    async def checkpoint(self) -> None:
        """Fold write-ahead data into the main file (a no-op where there is none)."""

    async def backup(self, target: Path) -> None:
        """A consistent copy while in use. ``StoreError`` where the database has its own tool."""

    async def copy_to(self, url: str) -> int:
        """Everything into another, empty database; how many rows. This one stays as it is."""
