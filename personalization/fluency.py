"""How likely the base model finds a reply: what keeps the best of several from being nonsense.

Contract: mean log-likelihood of the reply's beginning, in nats a token, as the base's own answer to
the question, whatever prompt and adapter made it; read in one pass, so that it costs about what the
prompt did. A scorer sees style alone, and among candidates the one with most of it may say least.
Knows the backend by its protocol and no person.
"""

from __future__ import annotations

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
JUDGED_TOKENS: Final = 64
MAX_TOKENS: Final = 512
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
