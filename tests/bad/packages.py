"""一个好的小 xlsx 的各个部件，供各族改坏；表是事前评估表，两个项目。"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"
BOOK_RELS = "xl/_rels/workbook.xml.rels"
STRINGS = "xl/sharedStrings.xml"
STYLES = "xl/styles.xml"
TYPES = "[Content_Types].xml"
TEXTS = ("项目名称", "申报金额（万元）", "审定金额（万元）", "甲渠", "乙路")
ROWS = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>'
    '<row r="2"><c r="A2" t="s"><v>3</v></c><c r="B2"><v>100</v></c><c r="C2"><v>80</v></c></row>'
    '<row r="3"><c r="A3" t="s"><v>4</v></c><c r="B3"><v>50</v></c><c r="C3"><v>50</v></c></row>'
)


def sheet(rows: str = ROWS, *, before: str = "", after: str = "", namespace: str = MAIN) -> str:
    """工作表部件。"""
    return f'<worksheet xmlns="{namespace}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def relation(name: str, kind: str, target: str, *, more: str = "", office: str = OFFICE) -> str:
    """一条关系。"""
    full = kind if "://" in kind else f"{office}/{kind}"
    return f'<Relationship Id="{name}" Type="{full}" Target="{target}"{more}/>'


def relations(*links: str) -> str:
    """一个关系部件。"""
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(links)}</Relationships>'


def workbook(*sheets: str, before: str = "", after: str = "", namespace: str = MAIN, office: str = OFFICE) -> str:
    """工作簿部件；sheets 是 <sheet …/>，默认一张“评估”。"""
    listed = "".join(sheets) or '<sheet name="评估" sheetId="1" r:id="rId1"/>'
    return f'<workbook xmlns="{namespace}" xmlns:r="{office}">{before}<sheets>{listed}</sheets>{after}</workbook>'


def strings(texts: Iterable[str] = TEXTS) -> str:
    """共享文字部件。"""
    return f'<sst xmlns="{MAIN}">{"".join(f"<si><t>{text}</t></si>" for text in texts)}</sst>'


def good() -> dict[str, str | bytes]:
    """好的部件，次序与 Excel 写的一样。"""
    types = "".join(
        f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
        for part, kind in (
            (BOOK, "spreadsheetml.sheet.main"),
            (SHEET, "spreadsheetml.worksheet"),
            (STRINGS, "spreadsheetml.sharedStrings"),
            (STYLES, "spreadsheetml.styles"),
        )
    )
    links = (
        relation("rId1", "worksheet", "worksheets/sheet1.xml"),
        relation("rId2", "sharedStrings", "sharedStrings.xml"),
        relation("rId3", "styles", "styles.xml"),
    )
    return {
        TYPES: f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{types}</Types>",
        "_rels/.rels": relations(relation("rId1", "officeDocument", BOOK)),
        BOOK: workbook(),
        BOOK_RELS: relations(*links),
        SHEET: sheet(),
        STRINGS: strings(),
        STYLES: f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts>'
        '<fills count="1"><fill><patternFill/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="1"><xf numFmtId="0"/></cellXfs></styleSheet>',
    }


def changed(parts: dict[str, str | bytes | None]) -> list[Entry]:
    """好的部件换掉、添上几个；None 是去掉。"""
    held: dict[str, str | bytes | None] = {**good(), **parts}
    return [Entry(name, encoded(content)) for name, content in held.items() if content is not None]


def encoded(content: str | bytes) -> bytes:
    """部件的字节。"""
    return content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")


@dataclass
class Entry:
    """压缩包里的一项；没有给的由内容算出。"""

    name: str
    content: bytes
    method: int = zipfile.ZIP_DEFLATED
    flags: int = 0x800
    size: int | None = None
    crc: int | None = None
    local_name: str | None = None
    extra: bytes = b""

    def packed(self) -> bytes:
        """压缩后的字节；不认识的方法照存。"""
        if self.method != zipfile.ZIP_DEFLATED:
            return self.content
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        return deflater.compress(self.content) + deflater.flush()


def packed(entries: Iterable[Entry], *, comment: bytes = b"", count: int | None = None) -> bytes:
    """自己写的压缩包：每个字段都可以说谎。"""
    body, directory, number = b"", b"", 0
    for entry in entries:
        number += 1
        data = entry.packed()
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        size = len(entry.content) if entry.size is None else entry.size
        facts = struct.pack("<HHHHIIII", entry.flags, entry.method, 0, 33, crc, len(data), size, 0)[:-4]
        name, here = entry.name.encode(), (entry.local_name or entry.name).encode()
        directory += b"PK\1\2" + struct.pack("<HH", 20, 20) + facts
        directory += struct.pack("<HHHHHII", len(name), len(entry.extra), 0, 0, 0, 0, len(body)) + name + entry.extra
        body += b"PK\3\4" + struct.pack("<H", 20) + facts + struct.pack("<HH", len(here), len(entry.extra))
        body += here + entry.extra + data
    total = number if count is None else count
    end = struct.pack("<HHHHIIH", 0, 0, total, total, len(directory), len(body), len(comment))
    return body + directory + b"PK\5\6" + end + comment


def book(parts: dict[str, str | bytes | None] | None = None) -> bytes:
    """好的工作簿，换掉几个部件。"""
    return packed(changed(parts or {}))
