"""Excel 的明细与指标：一个项目（对象）一行；要紧的列在前、打印在纸上，其余的列在后、只在屏幕上看。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pbm_cli.outputs.columns import (
    COMMANDS,
    Column,
    Document,
    Row,
    columns,
    filled,
    indicator_columns,
    rows_by_stage,
)
from pbm_cli.outputs.xlsx_book import NUMBER_FORMATS, Book, grid, titled
from pbm_cli.outputs.xlsx_formulas import TOP, Detail
from pbm_cli.outputs.xlsx_rows import LongSheet

_PAPER: Mapping[str, tuple[str, ...]] = {
    "assess": (
        "project_code", "project_name", "budget_unit", "fund", "submitted_yuan", "approved_yuan", "reduction_yuan",
        "reduction_pct", "score", "conclusion",
    ),
    "goals": (
        "project_code", "project_name", "budget_unit", "indicators", "score", "grade", "treatment", "comments",
        "steps_missing",
    ),
    "monitor": (
        "project_code", "project_name", "budget_unit", "budget_yuan", "expenditure_yuan", "execution_pct",
        "execution_light", "goal_light", "light", "previous_light", "action", "stated_reasons",
    ),
    "evaluate": (
        "subject", "subject_kind", "level", "budget_unit", "amount_yuan", "score", "recomputed_score", "final_score",
        "grade", "final_grade", "proposal", "rectified",
    ),
}  # fmt: skip
"""各阶段打印在纸上的列，按这个次序；A4 横向一页宽，字还看得清。没有列的阶段全部打印。"""
_OPERATORS: Mapping[str, str] = {">=": "≥", "<=": "≤", "=": "=", ">": ">", "<": "<", "qualitative": "定性"}
_ABOUT = (Column("project_code", "项目编码", "code"), Column("project_name", "对象"))
_UNIT = Column("budget_unit", "预算单位")
_FROZEN = 2


def details(document: Document) -> list[Detail]:
    """要写的各张明细；没有明细行时为空。"""
    groups = rows_by_stage(document)
    several = document.get("command") == "report" or len(groups) > 1
    if document.get("command") == "rollup":
        return [_detail(stage, rows, "分县") for stage, rows in groups]
    return [_detail(stage, rows, f"明细-{COMMANDS.get(stage, stage)}" if several else "明细") for stage, rows in groups]


def _detail(stage: str, rows: Sequence[Row], sheet: str) -> Detail:
    heads = {
        item.key: Column(item.key, "指标数", "count", item.unit) if item.form == "indicators" else item
        for item in filled(columns(stage, rows), rows)
    }
    paper = [heads.pop(key) for key in _PAPER.get(stage, tuple(heads)) if key in heads]
    return Detail(sheet, stage, [*paper, *heads.values()], rows, len(paper))


def write_details(book: Book, document: Document, name: str, found: Sequence[Detail]) -> None:
    """各张明细，后面跟着它的指标。"""
    for detail in found:
        _write(book, document, name, detail)
        indicators = _indicators(detail.rows)
        if indicators:
            label = detail.sheet.replace("明细", "指标", 1)
            heads = [*filled(_ABOUT, indicators), *indicator_columns(indicators)]
            sheet = titled(book, label, f"{name} {label}", f"共 {len(indicators)} 条指标")
            grid(book, sheet, TOP, [*heads, _UNIT], indicators, printed=len(heads))
    if not found:
        sheet = titled(book, "明细", f"{name} 明细", "没有明细行")
        sheet.write_string(2, 0, "（无）")


def _write(book: Book, document: Document, name: str, detail: Detail) -> None:
    note = f"共 {len(detail.rows)} 行；金额单位：万元"
    if detail.printed < len(detail.heads):
        note += f"；打印前 {detail.printed} 列"
    sheet = titled(book, detail.sheet, f"{name} {detail.sheet}", note)
    grid(book, sheet, TOP, detail.heads, detail.rows, ratios=detail.ratios(), printed=detail.printed)
    sheet.freeze_panes(TOP + 1, _FROZEN)
    summary = document.get("summary") or {}
    own = summary.get(detail.stage) if document.get("command") == "report" else summary
    if isinstance(own, Mapping):
        write_totals(book, sheet, detail, own)


def write_totals(book: Book, sheet: LongSheet, detail: Detail, summary: Row) -> None:
    """第 2 行里各金额列的合计与比率，随筛选变；只写与汇总一致的。"""
    found = detail.totals(summary)
    for index, form, formula, value in found:
        sheet.write_formula(TOP - 1, index, formula, book.format(bold=True, num_format=NUMBER_FORMATS[form]), value)
    if found and found[0][0]:
        style = book.format(bold=True, align="right", font_color="#595959")
        sheet.write_string(TOP - 1, found[0][0] - 1, "筛选后合计", style)


def _indicators(rows: Sequence[Row]) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        items = row.get("indicators")
        if isinstance(items, list) and items:
            about = {
                "project_code": row.get("project_code"),
                "project_name": row.get("project_name") or row.get("subject"),
                "budget_unit": row.get("budget_unit"),
            }
            found.extend({**about, **item, "operator": _OPERATORS.get(str(item.get("operator")))} for item in items)
    return found
