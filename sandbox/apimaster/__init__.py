"""A stand-in for the APIMaster image API: the guide's endpoints, real pictures, a balance, and faults on demand.

It shares no code with the bot, so that tests detect a misreading of the provider's guide on either side.
"""

from sandbox.apimaster.account import Charge
from sandbox.apimaster.faults import Fault
from sandbox.apimaster.knobs import Knobs
from sandbox.apimaster.posts import PostRecord
from sandbox.apimaster.server import ApimasterServer

__all__ = ["ApimasterServer", "Charge", "Fault", "Knobs", "PostRecord"]
