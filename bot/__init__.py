"""What people and the machine touch: the Discord client, its cogs and the console. The only package that imports discord."""
