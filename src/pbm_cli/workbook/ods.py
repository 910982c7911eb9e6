"""ods：content.xml 里值、类型、错误、合并、隐藏都写明了，直接走一遍，不用 calamine（它分不清错误与百分比）。

重复写法（number-rows-repeated、number-columns-repeated）只在有值时展开，展开的总数受上限约束。
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from pbm_cli.cells import address
from pbm_cli.workbook.archive import Archive
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import Marks, RawSheet
from pbm_cli.workbook.refusals import damaged, refuse
from pbm_cli.workbook.streams import ChunkStream
from pbm_cli.workbook.xml_parts import Element, attributes, discard, events, local

_ERROR = re.compile(r"(#[A-Z/0!?]+[!?A0]|Err:\d{3}|错误:\d{3})\Z")
_CALC_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?\Z")
_HIDDEN = ("collapse", "filter")
_MANY_ROWS = 100_000
_DIGITS = 8
_ENDLESS = 10**_DIGITS
_GRAPHICS = ("annotation", "frame", "custom-shape", "control")


class OdsBook:
    """一个 ods：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, archive: Archive, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        self.remarks: list[str] = []
        if any(name.startswith(("basic/", "scripts/")) and "/" in name[8:] for name in archive.names()):
            self.remarks.append("工作簿含有宏，pbm 不运行宏")

    def sheets(self) -> Iterator[RawSheet]:
        """每张表的行走完之前就在交出；marks 走完才齐。"""
        self._archive.check_rest()
        stream = ChunkStream(self._archive.chunks("content.xml", xml=True))
        walker = events(stream, "content.xml")
        hidden_styles: set[str] = set()
        for event, element in walker:
            name = local(element)
            if event == "end" and name == "style":
                found = element.find("{*}table-properties")
                if found is not None and attributes(found).get("display") == "false":
                    hidden_styles.add(attributes(element).get("name", ""))
            elif event == "start" and name == "table":
                found_attributes = attributes(element)
                table = _Table(walker, element, self._limits)
                table.marks.hidden = found_attributes.get("style-name", "") in hidden_styles
                yield RawSheet(found_attributes.get("name", ""), table.rows(), table.marks)


class _Table:
    """一张表：走到它的结束标记为止。"""

    def __init__(self, walker: Iterator[tuple[str, Element]], element: Element, limits: Limits) -> None:
        self._walker = walker
        self._element = element
        self._limits = limits
        self._row = 0
        self._column = 0
        self._cells = 0
        self._given = 0
        self.marks = Marks()

    def rows(self) -> Iterator[list[object]]:
        """逐行交出；有值的行之前的空行补上，之后的不要。"""
        for event, element in self._walker:
            if event != "end":
                continue
            name = local(element)
            if name == "table-row":
                yield from self._expanded(element)
                discard(element)
            elif name == "table-column":
                self._take_column(element)
            elif element is self._element:
                discard(element)
                return

    def _take_column(self, element: Element) -> None:
        found = attributes(element)
        count = _count(found.get("number-columns-repeated"))
        if found.get("visibility") in _HIDDEN:
            self.marks.hidden_columns.update(range(self._column, min(self._column + count, self._limits.columns)))
        self._column += count

    def _expanded(self, element: Element) -> Iterator[list[object]]:
        found = attributes(element)
        count = _count(found.get("number-rows-repeated"))
        row = self._cells_of(element)
        top = self._row
        self._row += count
        if found.get("visibility") in _HIDDEN and (row or count < _MANY_ROWS):
            self.marks.hidden_rows.update(range(top, self._row))
        if not row:
            return
        self._cells += len(row) * count + top - self._given
        if self._cells > self._limits.cells:
            raise refuse(f"{address(top, 0)} 起重复的行展开后过大", "请删去表格下方多余的内容后另存，再试")
        for _ in range(top - self._given):
            yield []
        for _ in range(count):
            yield list(row)
        self._given = self._row

    def _cells_of(self, element: Element) -> list[object]:
        row: list[object] = []
        column = 0
        for cell in element:
            name = local(cell)
            if name not in ("table-cell", "covered-table-cell"):
                continue
            found = attributes(cell)
            count = _count(found.get("number-columns-repeated"))
            value = _value(cell, found)
            if "number-columns-spanned" in found or "number-rows-spanned" in found:
                bottom = self._row + _count(found.get("number-rows-spanned")) - 1
                self.marks.merge(self._row, column, bottom, column + _count(found.get("number-columns-spanned")) - 1)
            if value is not None:
                if column + count > self._limits.columns:
                    where = address(self._row, column + count - 1)
                    raise refuse(
                        f"单元格 {where} 有内容，列数超过 {self._limits.columns} 列", "请删去右边多余的内容再试"
                    )
                row.extend([None] * (column - len(row)))
                row.extend([value] * count)
            column += count
        return row


def _count(text: str | None) -> int:
    """重复几次；没写、写坏的是一次，位数太多的当作多得放不下。"""
    if not text or not text.isdecimal():
        return 1
    return _ENDLESS if len(text) > _DIGITS else max(int(text), 1)


def _value(cell: Element, found: dict[str, str]) -> object:
    """一格的值；错误值、没有结果的公式与百分比各有写法（同 protocol）。"""
    kind, formula = found.get("value-type"), found.get("formula")
    if cell.get(_CALC_TYPE) == "error":
        return {"e": _text(cell).strip() or "#VALUE!"}
    if formula is not None or kind in (None, "string"):
        text = _text(cell)
        if formula is not None and _ERROR.match(text.strip()):
            return {"e": text.strip()}
        if kind is None:
            return {"f": formula.partition(":=")[2] or formula} if formula and not text else text or None
        if kind == "string":
            return text or found.get("string-value") or None
    if kind in ("float", "currency", "percentage"):
        return _numeric(found.get("value", ""), kind)
    if kind == "date":
        return _date(found.get("date-value", ""))
    if kind == "time":
        return _duration(found.get("time-value", ""))
    if kind == "boolean":
        return found.get("boolean-value") == "true"
    return _text(cell) or None


def _numeric(text: str, kind: str) -> object:
    try:
        number = float(text)
    except ValueError as error:
        raise damaged(f"content.xml 里的数“{text[:30]}”写坏了") from error
    return {"p": number} if kind == "percentage" else number


def _date(text: str) -> object:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text or None
    return moment.date() if moment.time() == dt.time() else moment


def _duration(text: str) -> object:
    found = _DURATION.match(text)
    if not found:
        return text or None
    sign, days, hours, minutes, seconds, fraction = found.groups()
    span = dt.timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "0")[:6].ljust(6, "0")),
    )
    return -span if sign else span


def _text(cell: Element) -> str:
    """各段用换行连起来；批注和图形里的字不算。"""
    return "\n".join(_inline(part) for part in cell if local(part) == "p")


def _inline(element: Element) -> str:
    pieces = [element.text or ""]
    for part in element:
        name = local(part)
        if name == "s":
            pieces.append(" " * min(_count(attributes(part).get("c")), 32_767))
        elif name == "tab":
            pieces.append("\t")
        elif name == "line-break":
            pieces.append("\n")
        elif name not in _GRAPHICS:
            pieces.append(_inline(part))
        pieces.append(part.tail or "")
    return "".join(pieces)
