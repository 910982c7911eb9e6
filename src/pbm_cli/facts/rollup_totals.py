"""几个区县的各环节汇总合成一个：金额按分加，个数相加，比率用合计之比重算，平均分用精确的和重算。"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pbm_cli.facts import Row, pct
from pbm_cli.sampling import apportioned
from pbm_cli.text import FEN_PER_YUAN, score_text, yuan

STAGES = ("assess", "goals", "monitor", "evaluate", "mechanism")
Named = tuple[str, Row]
"""（区县，它的汇总）。"""

_RATIOS: Mapping[str, tuple[str, str]] = {
    "reduction_pct": ("reduction_yuan", "submitted_yuan"),
    "execution_pct": ("expenditure_yuan", "budget_yuan"),
    "coverage_pct": ("units_reported", "units_due"),
}
"""比率 → （分子，分母），都取合计。"""
_BY_COUNTY = frozenset({"by_unit", "townships"})
"""各区县互不相干的清单：接起来，各行写明是哪个区县。"""
_MERGED: Mapping[str, str] = {"by_fund": "fund", "coverage_kinds": "subject_kind", "coverage_funds": "fund"}
"""按名称分组的清单：同名的合并。"""
_SAME = frozenset({"time_progress_pct"})
"""各区县都一样才写的数。"""
_WHOLE = 10_000


def fen(text: str | None) -> int:
    """元的文字 → 分；没有为 0。"""
    return int(Decimal(text) * FEN_PER_YUAN) if text else 0


def total(counties: Sequence[Row]) -> Row:
    """几个区县的总结（report 的 summary）合成一个；哪个区县都没有的环节不列。

    counties 各有 county、summary、exact（平均分的精确和），按固定的次序。
    """
    made: Row = {}
    for stage in STAGES:
        named = [(item["county"], item["summary"][stage]) for item in counties if stage in item["summary"]]
        if named:
            made[stage] = _stage(named)
    if "evaluate" in made:
        made["evaluate"] |= _averages(made["evaluate"], [item["exact"] for item in counties])
    made["decisions"] = _decisions(counties)
    return made


def average(scored: int, score_total: Fraction) -> str | None:
    """平均得分；一个也没有的为 None。"""
    return score_text(score_total / scored) if scored else None


def _stage(named: Sequence[Named]) -> Row:
    keys = dict.fromkeys(key for _, summary in named for key in summary)
    found: Row = {}
    for key in keys:
        values = [(county, summary[key]) for county, summary in named if key in summary]
        if (combine := _combine(key, [value for _, value in values])) is not None:
            found[key] = combine(values)
    for key, (part, whole) in _RATIOS.items():
        if key in keys:
            found[key] = _pct(found[part], found[whole])
    return {key: found[key] for key in keys if key in found}


def _combine(key: str, values: Sequence[Any]) -> Callable[[Sequence[tuple[str, Any]]], Any] | None:
    """一个键怎样合；不合的（明细清单、与上年的比较）为 None。"""
    given = [value for value in values if value is not None]
    if key in _RATIOS or key in ("average_score", "grade_shares"):
        return lambda _: None
    if key in _SAME:
        return _same
    if key in _BY_COUNTY:
        return _joined
    if key in _MERGED and all(isinstance(value, list) for value in given):
        return lambda named: _grouped([row for _, rows in named for row in rows], _MERGED[key])
    if key == "evaluators":
        return lambda named: list(dict.fromkeys(name for _, names in named for name in names))
    if key == "full_mark_units":
        return lambda named: [f"{county}{unit}" for county, units in named for unit in units]
    if given and all(type(value) is int for value in given):
        return lambda _: sum(given)
    if key.endswith("_yuan"):
        return lambda _: yuan(sum(map(fen, given)))
    if given and all(isinstance(value, Mapping) and _counts(value) for value in given):
        return lambda _: _added(given)
    return None if given else lambda _: None


def _counts(value: Mapping[str, Any]) -> bool:
    return all(type(item) is int for item in value.values())


def _added(groups: Sequence[Mapping[str, int]]) -> dict[str, int]:
    made: dict[str, int] = {}
    for group in groups:
        for name, count in group.items():
            made[name] = made.get(name, 0) + count
    return made


def _same(named: Sequence[tuple[str, Any]]) -> Any:
    values = {value for _, value in named}
    return values.pop() if len(values) == 1 else None


def _joined(named: Sequence[tuple[str, Any]]) -> list[Row]:
    """接起来的清单；乡镇各指标的得分留在各区县里。"""
    return [
        {"county": county, **{key: value for key, value in row.items() if key != "lowest"}}
        for county, rows in named
        for row in rows
    ]


def _grouped(rows: Sequence[Row], name: str) -> list[Row]:
    """同名的行合并：个数、金额相加，比率重算。"""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[name], []).append(row)
    return [
        {name: label, **_stage([("", {key: value for key, value in row.items() if key != name}) for row in same])}
        for label, same in groups.items()
    ]


def _pct(part: Any, whole: Any) -> str | None:
    pair = [fen(value) if isinstance(value, str) else value or 0 for value in (part, whole)]
    return pct(pair[0], pair[1])


def _averages(made: Row, exacts: Sequence[Row]) -> Row:
    """平均分用各区县的精确和；等级占比按合计的个数重算。"""
    scored = sum(item.get("scored", 0) for item in exacts)
    whole = sum((Fraction(item.get("score_total", "0")) for item in exacts), Fraction(0))
    grades = made.get("by_grade") or {}
    shares = apportioned(list(grades.values()), _WHOLE)
    shown = {grade: f"{Decimal(part).scaleb(-2):.2f}" for grade, part in zip(grades, shares, strict=True)}
    return {"average_score": average(scored, whole), "grade_shares": shown if any(shares) else {}}


def _decisions(counties: Sequence[Row]) -> list[Row]:
    """先决定什么：各区县列出的里面，按涉及金额乘离线的远近从重到轻，列出的个数同各区县里最多的。"""
    listed = [
        {"county": item["county"], **row, "origin": _moved(row.get("origin"), item["folder"])}
        for item in counties
        for row in item["summary"].get("decisions") or []
    ]
    most = max((len(item["summary"].get("decisions") or []) for item in counties), default=0)
    listed.sort(key=lambda row: (-_weight(row), row["county"], row["rank"]))
    return [{**row, "rank": place} for place, row in enumerate(listed[:most], start=1)]


def _weight(row: Row) -> Decimal:
    return Decimal(row["stake_yuan"])


def _moved(origin: Row | None, folder: str) -> Row | None:
    return {**origin, "file": f"{folder}/{origin['file']}"} if origin else None
