"""The playground: a faithful small Discord in memory, on loopback, for trying and testing a bot.

async with Playground() as playground:
    ...                                # point discord.py at playground.api_url, .gateway_url
    alice = playground.person("alice")
    await alice.say("general", "hello")
"""

from bowerbird.playground.demo import default_world
from bowerbird.playground.people import Person
from bowerbird.playground.ratelimits import Limit, RateLimits
from bowerbird.playground.server import Playground
from bowerbird.playground.world import World

__all__ = ["Limit", "Person", "Playground", "RateLimits", "World", "default_world"]
