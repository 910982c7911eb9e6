"""压缩包（xlsx、xlsm、xlsb、ods）：先看目录，再边解压边数真实的字节，可疑的一律拒绝。

不相信目录里写的大小：每个部件都实际解压一遍，与目录和校验码核对。
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from pbm_cli.errors import InputError
from pbm_cli.workbook.limits import MIB, Limits, mebibytes
from pbm_cli.workbook.refusals import RESAVE, damaged, refuse

_BLOCK = MIB
_ASK = "这不像正常的工作簿，请向报送单位核实来源，或用 Excel、WPS 打开后另存为 xlsx 再试"
_NARROW = (b"<!DOCTYPE", b"<!ENTITY")
_FORBIDDEN = tuple(
    mark.decode().encode(code)
    for mark in _NARROW
    for code in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
)
_OVERLAP = 48
_NEVER_PARSED = ("basic/", "dialogs/", "scripts/", "configurations2/")
_OFFICE_DOCTYPE = re.compile(rb'<!DOCTYPE [\w:.-]+ PUBLIC "-//OpenOffice\.org//DTD [\w. ]+//EN" "[\w.-]+">')
_ENCRYPTED, _PATCHED = 0x1 | 0x40, 0x20
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']+)["']""")
_PLAIN = re.compile(rb"(?:utf-?(?:8|16|32)|us-ascii|iso-8859-|windows-|gb|big5|shift|euc-)", re.IGNORECASE)
_EBCDIC = (b"\x4c\x6f\xa7\x94", b"\x4c\x5a\xc4\xd6")
_XML = (".xml", ".rels", ".vml")


class Archive:
    """一个核对过目录的压缩包；部件名不分大小写，反斜杠当斜杠。"""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._entries = _directory(data, limits)
        self._ends = _ends(data, list(self._entries.values()))
        self._counted: dict[str, int] = {}

    def names(self) -> list[str]:
        """全部部件名（小写）。"""
        return list(self._entries)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def chunks(self, name: str, *, xml: bool = False) -> Iterator[bytes]:
        """一块一块地解压一个部件；xml 表示要解析它，必须是 UTF-8。"""
        key = name.lower()
        inspect = key.endswith(_XML) or xml
        tail = b""
        marks: tuple[bytes, ...] = ()
        for number, block in enumerate(self._inflated(key)):
            if inspect:
                if number == 0:
                    (_require_utf8 if xml else _require_known)(block, key)
                    marks = _FORBIDDEN if b"\0" in block[:64] else _NARROW
                if (b"!" in block or b"!" in tail) and _declares(key, tail + block, marks):
                    raise refuse(f"部件 {key} 含有 DOCTYPE 或 ENTITY 声明，可能是恶意文件，未读取", _ASK)
                tail = block[-_OVERLAP:]
            yield block

    def read(self, name: str, *, xml: bool = True, at_most: int = 64 * MIB) -> bytes:
        """整个部件；超过 at_most 字节时拒绝。"""
        blocks: list[bytes] = []
        size = 0
        for block in self.chunks(name, xml=xml):
            size += len(block)
            if size > at_most:
                raise refuse(f"部件 {name} 超过 {mebibytes(at_most)}", _ASK)
            blocks.append(block)
        return b"".join(blocks)

    def check_rest(self) -> None:
        """把还没解压过的部件也解压一遍核对。"""
        for name in self._entries:
            if name not in self._counted:
                for _ in self.chunks(name):
                    pass

    def repacked(self, changed: Mapping[str, bytes]) -> bytes:
        """换掉几个部件后的压缩包（不压缩，只在内存里给阅读器用）。"""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as packed:
            for key in self._entries:
                content = changed.get(key)
                packed.writestr(key, b"".join(self.chunks(key)) if content is None else content)
        return target.getvalue()

    def _inflated(self, key: str) -> Iterator[bytes]:
        info = self._entries.get(key)
        if info is None:
            raise damaged(f"缺少部件 {key}")
        start, end = self._ends[key]
        size = crc = 0
        for block in _blocks(memoryview(self._data)[start:end], info.compress_type, key):
            size += len(block)
            crc = zlib.crc32(block, crc)
            self._check_size(key, size, end - start)
            yield block
        if size != info.file_size or crc != info.CRC:
            raise damaged(f"部件 {key} 校验不符")
        self._counted[key] = size

    def _check_size(self, key: str, size: int, packed: int) -> None:
        limits = self._limits
        if size > limits.part_bytes:
            raise refuse(f"部件 {key} 解压后超过 {mebibytes(limits.part_bytes)}", _ASK)
        if size > MIB and size > packed * limits.ratio:
            raise refuse(f"部件 {key} 的压缩倍数超过 {limits.ratio}，可能是压缩炸弹，未读取", _ASK)
        if size + sum(count for name, count in self._counted.items() if name != key) > limits.unpacked_bytes:
            raise refuse(f"解压后总共超过 {mebibytes(limits.unpacked_bytes)}", _ASK)
        if key.endswith("sharedstrings.xml") and size > limits.shared_string_bytes:
            raise refuse(f"共享文字超过 {mebibytes(limits.shared_string_bytes)}", _ASK)


def _directory(data: bytes, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            listed = packed.infolist()
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OverflowError, EOFError) as error:
        raise damaged("压缩结构不完整") from error
    if len(listed) > limits.entries:
        raise refuse(f"压缩包里有 {len(listed)} 个部件，超过 {limits.entries} 个", _ASK)
    entries: dict[str, zipfile.ZipInfo] = {}
    for info in listed:
        key = _checked_name(info)
        if key.endswith("/"):
            continue
        if key in entries:
            raise refuse(f"压缩包里有两个同名部件 {key}", _ASK)
        entries[key] = info
    return entries


