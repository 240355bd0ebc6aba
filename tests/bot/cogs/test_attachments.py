"""Files beside a question: text is read, the rest declined in one line."""

from __future__ import annotations

import discord
import pytest

from bowerbird.bot import attachments
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from tests.bot.house import House


async def asked_with(
    house: House, person: Person, text: str, files: dict[str, str | bytes]
) -> tuple[list[str], str, Message]:
    """Our small print below the question, what the model was asked, and the question."""
    question = await person.say("general", f"{house.mention} {text}", files=files)
    channel = person.channel("general")
    await person.wait_until(
        lambda: any(len(m.reactions) == 3 for m in house.replies_to(question, channel))
    )
    notices = [m.content for m in house.replies_to(question, channel) if m.content[:2] == "-#"]
    prompt = house.backend.prompts[-1].rpartition("<user>")[2].removesuffix("\n<assistant>")
    return notices, prompt, question


async def test_a_text_file_is_part_of_the_question(house: House) -> None:
    alice = house.person("alice")
    files: dict[str, str | bytes] = {"twigs.csv": "\ufeffcolour,n\nblue,3\n"}
    notices, prompt, question = await asked_with(house, alice, "how many?", files)
    assert (notices, prompt) == ([], "how many?\n\ntwigs.csv:\ncolour,n\nblue,3")
    reply = house.replies_to(question, alice.channel("general"))[0]
    follow_up = await alice.say("general", "sure?", reply_to=reply)
    await house.finished_reply(alice, follow_up)
    assert "<user>how many?\n\ntwigs.csv:\ncolour,n\nblue,3\n<assist" in house.backend.prompts[-1]


async def test_a_file_alone_is_a_question_too_and_is_remembered_whole(house: House) -> None:
    alice = house.person("alice")
    dm = await alice.dm()
    await house.opt_in(alice, dm)
    question = await alice.say(dm, "", files={"todo.md": "- find blue"})
    reply = await house.finished_reply(alice, question)

    async def said() -> str:
        kept = await house.store.reply_of_message(reply.id)
        return kept.turns[-1].text if kept else ""

    assert await house.until(said) == "todo.md:\n- find blue"
    await alice.edit(question, "what first?")

    async def is_replaced() -> bool:
        return await said() == "what first?\n\ntodo.md:\n- find blue"

    await house.until(is_replaced)


async def test_files_that_are_not_for_us_are_never_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    whole = discord.Attachment.read

    async def noted(file: discord.Attachment, **options: bool) -> bytes:
        read.append(file.filename)
        return await whole(file, **options)

    monkeypatch.setattr(discord.Attachment, "read", noted)
    alice, bob = house.person("alice"), house.person("bob")
    private = await bob.say("general", "for alice", files={"diary.txt": "dear diary"})
    await bob.edit(private, "for alice alone")
    reply = await house.ask(alice, "red")
    question = await alice.say("general", "and?", reply_to=reply, files={"a.txt": "blue"})
    await house.finished_reply(alice, question)
    assert read == ["a.txt"]


async def test_what_is_no_text_is_declined_in_one_line(house: House) -> None:
    alice = house.person("alice")
    files: dict[str, str | bytes] = {
        "bower.png": b"\x89PNG",
        "lies.txt": b"\xff\xfe\x00",
        "long.log": "x" * (attachments.MAX_BYTES + 1),
        "notes.py": "print('blue')",
    }
    notices, prompt, _ = await asked_with(house, alice, "look", files)
    assert prompt == "look\n\nnotes.py:\nprint('blue')"
    (notice,) = notices
    assert notice == (
        "-# I can read up to 4 text files, so I left out `bower.png` and `lies.txt`. "
        "I can read files of up to 64 KB, so I left out `long.log`."
    )


async def test_too_much_text_is_cut_to_what_fits(house: House) -> None:
    alice = house.person("alice")
    house.backend.script.append("Many.")
    notices, prompt, _ = await asked_with(house, alice, "sum", {"a.txt": "y" * 20_000})
    assert notices == ["-# I could read only the beginning of `a.txt`."]
    assert 2000 < prompt.count("y") <= 2400  # half of what the house leaves for a prompt


async def test_a_picture_alone_is_declined(house: House) -> None:
    alice = house.person("alice")
    question = await alice.say("general", house.mention, files={"a.png": b"png"})
    assert (await alice.wait_for_reply(question)).content == f"-# {house.english('chat-only-text')}"
    assert house.backend.requests == []


async def test_a_file_that_is_gone_is_left_out(house: House) -> None:
    alice = house.person("alice")
    house.backend.gate.clear()
    first = await alice.say("general", f"{house.mention} one")
    await alice.wait_for_reply(first)
    second = await alice.say("general", f"{house.mention} two", files={"a.txt": "gone"})
    house.playground.world.attachments.clear()  # while it waits for its turn
    house.backend.gate.set()
    answered = await alice.wait_for_message(lambda m: m.content == "You said: two")
    assert answered.reference_id == second.id


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"\xef\xbb\xbfhi\n", "hi"), (b"a\0b", None), (b"\xe9", None), (b" \n", None)],
)
def test_only_utf_8_text_is_text(content: bytes, text: str | None) -> None:
    assert attachments.decoded(content) == text
