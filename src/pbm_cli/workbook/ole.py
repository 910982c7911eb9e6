"""OLE 复合文件（xls、et、加密的 xlsx、doc）：列目录，取出一个流。"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from pbm_cli.workbook.refusals import damaged

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR, _FREE = 0xFFFFFFFA, 0xFFFFFFFF
_ROOT, _SMALL = 5, 64


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
        self._directory = _walk(self._fat, struct.unpack_from("<I", data, 48)[0])
        listed = b"".join(map(self._sector, self._directory))
        self._entries = [listed[start : start + 128] for start in range(0, len(listed) - 127, 128)]
        self._top = _top_entries(self._entries)
        self.streams: dict[str, tuple[int, int, int]] = {}
        for number in self._top:
            entry = self._entries[number]
            if entry[66] in (1, 2, 5):
                first, size = struct.unpack_from("<II", entry, 116)
                self.streams.setdefault(_name(entry), (entry[66], first, size))

    def nested(self, name: str) -> list[int]:
        """嵌在下层的同名流：目录项的名字在文件里的位置。只按名字找的阅读器会把它当成这个文件的。"""
        top = set(self._top)
        found = [number for number, entry in enumerate(self._entries) if number not in top and _name(entry) == name]
        each = self._size // 128
        return [(self._directory[number // each] + 1) * self._size + number % each * 128 for number in found]

    def places(self, name: str, offsets: Iterable[int]) -> list[int]:
        """流里的这些字节在文件里的位置。"""
        _, first, size = self.streams[name]
        if size < self._cutoff():
            small = _walk(self._small_links(), first)
            offsets = [small[offset // _SMALL] * _SMALL + offset % _SMALL for offset in offsets]
            first = self._root()
        sectors = _walk(self._fat, first)
        return [(sectors[offset // self._size] + 1) * self._size + offset % self._size for offset in offsets]

    def read(self, name: str) -> bytes:
        """一个流的全部内容。"""
        _, first, size = self.streams[name.lower()]
        if size >= self._cutoff():
            return self._chain(first)[:size]
        holder = self._chain(self._root())
        sectors = _walk(self._small_links(), first)
        return b"".join(holder[sector * _SMALL : (sector + 1) * _SMALL] for sector in sectors)[:size]

    def _cutoff(self) -> int:
        """比这小的流放在小扇区里。"""
        (cutoff,) = struct.unpack_from("<I", self._data, 56)
        return int(cutoff)

    def _root(self) -> int:
        """放小扇区的那条链从哪个扇区开始。"""
        root = next((place for place in self.streams.values() if place[0] == _ROOT), None)
        if root is None:
            raise damaged("缺少根目录")
        return root[1]

    def _small_links(self) -> tuple[int, ...]:
        table = self._chain(struct.unpack_from("<I", self._data, 60)[0])
        return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])

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


def _name(entry: bytes) -> str:
    (length,) = struct.unpack_from("<H", entry, 64)
    return entry[: max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace").lower()


def _top_entries(entries: list[bytes]) -> list[int]:
    """根目录和它下面一层的目录项，按存放的次序；没有写成树的，全部都算。"""
    root = next((number for number, entry in enumerate(entries) if entry[66] == _ROOT), None)
    if root is None:
        return list(range(len(entries)))
    reached, waiting = {root}, list(struct.unpack_from("<I", entries[root], 76))
    while waiting:
        number = waiting.pop()
        if number < len(entries) and number not in reached:
            reached.add(number)
            waiting += struct.unpack_from("<II", entries[number], 68)
    return sorted(reached) if len(reached) > 1 else list(range(len(entries)))


def _walk(links: tuple[int, ...], first: int) -> list[int]:
    sectors: list[int] = []
    sector = first
    while sector < _LAST_SECTOR:
        if sector >= len(links) or len(sectors) > len(links):
            raise damaged("扇区链断了")
        sectors.append(sector)
        sector = links[sector]
    return sectors