def _checked_name(info: zipfile.ZipInfo) -> str:
    name = info.orig_filename.replace("\\", "/")
    if name.startswith("/") or ":" in name or "\0" in name or ".." in name.split("/"):
        raise refuse(f"压缩包里有可疑的部件名 {name[:80]!a}", _ASK)
    if info.flag_bits & _PATCHED:
        raise refuse(f"部件 {name[:80]!a} 的压缩方法不支持（补丁数据）", RESAVE)
    if info.flag_bits & _ENCRYPTED:
        raise refuse("文件被加密（压缩包有密码）", "请去掉密码后再试")
    return name.lower()


def _ends(data: bytes, listed: list[zipfile.ZipInfo]) -> dict[str, tuple[int, int]]:
    """每个部件的数据在文件里从哪到哪；重叠的拒绝。"""
    places: dict[str, tuple[int, int]] = {}
    last = 0
    for info in sorted(listed, key=lambda entry: entry.header_offset):
        offset = info.header_offset
        head = data[offset : offset + 30] if offset >= 0 else b""
        if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
            raise damaged("压缩包里的部件缺失")
        if offset < last:
            raise refuse("压缩包里的部件互相重叠，可能是压缩炸弹，未读取", _ASK)
        name_length, extra_length = struct.unpack_from("<HH", head, 26)
        start = offset + 30 + name_length + extra_length
        if not _same_name(info, data[offset + 30 : offset + 30 + name_length]):
            raise refuse(f"部件 {info.orig_filename[:80]!a} 的名字与目录里的不一致", _ASK)
        last = start + info.compress_size
        if last > len(data):
            raise damaged("压缩包被截断")
        places[info.orig_filename.replace("\\", "/").lower()] = (start, last)
    return places


def _same_name(info: zipfile.ZipInfo, own: bytes) -> bool:
    """部件自己写的名字与目录里的相同；斜杠的方向、大小写不论。不同时，各种阅读器看到的会是不同的内容。"""
    listed = {info.orig_filename.encode(code, "replace") for code in ("utf-8", "cp437")}
    return own.replace(b"\\", b"/").lower() in {name.replace(b"\\", b"/").lower() for name in listed}


def _blocks(packed: memoryview, method: int, key: str) -> Iterator[bytes]:
    if method == zipfile.ZIP_STORED:
        for start in range(0, len(packed), _BLOCK):
            yield bytes(packed[start : start + _BLOCK])
        return
    if not packed:  # 有的程序把空部件写成一个字节也没有
        return
    if method != zipfile.ZIP_DEFLATED:
        raise refuse(f"部件 {key} 用了不支持的压缩方法（{method}）", RESAVE)
    inflater = zlib.decompressobj(-15)
    position = 0
    pending = b""
    while not inflater.eof:
        if not pending:
            pending = bytes(packed[position : position + _BLOCK])
            position += len(pending)
        block = _inflate(inflater, pending, key)
        if not block and not pending and not inflater.eof:
            raise damaged(f"部件 {key} 被截断")
        pending = inflater.unconsumed_tail
        if block:
            yield block


def _inflate(inflater: zlib._Decompress, pending: bytes, key: str) -> bytes:
    try:
        return inflater.decompress(pending, _BLOCK)
    except zlib.error as error:
        raise damaged(f"部件 {key} 解压失败") from error


def _declares(key: str, text: bytes, marks: tuple[bytes, ...]) -> bool:
    """有没有 DOCTYPE 或 ENTITY。LibreOffice 自己的宏、菜单部件开头都有一句，没有内部子集，pbm 也从不解析它们。"""
    if key.startswith(_NEVER_PARSED):
        text = _OFFICE_DOCTYPE.sub(b"", text, count=1)
    return any(mark in text for mark in marks)


def _require_utf8(first: bytes, key: str) -> None:
    declared = _DECLARED.match(first.removeprefix(b"\xef\xbb\xbf")[:400])
    name = declared[1].decode("latin-1").lower() if declared else "utf-8"
    if first[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in first[:64] or name not in ("utf-8", "utf8", "us-ascii"):
        raise refuse(f"部件 {key} 不是 UTF-8 编码（这种少见的写法会被读成空表）", RESAVE)


def _require_known(first: bytes, key: str) -> None:
    """看得懂的编码才能查有没有 DOCTYPE；UTF-7、EBCDIC 之类没有程序会写。"""
    declared = _DECLARED.match(first.removeprefix(b"\xef\xbb\xbf")[:400])
    if first.startswith(_EBCDIC) or (declared and not _PLAIN.match(declared[1])):
        raise refuse(f"部件 {key} 的编码不认识，未读取", _ASK)


def foreign(names: list[str]) -> InputError | None:
    """不是工作簿的压缩包：说出它是什么；是工作簿或认不出时为 None。"""
    kinds = {
        "word/document.xml": "Word 文档（docx）",
        "ppt/presentation.xml": "演示文稿（pptx）",
        "visio/document.xml": "Visio 图",
        "ofd.xml": "OFD 版式文件",
        "index/document.iwa": "苹果 Numbers 表格",
    }
    for marker, kind in kinds.items():
        if marker in names:
            if kind.endswith("表格"):
                return refuse(f"这是{kind}，不能直接读取", "请在 Numbers 里导出为 Excel（xlsx）")
            return refuse(f"这是{kind}，不是表格", "请把其中的表格复制到 Excel 或 WPS 表格里，另存为 xlsx")
    return None
