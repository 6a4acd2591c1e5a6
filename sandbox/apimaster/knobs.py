"""The settings of the stand-in that can be changed while it runs."""

from dataclasses import dataclass
from typing import Literal

SuccessWord = Literal["alternate", "succeeded", "completed"]
ResultStyle = Literal["url", "url_list", "data_uri", "b64_json"]
PictureFormat = Literal["jpeg", "png", "webp"]


@dataclass(slots=True, kw_only=True)
class Knobs:
    """The stand-in's behaviour; every value may be changed at any time and applies from the next request on."""

    latency_s: float = 2.0
    """Seconds from a task's submit to its end."""
    submit_latency_s: float = 0.0
    poll_latency_s: float = 0.0
    result_latency_s: float = 0.0
    """Seconds by which a response, or a result's first byte, is delayed."""
    balance: float = 100.0
    """Remaining credits; a submit deducts its price."""
    unlimited: bool = False
    """Never respond with 402; the balance still decreases."""
    price_1k: float = 1.0
    group_ratio: float = 1.0
    success_word: SuccessWord = "alternate"
    """The status word of a finished task; the provider's servers differ, and public clients know one or the other.

    With "alternate", polls of a finished task return `succeeded` and `completed` in turns, so that a client which
    waits for either word gets it by its second poll.
    """
    result_style: ResultStyle = "url"
    result_ttl_s: float = 3600.0
    """Seconds after a task's end until its picture's address expires."""
    picture_format: PictureFormat = "jpeg"
    plain_pictures: bool = False
    """Serve one plain picture for all tasks of a pixel size: for benchmarks, where drawing would dominate the cost."""
    lying_types: bool = False
    """Name and serve every picture as PNG, whatever its format."""
    sync_deadline_s: float | None = None
    """Seconds until the sync call responds with 408; None: the provider's own deadlines by resolution."""
    accept_data_uris: bool = True
    uploads: bool = True
    billing: bool = True
