"""Files on their way into the playground: kept in memory, served below `/attachments/`.

Contract: every attachment of a message is made here, whoever uploads it, up to the limit of size
(`World.upload_limit_bytes`; 413 and 40005 above it).
"""

from __future__ import annotations

import mimetypes

from bowerbird.playground import errors
from bowerbird.playground.model import Attachment, Channel
from bowerbird.playground.world import World


def store(
    world: World,
    channel: Channel,
    filename: str,
    content_type: str,
    content: bytes,
    description: str | None = None,
) -> Attachment:
    if len(content) > world.upload_limit_bytes:
        raise errors.too_large()
    attachment_id = world.new_id()
    attachment = Attachment(
        attachment_id,
        filename,
        content_type,
        content,
        url=f"{world.cdn_url}/attachments/{channel.id}/{attachment_id}/{filename}",
        description=description,
    )
    world.attachments[attachment_id] = attachment
    return attachment


def by_person(world: World, channel: Channel, filename: str, content: str | bytes) -> Attachment:
    """A file that a person picked: like Discord's client, its type is guessed from its name."""
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    return store(
        world, channel, filename, kind, content.encode() if isinstance(content, str) else content
    )
