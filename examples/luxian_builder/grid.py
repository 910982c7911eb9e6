"""一张表的格子，以及写成 xlsx（XlsxWriter）、真正的 BIFF xls（xlwt）、GBK 的 csv；字节可重现。"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

import xlsxwriter
import xlwt

from luxian_builder.names import ISSUER

CREATED: Final = dt.datetime(2024, 1, 10, 9, 0, 0)


class Percent(NamedTuple):
    """按百分比格式显示的数；value 是百分数（86.21）。"""

    value: Decimal


Value = None | str | int | Decimal | dt.date | Percent


@dataclass(slots=True)
class Grid:
    """一张工作表：rows[0][0] 是 A1；heads、titles 是行号（从 0 数）。"""

    name: str
    rows: list[list[Value]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    heads: set[int] = field(default_factory=set)
    titles: set[int] = field(default_factory=set)
    widths: Sequence[int] = ()
    hidden: bool = False
    frozen: bool = True

    def add(self, *cells: Value) -> int:
        """加一行，交回行号。"""
        self.rows.append(list(cells))
        return len(self.rows) - 1

    def title(self, text: str, width: int, left: int = 0) -> None:
        """横跨 width 列的标题行。"""
        row = self.add(*[None] * left, text)
        self.titles.add(row)
        self.merge(row, left, row, left + width - 1)

    def head(self, *cells: Value) -> int:
        """表头行。"""
        row = self.add(*cells)
        self.heads.add(row)
        return row

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        """合并区域（行列从 0 数，含边）；只有一格时什么也不做。"""
        if (top, left) != (bottom, right):
            self.merges.append((top, left, bottom, right))


def address(row: int, column: int) -> str:
    """从 0 数的行列 → Excel 地址；示例的表都不超过 26 列。"""
    return f"{chr(ord('A') + column)}{row + 1}"


def figure(text: str) -> Value:
    """能写成数的写成数，其余是文字；空串为空。"""
    try:
        return int(text) if "." not in text else Decimal(text)
    except (ValueError, InvalidOperation):
        return text or None


def _number_format(value: Value) -> str:
    if isinstance(value, Percent):
        return "0.00%"
    if isinstance(value, dt.date):
        return "yyyy-mm-dd"
    if isinstance(value, Decimal):
        exponent = value.normalize().as_tuple().exponent
        return "#,##0.0000" if isinstance(exponent, int) and exponent < -2 else "#,##0.00"
    return "General"


class _Formats:
    """同一种格式只建一次。"""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[str, str], xlsxwriter.format.Format] = {}

    def get(self, role: str, number_format: str) -> xlsxwriter.format.Format:
        key = role, number_format
        if key not in self._made:
            look: dict[str, object] = {"font_name": "宋体", "font_size": 10, "num_format": number_format}
            look["valign"] = "vcenter"
            if role == "title":
                look |= {"bold": True, "font_size": 16, "align": "center"}
            elif role == "head":
                look |= {"bold": True, "align": "center", "text_wrap": True, "border": 1, "bg_color": "#D9E1F2"}
            self._made[key] = self._book.add_format(look)
        return self._made[key]


def _xlsx_sheet(sheet: xlsxwriter.worksheet.Worksheet, grid: Grid, formats: _Formats) -> None:
    roles = {**dict.fromkeys(grid.heads, "head"), **dict.fromkeys(grid.titles, "title")}
    for area in grid.merges:
        sheet.merge_range(*area, "", formats.get(roles.get(area[0], "body"), "General"))
    for number, row in enumerate(grid.rows):
        role = roles.get(number, "body")
        for column, value in enumerate(row):
            look = formats.get(role, _number_format(value))
            if isinstance(value, str):
                sheet.write_string(number, column, value, look)
            elif isinstance(value, Percent):
                sheet.write_number(number, column, float(value.value / 100), look)
            elif isinstance(value, dt.date):
                sheet.write_datetime(number, column, dt.datetime(value.year, value.month, value.day), look)
            elif value is not None:
                sheet.write_number(number, column, float(value), look)
    for column, width in enumerate(grid.widths):
        sheet.set_column(column, column, width)
    if grid.heads and grid.frozen:
        sheet.freeze_panes(max(row for row in grid.heads if row < 8) + 1, 0)
    if grid.hidden:
        sheet.hide()


def xlsx(grids: Sequence[Grid]) -> bytes:
    """xlsx 的字节；创建日期固定，压缩包里的日期由 XlsxWriter 固定为 1980 年。"""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"author": ISSUER, "created": CREATED})
        formats = _Formats(book)
        for grid in grids:
            _xlsx_sheet(book.add_worksheet(grid.name), grid, formats)
    return buffer.getvalue()


def xls(grids: Sequence[Grid]) -> bytes:
    """BIFF8 的字节。"""
    book = xlwt.Workbook(encoding="utf-8")
    looks: dict[tuple[str, str], xlwt.XFStyle] = {}
    for grid in grids:
        sheet = book.add_sheet(grid.name)
        anchors = {(area[0], area[1]): area for area in grid.merges}
        for number, row in enumerate(grid.rows):
            role = "head" if number in grid.heads or number in grid.titles else "body"
            for column, value in enumerate(row):
                area = anchors.get((number, column), (number, column, number, column))
                key = role, _number_format(value)
                if key not in looks:
                    bold = "font: name 宋体, bold on; align: horiz center, wrap on"
                    looks[key] = xlwt.easyxf(bold if role == "head" else "font: name 宋体", num_format_str=key[1])
                raw = float(value.value / 100) if isinstance(value, Percent) else value
                if raw is not None:
                    sheet.write_merge(area[0], area[2], area[1], area[3], raw, looks[key])
        for column, width in enumerate(grid.widths):
            sheet.col(column).width = width * 256
        if grid.hidden:
            sheet.visibility = 1
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def gbk_csv(grid: Grid) -> bytes:
    """GBK 编码、CRLF 换行的 csv；每行补齐到一样宽。"""
    width = max(map(len, grid.rows))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in grid.rows:
        cells = [f"{cell.value}%" if isinstance(cell, Percent) else "" if cell is None else str(cell) for cell in row]
        writer.writerow(cells + [""] * (width - len(cells)))
    return buffer.getvalue().encode("gbk")
