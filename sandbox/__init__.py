"""The sandbox: local stand-ins for Discord and APIMaster, and a web page, to try and test the bot without an account.

Nothing here imports `bot` or `cogs`: the stand-ins implement only the wire protocols; the bot that connects is the real
one.
"""
