"""How the bot's answers look: rows to components, and the sentences that members read."""
