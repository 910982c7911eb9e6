"""不能照原样写回的格式（xls、xlsb、ods、CSV、网页表、XML 表格 2003）：先写成只有值的 xlsx，再标注。"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pbm_cli.cells import Cell, Percentage, Sheet, Workbook
from pbm_cli.outputs.columns import display_width
from pbm_cli.outputs.xlsx_book import CREATED, MAX_TEXT, sheet_name
from pbm_cli.outputs.xlsx_rows import MAX_DIGITS

_MAX_WIDTH, _MIN_WIDTH = 50, 8
_MEASURED_ROWS = 500
_FIRST_DAY = dt.date(1900, 3, 1)


def values_book(book: Workbook) -> tuple[bytes, dict[str, str]]:
    """只有值、合并区、隐藏的 xlsx，以及 原来的表名 → 副本里的表名。"""
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    names: dict[str, str] = {}
    taken = {"history"}
    with xlsxwriter.Workbook(stream, options) as made:
        made.set_properties({"author": "pbm", "created": CREATED})
        formats = {
            "date": made.add_format({"num_format": "yyyy-mm-dd"}),
            "time": made.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "percent": made.add_format({"num_format": "0.00%"}),
            "text": made.add_format({"num_format": "@"}),
        }
        for sheet in book.sheets:
            names[sheet.name] = sheet_name(sheet.name, taken)
            page = made.add_worksheet(names[sheet.name])
            _write_sheet(page, sheet, formats)
            if sheet.hidden and len(book.sheets) > 1 and sheet is not book.sheets[0]:
                page.hide()
    return stream.getvalue(), names


def _write_sheet(page: Worksheet, sheet: Sheet, formats: dict[str, Any]) -> None:
    widths: dict[int, int] = {}
    for number, row in enumerate(sheet.rows):
        for column, value in enumerate(row):
            if value is None:
                continue
            shown = _put(page, number, column, value, formats)
            if number < _MEASURED_ROWS:
                widths[column] = max(widths.get(column, 0), display_width(shown))
    for merge in sheet.merges:
        _merge(page, sheet.rows, merge, formats)
    for column, width in widths.items():
        page.set_column(column, column, min(_MAX_WIDTH, max(_MIN_WIDTH, width + 2)))
    for column in sheet.hidden_columns:
        page.set_column(column, column, None, None, {"hidden": True})
    for number in sheet.hidden_rows:
        page.set_row(number, None, None, {"hidden": True})


def _merge(page: Worksheet, rows: Sequence[Sequence[Cell]], merge: Any, formats: dict[str, Any]) -> None:
    page.merge_range(*merge, "")
    row = rows[merge.top] if merge.top < len(rows) else []
    if merge.left < len(row) and row[merge.left] is not None:
        _put(page, merge.top, merge.left, row[merge.left], formats)


def _put(page: Worksheet, row: int, column: int, value: Cell, formats: dict[str, Any]) -> str:
    """写一个值；文字（包括错误值和没有算过的公式）一律是文字。交回大致的显示，用来定列宽。"""
    if isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, Percentage):
        page.write_number(row, column, float(value), formats["percent"])
    elif isinstance(value, (int, float)) and len(str(value).strip("-")) <= MAX_DIGITS + 2:
        page.write_number(row, column, value)
    elif isinstance(value, dt.datetime) and value.date() >= _FIRST_DAY:
        page.write_datetime(row, column, value.replace(tzinfo=None), formats["time"])
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime) and value >= _FIRST_DAY:
        page.write_datetime(row, column, value, formats["date"])
    else:
        page.write_string(row, column, str(value)[:MAX_TEXT], formats["text"])
    return str(value).partition("\n")[0]
