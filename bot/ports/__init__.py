"""What the services need from the outside, as Protocols; `app.py` chooses the implementations."""

from bot.ports.people import OwnerAlerts, Presenter
from bot.ports.pictures import (
    Fitted,
    ImageProvider,
    PictureFiles,
    PictureFitter,
    PictureSource,
    Submission,
    TaskState,
    TaskStatus,
)
from bot.ports.stores import GateStore, JobStore, RequestStore, Shown, ShownPicture, TokenLease, UsageRow, UsageStats

__all__ = [
    "Fitted",
    "GateStore",
    "ImageProvider",
    "JobStore",
    "OwnerAlerts",
    "PictureFiles",
    "PictureFitter",
    "PictureSource",
    "Presenter",
    "RequestStore",
    "Shown",
    "ShownPicture",
    "Submission",
    "TaskState",
    "TaskStatus",
    "TokenLease",
    "UsageRow",
    "UsageStats",
]
