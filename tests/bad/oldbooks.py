"""旧格式：xls 各处截断、记录写坏、BIFF2–5、扇区成环；xlsb、ods、XML 表格、网页的古怪写法。"""

from __future__ import annotations

import io
import random
import struct
import zipfile

import xlwt

from bad.kinds import compound
from bad.packages import PACKAGE, Entry, packed
from bad.places import TABLE, html, ods, xmlss

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOFS = {2: (0x09, 4), 3: (0x209, 6), 4: (0x409, 6), 5: (0x809, 8)}


def xls(dates_1904: bool = False, hidden: int = 0, sheets: int = 1) -> bytes:
    """好的 xls。"""
    old = xlwt.Workbook()
    old.dates_1904 = dates_1904
    for number in range(sheets):
        page = old.add_sheet("评估" if number == 0 else f"表{number}")
        page.visibility = hidden
        for row, values in enumerate(TABLE):
            for column, value in enumerate(values):
                page.write(row, column, value)
    target = io.BytesIO()
    old.save(target)
    return target.getvalue()


def cut(percent: int) -> bytes:
    """只有前面百分之几。"""
    data = xls()
    return data[: len(data) * percent // 100]


def patched(at: int, hexadecimal: str) -> bytes:
    """文件头的某个字段写坏。"""
    data = bytearray(xls())
    new = bytes.fromhex(hexadecimal)
    data[at : at + len(new)] = new
    return bytes(data)


def record(kind: int, change: str, value: int = 0) -> bytes:
    """第一条这种记录：长度（length）、种类（kind）、内容（body）写坏。"""
    data = bytearray(xls())
    at = next(place for place, found, _ in records(data) if found == kind)
    if change == "length":
        struct.pack_into("<H", data, at + 2, value)
    elif change == "kind":
        struct.pack_into("<H", data, at, value)
    else:
        data[at + 4 : at + 8] = struct.pack("<I", value)
    return bytes(data)


def records(data: bytes | bytearray) -> list[tuple[int, int, int]]:
    """Workbook 流里的记录：位置、种类、长度（xlwt 的流从 512 起连着放）。"""
    found, at = [], 512
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 0 and length == 0:
            break
        found.append((at, kind, length))
        at += 4 + length
    return found


def noise(seed: int, count: int) -> bytes:
    """随机翻转几个字节（种子一定，结果一定）。"""
    data = bytearray(xls())
    chance = random.Random(seed)  # noqa: S311  # 造测试数据，不是密码
    for _ in range(count):
        data[chance.randrange(512, len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def early(version: int, wrapped: bool = False) -> bytes:
    """BIFF2–5 的一张表：三行；wrapped 放进 OLE 的 Book 流。"""
    bof, length = BOFS[version]
    body = struct.pack("<HH", bof, length) + struct.pack("<HH", version << 8, 0x10).ljust(length, b"\0")
    attributes = b"\0\0\0" if version == 2 else b"\0\0"
    for row, values in enumerate(TABLE):
        for column, value in enumerate(values):
            place = struct.pack("<HH", row, column) + attributes
            if isinstance(value, str):
                text = value.encode("gbk")
                size = struct.pack("<B" if version == 2 else "<H", len(text))
                piece, kind = place + size + text, 0x04 if version == 2 else 0x204
            else:
                piece, kind = place + struct.pack("<d", value), 0x03 if version == 2 else 0x203
            body += struct.pack("<HH", kind, len(piece)) + piece
    stream = body + struct.pack("<HH", 0x0A, 0)
    return compound(["Book"], stream.hex()) if wrapped else stream


def looped(what: str) -> bytes:
    """扇区链成环：FAT 的第一项指回自己；或目录从流开始。"""
    data = bytearray(xls())
    if what == "directory":
        struct.pack_into("<I", data, 48, 0)
        return bytes(data)
    (table,) = struct.unpack_from("<I", data, 76)
    struct.pack_into("<I", data, (table + 1) * 512, 0)
    return bytes(data)


def flat(kind: int, body: bytes = b"") -> bytes:
    """xlsb 的一条记录。"""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return head + length + body


def wide(text: str) -> bytes:
    """xlsb 的文字。"""
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(drop: int = 0, more: str = "", link: str = "worksheets/s1.bin", far: int = 0) -> bytes:
    """xlsb：三行；drop 去掉工作表末尾几个字节，more 添在数据区里（十六进制）。"""
    links = f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="{link}"/>'
    cells = b""
    for row, values in enumerate(TABLE):
        cells += flat(0, struct.pack("<IIHBBBI", row + (far if row == 2 else 0), 0, 0, 0, 0, 0, 0))
        for column, value in enumerate(values):
            place = struct.pack("<II", column, 0)
            kind = 6 if isinstance(value, str) else 5
            cells += flat(kind, place + (wide(value) if isinstance(value, str) else struct.pack("<d", value)))
    page = flat(129) + flat(148, bytes(16)) + flat(145) + cells + bytes.fromhex(more) + flat(146) + flat(130)
    bundle = flat(156, struct.pack("<2I", 0, 1) + wide("r1") + wide("评估"))
    whole = flat(131) + flat(143) + bundle + flat(144) + flat(157, bytes(26)) + flat(132)
    listed = f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'.encode()
    parts = (("xl/workbook.bin", whole), ("xl/_rels/workbook.bin.rels", listed))
    return packed(Entry(*part) for part in (*parts, ("xl/worksheets/s1.bin", page[: len(page) - drop])))


def ods_changed(old: str, new: str) -> bytes:
    """ods：内容里换掉一段。"""
    with zipfile.ZipFile(io.BytesIO(ods(""))) as archive:
        content = archive.read("content.xml").decode()
    assert old in content
    kind = Entry("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", method=0)
    return packed([kind, Entry("content.xml", content.replace(old, new).encode())])


def xmlss_changed(old: str, new: str) -> bytes:
    """XML 表格：换掉一段。"""
    text = xmlss().decode()
    assert old in text
    return text.replace(old, new).encode()


def page(old: str, new: str, times: int = 1) -> bytes:
    """网页：换掉一段；new 重复几次。"""
    text = html().decode()
    assert old in text
    return text.replace(old, new * times, 1).encode()
