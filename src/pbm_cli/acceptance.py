"""一张认出来的表能不能用（单位、列是否清楚），以及表头上要说明的事。"""

from __future__ import annotations

from collections.abc import Iterator

from pbm_cli import fields
from pbm_cli.cells import Sheet, column_letters
from pbm_cli.fields import Problem
from pbm_cli.forms import FormMatch
from pbm_cli.models import Finding, Origin, Where, field_title
from pbm_cli.tables import Table
from pbm_cli.text import one_line, squeeze

_PLAIN = frozenset({"序号", "备注", "行号", "行次", "编号", "No", "NO"})


def clipped(sheet: Sheet, span: range | None) -> Sheet:
    """并排的几张表里的一张：别的列当作空的，列号不变。"""
    if span is None:
        return sheet
    blank = [None] * span.start
    rows = [[*blank, *row[span.start : span.stop]] for row in sheet.rows]
    merges = [m for m in sheet.merges if m.left in span and m.right in span]
    return Sheet(sheet.name, rows, merges, sheet.hidden, sheet.hidden_rows, sheet.hidden_columns)


def refusal(sheet: Sheet, table: Table, origin: Origin, default_unit: int | None) -> Finding | None:
    """单位与列都清楚才用；不清楚时说明为什么整张表不用。没写单位的字段改用 default_unit。"""
    where = _place(table, origin)
    title = table.layout.model.sheet_title
    if table.conflicting_units and any(u == table.conflicting_units[0] for u in table.units.values()):
        text = "表头上方写了两种金额单位，不能判断用哪一种；这张表没有使用。请只保留一处“单位：”"
        return Finding("D11", "error", title, text, where)
    if wrong := _needed(table) & table.match.ambiguous.keys():
        name = field_title(table.layout.model, min(wrong))
        columns = "、".join(column_letters(c) for c in table.match.ambiguous[min(wrong)])
        text = f"{columns} 列都像“{name}”，不能判断用哪一列；这张表没有使用。请改掉一个表头"
        return Finding("D14", "error", title, text, where)
    unstated = [name for name, unit in table.units.items() if unit is None]
    if default_unit is not None:
        table.units.update(dict.fromkeys(unstated, default_unit))
        return None
    unstated = [n for n in unstated if not _units_in_cells(sheet, table, n)]
    if not unstated:
        return None
    names = "、".join(field_title(table.layout.model, n) for n in unstated)
    text = (
        f"没有写金额单位（{names}），不能判断是元还是万元；这张表没有使用。"
        "请加 --unit 元|万元|亿元，或在表头上方写“单位：万元”"
    )
    return Finding("D11", "error", title, text, where)


def _place(table: Table, origin: Origin) -> Where:
    column = table.span.start if table.span else 0
    return Where(origin.file, origin.sheet, f"{column_letters(column)}{table.heading_rows[0] + 1}")


def _needed(table: Table) -> set[str]:
    return {f for group in table.layout.needs for choice in group for f in choice.split("+")}


def _units_in_cells(sheet: Sheet, table: Table, name: str) -> bool:
    column = table.columns[name]
    values = [row[column] for i in table.rows if column < len(row := sheet.rows[i])]
    stated = [v for v in values if not fields.blank(v)]
    return bool(stated) and not any(isinstance(fields.money(v, None), Problem) for v in stated)


def wrong_date_findings(found: Table | FormMatch, title: str, where: Where) -> Iterator[Finding]:
    """写的截止日是日历上没有的日期：不采用，说在哪一格。"""
    for words, cell in found.wrong_dates:
        text = f"写的“{one_line(words)}”在日历上没有这一天，没有当作数据截止日；请改正，或用 --on 指明截止日"
        yield Finding("D30", "warning", title, text, Where(where.file, where.sheet, cell))


def heading_findings(table: Table, origin: Origin) -> Iterator[Finding]:
    """不认识的、没有用到的、分不清的表头。"""
    where = _place(table, origin)
    title, model = table.layout.model.sheet_title, table.layout.model
    yield from wrong_date_findings(table, title, Where(origin.file, origin.sheet))

    def shown(column: int) -> str:
        return f"{column_letters(column)}“{one_line(table.headings[column])}”"

    names = [shown(c) for c in table.match.unknown if c in table.headings and squeeze(table.headings[c]) not in _PLAIN]
    if names:
        yield Finding("D13", "hint", title, f"有 {len(names)} 个不认识的表头，没有使用：{'、'.join(names)}", where)
    spare = [f"{shown(c)}（已有更明确的“{field_title(model, f)}”）" for c, f in table.match.spare]
    if spare:
        yield Finding("D13", "hint", title, f"这些列没有使用：{'、'.join(spare)}", where)
    refused = _needed(table) & table.match.ambiguous.keys()
    for name, columns in table.match.ambiguous.items():
        if refused:
            break
        letters = "、".join(column_letters(c) for c in columns)
        text = f"{letters} 列都像“{field_title(model, name)}”，这一项没有使用；请改掉一个表头"
        yield Finding("D14", "warning", title, text, where)
