"""一行单元格 → 一条记录，或者几条说明为什么不能用的发现。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from pbm_cli import fields
from pbm_cli.cells import Cell, Merge, Sheet
from pbm_cli.fields import Problem
from pbm_cli.models import (
    Finding,
    FindingLevel,
    Kind,
    Origin,
    Record,
    Where,
    field_kind,
    field_need,
    field_title,
)
from pbm_cli.tables import Table
from pbm_cli.targets import Target, parse_actual, parse_target
from pbm_cli.text import half_up
from pbm_cli.totals import SCORE_UNIT, DataRow, decimals

_PARSERS: dict[str, Callable[[Cell], Any]] = {
    Kind.RATE: fields.rate,
    Kind.NUMBER: fields.number,
    Kind.COUNT: fields.count,
    Kind.DATE: fields.day,
    Kind.CODE: fields.code,
    Kind.TEXT: fields.text,
    Kind.NAMED: fields.named,
    Kind.YES: fields.yes_no,
    Kind.CHOICE: fields.text,
}
_FILLED_DOWN = frozenset({Kind.CODE, Kind.TEXT, Kind.NAMED, Kind.CHOICE, Kind.YES, Kind.DATE})
_REMEMBERED = 4096
_UNSEEN = object()
_USUAL_PLACES = 2
_GROUPS = ("budget_unit", "department", "fund", "category", "township", "level1", "level2")
"""“某某小计”里的某某可能在这些列里。"""


def _remembering(parse: Callable[[Cell], Any]) -> Callable[[Cell], Any]:
    """同一列里一样的文字只认一次；每列最多记 _REMEMBERED 种写法。"""
    seen: dict[str, Any] = {}

    def recall(cell: Cell) -> Any:
        if type(cell) is not str:
            return parse(cell)
        value = seen.get(cell, _UNSEEN)
        if value is _UNSEEN:
            value = parse(cell)
            if len(seen) < _REMEMBERED:
                seen[cell] = value
        return value

    return recall


class TableRows:
    """一张表的数据行 → 记录。findings 是坏单元格，amounts、places 留给合计的核对。"""

    def __init__(self, sheet: Sheet, table: Table, origin: Origin) -> None:
        self._sheet, self._table, self._origin = sheet, table, origin
        model = table.layout.model
        self._model = model
        self._kinds = {name: field_kind(model, name) for name in table.columns}
        self._plan = [
            (n, c, self._parser(n), self._kinds[n] == Kind.MONEY)
            for n, c in table.columns.items()
            if self._kinds[n] not in (Kind.TARGET, Kind.ACTUAL)
        ]
        self._needs = {name: field_need(model, name) for name in model.model_fields if name != "origin"}
        self._empty = dict.fromkeys(self._needs)
        self._defaults = table.layout.defaults
        given = {*table.columns, *self._defaults}
        self._required = [(n, need) for n, need in self._needs.items() if need != "optional"]
        self._absent = [n for n, need in self._needs.items() if need == "finding" and n not in given]
        self._money = [n for n, kind in self._kinds.items() if kind in (Kind.MONEY, Kind.COUNT)]
        self._scores = [n for n in self._kinds if n in table.layout.summed]
        self._group_names = [n for n in _GROUPS if n in table.columns]
        self._fill = self._merged_text(sheet.merges)
        self.findings: list[Finding] = []
        self.amounts: list[DataRow] = []
        self.places: dict[str, int] = {}
        if self._absent:
            names = "、".join(field_title(model, n) for n in self._absent)
            where = Where(origin.file, origin.sheet, f"A{table.heading_rows[0] + 1}")
            self._say("D05", "warning", model.sheet_title, f"表里没有“{names}”列", where)

    def _merged_text(self, merges: Sequence[Merge]) -> dict[tuple[int, int], Cell]:
        """文字列的竖向合并：下面各行用第一行的值。金额不填，以免重复计算。"""
        columns = {c for n, c in self._table.columns.items() if self._kinds[n] in _FILLED_DOWN}
        filled: dict[tuple[int, int], Cell] = {}
        for merge in merges:
            if merge.bottom > merge.top and merge.top >= self._table.rows.start and merge.left in columns:
                values = self._sheet.rows[merge.top]
                value = values[merge.left] if merge.left < len(values) else None
                for row in range(merge.top + 1, merge.bottom + 1):
                    filled[row, merge.left] = value
        return filled

    def add(self, index: int) -> Record | None:
        """读一行（从 0 数）；不能用时为 None，原因在 findings 里。"""
        row = self._sheet.rows[index]
        origin = Origin(self._origin.file, self._origin.sheet, index + 1, self._origin.columns)
        values: dict[str, Any] = {}
        problems: list[tuple[str, Problem]] = []
        for name, column, parse, is_money in self._plan:
            cell = self._cell(row, index, column)
            value = parse(cell) if cell is not None else None
            if value.__class__ is Problem:
                problems.append((name, value))
                value = value.value if value.usable else None
            values[name] = value
            if is_money and value is not None:
                self._see_places(name, cell)
        self._split_glued_code(row, index, values)
        self._targets(row, index, values, problems)
        usable = self._judge(values, problems, origin)
        amounts = {n: v for n in self._money if (v := values[n]) is not None}
        for name in self._scores:
            if isinstance(score := values[name], Decimal):
                amounts[name] = int(half_up(score * SCORE_UNIT, 0))
                self.places[name] = max(self.places.get(name, 0), decimals(row[self._table.columns[name]]))
        names = frozenset(v for n in self._group_names if (v := values[n]) is not None)
        self.amounts.append(DataRow(index, usable, amounts, names))
        return self._build(values, origin) if usable else None

    def _say(self, code: str, level: FindingLevel, subject: str, message: str, where: Where) -> None:
        self.findings.append(Finding(code, level, subject, message, where))

    def _cell(self, row: list[Cell], index: int, column: int) -> Cell:
        value = row[column] if column < len(row) else None
        return self._fill.get((index, column)) if value is None and self._fill else value

    def _see_places(self, name: str, cell: Cell) -> None:
        """这一列的金额写到几位小数；已知有两位而这一格不超过两位的，不必再看。"""
        known = self.places.get(name, 0)
        if known < _USUAL_PLACES or type(cell) is not float or round(cell, _USUAL_PLACES) != cell:
            self.places[name] = max(known, decimals(cell))

    def _parser(self, name: str) -> Callable[[Cell], Any]:
        kind = self._kinds[name]
        if kind != Kind.MONEY:
            return _remembering(_PARSERS[kind])
        unit, sign = self._table.units[name], self._table.signs.get(name)
        if sign is None:
            return lambda cell: fields.money(cell, unit)
        return lambda cell: sign * abs(value) if type(value := fields.money(cell, unit)) is int else value

    def _split_glued_code(self, row: list[Cell], index: int, values: dict[str, Any]) -> None:
        """项目名称写成“代码-名称”而没有编码列时，把代码拆出来。"""
        name = next((n for n in ("project_name", "subject") if n in self._table.columns), None)
        if name is None or values.get("project_code") is not None or "project_code" not in self._needs:
            return
        cell = self._cell(row, index, self._table.columns[name])
        if isinstance(cell, str) and (code := fields.split_code_name(cell)[0]):
            values["project_code"] = code

    def _targets(
        self, row: list[Cell], index: int, values: dict[str, Any], problems: list[tuple[str, Problem]]
    ) -> None:
        columns = self._table.columns
        if "target" not in columns:
            return
        cells = {
            n: self._cell(row, index, columns[n]) if n in columns else None for n in ("target", "operator", "measure")
        }
        actuals = [n for n in ("actual", "forecast") if n in columns]
        for name in ("target", *actuals):
            cell = cells["target"] if name == "target" else self._cell(row, index, columns[name])
            bad = fields.text(cell)
            if isinstance(bad, Problem) and not bad.usable:
                problems.append((name, bad))
                cells[name] = None
            elif name != "target":
                cells[name] = cell
        target = parse_target(cells["target"], cells["operator"], cells["measure"])
        values["target"] = target
        remarks = [("target", r) for r in target.remarks] if target else []
        for name in actuals:
            actual = parse_actual(cells[name], target or Target("", "qualitative", None))
            values[name] = actual
            remarks.extend((name, r) for r in (actual.remarks if actual else ()))
        problems.extend(
            (name, Problem(remark, level="hint", usable=True, value=values[name])) for name, remark in remarks
        )

    def _judge(self, values: dict[str, Any], problems: list[tuple[str, Problem]], origin: Origin) -> bool:
        """这一行能不能用；同时把每个坏单元格记成发现。"""
        subject = str(
            values.get("project_name") or values.get("subject") or values.get("budget_unit") or f"第 {origin.row} 行"
        )
        broken = {name for name, problem in problems if not problem.usable}
        reject = any(self._needs[name] == "unusable" for name in broken)
        for name, problem in problems:
            title = field_title(self._model, name)
            fatal = not problem.usable and self._needs[name] == "unusable"
            code = "D01" if fatal else "D04" if problem.usable else "D03"
            level = "error" if fatal else problem.level if problem.usable else "warning"
            tail = "；这一行没有使用" if fatal else ("" if problem.usable else "；这一格按空白处理")
            hint = f"。{problem.hint}" if problem.hint else ""
            self._say(code, level, subject, f"{title}：{problem.message}{tail}{hint}", origin.where(name))
        for name, need in self._required:
            if values.get(name) is not None or name in broken or name in self._absent or name in self._defaults:
                continue
            if need == "unusable":
                reject = True
                self._say(
                    "D02",
                    "error",
                    subject,
                    f"{field_title(self._model, name)}是空的，这一行没有使用{self._merge_note(origin, name)}",
                    origin.where(name),
                )
            elif need == "finding":
                self._say("D05", "warning", subject, f"{field_title(self._model, name)}是空的", origin.where(name))
        groups = self._model.alternatives
        if not reject and groups and not any(all(values.get(f) is not None for f in group) for group in groups):
            reject = True
            names = " 或 ".join("、".join(field_title(self._model, f) for f in group) for group in groups)
            empty = next((f for g in groups for f in g if f in self._kinds and values.get(f) is None), None)
            self._say("D02", "error", subject, f"{names}至少要有一项，这一行没有使用", origin.where(empty))
        return not reject

    def _merge_note(self, origin: Origin, name: str) -> str:
        column = self._table.columns.get(name, -1)
        row = origin.row - 1
        inside = any(m.left <= column <= m.right and m.top < row <= m.bottom for m in self._sheet.merges)
        return "（它在合并单元格里，金额只算一次，算在合并区的第一行；请拆开填写）" if inside else ""

    def _build(self, values: dict[str, Any], origin: Origin) -> Record:
        complete = {**self._empty, **values, "origin": origin}
        for name, text in self._defaults.items():
            if complete[name] is None:
                complete[name] = text
        return self._model.trusted(complete)
