"""填报模板：第一页填表说明，第二页是要填的表（单位、批注、下拉、校验、示例行），下拉选项在隐藏的一页。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pbm_cli.errors import UsageError
from pbm_cli.fill import GUIDE_PAGE, FillColumn, choices, fill_columns
from pbm_cli.models import RECORD_TYPES, Kind
from pbm_cli.outputs.columns import display_width
from pbm_cli.outputs.template_forms import form_kinds, form_template
from pbm_cli.outputs.template_parts import (
    AUTHOR,
    HEAD_FILL,
    LINE,
    Book,
    head_format,
    print_set,
    range_name,
    write_choices,
)
from pbm_cli.rules import RULES

_HEAD_ROW, _SAMPLE_ROW, _LAST_ROW = 2, 3, 2002
_LONGEST = {Kind.CODE: 60, Kind.NAMED: 120, Kind.TEXT: 2000, Kind.CHOICE: 60, Kind.TARGET: 200, Kind.ACTUAL: 200}
_MOST = 999_999_999_999
_FIRST_DAY, _LAST_DAY = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
_FORMATS = {
    Kind.CODE: "@", Kind.NAMED: "@", Kind.TEXT: "@", Kind.CHOICE: "@", Kind.YES: "@", Kind.TARGET: "@",
    Kind.ACTUAL: "@", Kind.MONEY: "#,##0.00", Kind.RATE: "0.00%", Kind.NUMBER: "0.00", Kind.COUNT: "#,##0",
    Kind.DATE: "yyyy-mm-dd",
}  # fmt: skip
_UNITS = {Kind.MONEY: "万元", Kind.RATE: "%", Kind.NUMBER: "分"}
_KIND_WORDS = {
    Kind.MONEY: "金额，万元，可到分（如 12.345678）", Kind.RATE: "百分数，如 95.00%", Kind.NUMBER: "数",
    Kind.COUNT: "整数", Kind.DATE: "日期，如 2023-08-15", Kind.CODE: "文字（编码）", Kind.YES: "是 或 否",
    Kind.TARGET: "数或文字", Kind.ACTUAL: "数或文字",
}  # fmt: skip
_STEPS = (
    "1. 在“{sheet}”页从示例行下面填起，一行一条；不要改表头，不要合并单元格，不要插入小计行（表尾可以有一行“合计”）。",
    "2. 表头带 * 的必须填写；鼠标停在表头上可以看这一列的说明。空白表示没有，不表示 0。",
    "3. 斜体灰色、名称以“（示例）”开头的一行是示例，pbm 不把它当数据；可以删去，也可以把它改写成真的一行。",
    "4. 填好以后运行 pbm check 本文件，看每一格有没有问题。",
)


def template(kind: str, *, year: int | None = None, unit: str | None = None, sample: bool = True) -> bytes:
    """一种表的填报模板（xlsx 字节）；没有这种表时抛出 UsageError，列出有的。

    year 写进标题，unit 写在“编制单位：”后面；sample 为假时不放示例行。
    """
    if kind in form_kinds():
        return form_template(kind, year=year)
    model = RECORD_TYPES.get(kind)
    if model is None:
        raise UsageError(kind, "没有这种表的模板", f"可用：{'、'.join((*RECORD_TYPES, *form_kinds()))}")
    heads = fill_columns(kind)
    book = Book(f"{model.sheet_title}（填报模板）", "由 pbm template 生成，供填写后交给 pbm", author=AUTHOR)
    guide = book.workbook.add_worksheet("填表说明")
    page = book.workbook.add_worksheet(model.sheet_title[:31])
    lists = {name: words for name, words in choices().items() if any(h.fill.choice == name for h in heads)}
    write_choices(book, lists)
    _write_guide(book, guide, model.sheet_title, heads)
    _write_page(book, page, f"{year}年{model.sheet_title}" if year else model.sheet_title, unit or "", heads, sample)
    page.activate()
    return book.bytes()


def heading(item: FillColumn) -> str:
    """表头：必填的带 *，金额、比率、得分带单位。"""
    unit = _UNITS.get(item.kind)
    return f"{item.title}{f'（{unit}）' if unit else ''}{'*' if item.required else ''}"


def _write_page(book: Book, page: Worksheet, title: str, unit: str, heads: Sequence[FillColumn], sample: bool) -> None:
    page.write_string(0, 0, title, book.format(bold=True, font_size=16, font_color=HEAD_FILL))
    page.write_string(1, 0, f"编制单位：{unit}", book.format())
    if any(item.kind == Kind.MONEY for item in heads):
        page.write_string(1, min(4, len(heads) - 1), "单位：万元", book.format())
    page.set_row(0, 28, book.format())
    page.set_row(1, None, book.format())
    page.set_row(_HEAD_ROW, 36)
    for column, item in enumerate(heads):
        page.set_column(column, column, max(item.fill.width, 10), _cell(book, item))
        page.write_string(_HEAD_ROW, column, heading(item), head_format(book, item.required))
        note = _note(item)
        page.write_comment(
            _HEAD_ROW, column, note, {"author": AUTHOR, "x_scale": 2, "y_scale": 0.5 + note.count("\n") * 0.25}
        )
        if sample:
            _put(page, _SAMPLE_ROW, column, item, _cell(book, item, sample=True))
        _validate(page, column, item)
    page.freeze_panes(_HEAD_ROW + 1, 2 if len(heads) > 6 else 1)
    page.repeat_rows(_HEAD_ROW)
    page.ignore_errors({"number_stored_as_text": f"A{_SAMPLE_ROW + 1}:XFD{_LAST_ROW + 1}"})
    print_set(page, title)


def _cell(book: Book, item: FillColumn, *, sample: bool = False) -> Format:
    settings: dict[str, Any] = {"num_format": _FORMATS[item.kind], "border": 1, "border_color": LINE}
    if item.kind == Kind.TEXT and item.fill.width > 20:
        settings["text_wrap"] = True
    if sample:
        settings |= {"italic": True, "font_color": "#7F7F7F"}
    return book.format(**settings)


def _put(page: Worksheet, row: int, column: int, item: FillColumn, style: Format) -> None:
    value = item.fill.example
    if isinstance(value, dt.date):
        page.write_datetime(row, column, value, style)
    elif isinstance(value, (int, Decimal)):
        page.write_number(row, column, float(value), style)
    elif value:
        page.write_string(row, column, value, style)
    else:
        page.write_blank(row, column, None, style)


def _note(item: FillColumn) -> str:
    lines = [item.fill.note] if item.fill.note else []
    lines.append(("必填。" if item.required else "可空。") + (_KIND_WORDS.get(item.kind) or "文字"))
    if item.fill.choice:
        lines.append("可选：" + "、".join(choices()[item.fill.choice]))
    if example := _example(item):
        lines.append(f"例：{example}")
    return "\n".join(lines)


def _example(item: FillColumn) -> str:
    value = item.fill.example
    if isinstance(value, Decimal) and item.kind == Kind.RATE:
        return f"{value * 100:.2f}%"
    if isinstance(value, (Decimal, int)) and item.kind == Kind.MONEY:
        return f"{value:,.2f}"
    return "" if value is None else str(value)


def _validate(page: Worksheet, column: int, item: FillColumn) -> None:
    options: dict[str, Any] | None = None
    if item.fill.choice:
        options = {"validate": "list", "source": f"={range_name(item.fill.choice)}"}
        refused = f"请从下拉里选：{'、'.join(choices()[item.fill.choice])}"
        options |= {"error_type": "stop" if item.fill.strict else "information", "error_message": refused[:255]}
    elif item.kind in (Kind.MONEY, Kind.NUMBER, Kind.RATE, Kind.COUNT):
        least = -_MOST if item.fill.negative else 0
        word = "请填数" if item.fill.negative else "请填不小于 0 的数"
        options = {"validate": "integer" if item.kind == Kind.COUNT else "decimal", "criteria": "between"}
        options |= {"minimum": least, "maximum": _MOST, "error_message": f"{item.title}：{word}，不要带单位"}
    elif item.kind == Kind.DATE:
        options = {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
        options["error_message"] = f"{item.title}：请填日期，如 2023-08-15"
    elif item.kind in _LONGEST:
        most = _LONGEST[item.kind]
        options = {"validate": "length", "criteria": "<=", "value": most, "error_message": f"最多 {most} 个字"}
    if options:
        page.data_validation(_SAMPLE_ROW, column, _LAST_ROW, column, {"ignore_blank": True, **options})


def _write_guide(book: Book, page: Worksheet, title: str, heads: Sequence[FillColumn]) -> None:
    page.write_string(0, 0, f"{GUIDE_PAGE}：{title}", book.format(bold=True, font_size=16, font_color=HEAD_FILL))
    page.set_row(0, 28)
    for row, step in enumerate(_STEPS, start=1):
        page.write_string(row, 0, step.format(sheet=title[:31]), book.format())
    top = len(_STEPS) + 2
    wrap = book.format(text_wrap=True, border=1, border_color=LINE, valign="top")
    for column, (word, width) in enumerate(
        (("列名", 22), ("必填", 6), ("怎样填", 52), ("写法", 24), ("示例", 30), ("哪些规则用到", 52))
    ):
        page.set_column(column, column, width)
        page.write_string(top, column, word, head_format(book, False))
    for row, item in enumerate(heads, start=top + 1):
        used = "\n".join(f"{code} {RULES[code].meaning.partition('；')[0].rstrip('。')}" for code in item.fill.rules)
        note = item.fill.note + (f"\n可选：{'、'.join(choices()[item.fill.choice])}" if item.fill.choice else "")
        cells = (heading(item), "是" if item.required else "", note, _KIND_WORDS.get(item.kind) or "文字")
        for column, text in enumerate((*cells, _example(item), used)):
            page.write_string(row, column, text, wrap)
        page.set_row(row, 16 * max(_lines(note, 52), _lines(used, 52), _lines(_example(item), 30)))
    page.freeze_panes(top + 1, 1)
    print_set(page, f"{title} 填表说明")


def _lines(text: str, width: int) -> int:
    return sum(max(1, -(-display_width(line) // width)) for line in text.split("\n"))
