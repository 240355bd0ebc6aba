"""A conversation becomes a streamed reply of this person's adapter, or of the base model.

Contract: `ReplyService.reply` is lazy: nothing runs until the first piece is asked for. A damaged
adapter costs the person their personal touch, never their reply. What the person liked before
stands in the prompt until an adapter has learned it, and where rows are idle the best of several
candidates is sent, in one piece. The draft at the end says what was really sent to the model, and
its text is what was given out. Knows no Discord and no database.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from bowerbird.personalization.candidates import Candidate, generate_best, room_for
from bowerbird.personalization.endings import Ending
from bowerbird.personalization.errors import AdapterError
from bowerbird.personalization.fluency import fluency
from bowerbird.personalization.generation.backend import (
    GenerationBackend,
    GenerationChunk,
    GenerationRequest,
)
from bowerbird.personalization.retrieval import encode_with_liked, unlearned
from bowerbird.personalization.taste import Taste, learn_scorer
from bowerbird.personalization.types import (
    AdapterRef,
    Conversation,
    FinishReason,
    ReplyDraft,
    Sampling,
    Turn,
)
from bowerbird.storage.records import LabelledReply

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_log = logging.getLogger(__name__)
DEADLINE_S = 120.0


class ActiveAdapters(Protocol):
    """The one thing needed of `AdapterLibrary`."""

    async def active(self, scope_id: int, user_id: int) -> AdapterRef | None: ...


class ReplyStream:
    """The pieces of one reply, in order; afterwards its draft.

    Close it to stop the generation: if anything was said by then, the draft is of that.
    """

    def __init__(self, pieces: AsyncGenerator[str, None], backend: GenerationBackend) -> None:
        self._pieces = pieces
        self._backend = backend
        self._draft: ReplyDraft | None = None
        self._request: GenerationRequest | None = None
        self._tokens = 0

    def __aiter__(self) -> AsyncIterator[str]:
        return self._pieces

    async def aclose(self) -> None:
        await self._pieces.aclose()

    @property
    def place(self) -> int | None:
        """Where it stands in the queue, 1 being next; ``None`` if it does not wait there."""
        return None if self._request is None else self._backend.place(self._request)

    @property
    def tokens(self) -> int:
        """How many were made, those of other candidates included; final once the stream is over."""
        return self._tokens

    def _spend(self, tokens: int) -> None:
        self._tokens += tokens

    @property
    def draft(self) -> ReplyDraft:
        if self._draft is None:
            raise RuntimeError("the draft exists once the stream was read to its end or closed")
        return self._draft


class ReplyService:
    """Answers conversations. ``context_tokens``: the window of prompt and reply together.

    ``taste``: what people liked before; without it nobody's is used.
    """

    def __init__(
        self,
        backend: GenerationBackend,
        tokenizer: PreTrainedTokenizerBase,
        adapters: ActiveAdapters,
        *,
        base_model: str,
        system_prompt: str,
        sampling: Sampling,
        context_tokens: int,
        taste: Taste | None = None,
    ) -> None:
        self._backend = backend
        self._tokenizer = tokenizer
        self._adapters = adapters
        self._base_model = base_model
        self._system = Turn("system", system_prompt)
        # At least half of a small window is the question's.
        room = min(sampling.max_new_tokens, context_tokens // 2)
        self._sampling = replace(sampling, max_new_tokens=room)
        self._max_prompt_tokens = context_tokens - room
        self._taste = taste
        self._running = 0

    def shortened(self, text: str) -> str:
        """Text that comes with a question, cut so that the question still fits. Takes a while."""
        limit = self._max_prompt_tokens // 2
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(ids) <= limit:
            return text
        # A token may end within a character, which then reads as U+FFFD.
        cut = str(self._tokenizer.decode(ids[:limit])).rstrip("\ufffd")
        return text[: len(cut)] if text.startswith(cut) else cut

    @property
    def is_busy(self) -> bool:
        """Whether somebody is being answered right now (training waits meanwhile)."""
        return self._running > 0

    def reply(
        self,
        scope_id: int,
        user_id: int,
        conversation: Conversation,
        *,
        seed: int | None = None,
        use_adapter: bool = True,
    ) -> ReplyStream:
        """Answer. Reading raises ``GenerationError`` and its kinds, one sentence each.

        Without ``use_adapter`` the base model answers as it would a stranger, without their taste
        as well. The same prompt, version and seed give the same reply (in bfloat16 only beside as
        many others: docs/DECISIONS.md, 28), the seed being the draft's; without one it is drawn.
        """
        sampling = replace(self._sampling, seed=secrets.randbelow(2**31) if seed is None else seed)

        async def pieces() -> AsyncGenerator[str, None]:
            self._running += 1
            try:
                started_at = time.monotonic()
                adapter = await self._adapters.active(scope_id, user_id) if use_adapter else None
                labelled = await self._labelled(scope_id, user_id) if use_adapter else ()
                encoded, liked = await asyncio.to_thread(
                    encode_with_liked,
                    self._tokenizer,
                    (self._system, *conversation.turns),
                    unlearned(labelled, adapter, conversation.turns[-1].text)
                    if self._has_retrieval
                    else (),
                    max_tokens=self._max_prompt_tokens,
                )
                request = GenerationRequest(
                    encoded.ids, sampling, adapter, (scope_id, user_id), DEADLINE_S
                )
                used, chunks = await self._start(request, stream)
                draft = ReplyDraft(
                    scope_id=scope_id,
                    user_id=user_id,
                    turns=encoded.turns,
                    text="",
                    base_model=self._base_model,
                    adapter_version=used.version if used else None,
                    sampling=sampling,
                    finish_reason=FinishReason.STOPPED,
                    tokens=0,
                    seconds=0.0,
                    retrieved=tuple(exchange.reply_id for exchange in liked),
                    read_messages=tuple(m for exchange in liked for m in exchange.message_ids),
                )
                request = replace(request, adapter=used)
                said = self._said(request, chunks, draft, labelled, stream)
                try:
                    async with aclosing(said):
                        async for draft_so_far, piece in said:
                            draft = draft_so_far
                            if piece:
                                yield piece
                finally:
                    if draft.text or draft.finish_reason is not FinishReason.STOPPED:
                        stream._draft = replace(draft, seconds=time.monotonic() - started_at)
            finally:
                self._running -= 1

        stream = ReplyStream(pieces(), self._backend)
        return stream

    @property
    def _has_retrieval(self) -> bool:
        return self._taste is not None and self._taste.has_retrieval

    async def _labelled(self, scope_id: int, user_id: int) -> tuple[LabelledReply, ...]:
        return () if self._taste is None else await self._taste.labelled(scope_id, user_id)

    async def _said(
        self,
        request: GenerationRequest,
        chunks: AsyncGenerator[GenerationChunk, None],
        draft: ReplyDraft,
        labelled: Sequence[LabelledReply],
        stream: ReplyStream,
    ) -> AsyncGenerator[tuple[ReplyDraft, str], None]:
        """New text, and the draft up to it: as it comes, or whole if it is the best of several."""
        async with aclosing(chunks):
            wanted = self._taste.candidates if self._taste and labelled else 1
            others = room_for(self._backend, wanted)
            scorer = await asyncio.to_thread(learn_scorer, labelled) if others else None
            if scorer is not None:
                best, candidates = await generate_best(
                    self._backend,
                    request,
                    chunks,
                    others,
                    partial(scorer.score, draft.turns[-1].text),
                    partial(
                        fluency,
                        self._backend,
                        self._tokenizer,
                        (self._system, draft.turns[-1]),
                        owner=request.owner,
                    ),
                    stream._spend,
                )
                yield _chosen(draft, best, candidates), best.text
                return
            ending = Ending(request.sampling.max_new_tokens)
            async for chunk in chunks:
                stream._spend(len(chunk.token_ids))
                piece = ending.push(chunk.text, stream.tokens)
                if chunk.finish_reason is not None:
                    piece += ending.rest(chunk.finish_reason)
                draft = replace(
                    draft,
                    text=draft.text + piece,
                    tokens=stream.tokens,
                    finish_reason=chunk.finish_reason or draft.finish_reason,
                )
                yield draft, piece

    async def _start(
        self, request: GenerationRequest, stream: ReplyStream
    ) -> tuple[AdapterRef | None, AsyncGenerator[GenerationChunk, None]]:
        """The stream, its first chunk at hand: a damaged adapter shows before any text."""
        chunks = self._backend.generate(request)
        stream._request = request
        try:
            first = await anext(chunks, None)
        except AdapterError as error:
            if request.adapter is None:
                raise
            _log.error(
                "%s cannot be used, so the base model answers until the next version: %s",
                request.adapter.name,
                error,
            )
            await chunks.aclose()
            return await self._start(replace(request, adapter=None), stream)
        except BaseException:
            await chunks.aclose()
            raise
        return request.adapter, _resumed(first, chunks)


def _chosen(draft: ReplyDraft, best: Candidate, candidates: int) -> ReplyDraft:
    return replace(
        draft,
        text=best.text,
        tokens=best.tokens,
        finish_reason=best.reason,
        sampling=replace(draft.sampling, seed=best.seed),
        candidates=candidates,
    )


async def _resumed(
    first: GenerationChunk | None, rest: AsyncGenerator[GenerationChunk, None]
) -> AsyncGenerator[GenerationChunk, None]:
    async with aclosing(rest):
        if first is not None:
            yield first
        async for chunk in rest:
            yield chunk
