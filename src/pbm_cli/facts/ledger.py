"""监控处置台账：调整了几个项目、多少钱，调减与调增各多少，按处置措施计数。"""

from __future__ import annotations

from collections.abc import Sequence

from pbm_cli.facts import Judge, Row, counted, origin_row
from pbm_cli.identity import ProjectIndex, key_of
from pbm_cli.models import Adjustment, Finding
from pbm_cli.rules import monitor as rules
from pbm_cli.text import squeeze, yuan, yuan_or_none

# 处置措施里看得出方向的词；先看减，再看增。
_CUT_WORDS = ("调减", "压减", "核减", "追减", "减少", "收回", "取消", "暂停", "停止", "清退", "终止")
_ADD_WORDS = ("调增", "追加", "增加", "追增")


def change_of(record: Adjustment) -> int | None:
    """一行调整的净额（分）：有调整前后的用后减前；否则看调整金额的正负；正数再看处置措施；看不出为 None。"""
    if record.before is not None and record.after is not None:
        return record.after - record.before
    amount = record.amount or 0
    if amount <= 0:
        return amount
    action = squeeze(record.action or "")
    if any(word in action for word in _CUT_WORDS):
        return -amount
    if any(word in action for word in _ADD_WORDS):
        return amount
    return None


def ledger_facts(records: Sequence[Adjustment], judge: Judge, findings: list[Finding]) -> Row:
    """台账的汇总；对不上的、看不出增减的各报一条。"""
    index = ProjectIndex()
    totals: dict[int, int] = {}
    absolute = cut = added = 0
    for record in records:
        place = index.place(key_of(record))
        change = change_of(record)
        if change is None:
            text = "只写了调整金额的绝对数，从处置措施看不出是调增还是调减，没有计入调减、调增"
            findings.append(Finding("D23", "hint", record.project_name, text, record.origin.where("amount")))
        size = abs(record.amount or 0) if change is None else abs(change)
        absolute += size
        cut += size if change is not None and change < 0 else 0
        added += size if change is not None and change > 0 else 0
        totals[place] = totals.get(place, 0) + (change or 0)
        _check(record, judge, findings)
    return {
        "adjusted_projects": index.size,
        "reduced_projects": sum(total < 0 for total in totals.values()),
        "adjusted_yuan": yuan(absolute),
        "adjusted_cut_yuan": yuan(cut),
        "adjusted_added_yuan": yuan(added),
        "by_action": counted(record.action for record in records),
        "by_monitored_by": counted(record.monitored_by for record in records),
        "goals_adjusted": sum(record.goals_adjusted is True for record in records),
        "adjustments": [_row(record) for record in records],
    }


def _row(record: Adjustment) -> Row:
    change = change_of(record)
    return {
        "project_code": record.project_code,
        "project_name": record.project_name,
        "budget_unit": record.budget_unit,
        "monitored_by": record.monitored_by,
        "before_yuan": yuan_or_none(record.before),
        "after_yuan": yuan_or_none(record.after),
        "change_yuan": yuan(change if change is not None else record.amount or 0),
        "action": record.action,
        "cause": record.cause,
        "goals_adjusted": record.goals_adjusted,
        "origin": origin_row(record.origin),
    }


def _check(record: Adjustment, judge: Judge, findings: list[Finding]) -> None:
    said = judge(rules.adjustment_arithmetic)(record.before, record.after, record.amount)
    if said:
        where = record.origin.where("amount")
        findings.append(judge.finding(rules.adjustment_arithmetic, record.project_name, said, where))
    if said := rules.goals_not_adjusted(record.goals_adjusted):
        where = record.origin.where("goals_adjusted")
        findings.append(judge.finding(rules.goals_not_adjusted, record.project_name, said, where))
