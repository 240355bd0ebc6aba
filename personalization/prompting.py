"""Turns to token ids and loss mask: the one place where a prompt is written, for serving *and*
training.

Contract: training sees exactly the tokens that serving sends, plus the reply; what people write
can never become a control token. Knows the tokenizer's chat template, nothing of torch or the
model.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from bowerbird.personalization.errors import ModelError, PromptTooLongError
from bowerbird.personalization.types import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True, slots=True)
class Encoded:
    """``loss_mask[i]``: token ``i`` is one the model should learn to say. ``turns``: those kept."""

    ids: tuple[int, ...]
    loss_mask: tuple[bool, ...]
    turns: tuple[Turn, ...]


def encode(
    tokenizer: PreTrainedTokenizerBase,
    turns: Sequence[Turn],
    reply: str | None = None,
    *,
    max_tokens: int,
) -> Encoded:
    """Write ``turns`` as the prompt for the assistant's next turn, in at most ``max_tokens``.

    With ``reply``, its tokens and the end-of-turn token follow, and only they are in the loss
    mask. What does not fit: the oldest turns go first; system turns and the last turn stay. Raises
    ``PromptTooLongError`` if those alone (with the reply) are too long.
    """
    turns = tuple(turns)
    if not turns:
        raise ValueError("there is nothing to answer: no turns")
    answer: tuple[int, ...] = ()
    if reply is not None:
        answer = (*_tokens(tokenizer, _plain(tokenizer, reply)), end_of_turn_id(tokenizer))
    droppable = [i for i, turn in enumerate(turns[:-1]) if turn.role != "system"]

    def without(count: int) -> tuple[Turn, ...]:
        dropped = set(droppable[:count])
        return tuple(turn for i, turn in enumerate(turns) if i not in dropped)

    def prompt(count: int) -> list[int]:
        return _tokens(tokenizer, _render(tokenizer, without(count)))

    room = max_tokens - len(answer)
    counts = range(len(droppable) + 1)  # the more are dropped, the shorter it gets
    dropped = bisect_left(counts, True, key=lambda count: len(prompt(count)) <= room)
    if dropped == len(counts):
        raise PromptTooLongError(
            f"this is too long for the model: {len(prompt(counts[-1])) + len(answer)} tokens, "
            f"and it reads {max_tokens}; please make it shorter"
        )
    ids = prompt(dropped)
    mask = (False,) * len(ids) + (True,) * len(answer)
    return Encoded((*ids, *answer), mask, without(dropped))


def end_of_turn_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token by which the model says that its turn is over: what the template writes there."""
    probe = "bowerbird"
    written = _render(
        tokenizer, (Turn("user", "?"), Turn("assistant", probe)), is_assistant_next=False
    )
    special = set(tokenizer.all_special_ids)
    for token in _tokens(tokenizer, written.rpartition(probe)[2]):
        if token in special:
            return token
    return int(tokenizer.eos_token_id)


def _render(
    tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], *, is_assistant_next: bool = True
) -> str:
    messages = [{"role": str(turn.role), "content": _plain(tokenizer, turn.text)} for turn in turns]
    try:
        return _apply(tokenizer, messages, is_assistant_next)
    except TemplateError:
        pass  # strict templates (Gemma, Mistral, Llama 2) want user and assistant in turn
    try:
        return _apply(tokenizer, _in_turn(messages), is_assistant_next)
    except TemplateError as error:
        raise ModelError(f"the model's chat template refuses this conversation: {error}") from error


def _apply(
    tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]], is_assistant_next: bool
) -> str:
    written = tokenizer.apply_chat_template(
        messages,
        tokenize=False,
        add_generation_prompt=is_assistant_next,
        enable_thinking=False,  # Qwen3: reply at once; other templates ignore it
    )
    return str(written)


def _in_turn(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same words for templates without a system role or with strictly alternating roles."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    while others and others[0]["role"] == "assistant" and len(others) > 1:
        others = others[1:]
    merged = [
        {"role": role, "content": "\n".join(message["content"] for message in group)}
        for role, group in groupby(others, key=lambda message: message["role"])
    ]
    if system and merged:
        first = merged[0]
        merged[0] = first | {"content": "\n\n".join([*system, first["content"]])}
    return merged


def _plain(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    """``text`` with written-out control tokens broken, so that nobody can end a turn or forge one.

    Repeated because two of them may overlap; it ends, since each pass breaks at least one.
    """
    names = [str(name) for name in tokenizer.get_added_vocab() if len(str(name).strip()) > 1]
    if not names:
        return text
    longest_first = sorted(names, key=len, reverse=True)
    control = re.compile("|".join(re.escape(name) for name in longest_first))
    while control.search(text):
        text = control.sub(lambda found: found[0][0] + _ZERO_WIDTH_SPACE + found[0][1:], text)
    return text


def _tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
