"""How likely the base model finds a reply, and how much of it was said before in it: what keeps the
best of several from being nonsense.

Contract: ``fluency`` is the mean log-likelihood of the reply's beginning, in nats a token, as the
base's own answer to the question, whatever prompt and adapter made it; read in one pass, so that it
costs about what the prompt did. A scorer sees style alone, and among candidates the one with most
of it may say least. Nothing is likelier than saying the same again (Holtzman et al. 2020,
arXiv:1904.09751), hence ``repetition``. Knows the backend by its protocol and no person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from bowerbird.personalization import prompting
from bowerbird.personalization.errors import PromptTooLongError
from bowerbird.personalization.generation.backend import GenerationBackend, GenerationRequest
from bowerbird.personalization.types import Sampling
from bowerbird.storage.records import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

WEIGHT: Final = 3.0
"""Of a nat a token against one of the scorer's log-odds (docs/LOG.md)."""
REPETITION_WEIGHT: Final = 8.0
"""Of all of a reply having been said before, against the same (docs/LOG.md)."""
JUDGED_TOKENS: Final = 64
MAX_TOKENS: Final = 512
_PIECE: Final = re.compile(r"\w+|[^\w\s]")
_NOTHING_MORE: Final = Sampling(max_new_tokens=0)


async def fluency(
    backend: GenerationBackend,
    tokenizer: PreTrainedTokenizerBase,
    turns: Sequence[Turn],
    reply: str,
    owner: tuple[int, int],
) -> float:
    """Of ``reply`` to ``turns``, 0 at best; 0 as well for a reply without tokens, or to a question
    too long to be read with it. Raises ``GenerationError`` and its kinds."""
    try:
        row = prompting.encode(tokenizer, turns, reply, max_tokens=MAX_TOKENS)
    except PromptTooLongError:
        return 0.0
    said = sum(row.loss_mask) - 1  # when to stop is taste
    judged = min(said, JUDGED_TOKENS)
    if not judged:
        return 0.0
    ids = row.ids[: len(row.ids) - 1 - said + judged]
    request = GenerationRequest(ids, _NOTHING_MORE, None, owner, judged=judged)
    total = 0.0
    async with aclosing(backend.generate(request)) as chunks:
        async for chunk in chunks:
            total += chunk.logprob or 0.0
    return total / judged


def repetition(reply: str) -> float:
    """Share of the trigrams of ``reply`` that were in it before, in [0, 1); 0 for a few words."""
    pieces = _PIECE.findall(reply.lower())
    trigrams = list(zip(pieces, pieces[1:], pieces[2:], strict=False))
    return 1 - len(set(trigrams)) / len(trigrams) if trigrams else 0.0
