"""Act as a member of the sandbox's server: the interface that the tests, the page and the demo use."""

from sandbox.driver.driver import Driver
from sandbox.driver.errors import DriverError
from sandbox.driver.events import Event, Events
from sandbox.driver.interaction import Interaction
from sandbox.driver.message import Button, Media, Message

__all__ = ["Button", "Driver", "DriverError", "Event", "Events", "Interaction", "Media", "Message"]
