"""REST: the gateway's address, users, the application, servers, members, channels."""

from __future__ import annotations

from bowerbird.playground import errors, serialize, threads
from bowerbird.playground.forms import snowflake
from bowerbird.playground.model import Application, Guild
from bowerbird.playground.routing import Call, Json, Routes
from bowerbird.playground.world import World

routes = Routes()

GUILD = "/guilds/{guild_id}"


@routes.add("GET", "/gateway", needs_token=False)
def gateway(call: Call) -> Json:
    return {"url": call.gateway_url}


@routes.add("GET", "/gateway/bot")
def gateway_bot(call: Call) -> Json:
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": call.gateway_url, "shards": 1, "session_start_limit": limit}


@routes.add("GET", "/users/@me")
def myself(call: Call) -> Json:
    return serialize.myself(call.bot)


@routes.add("GET", "/users/@me/guilds")
def my_guilds(call: Call) -> Json:
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(int(guild.everyone.permissions)),
            "features": [],
        }
        for guild in call.world.guilds.values()
        if call.bot.id in guild.members
    ]


@routes.add("POST", "/users/@me/channels")
def open_dm(call: Call) -> Json:
    user_id = snowflake(call.form(), "recipient_id")
    if user_id is None:
        raise errors.required("recipient_id")
    channel = call.world.direct_channel(call.bot, call.world.user(user_id))
    return serialize.channel(call.world, channel, call.bot)


@routes.add("GET", "/users/{user_id}")
def get_user(call: Call) -> Json:
    return serialize.user(call.world.user(call.id("user_id")))


@routes.add("GET", "/oauth2/applications/@me")
def my_application(call: Call) -> Json:
    return _application(call.world, call.application)


@routes.add("GET", "/applications/@me")
def my_application_too(call: Call) -> Json:
    return _application(call.world, call.application)


def _application(world: World, app: Application) -> Json:
    return {
        "id": str(app.id),
        "name": app.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": serialize.user(world.users[app.id]),
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": int(app.flags),
        "flags_new": str(int(app.flags)),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": serialize.user(world.users[app.owner_id]),
        "approximate_guild_count": sum(app.id in g.members for g in world.guilds.values()),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "event_webhooks_url": None,
        "event_webhooks_status": 1,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "rpc_origins": [],
        "integration_types_config": {"0": {}},
    }


def _guild(call: Call) -> Guild:
    guild = call.world.guild(call.id("guild_id"))
    if call.bot.id not in guild.members:
        raise errors.missing_access()
    return guild


@routes.add("GET", GUILD + "/emojis")
def list_emojis(call: Call) -> Json:
    return serialize.server_emojis(_guild(call))


@routes.add("GET", GUILD)
def get_guild(call: Call) -> Json:
    guild = _guild(call)
    body = serialize.guild(guild)
    if call.query.get("with_counts") in ("1", "true"):
        body["approximate_member_count"] = len(guild.members)
        body["approximate_presence_count"] = len(guild.members)
    return body


@routes.add("GET", GUILD + "/channels")
def guild_channels(call: Call) -> Json:
    guild = _guild(call)
    return [
        serialize.channel(call.world, channel, call.bot)
        for channel in call.world.channels.values()
        if channel.guild_id == guild.id and channel.thread is None
    ]


@routes.add("GET", GUILD + "/roles")
def guild_roles(call: Call) -> Json:
    return [serialize.role(role) for role in _guild(call).roles.values()]


@routes.add("GET", GUILD + "/members")
def guild_members(call: Call) -> Json:
    guild, after = _guild(call), call.snowflake("after") or 0
    found = [guild.members[i] for i in sorted(guild.members) if i > after]
    return [serialize.member(member) for member in found[: call.number("limit", 1, 1, 1000)]]


@routes.add("GET", GUILD + "/members/search")
def search_members(call: Call) -> Json:
    guild, query = _guild(call), call.query.get("query", "").lower()
    names = {m.user.id: (m.nick or "", m.user.name) for m in guild.members.values()}
    found = [i for i, both in names.items() if any(n.lower().startswith(query) for n in both)]
    limit = call.number("limit", 1, 1, 1000)
    return [serialize.member(guild.members[i]) for i in found[:limit]]


@routes.add("GET", GUILD + "/members/{user_id}")
def get_member(call: Call) -> Json:
    return serialize.member(call.world.member(_guild(call).id, call.id("user_id")))


@routes.add("GET", GUILD + "/threads/active")
def active_threads(call: Call) -> Json:
    found = threads.active(call.world, call.bot, _guild(call).id)
    joined = [c for c in found if c.thread and call.bot.id in c.thread.members]
    return {
        "threads": [serialize.channel(call.world, thread, call.bot) for thread in found],
        "members": [serialize.thread_member(thread, call.bot.id) for thread in joined],
        "has_more": False,
    }


@routes.add("GET", "/channels/{channel_id}")
def get_channel(call: Call) -> Json:
    return serialize.channel(call.world, call.channel(), call.bot)


@routes.add("PATCH", "/channels/{channel_id}")
def edit_thread(call: Call) -> Json:
    """Of a channel's settings, only a thread's archiving, locking and name can be changed."""
    channel, body = call.channel(), call.form()
    if channel.thread is None:
        raise errors.missing_permissions()
    channel.name = body.get("name") or channel.name
    threads.archive(
        call.world,
        call.bot,
        channel,
        archived=bool(body.get("archived", channel.thread.is_archived)),
        locked=bool(body.get("locked", channel.thread.is_locked)),
    )
    return serialize.channel(call.world, channel, call.bot)
