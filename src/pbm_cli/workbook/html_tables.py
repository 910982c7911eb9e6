"""存成 .xls 的网页：每个两行以上的 <table> 是一张表；单元格都是文字。不上网、不取实体。"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from pbm_cli.cells import address
from pbm_cli.workbook.charset import decode
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import Marks, RawSheet
from pbm_cli.workbook.refusals import damaged, refuse
from pbm_cli.workbook.xml_parts import Element, local

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_INVISIBLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLOCKS = frozenset(("p", "div", "li", "tr", "br"))
_SKIPPED = frozenset(("table", "script", "style", "head"))
_MOST_ROWS = 1_048_576


def declared_charset(data: bytes) -> str | None:
    """网页开头 meta 里写的编码。"""
    found = _CHARSET.search(data[:4096])
    return found[1].decode("ascii") if found else None


class HtmlBook:
    """一个网页：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, data: bytes, stem: str, limits: Limits) -> None:
        text = decode(data, declared_charset(data))
        parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
        try:
            root = etree.fromstring(text.encode("utf-8"), parser)
        except etree.ParserError as error:
            raise damaged("网页是空的") from error
        except etree.XMLSyntaxError as error:
            raise damaged("网页写坏了") from error
        if any(entry.level_name == "FATAL" for entry in parser.error_log):
            raise damaged("网页嵌套得太深，后面的内容会丢掉")
        self._limits = limits
        tables = [] if root is None else [(table, _own_rows(table)) for table in root.iter("table")]
        self._tables = [rows for _, rows in tables if len(rows) > 1]
        if not self._tables:
            framed = root is not None and next(root.iter("frame", "iframe"), None) is not None
            raise refuse(
                "这是分成几个文件的网页，表格不在这个文件里" if framed else "这是网页，里面没有两行以上的表格",
                "请用 Excel 或 WPS 打开它，另存为 xlsx 后再试",
            )
        if len(self._tables) > limits.sheets:
            raise refuse(f"网页里有 {len(self._tables)} 个表格，超过 {limits.sheets} 个", "请拆成几个文件")
        only = len(self._tables) == 1
        self._names = [stem if only else f"表{number}" for number in range(1, len(self._tables) + 1)]
        self.remarks: list[str] = []

    def sheets(self) -> Iterator[RawSheet]:
        """按在网页里出现的次序。"""
        for name, rows in zip(self._names, self._tables, strict=True):
            marks = Marks()
            yield RawSheet(name, _grid(rows, marks, self._limits), marks)


def _own_rows(table: Element) -> list[Element]:
    """这个表自己的行，不含嵌套表的。"""
    rows: list[Element] = []
    for child in table:
        if local(child) == "tr":
            rows.append(child)
        elif local(child) in ("thead", "tbody", "tfoot"):
            rows += [row for row in child if local(row) == "tr"]
    return rows


def _grid(rows: list[Element], marks: Marks, limits: Limits) -> Iterator[list[object]]:
    taken: dict[int, int] = {}
    for index, row in enumerate(rows):
        if "hidden" in row.attrib or _INVISIBLE.search(row.get("style", "")):
            marks.hidden_rows.add(index)
        cells: list[object] = []
        column = 0
        for cell in row:
            if local(cell) not in ("td", "th"):
                continue
            while taken.get(column, 0) > index:
                column += 1
            width, height = _span(cell.get("colspan")), _span(cell.get("rowspan"))
            bottom = min(index + (height or _MOST_ROWS), len(rows))
            width = min(width or 1, limits.columns)
            if column >= limits.columns:
                raise refuse(f"{address(index, column)} 超过 {limits.columns} 列", "请删去表格右边多余的内容后再试")
            marks.merge(index, column, bottom - 1, column + width - 1)
            taken.update(dict.fromkeys(range(column, column + width), bottom))
            cells.extend([None] * (column - len(cells)))
            cells.append(_cell_text(cell) or None)
            column += width
        while cells and cells[-1] is None:
            cells.pop()
        yield cells


def _span(text: str | None) -> int:
    """跨几行几列；0 表示一直到底，写坏的当 1。"""
    text = (text or "1").strip()
    return int(text) if text.isdigit() and len(text) < 7 else 1


def _cell_text(cell: Element) -> str:
    pieces: list[str] = []
    _gather(cell, pieces)
    lines = (_SPACES.sub(" ", line).strip(" ") for line in "".join(pieces).split("\v"))
    return "\n".join(line for line in lines if line)


def _gather(element: Element, pieces: list[str]) -> None:
    name = local(element)
    if name in _SKIPPED:
        return
    if name in _BLOCKS:
        pieces.append("\v")
    pieces.append(element.text or "")
    for child in element:
        _gather(child, pieces)
        pieces.append(child.tail or "")
    if name in _BLOCKS:
        pieces.append("\v")
