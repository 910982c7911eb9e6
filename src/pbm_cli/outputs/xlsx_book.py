"""Excel 工作簿的底子：格式、写单元格、列宽、打印设置。"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pbm_cli.errors import OutputError
from pbm_cli.outputs.columns import NUMERIC, Column, Form, Row, decimal, display_width, take, wan_value, words

FONT = "微软雅黑"
MAX_WIDTH = 50
MIN_WIDTH = 8
MAX_HEAD = 18
MAX_TEXT = 32_767
MAX_ROWS = 1_048_576
MAX_DIGITS = 15
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
        return self._stream.getvalue()


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
    shown = words(value, form)[:MAX_TEXT]
    if shown:
        sheet.write_string(*at, shown, style)
    else:
        sheet.write_blank(*at, None, style)
    return shown


def heading(item: Column) -> str:
    """表头：金额写明万元。"""
    return f"{item.title}（万元）" if item.form == "money" else item.title


def grid(book: Book, sheet: Worksheet, top: int, heads: Sequence[Column], rows: Sequence[Row]) -> None:
    """从 top 行起写一张有表头、冻结、筛选、重复表头的表，并按内容定列宽。"""
    if top + 1 + len(rows) > MAX_ROWS:
        raise OutputError(sheet.get_name(), f"有 {len(rows)} 行，一张 Excel 工作表放不下", "请改写成 .csv 或 .json")
    widths = [0] * len(heads)
    for index, item in enumerate(heads):
        sheet.write_string(top, index, heading(item), book.head())
        widths[index] = max(MIN_WIDTH, min(MAX_HEAD, display_width(heading(item)) + 4))
    styles = [book.body(item.form, wrap=item.form not in NUMERIC and item.form != "code") for item in heads]
    for offset, row in enumerate(rows, start=top + 1):
        for index, item in enumerate(heads):
            value = take(row, item.key)
            style = book.body(item.form, value) if item.form in {"light", "level"} else styles[index]
            shown = put(sheet, (offset, index), value, item.form, style)
            if len(shown) * 2 + 2 > widths[index] < MAX_WIDTH:
                widths[index] = min(MAX_WIDTH, max(widths[index], display_width(shown) + 2))
    for index, width in enumerate(widths):
        sheet.set_column(index, index, width)
    last = top + max(len(rows), 1)
    sheet.autofilter(top, 0, last, len(heads) - 1)
    sheet.freeze_panes(top + 1, 0)
    sheet.repeat_rows(top)
    sheet.ignore_errors({"number_stored_as_text": f"A{top + 2}:XFD{last + 1}"})
    if not rows:
        sheet.write_string(top + 1, 0, "（无）", book.body("text"))


def titled(book: Book, name: str, title: str, note: str) -> Worksheet:
    """一张新工作表：第 1 行标题，第 2 行说明，横向 A4，页眉页脚。"""
    sheet: Worksheet = book.workbook.add_worksheet(name)
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
