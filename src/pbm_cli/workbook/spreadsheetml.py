"""SpreadsheetML 2003（XML 表格，常存成 .xls）：位置、合并、类型、样式都写明了，直接走一遍。"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator

from pbm_cli.cells import address
from pbm_cli.workbook.charset import decode
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import Marks, RawSheet, is_percent_format
from pbm_cli.workbook.refusals import damaged, refuse
from pbm_cli.workbook.xml_parts import Element, attributes, discard, events, local

NAMESPACE = b"urn:schemas-microsoft-com:office:spreadsheet"
_DECLARATION = re.compile(r"""\s*<\?xml[^>]*\?>""")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w-]+)["']""")
_EPOCH_DAYS = ("1899-12-31", "1899-12-30", "1904-01-01")
_WHAT = "XML 表格"
_MOST_ROWS = 1_048_576


def declared_encoding(data: bytes) -> str | None:
    """XML 声明里写的编码。"""
    found = _ENCODING.search(data[:400])
    return found[1].decode("ascii") if found else None


class XmlBook:
    """一个 XML 表格：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, data: bytes, limits: Limits) -> None:
        text = decode(data, declared_encoding(data))
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise refuse("含有 DOCTYPE 或 ENTITY 声明，可能是恶意文件，未读取", "请向报送单位核实来源")
        self._text = _DECLARATION.sub("", text, count=1)
        self._limits = limits
        self._percent: set[str] = set()
        self.remarks: list[str] = []

    def sheets(self) -> Iterator[RawSheet]:
        """样式写在各表之前，走一遍就够。"""
        walker = events(io.BytesIO(self._text.encode("utf-8")), _WHAT)
        for event, element in walker:
            name = local(element)
            if event == "end" and name == "Style":
                self._take_style(element)
            elif event == "start" and name == "Worksheet":
                marks = Marks()
                rows = self._rows(walker, element, marks)
                yield RawSheet(attributes(element).get("Name", ""), rows, marks)

    def _take_style(self, style: Element) -> None:
        found = attributes(style)
        parent = found.get("Parent")
        percent = parent in self._percent
        for part in style:
            if local(part) == "NumberFormat" and "Format" in attributes(part):
                code = attributes(part)["Format"]
                percent = code == "Percent" or is_percent_format(code)
        if percent:
            self._percent.add(found.get("ID", ""))

    def _rows(self, walker: Iterator[tuple[str, Element]], sheet: Element, marks: Marks) -> Iterator[list[object]]:
        following = column = given = cells = 0
        for event, element in walker:
            if event != "end":
                continue
            name, found = local(element), attributes(element)
            if name == "Column":
                first = _index(found, column)
                column = first + 1 + _count(found.get("Span"))
                if found.get("Hidden") == "1":
                    marks.hidden_columns.update(range(first, min(column, self._limits.columns)))
            elif name == "Row":
                index = _index(found, following)
                following = index + 1 + _count(found.get("Span"))
                if found.get("Hidden") == "1":
                    marks.hidden_rows.update(range(index, min(following, index + 100_000)))
                row = self._cells(element, index, marks)
                discard(element)
                if row:
                    cells += index - given + len(row)
                    if index < given or index >= _MOST_ROWS or cells > self._limits.cells:
                        raise refuse(f"{address(index, 0)} 的行号不合理", "请用 Excel 或 WPS 打开后另存为 xlsx 再试")
                    yield from ([] for _ in range(index - given))
                    yield row
                    given = index + 1
            elif name == "Visible":
                marks.hidden = element.text in ("SheetHidden", "SheetVeryHidden")
            elif element is sheet:
                discard(element)
                return

    def _cells(self, row: Element, index: int, marks: Marks) -> list[object]:
        cells: list[object] = []
        row_style = attributes(row).get("StyleID", "")
        column = 0
        for cell in row:
            if local(cell) != "Cell":
                continue
            found = attributes(cell)
            column = _index(found, column)
            across, down = _count(found.get("MergeAcross")), _count(found.get("MergeDown"))
            marks.merge(index, column, index + down, column + across)
            value = _value(cell, found, percent=found.get("StyleID", row_style) in self._percent)
            if value is not None:
                if column >= self._limits.columns:
                    where = address(index, column)
                    raise refuse(
                        f"单元格 {where} 有内容，列数超过 {self._limits.columns} 列", "请删去右边多余的内容再试"
                    )
                cells.extend([None] * (column - len(cells)))
                cells.append(value)
            column += 1 + across
        return cells


def _index(found: dict[str, str], following: int) -> int:
    text = found.get("Index")
    if text is None:
        return following
    if not text.isdecimal() or not 0 < int(text[:8]) <= _MOST_ROWS or len(text) > 7:
        raise damaged(f"行号或列号“{text[:20]}”写坏了")
    return int(text) - 1


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 else 0


def _value(cell: Element, found: dict[str, str], *, percent: bool) -> object:
    data = next((part for part in cell if local(part) == "Data"), None)
    text = "" if data is None else "".join(data.itertext())
    kind = "" if data is None else attributes(data).get("Type", "String")
    if not text:
        formula = found.get("Formula")
        return {"f": formula.removeprefix("=")} if formula and kind != "String" else None
    if kind == "Error":
        return {"e": text}
    if kind == "Number":
        return _numeric(text, percent=percent)
    if kind == "Boolean":
        return text.strip() in ("1", "true")
    return _moment(text) if kind == "DateTime" else text


def _numeric(text: str, *, percent: bool) -> object:
    try:
        number = float(text)
    except ValueError as error:
        raise damaged(f"数“{text[:30]}”写坏了") from error
    return {"p": number} if percent else number


def _moment(text: str) -> object:
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    if text.strip()[:10] in _EPOCH_DAYS:
        return moment.time()
    return moment.date() if moment.time() == dt.time() else moment
