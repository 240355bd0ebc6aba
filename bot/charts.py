"""A bar chart as a PNG, readable in Discord's dark and light themes alike.

Contract: pure functions from numbers to bytes; blocking for some milliseconds. The picture brings
its own background, so it needs to know nothing of the reader's theme.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SCALE: Final = 2
"""Drawn at twice the size it is shown at, for sharp letters on dense screens."""
WIDTH: Final = 480 * SCALE
_ROW: Final = 34 * SCALE
_PAD: Final = 16 * SCALE
_LABEL: Final = 120 * SCALE
_VALUE: Final = 104 * SCALE

_BACKGROUND: Final = "#2b2d31"
_TEXT: Final = "#f2f3f5"
_FAINT: Final = "#b5bac1"
_TRACK: Final = "#404249"
_BAR: Final = "#3ba55d"
_SPACE: Final = re.compile(r"\s")
"""Also those that do not break, which the font lacks."""


@dataclass(frozen=True, slots=True)
class Bar:
    """``share`` from 0 to 1; ``note`` stands at its right end. ASCII letters only: Pillow's own
    font has no others."""

    label: str
    share: float
    note: str


def bars(title: str, rows: Sequence[Bar]) -> bytes:
    """Horizontal bars, one under the other; the bytes of a PNG."""
    height = 2 * _PAD + _ROW * (len(rows) + 1)
    picture = Image.new("RGB", (WIDTH, height), _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    draw.text((_PAD, _PAD), title, fill=_TEXT, font=_font(17))
    left, right = _PAD + _LABEL, WIDTH - _PAD - _VALUE
    thick = _ROW // 2
    for number, row in enumerate(rows, start=1):
        top = _PAD + number * _ROW + (_ROW - thick) // 2
        middle = top + thick // 2
        draw.text((_PAD, middle), row.label, fill=_TEXT, font=_font(14), anchor="lm")
        draw.rounded_rectangle((left, top, right, top + thick), thick // 4, fill=_TRACK)
        end = left + round((right - left) * min(max(row.share, 0.0), 1.0))
        if end - left >= thick // 2:  # less cannot be drawn with round corners
            draw.rounded_rectangle((left, top, end, top + thick), thick // 4, fill=_BAR)
        note = _SPACE.sub(" ", row.note)
        draw.text((right + _PAD // 2, middle), note, fill=_FAINT, font=_font(13), anchor="lm")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * SCALE)
