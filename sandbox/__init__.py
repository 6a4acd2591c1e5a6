"""The sandbox: a local Discord, a local APIMaster and a page, so that nobody needs an account to try or test the bot.

Nothing here imports `bot` or `cogs`: the stand-ins know the wire only, and the bot that talks to them is the real one.
"""
