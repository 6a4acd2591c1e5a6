"""Validates the options of `generate` before anything is sent or spent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.domain.errors import BotError
from bot.domain.picture import MAX_PROMPT_CHARACTERS, MAX_REFERENCES, PictureSpec, Resolution, parse_size
from bot.media.sniff import GIF, JPEG, PNG, SNIFF_BYTES, WEBP, Kind, sniff
from bot.media.verify import verify_now

MAX_REFERENCE_BYTES: Final = 20 * 1024 * 1024
_BY_SUFFIX: Final = {".png": PNG, ".jpg": JPEG, ".jpeg": JPEG, ".webp": WEBP}


class MistypedError(BotError):
    """Input that can't be ordered; the sentence says why."""

    code = "mistyped"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalImage:
    """A reference picture in a local file, with its detected format."""

    path: Path
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One picture to make: `references` are URLs or files, `kind` is the format by the output's extension."""

    spec: PictureSpec
    references: tuple[str | LocalImage, ...]
    output: Path
    kind: Kind


def picture_spec(
    prompt: str, size: str, resolution: str, *, google_search: bool, google_image_search: bool
) -> PictureSpec:
    """The specification of the picture; raises MistypedError with a sentence."""
    if not prompt.strip():
        raise MistypedError("The prompt is empty. Say what the picture shows.")
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise MistypedError(f"The prompt has {len(prompt)} characters; the most is {MAX_PROMPT_CHARACTERS}.")
    if google_image_search and not google_search:
        raise MistypedError("--google-image-search needs --google-search as well.")
    try:
        return PictureSpec(
            prompt=prompt,
            size=parse_size(size),
            resolution=Resolution.parse(resolution),
            google_search=google_search,
            google_image_search=google_image_search,
        )
    except ValueError as error:
        raise MistypedError(str(error)) from None


def references(images: Sequence[str]) -> tuple[str | LocalImage, ...]:
    """The reference pictures, files inspected; raises MistypedError with a sentence."""
    if len(images) > MAX_REFERENCES:
        raise MistypedError(f"{len(images)} reference pictures are too many; the most is {MAX_REFERENCES}.")
    return tuple(image if image.startswith(("http://", "https://")) else _local(image) for image in images)


def _local(name: str) -> LocalImage:
    path = Path(name)
    try:
        with path.open("rb") as file:
            kind = sniff(file.read(SNIFF_BYTES))
            size_bytes = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise MistypedError(f"The picture {name} cannot be read: {error.strerror}.") from None
    if kind not in {PNG, JPEG, WEBP, GIF} or kind is None:
        raise MistypedError(f"{name} is not a PNG, JPEG, WebP or GIF picture.")
    if size_bytes > MAX_REFERENCE_BYTES:
        raise MistypedError(f"{name} has more than 20 MB.")
    try:
        verify_now(path)
    except BotError as error:
        raise MistypedError(f"{name} cannot be used. {error}") from None
    return LocalImage(path=path, kind=kind)


def output_kind(output: Path) -> Kind:
    """The format by the output's extension; raises MistypedError if the file could not be written later."""
    kind = _BY_SUFFIX.get(output.suffix.lower())
    if kind is None:
        raise MistypedError(f"The output {output} must end in .png, .jpg, .jpeg or .webp.")
    folder = output.parent
    if not folder.is_dir():
        raise MistypedError(f"The directory {folder} does not exist.")
    if output.is_dir() or not os.access(output if output.exists() else folder, os.W_OK):
        raise MistypedError(f"The output {output} cannot be written.")
    return kind
