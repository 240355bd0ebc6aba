"""Messages, mentions, reactions, typing and refusals, between people and the real client."""

from __future__ import annotations

import io

import aiohttp
import discord
import pytest

from bowerbird.playground import Playground, server_emoji
from bowerbird.playground.errors import DiscordError
from bowerbird.playground.model import Message, MessageKind
from bowerbird.playground.permissions import Permission
from tests.playground.trial_bot import TrialBot


def text_channel(bot: TrialBot, name: str = "general") -> discord.TextChannel:
    found = discord.utils.get(bot.guilds[0].text_channels, name=name)
    assert found is not None
    return found


def record(playground: Playground, message: discord.Message) -> Message:
    return playground.world.messages[message.id]


async def test_a_reply_refers_to_its_message(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    sent = await alice.say("general", playground.bot.mention)
    reply = await alice.wait_for_reply(sent)
    assert reply.kind is MessageKind.REPLY
    assert reply.pings == [], "AllowedMentions.none() pings nobody"
    heard = next(m for m in bot.heard_of("message") if m.id == sent.id)
    fetched = await heard.channel.fetch_message(reply.id)
    assert fetched.reference.resolved.id == sent.id
    assert fetched.reference.resolved.author.name == "alice"


async def test_mentions_that_are_not_allowed_ping_nobody(
    playground: Playground, bot: TrialBot
) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    channel = text_channel(bot)
    quiet = await channel.send(f"{alice.mention} {bob.mention} @everyone")
    assert record(playground, quiet).pings == []
    assert quiet.mentions == []
    only_bob = discord.AllowedMentions(users=[discord.Object(bob.id)])
    loud = await channel.send(f"{alice.mention} {bob.mention}", allowed_mentions=only_bob)
    assert record(playground, loud).pings == [bob.id]
    everyone = await channel.send("@everyone", allowed_mentions=discord.AllowedMentions.all())
    assert record(playground, everyone).pings == [], "a bot without the permission cannot shout"


async def test_people_ping_whom_they_mention(playground: Playground) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    sent = await alice.say("general", f"{bob.mention} and {alice.mention}")
    assert sent.pings == [bob.id]
    assert (await bob.say("general", "what?", reply_to=sent)).pings == [alice.id]
    assert (await bob.say("general", "what?", reply_to=sent, ping=False)).pings == []
    assert (await alice.say("general", "@everyone")).pings == []
    assert len((await playground.person("owner").say("general", "@here")).pings) == 4


async def test_edits_are_kept_in_order(playground: Playground, bot: TrialBot) -> None:
    message = await text_channel(bot).send("one")
    await message.edit(content="one two")
    await message.edit(content=" one two three\n")
    kept = record(playground, message)
    assert [version.content for version in kept.versions] == ["one", "one two", "one two three"]
    assert kept.edited_at is not None
    assert [v.at for v in kept.versions] == sorted(v.at for v in kept.versions)


async def test_people_edit_and_delete_and_the_bot_hears(
    playground: Playground, bot: TrialBot
) -> None:
    alice = playground.person("alice")
    sent = await alice.say("general", f"{playground.bot.mention} nothing")
    await alice.edit(sent, f"{playground.bot.mention} nothing at all")
    edited = await bot.until_heard("message_edit")
    assert edited.message.content.endswith("at all")
    await alice.delete(sent)
    assert (await bot.until_heard("message_delete")).message_id == sent.id
    assert sent.is_deleted
    with pytest.raises(DiscordError, match="Unknown Message"):
        await alice.react(sent, "👍")


async def test_history_reads_backwards_and_around(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    sent = [await alice.say("general", str(number)) for number in range(130)]
    channel = text_channel(bot)
    everything = [message.content async for message in channel.history(limit=None)]
    assert everything == [str(number) for number in reversed(range(130))]
    after = [m.content async for m in channel.history(after=discord.Object(sent[125].id))]
    assert after == ["126", "127", "128", "129"]
    around = [m.id async for m in channel.history(around=discord.Object(sent[50].id), limit=5)]
    assert sorted(around) == [message.id for message in sent[48:53]]


async def test_files_travel_both_ways(playground: Playground, bot: TrialBot) -> None:
    channel = text_channel(bot)
    file = discord.File(io.BytesIO(b"# hi"), filename="notes.md", description="notes")
    sent = await channel.send("see", file=file)
    assert sent.attachments[0].filename == "notes.md"
    assert await sent.attachments[0].read() == b"# hi"
    edited = await sent.edit(attachments=[])
    assert edited.attachments == []
    export = bytes(range(256)) * 4096 * 9  # 9 MiB, as an adapter's export takes
    sent = await text_channel(bot).send(file=discord.File(io.BytesIO(export), "bowerbird.zip"))
    assert await sent.attachments[0].read() == export


async def test_embeds_keep_their_shape(bot: TrialBot) -> None:
    embed = discord.Embed(title="Status", description="fine").add_field(name="version", value="1")
    sent = await text_channel(bot).send(embed=embed)
    assert sent.embeds[0].to_dict()["fields"] == [{"inline": True, "name": "version", "value": "1"}]


async def test_a_repeated_nonce_says_it_once(playground: Playground, bot: TrialBot) -> None:
    first = await text_channel(bot).send("once", nonce="n1")
    second = await text_channel(bot).send("once", nonce="n1")
    assert first.id == second.id


async def test_reactions_of_every_kind_are_heard(playground: Playground, bot: TrialBot) -> None:
    alice, owner = playground.person("alice"), playground.person("owner")
    message = await text_channel(bot).send("judge me")
    kept = record(playground, message)
    for emoji in ("👍", "❤️", "👎🏽"):
        await alice.react(kept, emoji)
    await alice.react(kept, "❤")
    added = await bot.until_heard("reaction_add", 3)
    assert (added.user_id, str(added.emoji)) == (alice.id, "👎🏽")
    assert added.message_author_id == playground.bot.id
    assert added.member.name == "alice"
    await alice.unreact(kept, "👎🏽")
    removed = await bot.until_heard("reaction_remove")
    assert (removed.user_id, str(removed.emoji)) == (alice.id, "👎🏽")
    await owner.clear_reactions(kept, "❤️")
    assert str((await bot.until_heard("reaction_clear_emoji")).emoji) == "❤️"
    await owner.clear_reactions(kept)
    assert (await bot.until_heard("reaction_clear")).message_id == message.id
    assert len(bot.heard_of("reaction_add")) == 3, "❤ and ❤️ are one emoji"


async def test_super_reactions_are_counted_apart(playground: Playground, bot: TrialBot) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    message = await text_channel(bot).send("hello")
    kept = record(playground, message)
    await alice.react(kept, "👍", is_super=True)
    added = await bot.until_heard("reaction_add")
    assert (added.burst, added.type) == (True, discord.ReactionType.burst)
    await alice.react(kept, "👍")
    await bob.react(kept, "👍")
    fetched = await message.channel.fetch_message(message.id)
    (reaction,) = fetched.reactions
    assert (reaction.count, reaction.normal_count, reaction.burst_count) == (3, 2, 1)
    await alice.unreact(kept, "👍", is_super=True)
    removed = await bot.until_heard("reaction_remove")
    assert removed.burst
    assert kept.reactions[0].super_user_ids == {}
    assert list(kept.reactions[0].user_ids) == [alice.id, bob.id]


async def test_a_servers_emoji_is_for_bots_of_that_server(
    playground: Playground, bot: TrialBot
) -> None:
    (guild,) = playground.world.guilds.values()
    (shell,) = guild.emojis.values()
    message = await text_channel(bot).send("hello")
    await message.add_reaction(str(shell))
    assert record(playground, message).reactions[0].emoji.id == shell.id
    foreign = "<:berry:1400000000000000001>"
    with pytest.raises(discord.HTTPException) as refusal:
        await message.add_reaction(foreign)
    assert refusal.value.code == 10014
    await playground.person("alice").react(record(playground, message), foreign)
    assert [emoji.id for emoji in await bot.guilds[0].fetch_emojis()] == [shell.id]
    feather = server_emoji.create(playground.world, guild, "feather", b"<svg/>")
    await playground.person("alice").react(record(playground, message), "🎉")
    await bot.until_heard("reaction_add", 3)
    assert bot.get_emoji(feather.id) is not None
    server_emoji.remove(playground.world, guild, feather)
    await playground.person("alice").unreact(record(playground, message), "🎉")
    await bot.until_heard("reaction_remove")
    assert bot.get_emoji(feather.id) is None


async def test_files_have_a_limit(playground: Playground, bot: TrialBot) -> None:
    playground.world.upload_limit_bytes = 5
    with pytest.raises(discord.HTTPException) as refusal:
        await text_channel(bot).send(file=discord.File(io.BytesIO(b"123456"), "a.txt"))
    assert (refusal.value.status, refusal.value.code) == (413, 40005)


async def test_the_bot_reacts_and_sees_who_did(playground: Playground, bot: TrialBot) -> None:
    message = await text_channel(bot).send("hm")
    await message.add_reaction("🔁")
    await playground.person("bob").react(record(playground, message), "🔁")
    fetched = await message.channel.fetch_message(message.id)
    (reaction,) = fetched.reactions
    assert (reaction.count, reaction.me) == (2, True)
    assert [user.name async for user in reaction.users()] == ["Bowerbird", "bob"]
    await message.remove_reaction("🔁", bot.user or discord.Object(0))
    assert [len(r.user_ids) for r in record(playground, message).reactions] == [1]


async def test_a_sign_that_is_no_emoji_is_refused(playground: Playground, bot: TrialBot) -> None:
    message = await text_channel(bot).send("hm")
    with pytest.raises(discord.HTTPException) as caught:
        await message.add_reaction("↻")
    assert (caught.value.status, caught.value.code) == (400, 10014)


async def test_typing_is_seen_on_both_sides(playground: Playground, bot: TrialBot) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    async with text_channel(bot).typing():
        seen = await bob.wait_for(lambda s: s.name == "TYPING_START", since=0)
    assert seen.data["user_id"] == str(playground.bot.id)
    await alice.type("general")
    channel, user = await bot.until_heard("typing", 2)
    assert (channel.name, user.name) == ("general", "alice")


async def test_direct_messages_have_no_server(playground: Playground, bot: TrialBot) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    room = await alice.dm()
    sent = await alice.say(room, f"{playground.bot.mention} hi")
    reply = await alice.wait_for_reply(sent)
    heard = await bot.until_heard("message")
    assert heard.guild is None
    assert isinstance(heard.channel, discord.DMChannel)
    await alice.react(reply, "👍")
    added = await bot.until_heard("reaction_add")
    assert (added.guild_id, added.member) == (None, None)
    assert room not in bob.channels()
    with pytest.raises(DiscordError, match="Missing Access"):
        await bob.say(room, "let me in")


async def test_the_bot_can_write_first(playground: Playground, bot: TrialBot) -> None:
    alice = playground.person("alice")
    user = await bot.fetch_user(alice.id)
    await user.send("news")
    assert (await alice.wait_for_message(lambda m: m.content == "news", since=0)).guild_id is None


async def test_bulk_deletion_needs_its_permission(playground: Playground, bot: TrialBot) -> None:
    channel = text_channel(bot)
    messages = [await channel.send(str(number)) for number in range(3)]
    with pytest.raises(discord.Forbidden):
        await channel.delete_messages(messages)
    playground.world.overwrite(
        playground.world.channel(channel.id), playground.bot, allow=Permission.MANAGE_MESSAGES
    )
    await channel.delete_messages(messages)
    heard = await bot.until_heard("bulk_delete")
    assert heard.message_ids == {message.id for message in messages}


@pytest.mark.parametrize(
    ("lacking", "code"),
    [
        (Permission.VIEW_CHANNEL, 50001),
        (Permission.SEND_MESSAGES, 50013),
        (Permission.EMBED_LINKS, 50013),
        (Permission.READ_MESSAGE_HISTORY, 160002),
    ],
)
async def test_lacking_permissions_are_refused_as_discord_does(
    playground: Playground, bot: TrialBot, lacking: Permission, code: int
) -> None:
    alice = playground.person("alice")
    sent = await alice.say("general", "hm")
    channel = text_channel(bot)
    playground.deny(alice.channel("general"), lacking)
    reference = channel.get_partial_message(sent.id)
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send("x", embed=discord.Embed(title="x"), reference=reference)
    assert caught.value.code == code


async def test_reacting_needs_the_permission_only_for_a_new_emoji(
    playground: Playground, bot: TrialBot
) -> None:
    alice = playground.person("alice")
    sent = await alice.say("general", "hm")
    playground.deny(alice.channel("general"), Permission.ADD_REACTIONS)
    partial = text_channel(bot).get_partial_message(sent.id)
    with pytest.raises(discord.Forbidden):
        await partial.add_reaction("👍")
    await alice.react(sent, "👍")
    await partial.add_reaction("👍")
    assert len(sent.reactions[0].user_ids) == 2


async def test_bad_forms_say_where_the_fault_lies(playground: Playground, bot: TrialBot) -> None:
    channel = text_channel(bot)
    with pytest.raises(discord.HTTPException) as too_long:
        await channel.send("x" * 2001)
    assert too_long.value.code == 50035
    assert "In content: Must be 2000 or fewer in length." in str(too_long.value)
    with pytest.raises(discord.HTTPException) as empty:
        await channel.send(" \n ")
    assert empty.value.code == 50006
    with pytest.raises(discord.HTTPException) as gone:
        await channel.send("x", reference=channel.get_partial_message(1))
    assert gone.value.code == 50035
    with pytest.raises(discord.NotFound) as unknown:
        await channel.fetch_message(1)
    assert unknown.value.code == 10008
    with pytest.raises(discord.NotFound) as nowhere:
        await bot.fetch_channel(1)
    assert nowhere.value.code == 10003
    sent = await playground.person("alice").say("general", "mine")
    with pytest.raises(discord.Forbidden) as others:
        await channel.get_partial_message(sent.id).edit(content="yours")
    assert others.value.code == 50005
    await channel.send("ü" * 2000)


async def test_expired_edits_end_in_30046(playground: Playground, bot: TrialBot) -> None:
    message = await text_channel(bot).send("old")
    playground.expire_edits(record(playground, message))
    with pytest.raises(discord.HTTPException) as caught:
        await message.edit(content="new")
    assert (caught.value.status, caught.value.code) == (429, 30046)
    assert record(playground, message).content == "old"


async def test_old_messages_take_few_edits(playground: Playground, bot: TrialBot) -> None:
    message = await text_channel(bot).send("old")
    playground.world.deadlines.old_message_s = 0.0
    for number in range(3):
        await message.edit(content=str(number))
    with pytest.raises(discord.HTTPException) as caught:
        await message.edit(content="one too many")
    assert caught.value.code == 30046


async def test_unknown_routes_are_recorded(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        response = await session.get(f"{playground.api_url}/sticker-packs")
        assert response.status == 404
        assert response.headers["Content-Type"] == "application/json"
    assert [r.path for r in playground.unknown_requests] == ["/api/v10/sticker-packs"]
    playground.rest.records.clear()


async def test_only_loopback_is_served(playground: Playground) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        Playground("0.0.0.0")  # noqa: S104
    headers = {"Host": "attacker.example"}
    async with aiohttp.ClientSession(headers=headers) as session:
        response = await session.get(f"{playground.api_url}/gateway")
        assert response.status == 403
