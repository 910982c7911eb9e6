"""区域汇总的规则：哪些区县能合在一起，哪些与别处差得远。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pbm_cli.rules import rule, share
from pbm_cli.text import plain


@dataclass(frozen=True, slots=True)
class Apart:
    """一个区县的一个比率离中位数多远；points 是相差的百分点（高于为正）。"""

    median: Fraction
    points: Fraction
    sentence: str


def median(values: Sequence[Fraction]) -> Fraction | None:
    """中位数，精确：单数个取中间一个，双数个取中间两个的一半；没有值为 None。"""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@rule("R01", stage="rollup", level="hint")
def outlier(
    figure: str,
    title: str,
    value: Fraction,
    values: Sequence[Fraction],
    *,
    rollup_outlier_points: Mapping[str, Decimal] | None,
    rollup_outlier_counties: Decimal | None,
) -> Apart | None:
    """一个区县的比率与各区县的中位数相差达到规定的百分点数，列为离群，请核对数据或说明原因。

    values 是有这个比率的全部区县的值（包括自己）；区县太少时不找。比率以 1 为 100%。
    """
    limit = (rollup_outlier_points or {}).get(figure)
    middle = median(values)
    if limit is None or middle is None or rollup_outlier_counties is None or len(values) < rollup_outlier_counties:
        return None
    points = (value - middle) * 100
    if abs(points) < Fraction(limit):
        return None
    side = "高" if points > 0 else "低"
    said = (
        f"{title} {share(value)}，比 {len(values)} 个区县的中位数 {share(middle)} {side} "
        f"{share(abs(points) / 100)[:-1]} 个百分点（达到 {plain(Decimal(limit))} 个百分点的列出）"
    )
    return Apart(middle, points, said)


@rule("R02", stage="rollup", level="error")
def county_failed(reason: str) -> str:
    """不能用的区县点名列出，不计入合计。"""
    return f"这个区县不能用，没有计入合计：{reason}"


@rule("R03", stage="rollup", level="error")
def same_county_year(folders: Sequence[str], alike: bool) -> str:
    """同一区县同一年度有几个文件夹：文件全都相同的只算一个，不同的都不计入合计。"""
    named = "、".join(folders)
    if alike:
        return f"同一区县同一年度有 {len(folders)} 个文件夹（{named}），文件全都相同，只计入第一个"
    return (
        f"同一区县同一年度有 {len(folders)} 个文件夹（{named}），文件不同，不能判断用哪一个，都没有计入合计；请只留一个"
    )


@rule("R04", stage="rollup", level="warning")
def other_years(year: int | None, elsewhere: Mapping[str, Sequence[str]]) -> str | None:
    """不同年度的数不能相加：合计只算区县最多的那一年（一样多时取最近的），其余年度另列。"""
    if not elsewhere:
        return None
    listed = "；".join(f"{name} 有{_names(counties)}" for name, counties in elsewhere.items())
    main = f"{year} 年" if year else "没有写年度的区县"
    return f"各区县的年度不同，合计只算{main}：{listed}，没有计入合计"


@rule("R05", stage="rollup", level="warning")
def different_dates(by_date: Mapping[str, Sequence[str]]) -> str | None:
    """各区县的数据截止日不同：金额和个数照加，执行率、灯不是同一时点，只供参考。"""
    if len(by_date) < 2:
        return None
    listed = "；".join(f"{day} 有{_names(counties)}" for day, counties in by_date.items())
    return f"各区县的数据截止日不同（{listed}）：金额和个数照加，执行率和灯不是同一时点"


@rule("R06", stage="rollup", level="warning")
def different_rules(by_rules: Mapping[str, Sequence[str]]) -> str | None:
    """各区县的规则集或本县的参数不同：金额照加，灯、等级、意见不是同一把尺子，只供参考。"""
    if len(by_rules) < 2:
        return None
    listed = "；".join(f"{name} 有{_names(counties)}" for name, counties in by_rules.items())
    return f"各区县用的规则不同（{listed}）：金额照加，灯、等级和审核意见不是按同一套线判的"


def _names(names: Sequence[str]) -> str:
    """前三个区县，共几个。"""
    shown = "、".join(names[: 2 + 1])
    return f"{shown}等 {len(names)} 个" if len(names) > 2 + 1 else shown
