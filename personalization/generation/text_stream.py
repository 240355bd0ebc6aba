"""Tokens to text while they arrive: whole characters only, never a control token."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_INCOMPLETE = "\ufffd"  # how a decoder writes bytes that are no character (yet)
_LONGEST_CHARACTER = 4  # bytes, so at most as many tokens


class TextStream:
    """The text of one reply. Decodes a small window, since tokens may change with neighbours."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._context = 0  # tokens before this no longer matter to the next ones' text
        self._told = 0  # tokens before this have been given out

    def push(self, token: int) -> str:
        """The new text that is complete with this token; often one word, sometimes nothing."""
        self._ids.append(token)
        text = self._decode(self._context, len(self._ids))
        is_whole = not text.endswith(_INCOMPLETE)
        if not is_whole and len(self._ids) - self._told <= _LONGEST_CHARACTER:
            return ""
        new = text[len(self._decode(self._context, self._told)) :]
        self._context, self._told = self._told, len(self._ids)
        return new

    def _decode(self, start: int, stop: int) -> str:
        return str(
            self._tokenizer.decode(
                self._ids[start:stop],
                skip_special_tokens=True,
                clean_up_tokenization_spaces=False,
            )
        )
