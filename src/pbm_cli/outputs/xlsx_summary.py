"""Excel 的汇总页：每个阶段一块，先是主要数字，再是各张小表。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xlsxwriter.worksheet import Worksheet

from pbm_cli.outputs.columns import Document, display_width
from pbm_cli.outputs.summary import Figure, Table, apart, figures, stages, tables
from pbm_cli.outputs.xlsx_book import BAND_FILL, HEAD_FILL, LINE, Book, heading, put, titled

# 左右两栏，各三列：名称、数值、单位
WIDTHS = (30, 18, 14, 30, 18, 14)
HALF = 3


def write_summary(book: Book, document: Document, title: str, note: str) -> None:
    """写汇总页。"""
    sheet = titled(book, "汇总", title, note)
    for index, width in enumerate(WIDTHS):
        sheet.set_column(index, index, width)
    row = 3
    for stage, word, summary in stages(document):
        band = book.format(bold=True, font_size=12, bg_color=HEAD_FILL, font_color="#FFFFFF")
        for index in range(len(WIDTHS)):
            sheet.write_blank(row, index, None, band)
        sheet.write_string(row, 0, word, band)
        sheet.set_row(row, 20)
        row = _figures(book, sheet, row + 1, figures(stage, summary)) + 1
        found = [table for table in tables(stage, summary) if not apart(table)]
        row = _small(book, sheet, row, [table for table in found if len(table.columns) <= HALF])
        for table in found:
            if len(table.columns) > HALF:
                row = _table(book, sheet, row, 0, table) + 1
        row += 1
    sheet.freeze_panes(2, 0)
    sheet.repeat_rows(0, 1)
    sheet.hide_gridlines(2)


def _figures(book: Book, sheet: Worksheet, row: int, found: Sequence[Figure]) -> int:
    """两栏写数：先左后右；交回下一行。"""
    label = book.format(bg_color=BAND_FILL, border=1, border_color=LINE)
    unit = book.format(border=1, border_color=LINE, font_color="#595959")
    for index, item in enumerate(found):
        line, left = row + index // 2, HALF * (index % 2)
        sheet.write_string(line, left, item.title, label)
        put(sheet, (line, left + 1), item.value, item.form, book.body(item.form, item.value))
        sheet.write_string(line, left + 2, "" if item.form == "percent" else item.unit, unit)
    return row + (len(found) + 1) // 2


def _small(book: Book, sheet: Worksheet, row: int, found: Sequence[Table]) -> int:
    """小表两张一排；交回下一行。"""
    for left, right in _pairs(found):
        ends = [_table(book, sheet, row, 0, left)]
        if right:
            ends.append(_table(book, sheet, row, HALF, right))
        row = max(ends) + 1
    return row


def _pairs(found: Sequence[Table]) -> Iterator[tuple[Table, Table | None]]:
    for index in range(0, len(found), 2):
        yield found[index], found[index + 1] if index + 1 < len(found) else None


def _table(book: Book, sheet: Worksheet, row: int, left: int, table: Table) -> int:
    """写一张小表；交回下一行。列多于六列时右边的列按表头加宽。"""
    sheet.write_string(row, left, table.title, book.format(bold=True, font_color=HEAD_FILL))
    for index, item in enumerate(table.columns):
        sheet.write_string(row + 1, left + index, heading(item), book.head())
        if left + index >= len(WIDTHS):
            sheet.set_column(left + index, left + index, max(12, display_width(heading(item)) + 2))
    for offset, line in enumerate(table.rows, start=row + 2):
        for index, item in enumerate(table.columns):
            value = line.get(item.key)
            put(sheet, (offset, left + index), value, item.form, book.body(item.form, value))
    return row + 2 + len(table.rows)
