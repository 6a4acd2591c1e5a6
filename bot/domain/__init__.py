"""Values and rules of the bot: standard library only, no I/O."""
