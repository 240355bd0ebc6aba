from __future__ import annotations

import io

from PIL import Image

from bowerbird.bot import charts
from bowerbird.bot.charts import Bar


def test_bars_are_as_long_as_they_say() -> None:
    rows = [Bar("none", 0.0, "0 %"), Bar("half", 0.5, "50 %"), Bar("all", 1.0, "100 %")]
    picture = Image.open(io.BytesIO(charts.bars("Title", rows))).convert("RGB")
    assert picture.width == charts.WIDTH
    green = (0x3B, 0xA5, 0x5D)
    lengths = []
    for number in (1, 2, 3):
        y = charts._PAD + number * charts._ROW + charts._ROW // 2
        lengths.append(sum(picture.getpixel((x, y)) == green for x in range(picture.width)))
    none, half, full = lengths
    assert none == 0
    assert abs(2 * half - full) <= 2
    assert full > charts.WIDTH // 3
