"""The playground: a faithful small Discord in memory, on loopback, for trying and testing a bot.

    async with Playground() as playground:
        ...                                # point discord.py at playground.api_url, .gateway_url
        alice = playground.person("alice")
        await alice.say("general", "hello")
"""
