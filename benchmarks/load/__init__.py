"""How the bot bears a crowd: it runs as a process of its own, between a Discord and a provider that cost little."""
