"""The trial bot, answering as the product does: typing, a streamed reply, embeds, files, buttons.

What it does depends on a word in the message: "markdown", "embed", "buttons", "burst", or anything
else for a reply that streams in. `gate` holds the stream half-way, so that a test can look.
"""

from __future__ import annotations

import asyncio
import io
import struct
import zlib

import discord

from tests.playground.trial_bot import TrialBot, Vote

REPLY = (
    "Satin bowerbirds are drawn to **blue**: parrot feathers, bottle tops, clothes pegs, berries. "
    "The male lays them out before his bower, an avenue of twigs, and rearranges them for weeks. "
    "Nobody taught him the colour; young males simply watch older ones and copy what works."
)
MARKDOWN = """# A field guide
Some **bold**, *italic*, ***both***, __underlined__, ~~struck~~ and `code`, ||a secret||.
> A quotation
> over two lines with a [link](https://example.com/a_(b)).
- blue feathers
  - from parrots
- bottle tops
1. build the avenue
2. paint it
```python
def bower(twigs: int) -> str:
    return "|" * twigs
```
-# small print <t:1700000000:D> and https://example.com/path_with_underscores
Not markup: snake_case_name, 2 * 3 * 4, <script>alert(1)</script>"""


def picture(width: int = 240, height: int = 120) -> bytes:
    """A small PNG: a blue gradient."""
    rows = b"".join(
        b"\0" + bytes(c for x in range(width) for c in (40, 70 + x // 3, 120 + y))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class AllStyles(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)
        styles = discord.ButtonStyle
        for label, style in (
            ("Yes, reset", styles.danger),
            ("Keep the feedback", styles.primary),
            ("Later", styles.secondary),
            ("Fine", styles.success),
        ):
            self.add_item(discord.ui.Button(label=label, style=style, custom_id=f"s:{label}"))
        self.add_item(discord.ui.Button(label="Gone", disabled=True, custom_id="s:gone"))
        self.add_item(discord.ui.Button(label="Docs", url="https://example.com/docs", row=1))


class TalkingBot(TrialBot):
    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(intents)
        self.gate = asyncio.Event()
        self.gate.set()

    async def on_message(self, message: discord.Message, /) -> None:
        self.note("message", message)
        is_direct = message.guild is None
        if message.author.bot or not (is_direct or self.user in message.mentions):
            return
        if "markdown" in message.content:
            await message.reply(MARKDOWN)
        elif "embed" in message.content:
            await self._show_embed(message)
        elif "buttons" in message.content:
            await message.reply("Shall I start over with you?", view=AllStyles())
            await message.channel.send("How was that?", view=Vote())
        elif "burst" in message.content:
            for number in range(30):
                await message.channel.send(f"line {number}\nand its second half")
        else:
            await self._stream(message)

    async def _stream(self, message: discord.Message) -> None:
        words = REPLY.split(" ")
        async with message.channel.typing():
            reply = await message.reply(" ".join(words[:4]))
        for end in range(8, len(words) + 4, 4):
            await reply.edit(content=" ".join(words[:end]))
            if end >= len(words) // 2:
                await self.gate.wait()

    async def _show_embed(self, message: discord.Message) -> None:
        embed = discord.Embed(
            title="Your adapter",
            description="Version **1** answers you in *The Bower*.",
            colour=0x3B6FD4,
            url="https://example.com",
        )
        embed.add_field(name="Feedback", value="6 👍 · 2 👎", inline=True)
        embed.add_field(name="Last night", value="promoted", inline=True)
        embed.set_footer(text="learned from you alone")
        files = [
            discord.File(io.BytesIO(picture()), "bower.png", description="A blue gradient"),
            discord.File(io.BytesIO(b"id,label\n1,liked\n"), "export.csv"),
        ]
        await message.reply(embed=embed, files=files)
