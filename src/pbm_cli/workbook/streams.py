"""把一块块的字节变成解析器要的可读对象。"""

from __future__ import annotations

from collections.abc import Iterator


class ChunkStream:
    """只会向前读的对象；不在内存里攒全部内容。"""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._pending = b""

    def read(self, size: int = -1) -> bytes:
        """至多 size 字节；读完为空。"""
        while not self._pending:
            block = next(self._chunks, None)
            if block is None:
                return b""
            self._pending = block
        if size < 0:
            size = len(self._pending)
        taken, self._pending = self._pending[:size], self._pending[size:]
        return taken
