"""单张表单（一个项目一张）的填报模板：填表说明、空表、填写示例；不合并单元格。"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from typing import Any

from xlsxwriter.worksheet import Worksheet

from pbm_cli.fill import GUIDE_PAGE, choices
from pbm_cli.form_kinds import FORM_TITLES
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
from pbm_cli.resources import layouts_folder

_TOP = 2
_BLANK_ROWS = 30
_WIDTHS = (18, 22, 24, 26, 22, 12, 14, 16, 14, 26, 16)
_FORMATS = {"money": "#,##0.00", "rate": "0.00%", "number": "0.00", "code": "@", "text": "@"}
_LISTS = {
    "一级指标*": "一级指标", "二级指标*": "二级指标", "指标性质": "指标性质", "完成目标可能性": "完成可能性",
}  # fmt: skip
_SCORES = ("权重", "分值", "得分")
_STEPS = (
    "1. 在“填报”页填写，“填写示例”页只供参考，pbm 不把它当数据。一个项目一张：再有项目就把“填报”页复制一张。",
    "2. 标签带 * 的必须填写；鼠标停在要填的格子上可以看说明。不要合并单元格，不要改标签。",
    "3. 金额一律用万元。指标一条一行，行不够就插入几行；空白表示没有，不表示 0。",
    "4. 填好以后运行 pbm check 本文件，看每一格有没有问题。",
)


@cache
def _plan() -> dict[str, dict[str, Any]]:
    path = layouts_folder() / "fill" / "forms.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def form_kinds() -> tuple[str, ...]:
    """有模板的表单。"""
    return tuple(_plan())


def form_template(kind: str, *, year: int | None = None) -> bytes:
    """一种表单的填报模板（xlsx 字节）。"""
    title = FORM_TITLES[kind]
    book = Book(f"{title}（填报模板）", "由 pbm template 生成，供填写后交给 pbm", author=AUTHOR)
    guide = book.workbook.add_worksheet("填表说明")
    page, sample = book.workbook.add_worksheet("填报"), book.workbook.add_worksheet("填写示例")
    plan = _plan()[kind]
    used = {_LISTS[word] for word in plan["heads"] if word in _LISTS}
    write_choices(book, {name: words for name, words in choices().items() if name in used})
    _write_guide(book, guide, title, plan)
    for target, filled in ((page, False), (sample, True)):
        _write_form(book, target, f"{title}（{year}年度）" if year else title, plan, filled)
    page.activate()
    return book.bytes()


def _write_form(book: Book, page: Worksheet, title: str, plan: dict[str, Any], filled: bool) -> None:
    page.write_string(0, 0, title, book.format(bold=True, font_size=16, font_color=HEAD_FILL))
    page.set_row(0, 28)
    for column, width in enumerate(_WIDTHS):
        page.set_column(column, column, width)
    for row, cells in enumerate(plan["rows"], start=_TOP):
        for column, item in enumerate(cells):
            if isinstance(item, dict):
                _value(book, page, (row, column), item, filled)
            elif item:
                page.write_string(row, column, item, head_format(book, item.endswith("*")))
    head = _TOP + len(plan["rows"])
    page.set_row(head, 34)
    page.write_string(head, 0, "绩效指标", head_format(book, False))
    for column, word in enumerate(plan["heads"], start=1):
        page.write_string(head, column, word, head_format(book, word.endswith("*")))
    _indicators(book, page, head + 1, plan, filled)
    _total(book, page, head + 1 + _BLANK_ROWS, plan, filled)
    print_set(page, title)


def _indicators(book: Book, page: Worksheet, first: int, plan: dict[str, Any], filled: bool) -> None:
    last = first + _BLANK_ROWS - 1
    for column, word in enumerate(plan["heads"], start=1):
        score = word in _SCORES
        for row in range(first, last + 1):
            line = row - first
            known = plan["samples"][line][column - 1] if filled and line < len(plan["samples"]) else None
            _value(book, page, (row, column), {"example": known, "form": "number" if score else "text"}, filled, False)
        if choice := _LISTS.get(word):
            rule: dict[str, Any] = {"validate": "list", "source": f"={range_name(choice)}", "error_type": "information"}
        elif score:
            rule = {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": f"{word}：请填不小于 0 的数"}
        else:
            rule = {"validate": "length", "criteria": "<=", "value": 500, "error_message": "最多 500 个字"}
        page.data_validation(first, column, last, column, {"ignore_blank": True, **rule})


def _total(book: Book, page: Worksheet, row: int, plan: dict[str, Any], filled: bool) -> None:
    """总分行：各条指标的得分加上预算执行的得分。"""
    if "total" not in plan:
        return
    page.write_string(row, 1, "总分", head_format(book, False))
    for column, word in enumerate(plan["heads"], start=1):
        if word in plan["total"]:
            note = f"各条指标的{word}加上预算执行的{word}"
            _value(book, page, (row, column), {"example": plan["total"][word], "form": "number", "note": note}, filled)


def _value(
    book: Book, page: Worksheet, at: tuple[int, int], item: dict[str, Any], filled: bool, checked: bool = True
) -> None:
    """一个要填的格子：空着或写示例；单个的格子各带校验与提示。"""
    form = item.get("form", "text")
    settings: dict[str, Any] = {"num_format": _FORMATS[form], "border": 1, "border_color": LINE}
    if form == "text":
        settings["text_wrap"] = True
    if filled:
        settings |= {"italic": True, "font_color": "#7F7F7F"}
    style, value = book.format(**settings), item.get("example") if filled else None
    if isinstance(value, (int, Decimal)):
        page.write_number(*at, float(value), style)
    elif value:
        page.write_string(*at, value, style)
    else:
        page.write_blank(*at, None, style)
    if item.get("tall"):
        page.set_row(at[0], 60)
    if not checked:
        return
    rule: dict[str, Any] = {"validate": "length", "criteria": "<=", "value": 2000, "error_message": "最多 2000 个字"}
    if form in ("money", "rate", "number"):
        rule = {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": "请填不小于 0 的数，不要带单位"}
    if note := item.get("note"):
        rule |= {"input_title": "怎样填", "input_message": note}
    page.data_validation(*at, *at, {"ignore_blank": True, **rule})


def _write_guide(book: Book, page: Worksheet, title: str, plan: dict[str, Any]) -> None:
    page.write_string(0, 0, f"{GUIDE_PAGE}：{title}", book.format(bold=True, font_size=16, font_color=HEAD_FILL))
    page.set_row(0, 28)
    for row, step in enumerate(_STEPS, start=1):
        page.write_string(row, 0, step, book.format())
    wrap = book.format(text_wrap=True, border=1, border_color=LINE, valign="top")
    top = len(_STEPS) + 2
    for column, (word, width) in enumerate((("格子", 26), ("必填", 6), ("怎样填", 60), ("示例", 40))):
        page.set_column(column, column, width)
        page.write_string(top, column, word, head_format(book, False))
    for row, texts in enumerate(_explained(plan), start=top + 1):
        for column, text in enumerate(texts):
            page.write_string(row, column, text, wrap)
    page.freeze_panes(top + 1, 1)
    print_set(page, f"{title} 填表说明")


def _explained(plan: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """每个要填的格子一行：标签、必填、怎样填、示例。"""
    lines: list[tuple[str, str, str, str]] = []
    heads: list[Any] = []
    for cells in plan["rows"]:
        if sum(isinstance(item, str) and bool(item) for item in cells) > 3:
            heads = cells
        label = ""
        for column, item in enumerate(cells):
            if isinstance(item, str):
                label = item or label
                continue
            beside = heads[column] if heads and label in cells[:2] and column > 1 and column < len(heads) else ""
            name = f"{label}·{beside}" if beside and cells[0] == "" else label
            lines.append((name, "是" if name.endswith("*") else "", item.get("note", ""), str(item["example"])))
    first = plan["samples"][0]
    for word, example in zip(plan["heads"], first, strict=True):
        note = "可选：" + "、".join(choices()[_LISTS[word]]) if word in _LISTS else "每条指标一行"
        lines.append((f"绩效指标·{word}", "是" if word.endswith("*") else "", note, str(example)))
    return lines
