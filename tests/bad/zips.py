"""压缩容器：截断、翻转、说谎的大小、炸弹、重叠、重名、可疑的名字、少见的方法。"""

from __future__ import annotations

import struct
import zipfile
import zlib

from bad.packages import SHEET, STRINGS, Entry, book, changed, packed, sheet, strings

MIB = 1024 * 1024


def cut(percent: int = 100, drop: int = 0) -> bytes:
    """只留前百分之几，再去掉末尾几个字节。"""
    data = book()
    return data[: len(data) * percent // 100 - drop]


def flipped(mark: str, shift: int = 0, last: bool = False) -> bytes:
    """在某个记号（PK 后的两个字节）之后翻转一个字节。"""
    data = bytearray(book())
    wanted = b"PK" + bytes.fromhex(mark)
    data[(data.rindex if last else data.index)(wanted) + shift] ^= 0xFF
    return bytes(data)


def lying(size: int | None = None, crc: int | None = None, name: str = SHEET) -> bytes:
    """一个部件的大小或校验码说谎。"""
    entries = changed({})
    for entry in entries:
        if entry.name == name:
            entry.size, entry.crc = size, crc
    return packed(entries)


def bomb(name: str, mib: int, times: int = 1) -> bytes:
    """解压成 mib MB 零字节（或空白）的部件。"""
    more: dict[str, str | bytes | None] = {name.format(number): b" " * (mib * MIB) for number in range(times)}
    return packed(changed(more))


def heavy_strings(count: int) -> bytes:
    """几万到几百万条共享文字。"""
    return book({STRINGS: strings(["项目名称"] + ["a"] * count)})


def added(names: list[str], content: str = "x") -> bytes:
    """添上这些名字的部件。"""
    return packed([*changed({}), *(Entry(name, content.encode()) for name in names)])


def many(count: int) -> bytes:
    """添上许多空部件。"""
    return packed([*changed({}), *(Entry(f"xl/media/{number}", b"", zipfile.ZIP_STORED) for number in range(count))])


def with_method(method: int, name: str = SHEET) -> bytes:
    """一个部件写着别的压缩方法。"""
    entries = changed({})
    for entry in entries:
        entry.method = method if entry.name == name else entry.method
    return packed(entries)


def flagged(flags: int) -> bytes:
    """全部部件的标志位（1 是加密）。"""
    entries = changed({})
    for entry in entries:
        entry.flags = flags
    return packed(entries)


def surrounded(before: int = 0, after: int = 0, comment: int = 0, fake: bool = False) -> bytes:
    """前面、后面有别的字节，或带注释；fake：注释里有一个假的目录结尾。"""
    note = (b"PK\5\6" + bytes(18) if fake else b"") + b"c" * comment
    return b"\0" * before + packed(changed({}), comment=note) + b"\n" * after


def counted(count: int) -> bytes:
    """目录结尾写的项数不对。"""
    return packed(changed({}), count=count)


def overlapping(where: str) -> bytes:
    """后面的部件指到前面的数据里（inside），或几项指着同一个数据（same）。"""
    data = bytearray(packed(changed({"xl/a.bin": b"PK\3\4" + bytes(22) + b"\1\0\0\0b"})))
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"PK\1\2"]
    (first,) = struct.unpack_from("<I", data, starts[0] + 42)
    struct.pack_into("<I", data, starts[3] + 42, first if where == "same" else first + 40)
    return bytes(data)


def moved(offset: int) -> bytes:
    """第一个部件的位置写到文件外面。"""
    data = bytearray(book())
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 42, offset)
    return bytes(data)


def renamed(local: str) -> bytes:
    """部件自己的名字与目录里的不同。"""
    entries = changed({})
    for entry in entries:
        entry.local_name = local if entry.name == SHEET else None
    return packed(entries)


def stored() -> bytes:
    """不压缩。"""
    entries = changed({})
    for entry in entries:
        entry.method = zipfile.ZIP_STORED
    return packed(entries)


def streamed() -> bytes:
    """边压边写的压缩包：大小写在数据后面。"""
    body, directory = b"", b""
    for entry in changed({}):
        data, name = entry.packed(), entry.name.encode()
        facts = struct.pack("<III", zlib.crc32(entry.content), len(data), len(entry.content))
        directory += b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0x808, 8, 0, 33) + facts
        directory += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4" + struct.pack("<HHHHH", 20, 0x808, 8, 0, 33) + bytes(12) + struct.pack("<HH", len(name), 0)
        body += name + data + b"PK\7\x08" + facts
    number = len(changed({}))
    return body + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, number, number, len(directory), len(body), 0)


def zip64(size: int) -> bytes:
    """目录结尾全是 FFFF，另有一个说谎的 zip64 结尾。"""
    data = book()
    body = data[: data.rindex(b"PK\5\6")]
    big = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 9, 9, size, size)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, len(body), 1)
    return body + big + locator + b"PK\5\6" + b"\xff" * 16 + b"\0\0"


def nested() -> bytes:
    """压缩包里只有一个工作簿。"""
    return packed([Entry("内.xlsx", book())])


def only_end(count: int = 0) -> bytes:
    """只有目录结尾。"""
    return packed([], count=count)


def wide_extra(size: int) -> bytes:
    """附加字段很长。"""
    entries = changed({})
    entries[0].extra = b"\xca\xfe" + struct.pack("<H", size - 4) + bytes(size - 4)
    return packed(entries)


def trailing_data() -> bytes:
    """压缩流之后还有多余的字节。"""
    entries = changed({SHEET: sheet()})
    raw = {entry.name: entry for entry in entries}[SHEET]
    data = raw.packed() + b"more"
    raw.content, raw.method = data, zipfile.ZIP_STORED
    made = bytearray(packed(entries))
    for mark, shift in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = made.index(SHEET.encode(), 0 if mark == b"PK\3\4" else made.index(b"PK\1\2"))
        struct.pack_into("<H", made, at - (30 if mark == b"PK\3\4" else 46) + shift, zipfile.ZIP_DEFLATED)
    return bytes(made)
