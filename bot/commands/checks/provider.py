"""Checks of the image provider: whether it accepts the key, and the remaining balance."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from bot.apimaster.client import ApimasterClient
from bot.commands.checks.findings import Finding, fail, ok, warn
from bot.domain.errors import BalanceError, InvalidKeyError, ProviderError
from bot.ops.startup_checks import balance_if_the_key_is_taken

_TOP_UP: Final = "Top up the balance of the APIMaster account."


async def provider(base_url: str, key: SecretStr, model: str) -> Finding:
    """Make the free calls only."""
    async with ApimasterClient(base_url, key, model) as client:
        try:
            balance = await balance_if_the_key_is_taken(client)
        except InvalidKeyError:
            return fail(
                "key",
                "APIMASTER_API_KEY is not accepted by the image provider",
                "Copy it again from the API keys page of your APIMaster account.",
            )
        except BalanceError:
            return warn("key", "accepted, but the balance is empty", _TOP_UP)
        except (ProviderError, TimeoutError) as error:
            what = f"the provider could not be asked: {str(error) or 'no answer in time'}".removesuffix(".")
            return fail("key", what, "Check APIMASTER_BASE_URL and the network, or try again later.")
    if balance is None:
        return ok("key", "accepted; the provider does not tell the balance")
    if balance <= 0:
        return warn("key", "accepted, but the balance is empty", _TOP_UP)
    return ok("key", f"accepted; balance {balance:,.2f}")
