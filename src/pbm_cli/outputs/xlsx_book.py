"""Excel 工作簿的底子：格式、写单元格、列宽、打印设置。"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pbm_cli.errors import OutputError
from pbm_cli.outputs.columns import NUMERIC, Column, Form, Row, clean, decimal, take, wan_value, words
from pbm_cli.outputs.xlsx_rows import (
    MAX_DIGITS,
    SIDES,
    Cells,
    LongSheet,
    Ratio,
    assemble,
    lines_of,
    measure,
    number_cells,
    packed,
    text_cells,
)

FONT = "微软雅黑"
MAX_WIDTH = 40
MIN_WIDTH = 8
MAX_HEAD = 14
HEAD_LINE, HEAD_HEIGHT = 18, 32
CAPS: Mapping[str, int] = {
    "project_code": 25, "project_name": 32, "subject": 32, "budget_unit": 27, "department": 28, "message": 60,
    "basis": 40, "value": 60, "opinion": 70, "text": 50, "sha256": 68, "reasons": 36, "action_reason": 44, "code": 10,
    "file": 40, "sheet": 24, "kind": 26, "stated_reasons": 36, "light_reasons": 60,
    "where.file": 30, "where.sheet": 18, "where.cell": 9, "level1": 12, "level2": 22, "level3": 34,
    "target": 16, "actual": 18, "measure": 10, "operator": 7, "comments": 40, "recompute_note": 44, "fund": 20,
    "steps_missing": 14, "treatment": 26, "proposal": 18, "action": 20, "evidence": 22, "label": 30, "name": 26,
    "problem": 36, "found_in": 36, "reason": 50,
}  # fmt: skip
"""各列最宽多少；再长的折行。"""
ONCE = frozenset({"project_name", "subject", "message", "found_in"})
"""文字大多只出现一次的列。"""
MAX_TEXT = 32_767
MAX_ROWS = 1_048_576
_LONGEST_NAME = 31
_BLOCK = 10_000
"""正文一次做多少行：再多，中间的东西太占内存。"""
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\n\t]")
CREATED = dt.datetime(2020, 1, 1)  # 文件属性里固定的日期：同样的输入写出同样的字节

NUMBER_FORMATS: Mapping[Form, str] = {
    "money": "#,##0.00", "percent": "0.00%", "score": "0.00", "count": "#,##0", "number": "General", "code": "@",
}  # fmt: skip
FILLS: Mapping[str, tuple[str, str]] = {
    "red": ("#FFC7CE", "#9C0006"), "error": ("#FFC7CE", "#9C0006"),
    "yellow": ("#FFEB9C", "#7F6000"), "warning": ("#FFEB9C", "#7F6000"),
    "green": ("#C6EFCE", "#006100"), "blue": ("#BDD7EE", "#1F4E78"), "none": ("#EDEDED", "#595959"),
    "hint": ("#EDEDED", "#595959"),
}  # fmt: skip
HEAD_FILL, BAND_FILL, LINE = "#1F4E78", "#DDEBF7", "#BFBFBF"


class Book:
    """一个写在内存里的工作簿。"""

    def __init__(self, title: str, comments: str, *, author: str = "pbm") -> None:
        self._stream = io.BytesIO()
        options = {
            "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        }  # fmt: skip
        self.workbook = xlsxwriter.Workbook(self._stream, options)
        self.workbook.set_properties({"title": title, "author": author, "comments": comments, "created": CREATED})
        self.workbook.formats[0].set_font_name(FONT)
        self.workbook.formats[0].set_font_size(10)
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def format(self, **settings: Any) -> Format:
        """一种格式；同样的设置只建一次。"""
        key = tuple(sorted(settings.items()))
        if key not in self._formats:
            base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
            self._formats[key] = self.workbook.add_format({**base, **settings})
        return self._formats[key]

    def body(self, form: Form, value: Any = None, *, wrap: bool = False) -> Format:
        """正文单元格的格式：数字格式随类型，灯与级别带底色。"""
        settings: dict[str, Any] = {"border": 1, "border_color": LINE}
        if form in NUMBER_FORMATS:
            settings["num_format"] = NUMBER_FORMATS[form]
        if form in {"light", "level"} and value in FILLS:
            fill, ink = FILLS[value]
            settings |= {"bg_color": fill, "font_color": ink, "bold": True}
        if form in {"light", "level"}:
            settings["align"] = "center"
        elif form not in NUMERIC:
            settings["indent"] = 1
        if wrap:
            settings["text_wrap"] = True
        return self.format(**settings)

    def head(self) -> Format:
        """表头的格式。"""
        return self.format(
            bold=True,
            bg_color=HEAD_FILL,
            font_color="#FFFFFF",
            border=1,
            border_color=LINE,
            align="center",
            text_wrap=True,
        )

    def bytes(self) -> bytes:
        """写完，交回字节。"""
        self.workbook.close()
        sheets = enumerate(self.workbook.worksheets(), start=1)
        blocks = {
            f"xl/worksheets/sheet{number}.xml": sheet.long_blocks
            for number, sheet in sheets
            if isinstance(sheet, LongSheet) and len(sheet.long_blocks) > 1
        }
        return packed(self._stream.getvalue(), blocks) if blocks else self._stream.getvalue()


def cut(text: str) -> str:
    """一个单元格放得下的文字。"""
    return text if len(text) <= MAX_TEXT // 2 else _cut(text, MAX_TEXT, "")


def put(sheet: Worksheet, at: tuple[int, int], value: Any, form: Form, style: Format) -> str:
    """写一个单元格：数写成数，其余一律写成文字（绝不成为公式或链接）。交回显示的文字，用来定列宽。"""
    number = decimal(value) if form in NUMERIC else None
    if number is not None and len(number.as_tuple().digits) <= MAX_DIGITS:
        if form == "money":
            wan = wan_value(value) or 0
            sheet.write_number(*at, float(wan), style)
            return f"{wan:,.2f}"
        exact = number / 100 if form == "percent" else number
        sheet.write_number(*at, float(exact), style)
        return f"{number:f}%"
    shown = cut(words(value, form))
    if shown:
        sheet.write_string(*at, shown, style)
    else:
        sheet.write_blank(*at, None, style)
    return shown


def heading(item: Column) -> str:
    """表头：金额写明万元。"""
    return f"{item.title}（万元）" if item.form == "money" else item.title


def grid(
    book: Book,
    sheet: LongSheet,
    top: int,
    heads: Sequence[Column],
    rows: Sequence[Row],
    *,
    ratios: Sequence[Ratio] = (),
    printed: int = 0,
) -> None:
    """从 top 行起写一张有表头、冻结、筛选、重复表头的表，并按内容定列宽。

    ratios 是插在第 printed 列以后的公式列；printed 大于 0 时只打印前几列。
    """
    if top + 1 + len(rows) > MAX_ROWS:
        raise OutputError(sheet.get_name(), f"有 {len(rows)} 行，一张 Excel 工作表放不下", "请改写成 .csv 或 .json")
    at = printed or len(heads)
    titles = [heading(item) for item in heads]
    titles[at:at] = [ratio.title for ratio in ratios]
    widths = [0.0] * len(titles)
    for start in range(0, len(rows), _BLOCK):
        part, first = rows[start : start + _BLOCK], top + 1 + start
        columns = [_cells(book, sheet, item, _values(part, item), wrap=index < at) for index, item in enumerate(heads)]
        columns[at:at] = [ratio.cells(part, first + 1, book.body("percent")._get_xf_index()) for ratio in ratios]
        widths = [max(width, cells.width) for width, cells in zip(widths, columns, strict=True)]
        sheet.add_lines(first, len(titles), assemble(first + 1, columns))
    for index, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.write_string(top, index, title, book.head())
        sheet.set_column(index, index, max(MIN_WIDTH, min(MAX_HEAD, measure(title) + 4), width))
    sheet.set_row(top, HEAD_HEIGHT if any(measure(title) + 2 > MAX_HEAD for title in titles) else HEAD_LINE)
    if not rows:
        sheet.write_string(top + 1, 0, "（无）", book.body("text"))
    last = top + max(len(rows), 1)
    sheet.autofilter(top, 0, last, len(titles) - 1)
    sheet.freeze_panes(top + 1, 0)
    sheet.repeat_rows(top)
    if printed and printed < len(titles):
        sheet.print_area(0, 0, last, printed - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A{top + 2}:XFD{last + 1}"})


def _values(rows: Sequence[Row], item: Column) -> list[Any]:
    """一列的值；清单写成个数的列，给个数。"""
    if "." in item.key:
        return [take(row, item.key) for row in rows]
    found = [row.get(item.key) for row in rows]
    return [len(value) if isinstance(value, list) else value for value in found] if item.form == "count" else found


_PLACES: Mapping[Form, int] = {"money": 4, "percent": 2}
"""写进单元格时除以 10 的几次方：元变万元，百分数变小数。"""


def _cells(book: Book, sheet: LongSheet, item: Column, values: Sequence[Any], *, wrap: bool) -> Cells:
    """一列的正文；不打印的列不折行，免得把行撑高。"""
    most = CAPS.get(item.key, MAX_WIDTH)
    lit = item.form in {"light", "level"}
    numeric = item.form in NUMERIC
    common = book.body(item.form, wrap=wrap and not numeric and not lit)._get_xf_index()
    once = item.form in {"code", "origin"} or item.key in ONCE
    plain = book.body("text", wrap=wrap)._get_xf_index() if numeric else common

    def make(value: Any) -> tuple[str, int, int]:
        number = decimal(value) if numeric else None
        if number is not None and len(number.as_tuple().digits) <= MAX_DIGITS:
            exact = number.scaleb(-_PLACES.get(item.form, 0))
            return f' s="{common}"><v>{float(exact):.16G}</v></c>', len(f"{exact:,.2f}"), 1
        shown = value if type(value) is str and not lit and value.isprintable() else words(value, item.form)
        style = book.body(item.form, value)._get_xf_index() if lit else plain
        if not shown:
            return f' s="{style}"/>', 0, 1
        wide = measure(shown)
        lines = lines_of(shown, most) if wrap and (wide + SIDES > most or "\n" in shown) else 1
        return f' s="{style}"{sheet.text_cell(cut(shown), once=once)}', wide, lines

    if numeric:
        return number_cells(values, _PLACES.get(item.form, 0), common, make, most)
    return text_cells(values, make, most)


def titled(book: Book, name: str, title: str, note: str) -> LongSheet:
    """一张新工作表：第 1 行标题，第 2 行说明，横向 A4，页眉页脚。"""
    sheet: LongSheet = book.workbook.add_worksheet(name, worksheet_class=LongSheet)
    sheet.write_string(0, 0, title[:MAX_TEXT], book.format(bold=True, font_size=16, font_color=HEAD_FILL))
    sheet.write_string(1, 0, note[:MAX_TEXT], book.format(font_color="#595959"))
    sheet.set_row(0, 28)
    sheet.set_row(1, 18)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.7)
    shown = title.replace("&", "&&")[:100]
    sheet.set_header(f"&L&9{shown}&R&9{name}")
    sheet.set_footer("&C&9第 &P 页 共 &N 页")
    return sheet


def sheet_name(text: str, taken: set[str], otherwise: str = "表") -> str:
    """数据里的名称 → 工作表名：没有不许用的字符，不超过 31 个字（按 UTF-16 数），不与 taken 里的重名；记进 taken。"""
    base = _cut(_NOT_IN_NAMES.sub("", clean(text)).strip(" '"), _LONGEST_NAME) or otherwise
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        tail = f"({number})"
        name = _cut(base, _LONGEST_NAME - len(tail)) + tail
    taken.add(name.lower())
    return name


def _cut(text: str, most: int, loose: str = " '") -> str:
    """截到 most 个 UTF-16 单位，不截在一个字的中间，也不以空格、撇号结尾。"""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", errors="ignore").strip(loose)
