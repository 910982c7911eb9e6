"""OLE 复合文件（xls、et、加密的 xlsx、doc）：列目录，取出一个流。"""

from __future__ import annotations

import struct

from pbm_cli.workbook.refusals import damaged

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA


class Compound:
    """一个复合文件；链条成环或出界时当作损坏。"""

    def __init__(self, data: bytes) -> None:
        self._data = data
        if len(data) < 512:
            raise damaged("文件头不完整")
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise damaged("扇区大小不对")
        self._size = 1 << shift
        self._fat = self._table()
        directory = self._chain(struct.unpack_from("<I", data, 48)[0])
        self.streams: dict[str, tuple[int, int, int]] = {}
        for start in range(0, len(directory) - 127, 128):
            entry = directory[start : start + 128]
            (length,) = struct.unpack_from("<H", entry, 64)
            if entry[66] in (1, 2, 5):
                name = entry[: max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
                first, size = struct.unpack_from("<II", entry, 116)
                self.streams.setdefault(name.lower(), (entry[66], first, size))

    def read(self, name: str) -> bytes:
        """一个流的全部内容。"""
        _, first, size = self.streams[name.lower()]
        (cutoff,) = struct.unpack_from("<I", self._data, 56)
        if size >= cutoff:
            return self._chain(first)[:size]
        root = next((place for place in self.streams.values() if place[0] == 5), None)
        if root is None:
            raise damaged("缺少根目录")
        holder = self._chain(root[1])
        table = self._chain(struct.unpack_from("<I", self._data, 60)[0])
        links = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
        blocks = [holder[sector * 64 : sector * 64 + 64] for sector in _walk(links, first)]
        return b"".join(blocks)[:size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._data[start : start + self._size]

    def _table(self) -> tuple[int, ...]:
        sectors = [sector for sector in struct.unpack_from("<109I", self._data, 76) if sector < _LAST_SECTOR]
        following, count = struct.unpack_from("<II", self._data, 68)
        most = len(self._data) // self._size + 1
        while following < _LAST_SECTOR and count > 0 and len(sectors) <= most:
            block = self._sector(following)
            if len(block) < self._size:
                raise damaged("扇区表被截断")
            *more, following = struct.unpack(f"<{self._size // 4}I", block)
            sectors += [sector for sector in more if sector < _LAST_SECTOR]
            count -= 1
        table = b"".join(self._sector(sector) for sector in sectors[: most + 1])
        return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])

    def _chain(self, first: int) -> bytes:
        return b"".join(self._sector(sector) for sector in _walk(self._fat, first))


def _walk(links: tuple[int, ...], first: int) -> list[int]:
    sectors: list[int] = []
    sector = first
    while sector < _LAST_SECTOR:
        if sector >= len(links) or len(sectors) > len(links):
            raise damaged("扇区链断了")
        sectors.append(sector)
        sector = links[sector]
    return sectors
