"""Protocols of what the services need from outside (store, provider, Discord); `app.py` chooses the implementations."""

from bot.domain.order import TokenLease
from bot.ports.outputs import OwnerAlerts, Presenter
from bot.ports.pictures import (
    Fitted,
    ImageProvider,
    ImageUploads,
    PictureFiles,
    PictureFitter,
    PictureSource,
    PictureText,
    ReferenceFiles,
    SheetMaker,
    Submission,
    TaskState,
    TaskStatus,
)
from bot.ports.stores import GateStore, JobStore, RequestStore, Shown, ShownPicture, UsageRow, UsageStats

__all__ = [
    "Fitted",
    "GateStore",
    "ImageProvider",
    "ImageUploads",
    "JobStore",
    "OwnerAlerts",
    "PictureFiles",
    "PictureFitter",
    "PictureSource",
    "PictureText",
    "Presenter",
    "ReferenceFiles",
    "RequestStore",
    "SheetMaker",
    "Shown",
    "ShownPicture",
    "Submission",
    "TaskState",
    "TaskStatus",
    "TokenLease",
    "UsageRow",
    "UsageStats",
]
