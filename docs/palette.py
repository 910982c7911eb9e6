"""把图缩成不超过 256 色的 PNG：只用标准库，读真彩的 PNG 和 PPM，写调色板的 PNG。"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from dataclasses import dataclass

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST = 256
_STEP = 0xF8
"""数颜色以前，每个分量只看高五位：相近的算一种。"""


@dataclass(frozen=True, slots=True)
class Picture:
    """一张真彩的图：宽、高、各点的红绿蓝。"""

    width: int
    height: int
    points: bytes


def read_ppm(data: bytes) -> Picture:
    """P6 的 PPM。"""
    kind, width, height = data[:64].split(maxsplit=3)[:3]
    if kind != b"P6":
        raise ValueError("不是 P6 的 PPM")
    return Picture(int(width), int(height), data[-int(width) * int(height) * 3 :])


def read_png(data: bytes) -> Picture:
    """八位真彩（可带透明，透明不管）的 PNG，不隔行。"""
    place, body = len(_SIGNATURE), b""
    width = height = channels = 0
    while place < len(data):
        size, name = struct.unpack(">I4s", data[place : place + 8])
        chunk = data[place + 8 : place + 8 + size]
        if name == b"IHDR":
            width, height, depth, kind = struct.unpack(">IIBB", chunk[:10])
            if depth != 8 or kind not in (2, 6):
                raise ValueError("只认八位真彩的 PNG")
            channels = 3 if kind == 2 else 4
        elif name == b"IDAT":
            body += chunk
        place += size + 12
    rows = _unfiltered(zlib.decompress(body), width * channels, channels)
    if channels == 4:
        rows = [bytes(value for n, value in enumerate(row) if n % 4 != 3) for row in rows]
    return Picture(width, height, b"".join(bytes(row) for row in rows))


def _unfiltered(data: bytes, stride: int, step: int) -> list[bytes]:
    """去掉每行开头说的差分。"""
    rows: list[bytes] = []
    above = bytes(stride)
    for start in range(0, len(data), stride + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + stride])
        for n in range(stride) if kind else ():
            left = row[n - step] if n >= step else 0
            corner = above[n - step] if n >= step else 0
            row[n] = (row[n] + _guess(kind, left, above[n], corner)) & 0xFF
        above = bytes(row)
        rows.append(above)
    return rows


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    rough = left + up - corner
    return min((left, up, corner), key=lambda value: abs(rough - value))


def small_png(picture: Picture, colours: int = _MOST) -> bytes:
    """调色板的 PNG：最多的几种颜色留下，别的换成最近的一种。"""
    points = [picture.points[n : n + 3] for n in range(0, len(picture.points), 3)]
    counted: dict[bytes, Counter[bytes]] = {}
    for point, count in Counter(points).items():
        rough = bytes(value & _STEP for value in point)
        counted.setdefault(rough, Counter())[point] += count
    groups = sorted(counted.values(), key=lambda group: -group.total())[:colours]
    chosen = [group.most_common(1)[0][0] for group in groups]
    index = {point: _nearest(point, chosen) for point in set(points)}
    width = picture.width
    body = b"".join(
        b"\0" + bytes(index[point] for point in points[row * width : (row + 1) * width])
        for row in range(picture.height)
    )
    head = struct.pack(">IIBBBBB", width, picture.height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(chosen)), (b"IDAT", zlib.compress(body, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def _nearest(point: bytes, chosen: list[bytes]) -> int:
    red, green, blue = point
    return min(
        range(len(chosen)),
        key=lambda n: (chosen[n][0] - red) ** 2 + (chosen[n][1] - green) ** 2 + (chosen[n][2] - blue) ** 2,
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
