"""Transport compression of a gateway connection: one stream for all its frames, as `?compress=` asks."""

import sys
import zlib
from collections.abc import Callable


def zlib_stream() -> Callable[[bytes], bytes]:
    """Compress consecutive frames; each ends with a sync flush, so that the client can decompress it at once."""
    stream = zlib.compressobj()
    return lambda frame: stream.compress(frame) + stream.flush(zlib.Z_SYNC_FLUSH)


STREAMS: dict[str, Callable[[], Callable[[bytes], bytes]]] = {"zlib-stream": zlib_stream}
"""By the name that a client requests. Frames of a connection that requests another one are not compressed."""

# discord.py requests zstd if Python has it (3.14 and later).
if sys.version_info >= (3, 14):
    from compression import zstd

    def zstd_stream() -> Callable[[bytes], bytes]:
        """The same with Zstandard."""
        stream = zstd.ZstdCompressor()
        return lambda frame: stream.compress(frame, mode=stream.FLUSH_BLOCK)

    STREAMS["zstd-stream"] = zstd_stream
