"""Plain HTTP calls of the provider stand-in."""

import io
from typing import Any

import aiohttp
from PIL import Image

from sandbox.apimaster.catalogue import MODEL

GENERATE = "/v1/images/generations"
SUBMIT = "/v1/images/generations/async"


async def post(http: aiohttp.ClientSession, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    """Request a picture, with default model and prompt."""
    async with http.post(path, json={"model": MODEL, "prompt": "a fox", **body}) as response:
        return response.status, await response.json()


async def submit(http: aiohttp.ClientSession, **body: Any) -> str:
    """Submit a task; returns its id."""
    status, answer = await post(http, SUBMIT, **body)
    assert (status, answer["code"], answer["data"][0]["status"]) == (200, 200, "submitted")
    return str(answer["data"][0]["task_id"])


async def poll(http: aiohttp.ClientSession, task_id: str) -> dict[str, Any]:
    """Poll a task."""
    async with http.get(f"/v1/tasks/{task_id}", params={"model": MODEL}) as response:
        assert response.status == 200
        data: dict[str, Any] = (await response.json())["data"]
        return data


async def fetched(http: aiohttp.ClientSession, url: str) -> Image.Image:
    """Download the picture of a URL."""
    async with http.get(url) as response:
        assert response.status == 200
        return Image.open(io.BytesIO(await response.read()))
