"""区域汇总的事实：哪些区县计入合计，合计、分县一行、名次、离群，以及说明不能合在一起的发现。

每个区县只来一份紧凑的结果（counties.county_task），没有逐个项目的行；次序按文件夹的名字，与先后、几个进程无关。
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from pbm_cli import __version__
from pbm_cli.facts import Judge, Row, pct
from pbm_cli.facts.document import finding_row, parameter_rows
from pbm_cli.facts.rollup_totals import fen, total
from pbm_cli.models import Finding
from pbm_cli.rules import rollup as rules
from pbm_cli.text import percent, score_text

LIGHTS = ("red", "yellow", "green", "blue", "none")


@dataclass(frozen=True, slots=True)
class Region:
    """一个区域：汇总文件夹里 pbm.toml 写的名称和落款单位；没有写的为 None。"""

    name: str | None = None
    issuer: str | None = None


class Figure(NamedTuple):
    """排名次的一个数：键、名称、从高到低还是从低到高、怎样算。"""

    key: str
    title: str
    falling: bool
    method: str


FIGURES = (
    Figure("reduction_pct", "评减率", True, "评减额合计÷申报金额合计，从高到低"),
    Figure("execution_pct", "预算执行率", True, "累计支出合计÷调整后预算合计，从高到低"),
    Figure("red_pct", "红灯项目占比", False, "红灯项目数÷监控项目数，从低到高"),
    Figure("coverage_pct", "监控报告覆盖率", True, "已报单位数÷应报单位数，从高到低"),
    Figure("average_score", "评价平均得分", True, "各评价对象得分之和÷对象数，从高到低"),
)


def rollup_document(region: Region, results: Sequence[Row], judge: Judge) -> Row:
    """各区县的结果 → JSON 文档。results 的次序不影响结果。"""
    ordered = sorted(results, key=lambda item: item["folder"])
    findings: list[Row] = [_moved(found, item) for item in ordered for found in item["findings"]]
    ordered = _without_twins(ordered, judge, findings)
    findings += [_said(judge, rules.county_failed, item, judge(rules.county_failed)(item["error"]))
                 for item in ordered if item["error"] and not item.get("twin")]  # fmt: skip
    usable = [item for item in ordered if not item["error"]]
    year = _main_year(usable)
    counted = [item for item in usable if item["year"] == year]
    findings += _differences(usable, counted, year, judge)
    values = _values(counted)
    outliers = _outliers(values, judge, findings)
    rankings = [_ranking(figure, values[figure.key]) for figure in FIGURES if values[figure.key]]
    main, folders = _most_used(counted), {item["folder"] for item in counted}
    return {
        "pbm": __version__,
        "command": "rollup",
        "county": region.name,
        "issuer": region.issuer,
        "year": year,
        **{key: main.get(key) for key in ("ruleset", "ruleset_title", "ruleset_digest")},
        "on": _only([item["on"] for item in counted]),
        "inputs": [given for item in ordered for given in item["inputs"]],
        "summary": {
            "counties_found": len(ordered),
            "counties_counted": len(counted),
            "counties_failed": sum(bool(item["error"]) for item in ordered),
            "total": total(counted),
            "outliers": outliers,
            "groups": _groups(usable),
            **_other_years(usable, year),
            "rankings": rankings,
            "counties": [_county(item) for item in ordered],
        },
        "rows": [_row(item, rankings, item["folder"] in folders) for item in ordered],
        "findings": findings,
        "parameters": _parameters(counted, judge),
    }


def _county(item: Row) -> Row:
    """合同里的一个区县：summary 与 pbm report 的一样；不能用的为 None。"""
    return {key: item[key] for key in ("county", "year", "folder", "on", "ruleset", "summary", "error")}


def _moved(found: Row, item: Row) -> Row:
    """区县的一条发现：对象前写明区县，文件前写明文件夹。"""
    where = found["where"]
    return {
        **found,
        "county": item["county"],
        "subject": f"{item['county']}：{found['subject']}",
        "where": {**where, "file": f"{item['folder']}/{where['file']}"} if where else None,
    }


def _said(judge: Judge, rule: Callable[..., Any], item: Row, sentence: str) -> Row:
    return {**finding_row(judge.finding(rule, item["county"], sentence, None)), "county": item["county"]}


def _region(finding: Finding) -> Row:
    return {**finding_row(finding), "county": None}


# ---- 哪些区县计入合计 ----


def _without_twins(ordered: Sequence[Row], judge: Judge, findings: list[Row]) -> list[Row]:
    """同一区县同一年度的几个文件夹：文件全同的只算第一个，不同的都不算；不算的写上原因。"""
    same: dict[tuple[str, int | None], list[Row]] = {}
    for item in ordered:
        if not item["error"]:
            same.setdefault((item["county"], item["year"]), []).append(item)
    reasons: dict[str, str] = {}
    for twins in (group for group in same.values() if len(group) > 1):
        folders = [item["folder"] for item in twins]
        alike = len({tuple(sorted(_content(item))) for item in twins}) == 1
        said = judge(rules.same_county_year)(folders, alike)
        findings.append(_said(judge, rules.same_county_year, twins[0], said))
        reasons |= dict.fromkeys(folders[1 if alike else 0 :], said)
    return [_left_out(item, reasons.get(item["folder"])) for item in ordered]


def _content(item: Row) -> Iterable[str]:
    return (str(given["sha256"]) for given in item["inputs"])


def _left_out(item: Row, reason: str | None) -> Row:
    return {**item, "error": reason, "summary": None, "twin": True} if reason else item


def _main_year(usable: Sequence[Row]) -> int | None:
    """合计的年度：区县最多的一年，一样多时取最近的。"""
    years = [item["year"] for item in usable]
    return max(set(years), key=lambda year: (years.count(year), year or 0), default=None)


def _by(items: Iterable[Row], name: Callable[[Row], str]) -> dict[str, list[str]]:
    """按一个特征分组：名称 → 区县。"""
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(name(item), []).append(item["county"])
    return dict(sorted(groups.items()))


def _differences(usable: Sequence[Row], counted: Sequence[Row], year: int | None, judge: Judge) -> list[Row]:
    """年度、截止日、规则不同，各说一句。"""
    others = _by((item for item in usable if item["year"] != year), lambda item: f"{item['year'] or '没有写'}年度")
    said: dict[Callable[..., Any], str | None] = {
        rules.other_years: judge(rules.other_years)(year, others),
        rules.different_dates: judge(rules.different_dates)(_by(counted, lambda item: item["on"])),
        rules.different_rules: judge(rules.different_rules)(_by(counted, _rules_of)),
    }
    return [_region(judge.finding(rule, "区域汇总", text, None)) for rule, text in said.items() if text]


def _rules_of(item: Row) -> str:
    return f"{item['ruleset']}（摘要 {item['ruleset_digest'][:8]}）"


def _groups(usable: Sequence[Row]) -> list[Row]:
    """年度、截止日、规则都相同的区县各几个。"""
    keys = ("year", "on", "ruleset", "ruleset_digest")
    counts: dict[tuple[Any, ...], int] = {}
    for item in usable:
        key = tuple(item[name] for name in keys)
        counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda pair: tuple(str(part) for part in pair[0]))
    return [{**dict(zip(keys, key, strict=True)), "counties": count} for key, count in ordered]


def _other_years(usable: Sequence[Row], year: int | None) -> Row:
    """合计以外的年度，各有自己的合计；没有时不列这个键。"""
    years = sorted({item["year"] or 0 for item in usable if item["year"] != year})
    found = []
    for other in years:
        items = [item for item in usable if (item["year"] or 0) == other]
        found.append({"year": other or None, "counties": [item["county"] for item in items], "total": total(items)})
    return {"other_years": found} if found else {}


def _most_used(counted: Sequence[Row]) -> Row:
    """用的区县最多的一套规则；一样多时按名称。"""
    digests = [(item["ruleset"], item["ruleset_digest"]) for item in counted]
    chosen = min(set(digests), key=lambda pair: (-digests.count(pair), pair), default=None)
    return next((item for item in counted if (item["ruleset"], item["ruleset_digest"]) == chosen), {})


def _only(values: Sequence[Any]) -> Any:
    return values[0] if values and len(set(values)) == 1 else None


# ---- 一个区县一行，名次，离群 ----


def _row(item: Row, rankings: Sequence[Row], counted: bool) -> Row:
    """一个区县的主要数字；不能用的只有名称和原因。"""
    summary = item["summary"] or {}
    assess, goals, monitor, evaluate = (summary.get(name, {}) for name in ("assess", "goals", "monitor", "evaluate"))
    lights = monitor.get("lights", {})
    places = {f"{r['figure'].removesuffix('_pct')}_rank": _place(r, item["county"]) for r in rankings if counted}
    levels = [found["level"] for found in item["findings"]]
    return {
        "county": item["county"], "year": item["year"], "on": item["on"], "ruleset": item["ruleset"],
        "counted": counted,
        "assess_projects": assess.get("projects"),
        **{key: assess.get(key) for key in ("submitted_yuan", "approved_yuan", "reduction_yuan", "reduction_pct")},
        "goal_projects": goals.get("projects"), "review_comments": goals.get("comments"),
        "automatic_comments": goals.get("automatic_comments"),
        "monitor_projects": monitor.get("projects"),
        **{key: monitor.get(key) for key in ("budget_yuan", "expenditure_yuan", "execution_pct")},
        **{name: lights.get(name) for name in LIGHTS},
        "red_pct": pct(lights["red"], monitor["projects"]) if lights else None,
        **{key: monitor.get(key) for key in ("units_due", "units_reported", "coverage_pct", "adjusted_projects",
                                             "adjusted_yuan")},
        "subjects": evaluate.get("subjects"), "average_score": evaluate.get("average_score"),
        **places,
        "rows_used": _rows(item, "rows_used"), "rows_rejected": _rows(item, "rows_rejected"),
        "errors": levels.count("error"), "warnings": levels.count("warning"),
        "folder": item["folder"], "error": item["error"],
    }  # fmt: skip


def _rows(item: Row, key: str) -> int | None:
    """各表某种行数之和；不能用的区县没有。"""
    if item["error"]:
        return None
    return sum(int(sheet[key]) for given in item["inputs"] for sheet in given["sheets"])


def _place(ranking: Row, county: str) -> int | None:
    return next((row["rank"] for row in ranking["counties"] if row["county"] == county), None)


def _values(counted: Sequence[Row]) -> dict[str, list[tuple[str, Fraction]]]:
    """各数的精确值：（区县，值），分母为 0 或没有这个环节的不列。"""
    found: dict[str, list[tuple[str, Fraction]]] = {figure.key: [] for figure in FIGURES}
    for item in counted:
        for key, (part, whole) in _pairs(item).items():
            if whole:
                found[key].append((item["county"], Fraction(part) / whole))
    return found


def _pairs(item: Row) -> dict[str, tuple[int | Fraction, int]]:
    """一个区县各数的分子、分母：金额是分，其余是个数。"""
    assess, monitor = (item["summary"].get(name, {}) for name in ("assess", "monitor"))
    exact = item["exact"]
    return {
        "reduction_pct": (fen(assess.get("reduction_yuan")), fen(assess.get("submitted_yuan"))),
        "execution_pct": (fen(monitor.get("expenditure_yuan")), fen(monitor.get("budget_yuan"))),
        "red_pct": (monitor.get("lights", {}).get("red", 0), monitor.get("projects", 0)),
        "coverage_pct": (monitor.get("units_reported") or 0, monitor.get("units_due") or 0),
        "average_score": (Fraction(exact.get("score_total", "0")), exact.get("scored", 0)),
    }


def _ranking(figure: Figure, values: Sequence[tuple[str, Fraction]]) -> Row:
    """名次：同值同名次，下一个名次空出。"""
    ordered = sorted(values, key=lambda pair: (-pair[1] if figure.falling else pair[1], pair[0]))
    exact = [value for _, value in ordered]
    shown = score_text if figure.key == "average_score" else percent
    rows = [{"rank": exact.index(value) + 1, "county": name, "value": shown(value)} for name, value in ordered]
    return {"figure": figure.key, "title": figure.title, "method": figure.method, "counties": rows}


def _outliers(values: dict[str, list[tuple[str, Fraction]]], judge: Judge, findings: list[Row]) -> list[Row]:
    """离群的区县；每个另有一条提示。"""
    found = []
    for figure in FIGURES:
        others = [value for _, value in values[figure.key]]
        for county, value in values[figure.key]:
            apart = judge(rules.outlier)(figure.key, figure.title, value, others)
            if apart is None:
                continue
            findings.append(_said(judge, rules.outlier, {"county": county}, apart.sentence))
            found.append(
                {
                    "county": county,
                    "figure": figure.title,
                    "value_pct": percent(value),
                    "median_pct": percent(apart.median),
                    "points": score_text(apart.points),
                }
            )
    return found


def _parameters(counted: Sequence[Row], judge: Judge) -> list[Row]:
    """各区县用到的参数，相同的只列一次，按名称；加上区域汇总自己的。"""
    found: dict[tuple[str, str, str], Row] = {}
    for row in [*(row for item in counted for row in item["parameters"]), *parameter_rows(judge.bound)]:
        found.setdefault((row["name"], row["effective"], row["value"]), row)
    return [found[key] for key in sorted(found)]
