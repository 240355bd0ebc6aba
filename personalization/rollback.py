"""Taking a version back when its replies please less than those of the version it replaced.

Contract: decided on the asker's own votes alone, by one stated test; looked at after each 👎 and at
the start of each night. A version is taken back once at most: whoever goes back to it by hand keeps
it, so nothing flips to and fro. Knows neither runs nor gates.

The test: with a uniform prior on both rates of 👎, the probability that the new version's is the
higher one exceeds ``CONFIDENCE``, with at least ``MIN_VOTES`` votes on the new version. It is
asked again at each vote, which is why 0.95 would not do: that cries wolf in 17 % of the cases
where both are equally good, 0.99 in 3 % (tests/personalization/test_rollback.py simulates it).
"""

from __future__ import annotations

import logging
from math import exp, lgamma
from typing import Any, Final

from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.generation.backend import GenerationBackend
from bowerbird.storage.records import AdapterVersion, Consent, VersionVotes
from bowerbird.storage.store import Store

log = logging.getLogger(__name__)

MIN_VOTES: Final = 8
CONFIDENCE: Final = 0.99


class Rollback:
    """Watches over active versions."""

    def __init__(self, store: Store, adapters: AdapterLibrary, backend: GenerationBackend) -> None:
        self._store = store
        self._adapters = adapters
        self._backend = backend

    async def look(self, scope_id: int, user_id: int) -> AdapterVersion | None:
        """Take the person's active version back if its votes say so; returns that version.

        Raises ``StoreError``.
        """
        active = await self._store.person(scope_id, user_id)
        if active.active_version is None or active.active_base_model != self._adapters.base_model:
            return None
        recorded = await self._store.adapters(scope_id, user_id)
        version = next((one for one in recorded if one.version == active.active_version), None)
        if version is None or version.rolled_back_at is not None:
            return None
        votes = {one.version: one for one in await self._store.votes_by_version(scope_id, user_id)}
        new = votes.get(version.version, VersionVotes(version.version, 0, 0))
        old = votes.get(version.replaced, VersionVotes(version.replaced, 0, 0))
        if not is_worse(new, old):
            return None
        is_back, ref = await self._adapters.take_back(
            version, _why(new, old), check=self._backend.preload
        )
        if not is_back:
            return None
        if ref is None:
            await self._backend.unload(scope_id, user_id)
        log.info(
            "Version %d of %d in %d is taken back for %s: 👎 %d of %d, before %d of %d",
            version.version,
            user_id,
            scope_id,
            "the base model" if ref is None else f"version {ref.version}",
            new.dislikes,
            _votes(new),
            old.dislikes,
            _votes(old),
        )
        return version

    async def look_at_all(self, scope_id: int | None = None) -> list[AdapterVersion]:
        """Everybody's, in one scope or in all. Raises ``StoreError``."""
        found = [
            await self.look(person.scope_id, person.user_id)
            for person in await self._store.people(scope_id)
            if person.active_version is not None and person.consent is Consent.ON
        ]
        return [version for version in found if version is not None]


def is_worse(new: VersionVotes, old: VersionVotes) -> bool:
    """Whether the votes say clearly enough that ``new`` pleases less than ``old``."""
    return _votes(new) >= MIN_VOTES and chance_of_more_dislikes(new, old) > CONFIDENCE


def chance_of_more_dislikes(new: VersionVotes, old: VersionVotes) -> float:
    """P(rate of 👎 of ``new`` > that of ``old`` | votes), both rates uniform before any vote.

    For X ~ Beta(a, b) and Y ~ Beta(c, d) with integer parameters the integral has an end:
    P(X > Y) = Σ over i < a of B(c + i, b + d) / ((b + i) · B(1 + i, b) · B(c, d)).
    """
    a, b = new.dislikes + 1, new.likes + 1
    c, d = old.dislikes + 1, old.likes + 1
    return sum(
        exp(_log_beta(c + i, b + d) - _log_beta(1 + i, b) - _log_beta(c, d)) / (b + i)
        for i in range(a)
    )


def _why(new: VersionVotes, old: VersionVotes) -> dict[str, Any]:
    """What is stored with the version: a sentence for people, and the numbers."""
    return {
        "reason": (
            f"{new.dislikes} of the {_votes(new)} replies voted on were disliked; "
            f"before it, {old.dislikes} of {_votes(old)}."
        ),
        "dislikes": new.dislikes,
        "votes": _votes(new),
        "dislikes_before": old.dislikes,
        "votes_before": _votes(old),
        "chance_of_more_dislikes": round(chance_of_more_dislikes(new, old), 4),
    }


def _votes(found: VersionVotes) -> int:
    return found.likes + found.dislikes


def _log_beta(a: int, b: int) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
