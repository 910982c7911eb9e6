"""按内容（不按扩展名）认出格式；认不出或不收的，说清它是什么。

lxml 与 calamine 只在用得着时才装入，读 CSV 的子进程不必等它们。
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from pbm_cli.workbook.archive import Archive, foreign
from pbm_cli.workbook.charset import decode
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import RawSheet
from pbm_cli.workbook.refusals import RESAVE, damaged, refuse

_CONFIRM = "请确认没有选错文件；表格请另存为 xlsx 或 CSV"
_SIGNATURES = (
    (b"%PDF", "PDF 文件"),
    (b"\x89PNG", "图片（PNG）"),
    (b"\xff\xd8\xff", "图片（JPEG）"),
    (b"GIF8", "图片（GIF）"),
    (b"BM", "图片（BMP）"),
    (b"II*\0", "图片（TIFF）"),
    (b"MM\0*", "图片（TIFF）"),
    (b"RIFF", "图片或音像（RIFF）"),
    (b"L\0\0\0\x01\x14\x02\0", "快捷方式，不是它指向的文件"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"),
    (b"BZh", "bzip2 压缩包"),
    (b"\xfd7zXZ", "xz 压缩包"),
    (b"MZ", "可执行程序"),
    (b"\x7fELF", "可执行程序"),
    (b"{\\rtf", "RTF 文档"),
    (b"SQLite format 3", "SQLite 数据库"),
    (b"\0\1\0\0Standard", "Access 数据库"),
)
_OLD_BIFF = re.compile(rb"\x09[\x00\x02\x04\x08](?:\x04|\x06|\x08|\x10)\x00", re.DOTALL)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|meta|table|style|body|div)\b", re.IGNORECASE)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN_STREAMS = (
    ("worddocument", "旧版 Word 文档（doc）"),
    ("powerpoint document", "旧版演示文稿（ppt）"),
    ("visiodocument", "Visio 图"),
    ("__properties_version1.0", "Outlook 邮件"),
)


class Book(Protocol):
    """一个认出来的工作簿。"""

    remarks: list[str]

    def sheets(self) -> Iterator[RawSheet]:
        """逐张交出工作表。"""


def recognise(data: bytes, stem: str, limits: Limits, *, careful: bool = False) -> tuple[str, Book]:
    """格式名与能逐张交出工作表的对象；stem 是没有自己名字的表用的名字；careful 是扫描完了才交给 calamine。"""
    if not data:
        raise refuse("文件是空的（0 字节）", "请重新下载或向报送单位重新索取")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _packed(data, limits, careful)
    if data.startswith(_OLE):
        return _compound(data, stem, limits)
    for signature, kind in _SIGNATURES:
        if data.startswith(signature) and (len(signature) > 2 or b"\0" in data[:256] or signature == b"\x1f\x8b"):
            raise refuse(f"这是{kind}，不是表格（扩展名可能被改过）", _CONFIRM)
    if _OLD_BIFF.match(data):
        return _early(data, stem, limits)
    return _textual(data, stem, limits)


def _packed(data: bytes, limits: Limits, careful: bool) -> tuple[str, Book]:
    archive = Archive(data, limits)
    names = archive.names()
    if "xl/workbook.bin" in names:
        from pbm_cli.workbook.xlsb import XlsbBook  # noqa: PLC0415

        return "xlsb", XlsbBook(data, archive, limits)
    if "mimetype" in names and "encrypted-package" in names:
        raise refuse("文件加了打开密码，读不了", "请去掉密码后再试")
    if "mimetype" in names and "content.xml" in names:
        kind = archive.read("mimetype", xml=False).decode("ascii", "replace").strip()
        if ".spreadsheet" not in kind:
            raise refuse("这是 OpenDocument 文档，但不是表格（ods）", _CONFIRM)
        if "meta-inf/manifest.xml" in names and b"encryption-data" in archive.read("meta-inf/manifest.xml"):
            raise refuse("文件加了打开密码，读不了", "请去掉密码后再试")
        from pbm_cli.workbook.ods import OdsBook  # noqa: PLC0415

        return "ods", OdsBook(archive, limits)
    if any(name.startswith("xl/") for name in names) or "workbook.xml" in names:
        from pbm_cli.workbook.xlsx import XlsxBook  # noqa: PLC0415

        return "xlsm" if "xl/vbaproject.bin" in names else "xlsx", XlsxBook(data, archive, limits, careful=careful)
    raise foreign(names) or refuse("这是压缩包，不是工作簿", "请先解压，再把里面的表格交给 pbm")


def _early(stream: bytes, stem: str, limits: Limits) -> tuple[str, Book]:
    if stream[4:6] == b"\0\6":
        raise refuse("这是缺少文件外壳的 Excel 表格，不能直接读取", RESAVE)
    from pbm_cli.workbook.early import EarlyBook  # noqa: PLC0415

    return "xls", EarlyBook(stream, stem, limits)


def _compound(data: bytes, stem: str, limits: Limits) -> tuple[str, Book]:
    from pbm_cli.workbook.ole import Compound  # noqa: PLC0415

    compound = Compound(data)
    if "encryptedpackage" in compound.streams:
        raise refuse("文件加了打开密码，读不了", "请在 Excel 或 WPS 里去掉密码（文件→信息→保护工作簿）后再试")
    if any("drm" in stream for stream in compound.streams):
        raise refuse("文件有权限保护（IRM），读不了", "请让有权限的人另存一份不带权限保护的 xlsx")
    for stream, kind in _FOREIGN_STREAMS:
        if stream in compound.streams:
            raise refuse(
                f"这是{kind}，不是表格（扩展名可能被改过）", "请把其中的表格复制到 Excel 或 WPS 表格里，另存为 xlsx"
            )
    if "workbook" not in compound.streams and "book" not in compound.streams:
        raise damaged("里面没有工作簿")
    name = "workbook" if "workbook" in compound.streams else "book"
    content = compound.read(name)
    if _OLD_BIFF.match(content) and content[4:6] != b"\0\6":
        return _early(content, stem, limits)
    from pbm_cli.workbook.xls import XlsBook  # noqa: PLC0415

    return "xls", XlsBook(data, name, compound, limits)


def _textual(data: bytes, stem: str, limits: Limits) -> tuple[str, Book]:
    start = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe\r\n\t ")
    if not start and not data.strip(b"\0\xef\xbb\xbf\xff\xfe\r\n\t ") and b"\0\0" not in data:
        raise refuse("文件是空的（只有空白）", "请重新下载或向报送单位重新索取")
    if start[:1] == b"<":
        return _markup(data, start, stem, limits)
    if start[:13].lower() == b"mime-version:":
        raise refuse("这是“单个文件网页”（mht），不能直接读取", RESAVE)
    from pbm_cli.workbook.delimited import DelimitedBook  # noqa: PLC0415

    return "csv", DelimitedBook(decode(data), stem, limits)


def _markup(data: bytes, start: bytes, stem: str, limits: Limits) -> tuple[str, Book]:
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start and b"<html" not in start[:1024].lower():
        from pbm_cli.workbook.spreadsheetml import XmlBook  # noqa: PLC0415

        return "xml", XmlBook(data, limits)
    if _HTML.search(start.decode("latin-1")):
        from pbm_cli.workbook.html_tables import HtmlBook  # noqa: PLC0415

        return "html", HtmlBook(data, stem, limits)
    raise refuse("这是 XML，但不是认得的表格（只收 XML 表格 2003）", RESAVE)
