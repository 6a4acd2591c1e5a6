"""What can be turned on the stand-in while it runs."""

from dataclasses import dataclass
from typing import Literal

SuccessWord = Literal["alternate", "succeeded", "completed"]
ResultStyle = Literal["url", "url_list", "data_uri", "b64_json"]
PictureFormat = Literal["jpeg", "png", "webp"]


@dataclass(slots=True, kw_only=True)
class Knobs:
    """The stand-in's behaviour; every value may be changed at any time and holds from the next request on."""

    latency_s: float = 2.0
    """How long a task takes, from its submit on."""
    submit_latency_s: float = 0.0
    poll_latency_s: float = 0.0
    result_latency_s: float = 0.0
    """How long an answer to a call, or a result's first byte, is held back."""
    balance: float = 100.0
    """Credits left; a submit takes its price from it."""
    unlimited: bool = False
    """Never answer 402; the balance is still counted down."""
    price_1k: float = 1.0
    group_ratio: float = 1.0
    success_word: SuccessWord = "alternate"
    """The provider's servers differ in the word for a finished task, and public clients know one or the other.

    A task's finished polls say `succeeded` and `completed` in turns, so that a client which waits for either
    word gets it by its second poll.
    """
    result_style: ResultStyle = "url"
    result_ttl_s: float = 3600.0
    """How long a picture's address is good, from the end of its task on."""
    picture_format: PictureFormat = "jpeg"
    plain_pictures: bool = False
    """One plain picture for all tasks of a pixel size: for benchmarks, where painting would be most of the work."""
    lying_types: bool = False
    """Name and serve every picture as PNG, whatever it is."""
    sync_deadline_s: float | None = None
    """When the sync call gives up with 408; None: the provider's own deadlines by resolution."""
    accept_data_uris: bool = True
    uploads: bool = True
    billing: bool = True
