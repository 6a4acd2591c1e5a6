"""Read and validate a request for a picture, with the errors of the provider's guide."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from aiohttp import web

from sandbox.apimaster.catalogue import MAX_REFERENCES, MODEL, PIXELS_AT_1K, SCALE, pixel_size, ratio_of
from sandbox.apimaster.envelope import ApiError
from sandbox.apimaster.knobs import Knobs


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """An accepted request: `references` are http(s) addresses or the pictures' bytes."""

    prompt: str
    ratio: str = "1:1"
    resolution: str = "1K"
    references: tuple[str | bytes, ...] = ()
    google_search: bool = False
    google_image_search: bool = False
    response_format: str = "url"

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return pixel_size(self.ratio, self.resolution)


@dataclass(slots=True, kw_only=True)
class Form:
    """A multipart request as OpenAI's SDK sends an edit: text fields, and pictures as files."""

    fields: dict[str, object] = field(default_factory=dict)
    pictures: list[bytes] = field(default_factory=list)


async def read_json(request: web.Request) -> dict[str, object]:
    """The body as a JSON object; raises ApiError 400 for anything else."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise ApiError(400, "invalid JSON in the request body") from None
    if not isinstance(body, dict):
        raise ApiError(400, "the request body must be a JSON object")
    return body


async def read_form(request: web.Request) -> Form:
    """The body of an edit. Form values are text, so `n` may be the text "1" here, and only here."""
    if not request.content_type.startswith("multipart/"):
        raise ApiError(400, "images/edits takes multipart/form-data; use images/generations with image_urls for JSON")
    form = Form()
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            form.pictures.append(value.file.read())
        elif isinstance(value, str):
            form.fields[name] = 1 if name == "n" and value == "1" else value
    return form


def validate(body: Mapping[str, object], knobs: Knobs, pictures: Sequence[bytes] = ()) -> PictureRequest:
    """Validate a body, with the pictures that were uploaded with it; raises ApiError as the provider would."""
    model, prompt = body.get("model"), body.get("prompt")
    if not isinstance(model, str) or not model:
        raise ApiError(400, "model is required")
    if model != MODEL:
        message = f"No available channel for model {model} under group default"
        raise ApiError(503, message, code="model_not_found", kind="new_api_error")
    if not isinstance(prompt, str) or not prompt.strip():
        raise ApiError(400, "prompt is required")
    count = body.get("n", 1)
    if type(count) is not int or count != 1:
        raise ApiError(400, "n must be the integer 1")
    search, image_search = _flag(body, "google_search"), _flag(body, "google_image_search")
    if image_search and not search:
        raise ApiError(400, "google_image_search requires google_search")
    return PictureRequest(
        prompt=prompt,
        ratio=_ratio(body),
        resolution=_resolution(body),
        references=_references(body, knobs, pictures),
        google_search=search,
        google_image_search=image_search,
        response_format="b64_json" if body.get("response_format") == "b64_json" else "url",
    )


def _flag(body: Mapping[str, object], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise ApiError(400, f"{name} must be a boolean")
    return value


def _ratio(body: Mapping[str, object]) -> str:
    size = body.get("size") or "1:1"
    ratio = ratio_of(size) if isinstance(size, str) else None
    if ratio is None:
        # The guide warns that an unsupported ratio is reported as an upstream error.
        message = f"upstream error: unsupported aspect ratio, choose one of {', '.join(PIXELS_AT_1K)}"
        raise ApiError(500, message, code="bad_response_status_code", kind="upstream_error")
    return ratio


def _resolution(body: Mapping[str, object]) -> str:
    value = body.get("resolution") or "1K"
    resolution = value.strip().upper() if isinstance(value, str) else ""
    if resolution not in SCALE:
        message = f"upstream error: unsupported resolution, choose one of {', '.join(SCALE)}"
        raise ApiError(500, message, code="bad_response_status_code", kind="upstream_error")
    return resolution


def _references(body: Mapping[str, object], knobs: Knobs, pictures: Sequence[bytes]) -> tuple[str | bytes, ...]:
    urls = body.get("image_urls") or []
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ApiError(400, "image_urls must be an array of strings")
    if len(urls) + len(pictures) > MAX_REFERENCES:
        raise ApiError(400, f"image_urls takes at most {MAX_REFERENCES} pictures")
    return (*(_reference(url, knobs) for url in cast("list[str]", urls)), *pictures)


def _reference(url: str, knobs: Knobs) -> str | bytes:
    if url.startswith(("http://", "https://")):
        return url
    header, comma, payload = url.partition(",")
    if not comma or not header.startswith("data:image/") or not header.endswith(";base64"):
        raise ApiError(400, "each of image_urls must be an http(s) URL or a data URI of a picture")
    if not knobs.accept_data_uris:
        raise ApiError(400, "this channel takes http(s) URLs only in image_urls")
    try:
        return base64.b64decode(payload, validate=True)
    except binascii.Error:
        raise ApiError(400, "a data URI in image_urls is not valid base64") from None
