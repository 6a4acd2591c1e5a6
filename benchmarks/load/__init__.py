"""The bot under high load: it runs in a separate process, between a Discord and a provider that cost little CPU."""
