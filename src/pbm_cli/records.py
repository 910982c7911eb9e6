"""数据行 → 记录，或者几条说明为什么不能用的发现。"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any, NamedTuple

from pbm_cli import fields
from pbm_cli.cells import Cell, Merge, Sheet
from pbm_cli.columns import TargetReader, money_column, problem_places, text_column
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
from pbm_cli.text import half_up
from pbm_cli.totals import SCORE_UNIT, Details

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
_GROUPS = ("budget_unit", "department", "fund", "category", "township", "level1", "level2")
"""“某某小计”里的某某可能在这些列里。"""

Problems = list[tuple[str, Problem]]


class Reading(NamedTuple):
    """一列怎么认：第几列（从 0 数）、哪一类，金额的单位（每单位多少分）和表头规定的正负号。"""

    column: int
    kind: str
    unit: int | None = None
    sign: int | None = None

    def values(self, cells: Sequence[Cell]) -> list[Any]:
        """认这些单元格。"""
        if self.kind == Kind.MONEY:
            return money_column(cells, self.unit, self.sign)
        return text_column(cells, _PARSERS[self.kind])


def readings(table: Table) -> dict[str, Reading]:
    """一张表里一列一列认的各字段；指标值、完成值要几列合起来认，不在内。"""
    found: dict[str, Reading] = {}
    for name, column in table.columns.items():
        kind = field_kind(table.layout.model, name)
        if kind not in (Kind.TARGET, Kind.ACTUAL):
            found[name] = Reading(column, kind, table.units.get(name), table.signs.get(name))
    return found


class TableRows:
    """一张表的数据行 → 记录。findings 是坏单元格，details 留给合计的核对。

    一列一列地认（columns.py），再一行一行地合：同一列的单元格写法相近，一样的文字只认一次，常见的写法不必逐格调用。
    """

    def __init__(self, sheet: Sheet, table: Table, origin: Origin) -> None:
        self._sheet, self._table, self._origin = sheet, table, origin
        model = table.layout.model
        self._model = model
        self._kinds = {name: field_kind(model, name) for name in table.columns}
        self._needs = {name: field_need(model, name) for name in model.model_fields if name != "origin"}
        self._defaults = table.layout.defaults
        given = {*table.columns, *self._defaults}
        self._required = [(n, need) for n, need in self._needs.items() if need != "optional"]
        self._absent = [n for n, need in self._needs.items() if need == "finding" and n not in given]
        self._fill = self._merged_text(sheet.merges)
        self.findings: list[Finding] = []
        self.details = Details((), (), {}, {}, ())
        if self._absent:
            names = "、".join(field_title(model, n) for n in self._absent)
            where = Where(origin.file, origin.sheet, f"A{table.heading_rows[0] + 1}")
            self._say("D05", "warning", model.sheet_title, f"表里没有“{names}”列", where)

    def _merged_text(self, merges: Sequence[Merge]) -> dict[int, dict[int, Cell]]:
        """文字列的竖向合并：下面各行用第一行的值（列 → 行 → 值）。金额不填，以免重复计算。"""
        columns = {c for n, c in self._table.columns.items() if self._kinds[n] in _FILLED_DOWN}
        filled: dict[int, dict[int, Cell]] = {}
        for merge in merges:
            inside = self._table.rows.start <= merge.top < len(self._sheet.rows)
            if inside and merge.bottom > merge.top and merge.left in columns:
                values = self._sheet.rows[merge.top]
                value = values[merge.left] if merge.left < len(values) else None
                for row in range(merge.top + 1, merge.bottom + 1):
                    filled.setdefault(merge.left, {})[row] = value
        return filled

    def read(self, indexes: Sequence[int]) -> list[Record | None]:
        """读各数据行（从 0 数）；不能用的为 None，原因在 findings 里。"""
        cells = {name: self._cells(indexes, column) for name, column in self._table.columns.items()}
        values: dict[str, list[Any]] = {}
        problems: dict[int, Problems] = {}
        for name, reading in readings(self._table).items():
            values[name] = self._values(name, reading, indexes, cells[name], problems)
        self._split_glued_codes(cells, values)
        self._targets(cells, values, problems, len(indexes))
        usable = self._usable(indexes, values, problems)
        self._keep_details(indexes, cells, values, usable)
        return self._records(indexes, values, usable)

    def _say(self, code: str, level: FindingLevel, subject: str, message: str, where: Where) -> None:
        self.findings.append(Finding(code, level, subject, message, where))

    def _cells(self, indexes: Sequence[int], column: int) -> list[Cell]:
        whole, fill = self._sheet.column(column), self._fill.get(column)
        cells = list(map(whole.__getitem__, indexes))
        if not fill:
            return cells
        return [fill.get(index) if cell is None else cell for index, cell in zip(indexes, cells, strict=True)]

    def _values(
        self, name: str, reading: Reading, indexes: Sequence[int], cells: Sequence[Cell], problems: dict[int, Problems]
    ) -> list[Any]:
        """一列的值；有毛病的格子记下，能用的用它的值。边收边认过的不再认。"""
        early = self._sheet.parsed or {}
        parsed = [] if reading.column in self._fill else early.get(reading, [])
        values = [parsed[index] for index in indexes[: bisect_left(indexes, len(parsed))]]
        values += reading.values(cells[len(values) :] if values else cells)
        for place in problem_places(values):
            problem = values[place]
            problems.setdefault(place, []).append((name, problem))
            values[place] = problem.value if problem.usable else None
        return values

    def _split_glued_codes(self, cells: Mapping[str, Sequence[Cell]], values: dict[str, list[Any]]) -> None:
        """项目名称写成“代码-名称”而没有编码列（或这一行没有填）时，把代码拆出来。"""
        name = next((n for n in ("project_name", "subject") if n in cells), None)
        if name is None or "project_code" not in self._needs:
            return
        codes = values.get("project_code") or [None] * len(cells[name])
        for place, cell in enumerate(cells[name]):
            if codes[place] is None and isinstance(cell, str):
                codes[place] = fields.split_code_name(cell)[0]
        values["project_code"] = codes

    def _targets(
        self,
        cells: Mapping[str, Sequence[Cell]],
        values: dict[str, list[Any]],
        problems: dict[int, Problems],
        count: int,
    ) -> None:
        """指标值和完成值：几列合起来才读得懂，一行一行地读。"""
        if "target" not in cells:
            return
        actuals = [name for name in ("actual", "forecast") if name in cells]
        nothing: list[Cell] = [None] * count
        three = (cells.get(name, nothing) for name in ("target", "operator", "measure"))
        reader = TargetReader()
        for name in ("target", *actuals):
            values[name] = [None] * count
        for place, (target, operator, measure) in enumerate(zip(*three, strict=True)):
            found, said = reader.read((target, operator, measure), [(name, cells[name][place]) for name in actuals])
            for name, value in found.items():
                values[name][place] = value
            if said:
                problems.setdefault(place, []).extend(said)

    def _usable(
        self, indexes: Sequence[int], values: Mapping[str, Sequence[Any]], problems: Mapping[int, Problems]
    ) -> list[bool]:
        """各行能不能用。没有毛病、该填的都填了的行不必细看。"""
        usable = [True] * len(indexes)
        doubtful = set(problems)
        for name, _ in self._required:
            if name not in values and name not in self._absent and name not in self._defaults:
                doubtful.update(range(len(indexes)))
            elif name in values and name not in self._defaults:
                doubtful.update(place for place, value in enumerate(values[name]) if value is None)
        if groups := self._model.alternatives:
            doubtful.update(
                place
                for place in range(len(indexes))
                if not any(all(name in values and values[name][place] is not None for name in g) for g in groups)
            )
        for place in sorted(doubtful):
            row = {name: column[place] for name, column in values.items()}
            usable[place] = self._judge(row, problems.get(place, []), self._at(indexes[place]))
        return usable

    def _at(self, index: int) -> Origin:
        return Origin(self._origin.file, self._origin.sheet, index + 1, self._origin.columns)

    def _keep_details(
        self,
        indexes: Sequence[int],
        cells: Mapping[str, Sequence[Cell]],
        values: Mapping[str, Sequence[Any]],
        usable: Sequence[bool],
    ) -> None:
        """合计要核对的：各行的金额、个数、分数，和名目。"""
        amounts: dict[str, Sequence[int | None]] = {}
        written: dict[str, Sequence[Cell]] = {}
        for name, kind in self._kinds.items():
            if kind == Kind.COUNT:
                amounts[name] = values[name]
            elif kind == Kind.MONEY:
                amounts[name], written[name] = values[name], cells[name]
            elif name in self._table.layout.summed:
                scores = [value if isinstance(value, Decimal) else None for value in values[name]]
                amounts[name] = [None if s is None else int(half_up(s * SCORE_UNIT, 0)) for s in scores]
                written[name] = cells[name]
        groups = [values[name] for name in _GROUPS if name in self._table.columns]
        self.details = Details(indexes, usable, amounts, written, groups)

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

    def _records(
        self, indexes: Sequence[int], values: Mapping[str, Sequence[Any]], usable: Sequence[bool]
    ) -> list[Record | None]:
        """能用的各行合成记录；没有的列是空，或者版式给的默认值。"""
        names = (*self._needs, "origin")
        columns: list[Iterable[Any]] = []
        for name in self._needs:
            column, default = values.get(name), self._defaults.get(name)
            if column is None:
                columns.append(repeat(default, len(indexes)))
            elif default is None:
                columns.append(column)
            else:
                columns.append([default if value is None else value for value in column])
        file, sheet, _, places, *_ = self._origin
        columns.append(Origin(file, sheet, index + 1, places) for index in indexes)
        trusted = self._model.trusted
        return [
            trusted(dict(zip(names, row, strict=True))) if fit else None
            for fit, row in zip(usable, zip(*columns, strict=True), strict=True)
        ]
