"""镇（街道）财政运行综合绩效评价：合计、等级、名次、最弱的指标，分值的核对。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from pbm_cli.facts import Judge, Row
from pbm_cli.facts.evaluate_subjects import Subject
from pbm_cli.models import Finding, Township
from pbm_cli.rules import evaluate as rules
from pbm_cli.rules import evaluate_self as checks
from pbm_cli.text import percent, plain, score_text, squeeze

_SHOWN = 3


def township_rows(
    records: Sequence[Township], judge: Judge, subjects: Sequence[Subject], findings: list[Finding]
) -> list[Row]:
    """各镇得分合计、等级、名次（同分同名次）、各部分得分、最弱的几条指标，按得分从高到低。"""
    towns: dict[str, list[Township]] = {}
    for record in records:
        towns.setdefault(record.township, []).append(record)
    listed = {squeeze(subject.name): subject for subject in subjects if subject.kind == "镇街财政运行"}
    for name, items in towns.items():
        _check(name, items, judge, listed, findings)
    totals = {name: sum((item.score for item in items), Decimal(0)) for name, items in towns.items()}
    ordered = sorted(totals.items(), key=lambda pair: -pair[1])
    return [
        {
            "township": name,
            "score": score_text(score),
            "grade": judge(rules.grade_of)(score),
            "rank": 1 + sum(other > score for other in totals.values()),
            "weakest": next((item.level3 for item in _weakest(towns[name])), None),
            "lowest": [_weak_row(item) for item in _weakest(towns[name])],
            "profile": _profile(towns[name]),
        }
        for name, score in ordered
    ]


def weakest_indicators(records: Sequence[Township]) -> list[Row]:
    """全部镇街合起来看，得分率最低的几条指标（先汇总后相除）。"""
    sums: dict[str, list[Decimal]] = {}
    for record in records:
        if record.weight > 0:
            pair = sums.setdefault(record.level3 or "未命名指标", [Decimal(0), Decimal(0)])
            pair[0] += record.score
            pair[1] += record.weight
    rates = {name: Fraction(score) / Fraction(weight) for name, (score, weight) in sums.items()}
    lowest = sorted((name for name in rates if rates[name] < 1), key=lambda name: rates[name])[:_SHOWN]
    return [{"level3": name, "rate_pct": percent(rates[name])} for name in lowest]


def _check(
    name: str, items: Sequence[Township], judge: Judge, listed: Mapping[str, Subject], findings: list[Finding]
) -> None:
    for item in items:
        if item.score > item.weight:
            text = f"{item.level3 or '指标'}得分 {plain(item.score)} 超过分值 {plain(item.weight)}"
            findings.append(Finding("D24", "warning", name, text, item.origin.where("score")))
    if said := judge(checks.town_weights)([item.weight for item in items]):
        findings.append(judge.finding(checks.town_weights, name, said, items[0].origin.where("weight")))
    subject = listed.get(squeeze(name))
    stated = subject.standing if subject else None
    if stated is not None:
        total = sum((item.score for item in items), Decimal(0))
        if said := judge(checks.town_totals)(total, stated.score):
            findings.append(judge.finding(checks.town_totals, name, said, stated.origin.where("score")))


def _rate(item: Township) -> Fraction:
    return Fraction(item.score) / Fraction(item.weight)


def _weakest(items: Sequence[Township]) -> list[Township]:
    """得分率最低的几条；满分的不算弱，同样低的分值大的在前。"""
    below = [item for item in items if item.weight > 0 and item.score < item.weight]
    return sorted(below, key=lambda item: (_rate(item), -item.weight))[:_SHOWN]


def _weak_row(item: Township) -> Row:
    return {
        "level3": item.level3,
        "weight": plain(item.weight),
        "score": score_text(item.score),
        "rate_pct": percent(_rate(item)),
    }


def _profile(items: Sequence[Township]) -> Row:
    parts: dict[str, list[Decimal]] = {}
    for item in items:
        pair = parts.setdefault(item.level1 or "未分类", [Decimal(0), Decimal(0)])
        pair[0] += item.weight
        pair[1] += item.score
    return {name: {"weight": score_text(weight), "score": score_text(score)} for name, (weight, score) in parts.items()}
