"""Discord's refusals: an HTTP status, a JSON error code and, for forms, where the fault lies.

Contract: every refusal of the playground is a `DiscordError`, raised alike towards the bot (REST)
and towards people (`people.Person`). Knows nothing of HTTP beyond the status number.
Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from typing import Any


class DiscordError(Exception):
    """A refusal as Discord words it. `extra` is merged into the JSON body (`retry_after`)."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        errors: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} (error code: {code}): {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.extra = extra or {}

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message, "code": self.code, **self.extra}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def unauthorized() -> DiscordError:
    return DiscordError(401, 0, "401: Unauthorized")


def not_found_route() -> DiscordError:
    return DiscordError(404, 0, "404: Not Found")


def unknown(code: int, what: str) -> DiscordError:
    return DiscordError(404, code, f"Unknown {what}")


def unknown_channel() -> DiscordError:
    return unknown(10003, "Channel")


def unknown_guild() -> DiscordError:
    return unknown(10004, "Guild")


def unknown_member() -> DiscordError:
    return unknown(10007, "Member")


def unknown_message() -> DiscordError:
    return unknown(10008, "Message")


def unknown_role() -> DiscordError:
    return unknown(10011, "Role")


def unknown_user() -> DiscordError:
    return unknown(10013, "User")


def unknown_emoji() -> DiscordError:
    # Discord answers 400 here, alone among the Unknown errors.
    return DiscordError(400, 10014, "Unknown Emoji")


def unknown_webhook() -> DiscordError:
    return unknown(10015, "Webhook")


def unknown_interaction() -> DiscordError:
    return unknown(10062, "interaction")


def unknown_command() -> DiscordError:
    return unknown(10063, "application command")


def too_many_old_edits(retry_after_s: float) -> DiscordError:
    return DiscordError(
        429,
        30046,
        "Maximum number of edits to messages older than 1 hour reached. Try again later.",
        extra={"retry_after": retry_after_s, "global": False},
    )


def too_large() -> DiscordError:
    return DiscordError(413, 40005, "Request entity too large")


def already_acknowledged() -> DiscordError:
    return DiscordError(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> DiscordError:
    return DiscordError(403, 50001, "Missing Access")


def not_in_dm() -> DiscordError:
    return DiscordError(403, 50003, "Cannot execute action on a DM channel")


def not_the_author() -> DiscordError:
    return DiscordError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> DiscordError:
    return DiscordError(400, 50006, "Cannot send an empty message")


def cannot_message_user() -> DiscordError:
    return DiscordError(403, 50007, "Cannot send messages to this user")


def missing_permissions() -> DiscordError:
    return DiscordError(403, 50013, "Missing Permissions")


def wrong_count_to_delete() -> DiscordError:
    return DiscordError(
        400,
        50016,
        "Provided too few or too many messages to delete. Must provide at least 2 and "
        "fewer than or equal to 100 messages to delete",
    )


def wrong_channel_type() -> DiscordError:
    return DiscordError(400, 50024, "Cannot execute action on this channel type")


def invalid_webhook_token() -> DiscordError:
    return DiscordError(401, 50027, "Invalid Webhook Token")


def thread_archived() -> DiscordError:
    return DiscordError(400, 50083, "Thread is archived")


def invalid_json() -> DiscordError:
    return DiscordError(400, 50109, "The request body contains invalid JSON.")


def cannot_reply_without_history() -> DiscordError:
    return DiscordError(400, 160002, "Cannot reply without permission to read message history")


def thread_already_exists() -> DiscordError:
    return DiscordError(400, 160004, "A thread has already been created for this message")


def invalid_form(path: str, code: str, message: str) -> DiscordError:
    """50035, the fault at a dotted `path` such as `options.0.name`."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for key in reversed(path.split(".")):
        errors = {key: errors}
    return DiscordError(400, 50035, "Invalid Form Body", errors=errors)


def too_long(path: str, limit: int) -> DiscordError:
    return invalid_form(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def required(path: str) -> DiscordError:
    return invalid_form(path, "BASE_TYPE_REQUIRED", "This field is required")


def not_a_snowflake(path: str, value: object) -> DiscordError:
    return invalid_form(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


def too_many_reactions(limit: int) -> DiscordError:
    return DiscordError(400, 30010, f"Maximum number of reactions reached ({limit})")
