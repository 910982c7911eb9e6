"""不是工作簿的文件：图片、文档、程序、别的压缩包、数据库，扩展名却是表格的。"""

from __future__ import annotations

import gzip
import json
import struct

from bad.packages import Entry, packed

_FREE, _LAST, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def signed(text: str = "", hexadecimal: str = "", fill: int = 512, filler: str = "00") -> bytes:
    """开头几个字节，后面是填充。"""
    head = text.encode() + bytes.fromhex(hexadecimal)
    return head + bytes.fromhex(filler) * fill


def archive(names: list[str], contents: list[str] | None = None) -> bytes:
    """有这些部件的压缩包。"""
    texts = contents or ["<a/>"] * len(names)
    return packed(Entry(name, text.encode()) for name, text in zip(names, texts, strict=True))


def compound(streams: list[str], content: str = "") -> bytes:
    """有这些流的 OLE 文件；每个流都是同样的内容（512 字节一扇区）。"""
    head = bytearray(512)
    head[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIII", head, 44, 1, 1, 0, 0, _LAST, 0, _LAST, 0)
    struct.pack_into("<109I", head, 76, 0, *[_FREE] * 108)
    sectors = -(-(len(streams) + 1) // 4)
    body = bytes.fromhex(content).ljust(512, b"\0")
    links = [_FAT, *range(2, sectors + 1), _LAST, *[_LAST] * len(streams)]
    directory = entry("Root Entry", 5, _LAST, 0)
    for number, name in enumerate(streams):
        directory += entry(name, 2, sectors + 1 + number, 512)
    fat = struct.pack("<128I", *links, *[_FREE] * (128 - len(links)))
    return bytes(head) + fat + directory.ljust(sectors * 512, b"\0") + body * len(streams)


def entry(name: str, kind: int, first: int, size: int) -> bytes:
    """OLE 目录的一项。"""
    raw = name.encode("utf-16-le")
    head = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2, kind, 1) + b"\xff" * 12 + bytes(36)
    return head + struct.pack("<IQ", first, size)


def zipped(text: str) -> bytes:
    """gzip 压缩的 CSV。"""
    return gzip.compress(text.encode(), mtime=0)


def prose(lines: int) -> bytes:
    """一篇文章。"""
    return "\n".join(f"第{n}段：这是一份说明，里面没有表格。" for n in range(lines)).encode()


def as_json(rows: int) -> bytes:
    """一份 JSON。"""
    return json.dumps([{"项目名称": f"甲{n}", "金额": n} for n in range(rows)], ensure_ascii=False, indent=1).encode()


def raw(text: str, encoding: str = "utf-8") -> bytes:
    """这些字。"""
    return text.encode(encoding)


def every_byte(times: int) -> bytes:
    """各种字节都有。"""
    return bytes(range(256)) * times
