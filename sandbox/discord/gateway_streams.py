"""Transport compression of a gateway connection: one stream for all its frames, as `?compress=` asks."""

import sys
import zlib
from collections.abc import Callable


def zlib_stream() -> Callable[[bytes], bytes]:
    """Compress frame after frame; each ends with a flush, so that the client can read it at once."""
    stream = zlib.compressobj()
    return lambda frame: stream.compress(frame) + stream.flush(zlib.Z_SYNC_FLUSH)


STREAMS: dict[str, Callable[[], Callable[[bytes], bytes]]] = {"zlib-stream": zlib_stream}
"""By the name that a client asks for. Frames of a connection that asks for another are not compressed at all."""

# discord.py asks for zstd wherever Python has it, which is from 3.14 on.
if sys.version_info >= (3, 14):
    from compression import zstd

    def zstd_stream() -> Callable[[bytes], bytes]:
        """The same with Zstandard."""
        stream = zstd.ZstdCompressor()
        return lambda frame: stream.compress(frame, mode=stream.FLUSH_BLOCK)

    STREAMS["zstd-stream"] = zstd_stream
