"""事前绩效评估的事实：评减额、评减率（按项目、单位、资金、合计），得分与结论，漏评。"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pbm_cli.facts import Judge, Row, StageFacts, counted, origin_row, pct
from pbm_cli.identity import ProjectIndex, key_of
from pbm_cli.loading import Loaded
from pbm_cli.models import Assessment, Execution, Finding, Goal, field_title
from pbm_cli.rules import assess as rules
from pbm_cli.text import score_text, yuan

_DIMENSIONS = ("necessity", "economy", "goal_soundness", "feasibility", "funding_compliance")
_THRESHOLDS = ("mandatory_new_amount", "mandatory_growth_pct", "mandatory_increase")


@dataclass(frozen=True, slots=True)
class _Assessed:
    """一行评估，金额已补齐（分）：审定缺的由申报减评减得出；评减一律等于申报减审定。"""

    record: Assessment
    approved: int
    score: Decimal | None
    conclusion: str | None

    @property
    def reduction(self) -> int:
        return self.record.submitted - self.approved


def assess_facts(loaded: Loaded, judge: Judge) -> StageFacts:
    """评估结果表（以及用来查漏评的目标表、执行表）→ 事前评估的事实。"""
    records: list[Assessment] = loaded.of("assessment")
    index = ProjectIndex()
    stage = StageFacts()
    assessed = []
    for record in records:
        index.place(key_of(record))
        item = _assessed(record, judge)
        assessed.append(item)
        stage.rows.append(_row(item))
        stage.findings.extend(_check(item, judge))
    submitted = sum(item.record.submitted for item in assessed)
    approved = sum(item.approved for item in assessed)
    stage.summary = {
        "projects": index.size,
        "submitted_yuan": yuan(submitted),
        "approved_yuan": yuan(approved),
        "reduction_yuan": yuan(submitted - approved),
        "reduction_pct": pct(submitted - approved, submitted),
        "by_conclusion": counted(item.conclusion for item in assessed),
        "by_unit": _grouped(assessed, "budget_unit", lambda r: r.budget_unit or r.department or "未填单位"),
        "by_fund": _grouped(assessed, "fund", lambda r: r.fund or "未填资金性质"),
        "mandatory_missing": _mandatory_missing(loaded, index, judge, stage.findings),
    }
    return stage


def _assessed(record: Assessment, judge: Judge) -> _Assessed:
    approved = record.approved if record.approved is not None else record.submitted - (record.reduction or 0)
    score = record.score
    if score is None:
        score = rules.total_score(_dimensions(record), judge.bound.value("dimension_weights") or {})  # type: ignore[arg-type]
    if record.conclusion:
        conclusion: str | None = judge(rules.canonical_conclusion)(record.conclusion)
    else:
        conclusion = judge(rules.conclusion_of)(score)
    return _Assessed(record, approved, score, conclusion)


def _dimensions(record: Assessment) -> dict[str, Decimal | None]:
    return {field_title(Assessment, name): getattr(record, name) for name in _DIMENSIONS}


def _row(item: _Assessed) -> Row:
    record = item.record
    return {
        "project_code": record.project_code,
        "project_name": record.project_name,
        "budget_unit": record.budget_unit,
        "department": record.department,
        "fund": record.fund,
        "submitted_yuan": yuan(record.submitted),
        "approved_yuan": yuan(item.approved),
        "reduction_yuan": yuan(item.reduction),
        "reduction_pct": pct(item.reduction, record.submitted),
        "score": score_text(item.score),
        "conclusion": item.conclusion,
        "origin": origin_row(record.origin),
    }


def _check(item: _Assessed, judge: Judge) -> Iterable[Finding]:
    record = item.record
    checks: list[tuple[Callable[..., Any], str | None, str]] = [
        (rules.negative_amounts, rules.negative_amounts(record.submitted, record.approved), "submitted"),
        (
            rules.reduction_arithmetic,
            judge(rules.reduction_arithmetic)(record.submitted, record.approved, record.reduction),
            "reduction",
        ),
        (
            rules.stated_reduction_rate,
            judge(rules.stated_reduction_rate)(record.reduction_rate, record.submitted, item.reduction),
            "reduction_rate",
        ),
        (rules.score_bounds, judge(rules.score_bounds)(record.score, _dimensions(record)), "score"),
        (
            rules.conclusion_contradicts,
            judge(rules.conclusion_contradicts)(record.conclusion, item.score),
            "conclusion",
        ),
        (rules.rejected_with_money, judge(rules.rejected_with_money)(record.conclusion, item.approved), "approved"),
        (rules.supported_with_cut, judge(rules.supported_with_cut)(record.conclusion, item.reduction), "conclusion"),
    ]
    for rule, said, column in checks:
        if said:
            yield judge.finding(rule, record.project_name, said, record.origin.where(column))


def _grouped(items: Sequence[_Assessed], label: str, key: Callable[[Assessment], str]) -> list[Row]:
    """按 key 分组汇总，组按出现次序；比率是合计之比。"""
    groups: dict[str, list[_Assessed]] = {}
    for item in items:
        groups.setdefault(key(item.record), []).append(item)
    rows = []
    for name, members in groups.items():
        submitted = sum(m.record.submitted for m in members)
        approved = sum(m.approved for m in members)
        index = ProjectIndex()
        for member in members:
            index.place(key_of(member.record))
        rows.append(
            {
                label: name,
                "projects": index.size,
                "submitted_yuan": yuan(submitted),
                "approved_yuan": yuan(approved),
                "reduction_yuan": yuan(submitted - approved),
                "reduction_pct": pct(submitted - approved, submitted),
            }
        )
    return rows


def _mandatory_missing(loaded: Loaded, done: ProjectIndex, judge: Judge, findings: list[Finding]) -> int | None:
    """达到起点金额而没有评估的项目数，一个项目的几种资金合起来算；没有设起点、没有项目清单的为 None。

    项目清单取目标表，没有目标表的取执行表。
    """
    listed: list[Goal | Execution] = loaded.of("goal") or loaded.of("execution")
    if not listed or all(judge.bound.value(name) is None for name in _THRESHOLDS):
        return None
    index = ProjectIndex()
    first: list[Goal | Execution] = []
    amounts: list[int] = []
    for record in listed:
        place = index.place(key_of(record))
        if place == len(first):
            first.append(record)
            amounts.append(0)
        amounts[place] += record.budget if isinstance(record, Goal) else record.initial_budget or record.adjusted_budget
    missing = 0
    for record, amount in zip(first, amounts, strict=True):
        if done.find(key_of(record)):
            continue
        if said := judge(rules.mandatory_assessment)(None, amount, None):
            missing += 1
            where = record.origin.where("project_name")
            text = f"{said}，没有事前绩效评估记录"
            findings.append(judge.finding(rules.mandatory_assessment, record.project_name, text, where))
    return missing
