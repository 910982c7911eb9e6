"""加密与权限：打开密码、权限管理、没有读的权限、不是普通文件。"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from bad.kinds import compound
from bad.packages import BOOK, SHEET, Entry, book, packed, sheet, workbook
from bad.places import ods, xls_far

LOCKED = {
    "xor": struct.pack("<HHH", 0, 0x1234, 0x5678),
    "rc4": struct.pack("<HHH", 1, 1, 1) + bytes(48),
    "rc4api": struct.pack("<HHH", 1, 2, 2) + bytes(60),
}


def office(version: int, minor: int) -> bytes:
    """新版的打开密码：EncryptionInfo 写着版本。"""
    streams = ["EncryptionInfo", "EncryptedPackage", "DataSpaceMap"]
    return compound(streams, struct.pack("<HHI", version, minor, 0x40).hex())


def rights(stream: str) -> bytes:
    """权限管理保护的文件。"""
    return compound([stream, "DataSpaceMap"])


def xls(kind: str) -> bytes:
    """旧版的打开密码：BOF 之后有 FILEPASS。"""
    data = bytearray(xls_far(2, 2))
    at = data.index(b"\x09\x08\x10\x00") + 20
    secret = LOCKED[kind]
    data[at : at + 4 + len(secret)] = struct.pack("<HH", 0x2F, len(secret)) + secret
    return bytes(data)


def ods_locked(modern: bool) -> bytes:
    """ods 的打开密码，旧的与新的（整包加密）写法。"""
    entry = "<m:file-entry m:full-path='content.xml'><m:encryption-data/></m:file-entry>"
    manifest = Entry("META-INF/manifest.xml", f"<m:manifest xmlns:m='m'>{entry}</m:manifest>".encode())
    names = ["encrypted-package"] if modern else ["content.xml"]
    kind = Entry("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", method=0)
    return packed([kind, *(Entry(name, b"\1\2\3") for name in names), manifest])


def protected(part: str) -> bytes:
    """只是不让改：读得出来。"""
    if part == "sheet":
        return book({SHEET: sheet(after='<sheetProtection sheet="1" password="CC1A"/>')})
    before = '<fileSharing readOnlyRecommended="1" userName="a" reservationPassword="CC1A"/>'
    return book({BOOK: workbook(before=before + '<workbookProtection lockStructure="1"/>')})


def place(folder: Path, kind: str) -> Path:
    """名字像工作簿的文件夹、管道、断了的链接、绕圈的链接、设备。"""
    path = folder / "坏.xlsx"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"broken": "没有.xlsx", "loop": "坏.xlsx", "device": "/dev/zero"}[kind])
    return path


def whole() -> bytes:
    """没有毛病的 ods，用来对照。"""
    return ods("")
