"""追溯用的底子：一年的事实、读到的记录、当天的参数；以及从记录找到单元格。"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pbm_cli.facts import Facts, Judge, Row
from pbm_cli.facts.document import parameter_row
from pbm_cli.facts.projects import MonitoredProject, gather_projects
from pbm_cli.loading import Loaded
from pbm_cli.models import Indicator, Light, Record, Where
from pbm_cli.parameters import Bound
from pbm_cli.rules import RULES, in_force

_TERMS = 6


@dataclass(slots=True)
class Trace:
    """一个数的由来：算式（带数）、来源单元格、用到的规则号。"""

    formula: str
    places: list[Where] = field(default_factory=list)
    rules: tuple[str, ...] = ()


@dataclass
class Sources:
    """一年的事实、读到的记录、当天的参数。"""

    facts: Facts
    loaded: Loaded
    bound: Bound

    @cached_property
    def judge(self) -> Judge:
        """绑好参数的规则。"""
        return Judge(self.bound)

    @cached_property
    def projects(self) -> list[tuple[MonitoredProject, Row]]:
        """被监控的项目和它在监控里的那一行。"""
        rows = self.rows("monitor")
        return list(zip(gather_projects(self.loaded)[0], rows, strict=True)) if rows else []

    @cached_property
    def _by_row(self) -> dict[tuple[str, str, int], list[Record]]:
        found: dict[tuple[str, str, int], list[Record]] = {}
        for records in self.loaded.records.values():
            for record in records:
                found.setdefault((record.origin.file, record.origin.sheet, record.origin.row), []).append(record)
        return found

    def rows(self, stage: str) -> list[Row]:
        """一个环节的行；没有算这个环节的为空。"""
        return self.facts.stages[stage].rows if stage in self.facts.stages else []

    def summary(self, stage: str) -> Row:
        """一个环节的汇总。"""
        return self.facts.stages[stage].summary

    def record(self, row: Row, *kinds: str) -> Any:
        """结果里的一行来自哪条记录；前面的种类优先，没有为 None。"""
        origin = row["origin"]
        found = self._by_row.get((origin["file"], origin["sheet"], origin["row"]), [])
        return next((record for kind in kinds for record in found if record.kind == kind), None)

    def parameters(self, codes: Iterable[str]) -> list[Row]:
        """几条规则用到的参数，当天有效的；算法没有选中的线不列。"""
        names = dict.fromkeys(name for code in codes if code in RULES for name in RULES[code].parameters)
        rows = (parameter_row(self.bound, name) for name in in_force(names, self.bound.value))
        return [row for row in rows if row is not None]


def code_of(function: Callable[..., Any]) -> str:
    """规则函数的规则号。"""
    return next(code for code, entry in RULES.items() if entry.function is function)


def holds(record: Record, name: str) -> bool:
    """这条记录所在的表有没有这一列（表单有没有这一格）。"""
    origin = record.origin
    return name in origin.columns or bool(origin.cells and name in origin.cells)


def cells(records: Iterable[Record], *names: str) -> list[Where]:
    """各条记录里几个字段的单元格；这张表没有这一列的不列。"""
    return [record.origin.where(name) for record in records for name in names if holds(record, name)]


def place_of(record: Record) -> Where:
    """一条记录的所在（它的名称那一格）。"""
    name = next((n for n in ("project_name", "subject", "budget_unit") if holds(record, n)), None)
    return record.origin.where(name)


def plus(terms: Sequence[str], total: str, unit: str) -> str:
    """加法写成算式：前几项写出来，多的说还有几项。"""
    shown = " + ".join(f"（{term}）" if term.startswith("-") else term for term in terms[:_TERMS])
    more = f" + …（共 {len(terms)} 项）" if len(terms) > _TERMS else ""
    return f"{shown or '0'}{more} = {total}{f' {unit}' if unit else ''}"


def light_cells(project: MonitoredProject, row: Row, which: str, light: Light) -> list[Where]:
    """一盏灯看的单元格：执行灯是预算和支出；目标灯是同色的各条指标；总灯看是哪一盏定的。"""
    found: list[Where] = []
    if which == "execution_light" or (which == "light" and row["execution_light"] == light):
        found += cells(project.rows, "adjusted_budget", "expenditure")
    if which == "goal_light" or (which == "light" and row["goal_light"] == light):
        same = [i for i, one in zip(project.indicators, row["indicators"], strict=True) if one["light"] == light]
        found += cells(same, *indicator_fields(same))
    return found or [project.origin.where("project_name")]


def indicator_fields(items: Sequence[Indicator]) -> tuple[str, ...]:
    """判一条指标看的几栏。"""
    return ("operator", "target", "measure", "actual") if items else ()
