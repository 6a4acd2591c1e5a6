"""Uploaded files on disk, and their signed, expiring CDN addresses."""

import hashlib
import hmac
import mimetypes
import secrets
import shutil
import tempfile
import weakref
from pathlib import Path
from urllib.parse import quote

from PIL import Image, UnidentifiedImageError

from sandbox.discord.clock import Clock
from sandbox.discord.ids import Snowflakes
from sandbox.discord.model import Attachment

URL_LIFE_S = 24 * 3600


class FileStore:
    """Stores files in a temporary folder; `base_url` is set once the server knows its port."""

    def __init__(self, clock: Clock, ids: Snowflakes) -> None:
        self._clock = clock
        self._ids = ids
        self._folder = Path(tempfile.mkdtemp(prefix="sandbox-cdn-"))
        # Also for a world that was never closed: its files are deleted with it.
        self._clean = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._secret = secrets.token_bytes(32)
        self.base_url = "http://127.0.0.1"
        self.url_life_s: float = URL_LIFE_S
        self._files: dict[str, Attachment] = {}

    def new_path(self) -> Path:
        """A new path to write an upload to."""
        return self._folder / self._ids.next()

    def add(self, path: Path, filename: str, *, owner_id: str, ephemeral: bool = False) -> Attachment:
        """Register a file that was written to `new_path()`; `ephemeral` is for files sent with an interaction."""
        filename = safe_name(filename)
        width, height = _dimensions(path)
        attachment = Attachment(
            id=self._ids.next(),
            filename=filename,
            size=path.stat().st_size,
            content_type=mimetypes.guess_type(filename)[0] or "application/octet-stream",
            path=path,
            folder="ephemeral-attachments" if ephemeral else "attachments",
            owner_id=owner_id,
            width=width,
            height=height,
            spoiler=filename.startswith("SPOILER_"),
        )
        self._files[attachment.id] = attachment
        return attachment

    def add_bytes(self, data: bytes, filename: str, *, owner_id: str, ephemeral: bool = False) -> Attachment:
        """Store bytes, for example a file that a member attaches."""
        path = self.new_path()
        path.write_bytes(data)
        return self.add(path, filename, owner_id=owner_id, ephemeral=ephemeral)

    def remove(self, attachment: Attachment) -> None:
        """Remove a file and delete its bytes."""
        self._files.pop(attachment.id, None)
        attachment.path.unlink(missing_ok=True)

    def get(self, attachment_id: str) -> Attachment | None:
        """The file with that id, if it still exists."""
        return self._files.get(attachment_id)

    def url(self, attachment: Attachment) -> str:
        """A signed address that is valid for `url_life_s` seconds from now."""
        path = f"/{attachment.folder}/{attachment.owner_id}/{attachment.id}/{quote(attachment.filename)}"
        issued = int(self._clock.now())
        expires = int(issued + self.url_life_s)
        return f"{self.base_url}{path}?ex={expires:x}&is={issued:x}&hm={self._sign(attachment.id, expires, issued)}&"

    def verify(self, attachment_id: str, *, expires: str, issued: str, signature: str) -> bool:
        """True if the address was signed here and has not expired."""
        try:
            expires_at, issued_at = int(expires, 16), int(issued, 16)
        except ValueError:
            return False
        good = hmac.compare_digest(signature.encode(), self._sign(attachment_id, expires_at, issued_at).encode())
        return good and self._clock.now() <= expires_at

    def close(self) -> None:
        """Delete the folder with everything in it."""
        self._files.clear()
        self._clean()

    def _sign(self, attachment_id: str, expires: int, issued: int) -> str:
        text = f"{attachment_id}:{expires}:{issued}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def safe_name(filename: str) -> str:
    """A file name as Discord stores it: no folders; spaces as underscores; letters, digits, dot, dash, underscore."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1].replace(" ", "_")
    return "".join(c for c in name if c.isalnum() or c in "._-") or "unknown"


def _dimensions(path: Path) -> tuple[int | None, int | None]:
    """Width and height if Pillow recognizes the file as a picture; only its header is read."""
    try:
        with Image.open(path) as picture:
            return picture.size
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,  # raised where warnings are errors
    ):
        return None, None
