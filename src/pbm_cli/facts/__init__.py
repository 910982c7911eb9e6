"""事实：报告可以说的一切——汇总、分组、逐行结果、发现、来历。

全部用整数分和精确的分数在内存里加总，不经过浮点；显示时才四舍五入。
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pbm_cli.identity import ProjectIndex, ProjectKey, key_of
from pbm_cli.loading import FileReport
from pbm_cli.models import Finding, FindingLevel, Indicator, Origin, Where
from pbm_cli.parameters import Bound
from pbm_cli.rules import RULES, in_force
from pbm_cli.text import percent, plain, ratio

Row = dict[str, Any]
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(slots=True)
class StageFacts:
    """一个环节的事实：summary 与 rows 的键就是 JSON 的键。"""

    summary: Row = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    exact: Row = field(default_factory=dict)
    """不显示的精确和（数的文字），供几个区县合起来重算平均数。"""


@dataclass(slots=True)
class Facts:
    """一次运行的全部事实。stages 按环节名（assess、goals、monitor、evaluate、mechanism）。

    notices 是按单位的整改、预警通知，what_if 是试算；没有要时为 None。
    """

    command: str
    county: str | None
    issuer: str | None
    year: int | None
    ruleset: str
    ruleset_title: str
    ruleset_digest: str
    on: dt.date | None
    files: list[FileReport]
    stages: dict[str, StageFacts]
    findings: list[Finding]
    parameters: list[Row]
    overlay: Path | None = None
    style: Path | None = None
    decisions: list[Row] = field(default_factory=list)
    notices: list[Row] | None = None
    what_if: Row | None = None


class Judge:
    """某一天有效的参数，加上把规则的一句话变成发现。"""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self._codes = {entry.function: entry for entry in RULES.values()}
        self._basis: dict[tuple[str, ...], str] = {}
        self._bound: dict[Callable[..., Any], Callable[..., Any]] = {}

    def __call__(self, function: Callable[..., _T]) -> Callable[..., _T]:
        """把参数绑到规则上。"""
        ready = self._bound.get(function)
        if ready is None:
            ready = self._bound[function] = self.bound.bind(function)
        return ready

    def finding(
        self,
        function: Callable[..., Any],
        subject: str,
        sentence: str,
        where: Where | None,
        level: FindingLevel | None = None,
        names: tuple[str, ...] | None = None,
    ) -> Finding:
        """一条规则的发现；依据取自它用到的参数，知道这一次只用了哪几个的写在 names 里。"""
        entry = self._codes[function]
        names = entry.parameters if names is None else names
        if names not in self._basis:
            self._basis[names] = self.bound.basis_text(*in_force(names, self.bound.value)) if names else ""
        return Finding(entry.code, level or entry.level or "hint", subject, sentence, where, self._basis[names] or None)


def origin_row(origin: Origin) -> Row:
    """JSON 里的出处。"""
    return {"file": origin.file, "sheet": origin.sheet, "row": origin.row}


def indicator_head(item: Indicator) -> Row:
    """JSON 里一条指标的开头几项：三级名称、比较、指标值、单位、完成值；不能比的写原文。"""
    target, actual = item.target, item.actual
    return {
        "level1": item.level1,
        "level2": item.level2,
        "level3": item.level3,
        "operator": target.operator if target else None,
        "target": (plain(target.value) if target.value is not None else target.text) if target else None,
        "measure": target.measure if target else None,
        "actual": (plain(actual.value) if actual.value is not None else actual.text) if actual else None,
    }


def counted(values: Iterable[str | None], order: Iterable[str] = ()) -> dict[str, int]:
    """计数：先按给定次序（没有的为 0），其余按出现次序；空的不计。"""
    result = dict.fromkeys(order, 0)
    for value, count in Counter(values).items():
        if value:
            result[value] = result.get(value, 0) + count
    return result


def pct(part: int, whole: int | None) -> str | None:
    """部分 ÷ 整体的百分数文字（两位小数，四舍五入）；分母为 0 或缺时为 None。"""
    return percent(ratio(part, whole))


def attach(index: ProjectIndex, records: Iterable[Any], what: str) -> tuple[dict[int, list[Any]], list[Finding]]:
    """把记录对到项目：返回 {项目序号: 记录}，以及对不上、有歧义的发现（同一项目只说一次）。"""
    attached: dict[int, list[Any]] = {}
    findings: list[Finding] = []
    said: dict[ProjectKey, list[int]] = {}
    for record in records:
        key = key_of(record)
        found = said.get(key)
        if found is None:
            found = said[key] = index.find(key)
            if len(found) != 1:
                findings.append(unattached(record, found, what))
        if len(found) == 1:
            attached.setdefault(found[0], []).append(record)
    return attached, findings


def unattached(record: Any, found: list[int], what: str, base: str = "执行表") -> Finding:
    """一条对不上项目的记录：没有这个项目，或者有几个不能判断。"""
    where = record.origin.where("project_code" if record.project_code else "project_name")
    if found:
        text = f"{what}里的这个项目能对上{base}里的 {len(found)} 个项目，不能判断是哪一个，没有并入；请补项目编码或单位"
        return Finding("D18", "warning", record.project_name, text, where)
    return Finding(
        "D22", "warning", record.project_name, f"{what}里的这个项目在{base}里没有找到，没有并入项目判断", where
    )


def exact_ratio(part: int, whole: int | None) -> Fraction | None:
    """精确的比；分母为 0、为负或缺时为 None。"""
    return Fraction(part, whole) if whole and whole > 0 else None
