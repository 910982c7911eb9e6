"""Excel 的“试算”工作表：换了哪几个参数，各种灯前后各多少，哪些项目的灯会变。"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.columns import Column, Document, Row, show
from pbm_cli.outputs.xlsx_book import Book, grid, heading, put, titled

_PARAMETERS = (
    Column("name", "参数", "code"), Column("label", "名称"), Column("value", "现行的值"), Column("trial", "试算的值"),
    Column("unit", "单位"), Column("basis", "现行的依据"),
)  # fmt: skip
_COUNTS = (
    Column("light", "灯", "light"), Column("lights_before", "总灯：现行", "count"),
    Column("lights_after", "总灯：试算", "count"), Column("execution_lights_before", "执行灯：现行", "count"),
    Column("execution_lights_after", "执行灯：试算", "count"), Column("goal_lights_before", "目标灯：现行", "count"),
    Column("goal_lights_after", "目标灯：试算", "count"),
)  # fmt: skip
CHANGED = (
    Column("project_code", "项目编码", "code"), Column("project_name", "项目名称"), Column("budget_unit", "预算单位"),
    Column("budget_yuan", "调整后预算", "money"), Column("expenditure_yuan", "累计支出", "money"),
    Column("execution_pct", "执行率", "percent"), Column("from", "现行的灯", "light"),
    Column("to", "试算的灯", "light"), Column("action_from", "现行的处置"), Column("action_to", "试算的处置"),
)  # fmt: skip


def write_trial(book: Book, document: Document, name: str) -> None:
    """有试算时写一张“试算”工作表；没有时什么也不写。"""
    trial = document.get("what_if")
    if not trial:
        return
    money = f"涉及调整后预算 {show(trial['budget_yuan'], 'money')} 万元"
    note = f"{trial['said']}；{trial['changed_projects']} 个项目的灯会变，{money}；金额单位：万元"
    sheet = titled(book, "试算", f"{name} 试算（不是规定）", note)
    row = 2
    for remark in trial["notes"]:
        sheet.write_string(row, 0, remark, book.format(font_color="#9C0006"))
        row += 1
    row = _block(book, sheet, row, _PARAMETERS, trial["parameters"]) + 1
    row = _block(book, sheet, row, _COUNTS, light_counts(trial)) + 1
    grid(book, sheet, row, CHANGED, trial["changed"])
    sheet.freeze_panes(0, 0)


def light_counts(trial: Row) -> list[dict[str, Any]]:
    """每种灯一行：总灯、执行灯、目标灯，现行与试算各多少。"""
    keys = [item.key for item in _COUNTS[1:]]
    return [{"light": name, **{key: trial[key][name] for key in keys}} for name in LIGHT_WORDS]


def _block(book: Book, sheet: Any, top: int, heads: Sequence[Column], rows: Sequence[Row]) -> int:
    """一张没有筛选的小表；交回下一行。"""
    for index, item in enumerate(heads):
        sheet.write_string(top, index, heading(item), book.head())
    for offset, row in enumerate(rows, start=top + 1):
        for index, item in enumerate(heads):
            value = row[item.key]
            put(sheet, (offset, index), value, item.form, book.body(item.form, value, wrap=item.form == "text"))
    return top + 1 + len(rows)
