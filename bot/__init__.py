"""What people touch: the Discord client, its cogs, the console. Only here is discord imported."""
