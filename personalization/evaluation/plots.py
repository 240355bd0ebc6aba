"""Plots of an evaluation as PNG files: arms with their intervals, the curve, the nights.

Contract: pure functions from `evaluation.json`'s values to bytes, drawn with Pillow, which the bot
needs anyway. Values are shares from 0 to 1. Knows no file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

SCALE: Final = 2
"""Drawn at twice the size it is shown at, for sharp letters on dense screens."""
WIDTH: Final = 720 * SCALE
_PAD: Final = 16 * SCALE
_ROW: Final = 30 * SCALE
_LABEL: Final = 110 * SCALE
_VALUE: Final = 150 * SCALE
_PLOT_HEIGHT: Final = 300 * SCALE

_BACKGROUND: Final = "#ffffff"
_TEXT: Final = "#1f2328"
_FAINT: Final = "#656d76"
_TRACK: Final = "#eaeef2"
_BAR: Final = "#54aeff"
_MARK: Final = "#cf222e"
_LINES: Final = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#656d76")


def arms(figures: Mapping[str, Any], measure: str, title: str) -> bytes:
    """One bar for each arm, its interval as a line; ``measure``: ``satisfaction``, ``win_rate``."""
    rows = [(arm, values[measure]) for arm, values in figures["arms"].items()]
    picture, draw = _page(title, 2 * _PAD + _ROW * (len(rows) + 1))
    left, right = _PAD + _LABEL, WIDTH - _PAD - _VALUE
    for number, (arm, (mean, low, high)) in enumerate(rows, start=1):
        top = _PAD + number * _ROW + _ROW // 4
        middle = top + _ROW // 4
        draw.text((_PAD, middle), arm, fill=_TEXT, font=_font(13), anchor="lm")
        draw.rectangle((left, top, right, top + _ROW // 2), fill=_TRACK)
        draw.rectangle((left, top, _at(mean, left, right), top + _ROW // 2), fill=_BAR)
        ends = _at(low, left, right), _at(high, left, right)
        draw.line((ends[0], middle, ends[1], middle), fill=_TEXT, width=SCALE)
        for end in ends:
            draw.line((end, middle - _ROW // 8, end, middle + _ROW // 8), fill=_TEXT, width=SCALE)
        note = f"{mean:.0%} ({low:.0%} to {high:.0%})"
        draw.text((right + _PAD // 2, middle), note, fill=_FAINT, font=_font(12), anchor="lm")
    return _png(picture)


def curve(figures: Mapping[str, Any], title: str) -> bytes:
    """Satisfaction over the number of votes, a line for each arm."""
    votes = list(figures["curve"])
    names = list(figures["curve"][votes[0]])
    lines = {
        name: [figures["curve"][count][name]["satisfaction"][0] for count in votes]
        for name in names
    }
    return _lines(title, votes, lines)


def nights(figures: Mapping[str, Any], title: str) -> bytes:
    """Satisfaction and coherence over the nights; the flip is marked."""
    rows = figures["nights"]
    lines = {name: [row[name] for row in rows] for name in ("satisfaction", "coherent_share")}
    flip = next((number for number, row in enumerate(rows) if row["is_flipped"]), None)
    return _lines(title, [str(row["night"]) for row in rows], lines, marked=flip)


def _lines(
    title: str,
    ticks: Sequence[str],
    lines: Mapping[str, Sequence[float]],
    marked: int | None = None,
) -> bytes:
    picture, draw = _page(title, _PLOT_HEIGHT)
    left, right = _PAD + 40 * SCALE, WIDTH - _PAD - _VALUE
    top, bottom = _PAD + _ROW, _PLOT_HEIGHT - _PAD - _ROW
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _at(share, bottom, top)
        draw.line((left, y, right, y), fill=_TRACK, width=SCALE)
        draw.text((left - 6, y), f"{share:.0%}", fill=_FAINT, font=_font(11), anchor="rm")
    places = [_at((i + 0.5) / len(ticks), left, right) for i in range(len(ticks))]
    every = max(1, len(ticks) // 10)
    for number, (x, tick) in enumerate(zip(places, ticks, strict=True)):
        if number % every == 0:
            draw.text((x, bottom + 8), tick, fill=_FAINT, font=_font(11), anchor="mt")
    if marked is not None:
        x = (places[marked] + places[max(0, marked - 1)]) // 2
        draw.line((x, top, x, bottom), fill=_MARK, width=SCALE)
    for number, (name, values) in enumerate(lines.items()):
        colour = _LINES[number % len(_LINES)]
        points = [(x, _at(value, bottom, top)) for x, value in zip(places, values, strict=True)]
        draw.line(points, fill=colour, width=2 * SCALE)
        for x, y in points:
            draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=colour)
        label = (right + _PAD // 2, top + number * _ROW * 2 // 3)
        draw.text(label, name, fill=colour, font=_font(12), anchor="lt")
    return _png(picture)


def _page(title: str, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (WIDTH, height), _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    draw.text((_PAD, _PAD), title, fill=_TEXT, font=_font(15))
    return picture, draw


def _at(share: float, start: int, end: int) -> int:
    return start + round((end - start) * min(max(share, 0.0), 1.0))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * SCALE)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
