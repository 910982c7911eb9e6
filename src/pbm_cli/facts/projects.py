"""被监控的项目：执行表的几行资金合成一个项目，指标和处置挂上来。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pbm_cli.facts import attach
from pbm_cli.identity import ProjectIndex
from pbm_cli.loading import Loaded
from pbm_cli.models import Adjustment, Execution, Finding, Indicator, Origin
from pbm_cli.text import squeeze

# 填了等于没填的偏差原因
_NO_REASON = frozenset({"无", "没有", "暂无", "无偏差", "无原因"})


@lru_cache(maxsize=16384)
def _is_reason(text: str) -> bool:
    return squeeze(text).strip("。.") not in _NO_REASON


@dataclass(slots=True)
class MonitoredProject:
    """一个项目：预算和支出是各行资金之和（分）；没有执行行时 budget 为 None。"""

    code: str | None
    name: str
    unit: str | None
    department: str | None
    origin: Origin
    budget: int | None = None
    expenditure: int = 0
    rows: list[Execution] = field(default_factory=list)
    indicators: Sequence[Indicator] = ()
    adjustments: Sequence[Adjustment] = ()

    @property
    def stated_reasons(self) -> list[str]:
        """单位填的偏差原因（执行表在前，指标表在后），不重复。"""
        if len(self.rows) == 1 and not self.indicators:  # 多半如此
            reason = self.rows[0].reason
            return [reason] if reason and _is_reason(reason) else []
        texts = [row.reason for row in self.rows if row.reason]
        texts += [item.reason for item in self.indicators if item.reason]
        return list(filter(_is_reason, dict.fromkeys(texts))) if texts else texts

    @property
    def possibilities(self) -> list[str]:
        """各指标填的完成目标可能性。"""
        return [item.possibility for item in self.indicators if item.possibility]


def _project(record: Execution | Indicator, spending: Execution | None) -> MonitoredProject:
    """从一条记录开始的一个项目；spending 是它的执行行，指标没有。"""
    code, name, unit = record.project_code, record.project_name, record.budget_unit
    if spending is None:
        return MonitoredProject(code, name, unit, None, record.origin)
    budget, spent = spending.adjusted_budget, spending.expenditure
    return MonitoredProject(code, name, unit, spending.department, record.origin, budget, spent, [spending])


def gather_projects(loaded: Loaded) -> tuple[list[MonitoredProject], list[Finding]]:
    """把执行、指标、处置各表的记录合成项目。没有执行表时，项目取自指标表。"""
    index = ProjectIndex()
    projects: list[MonitoredProject] = []
    executions: list[Execution] = loaded.of("execution", "monitoring_form")
    progress: list[Indicator] = loaded.indicators("monitor", "monitoring_form")
    base: Sequence[Execution | Indicator] = executions or progress
    for record in base:
        place = index.place_of(record)
        spending = record if isinstance(record, Execution) else None
        if place == len(projects):
            projects.append(_project(record, spending))
        elif spending is not None:
            project = projects[place]
            project.budget = (project.budget or 0) + spending.adjusted_budget
            project.expenditure += spending.expenditure
            project.rows.append(spending)
    indicators, unmatched = attach(index, progress, "指标表")
    adjustments, unmatched_adjustments = attach(index, loaded.of("adjustment"), "处置台账")
    for place, found in indicators.items():
        projects[place].indicators = found
    for place, items in adjustments.items():
        projects[place].adjustments = items
    return projects, unmatched + (unmatched_adjustments if executions else [])
