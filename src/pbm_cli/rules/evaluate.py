"""绩效评价：等级、降档打折、结果应用、计分、虚高与复核偏差。

分数精确计算，不在中途四舍五入；等级按没有四舍五入的分判，显示时才取两位。
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from pbm_cli.parameters import Bands
from pbm_cli.rules import (
    Judgement,
    Words,
    attainment,
    band_of,
    decimal_text,
    fraction,
    phrase_of,
    rule,
    share,
    weights_disagree,
)
from pbm_cli.targets import Actual, Target
from pbm_cli.text import one_line, plain


@rule("V01", "evaluate")
def grade_of(score: Decimal | Fraction | None, *, grade_floors: Bands | None) -> str | None:
    """得分对应的评价等级，半开区间，下限含在本档；没有得分或没有规定为 None。"""
    return band_of(score, grade_floors) if score is not None and grade_floors else None


@rule("V02", "evaluate", "warning")
def stated_grade(
    grade: str | None,
    score: Decimal | None,
    *,
    grade_floors: Bands | None,
    grade_words: Words | None,
) -> str | None:
    """表上的等级要与得分一致。"""
    due = grade_of(score, grade_floors=grade_floors)
    if not grade or score is None or due is None or canonical_grade(grade, grade_words=grade_words) == due:
        return None
    return f"得分 {plain(score)} 应为“{due}”，表上写“{one_line(grade)}”"


@rule("V03", "evaluate")
def discounted(
    finance_score: Decimal,
    department_grade: str | None,
    finance_grade: str | None,
    *,
    downgrade_factors: Mapping[str, Decimal] | None,
    grade_order: Sequence[str] | None,
) -> Decimal:
    """财政评价等级低于部门评价的，财政评价分按降几档打折；没有降档或没有规定的不变。

    系数以降档数为键，单位为百分数；乘在财政评价分上。
    """
    order = list(grade_order or ())
    if not downgrade_factors or department_grade not in order or finance_grade not in order:
        return finance_score
    drop = order.index(finance_grade) - order.index(department_grade)
    factor = downgrade_factors.get(str(drop))
    return finance_score if factor is None else finance_score * factor / 100


@rule("V04", "evaluate")
def proposal(grade: str | None, *, result_use: Mapping[str, str] | None) -> str | None:
    """评价结果应用的建议（只有定性的说法，压减比例由县里自定）；没有规定为 None。"""
    return (result_use or {}).get(grade) if grade else None


@rule("V05", "evaluate")
def execution_score(
    budget: int | None, expenditure: int, weight: Decimal, *, execution_cap_pct: Decimal | None
) -> Fraction | None:
    """预算执行得分 = 执行率 × 分值，执行率封顶；预算为 0 或没有预算数的没有执行率，为 None。"""
    if budget is None or budget <= 0:
        return None
    rate = max(Fraction(expenditure, budget), Fraction(0))
    capped = rate if execution_cap_pct is None else min(rate, fraction(execution_cap_pct) / 100)
    return capped * Fraction(weight)


@rule("V06", "evaluate")
def quantitative_score(
    target: Target, actual: Actual, weight: Decimal, *, reverse_method: str | None
) -> Fraction | None:
    """定量指标得分：达到的满分；正向和等于的按完成值 ÷ 指标值；反向的按超出部分扣，或按指标值 ÷ 完成值。

    定性或不能比的为 None；指标值为 0 或负的只有满分和零分。reverse_method 是 linear2x（超一倍扣完）或 ratio。
    """
    if target.operator == "qualitative" or target.value is None or actual.value is None:
        return None
    goal, done, full = Fraction(target.value), Fraction(actual.value), Fraction(weight)
    reverse = target.operator in ("<=", "<") or (target.operator == "=" and goal == 0)
    met = done <= goal if reverse else done >= goal
    if target.operator == "=" and goal < 0:
        met = done == goal
    if met:
        return Fraction(0) if target.operator == ">" and goal == 0 == done else full
    if goal <= 0:
        return Fraction(0)
    if not reverse:
        return max(done / goal, Fraction(0)) * full
    if reverse_method is None:
        return None
    kept = goal / done if reverse_method == "ratio" else 1 - (done - goal) / goal
    return max(kept, Fraction(0)) * full


@rule("V07", "evaluate", "warning")
def qualitative_band(
    target: Target,
    actual: Actual | None,
    weight: Decimal | None,
    self_score: Decimal | None,
    *,
    qualitative_bands: Bands | None,
    qualitative_words: Words | None,
) -> str | None:
    """定性指标的自评分要在达成情况对应的区间内；看不出达成情况的不判。"""
    if target.operator != "qualitative" or actual is None or not weight or self_score is None or not qualitative_bands:
        return None
    level = attainment(target, actual, qualitative_bands, qualitative_words)
    given = band_of(Fraction(self_score) / Fraction(weight) * 100, qualitative_bands)
    if level is None or (level == given and self_score <= weight):
        return None
    labels = list(qualitative_bands)
    floor = Fraction(weight) * fraction(qualitative_bands[level]) / 100
    top = labels.index(level) == 0
    ceiling = (
        Fraction(weight)
        if top
        else Fraction(weight) * fraction(qualitative_bands[labels[labels.index(level) - 1]]) / 100
    )
    until = f"到 {decimal_text(ceiling)} 分" if top else f"到不足 {decimal_text(ceiling)} 分"
    return f"“{one_line(actual.text)}”属于{level}，应得 {decimal_text(floor)} {until}，自评 {plain(self_score)} 分"


@rule("V08", "evaluate")
def inflated_score(
    indicator_score: Decimal | Fraction,
    indicator_weight: Decimal,
    execution_score_given: Decimal | Fraction,
    execution_weight: Decimal,
    budget: int | None,
    expenditure: int,
    *,
    inflation_limit_pct: Decimal | None,
    unspent_limit_pct: Decimal | None,
) -> Judgement | None:
    """自评虚高：指标得分率比执行得分率高出太多为红；预算为 0、没有用完的比例太大为黄；指标没有得分的不判。"""
    if not indicator_score or not indicator_weight or not execution_weight:
        return None
    if not budget:
        return Judgement("yellow", "预算为 0，自评得分与执行情况无法比对")
    achieved = Fraction(indicator_score) / Fraction(indicator_weight)
    spent = Fraction(execution_score_given) / Fraction(execution_weight)
    above = (achieved - spent) / achieved
    if inflation_limit_pct is not None and above * 100 > fraction(inflation_limit_pct):
        said = f"指标得分率 {share(achieved)}，执行得分率 {share(spent)}，虚高 {share(above, inflation_limit_pct)}"
        return Judgement("red", f"{said}，超过 {plain(inflation_limit_pct)}%")
    unspent = Fraction(budget - expenditure, budget)
    if unspent_limit_pct is not None and unspent * 100 > fraction(unspent_limit_pct):
        said = f"预算有 {share(unspent, unspent_limit_pct)} 没有支出，超过 {plain(unspent_limit_pct)}%"
        return Judgement("yellow", said)
    return None


@rule("V09", "evaluate", "warning")
def recheck_deviation(
    self_score: Decimal | None,
    recheck_score: Decimal | None,
    lower: str | None = None,
    upper: str | None = None,
    *,
    recheck_levels: Mapping[str, Decimal] | None,
    recheck_points: Decimal | None,
) -> str | None:
    """自评分与复核分的偏差：偏差率超过某线的为该级；相差分数超过限值的为重大偏差。恰等于线的不算超过。

    lower、upper 是两个层次的名称（默认自评、复核）。
    """
    if self_score is None or not recheck_score:
        return None
    gap = abs(self_score - recheck_score)
    rate, levels = Fraction(gap) / abs(Fraction(recheck_score)), recheck_levels or {}
    shown = share(rate, *levels.values())
    said = f"{lower or '自评'} {plain(self_score)} 分，{upper or '复核'} {plain(recheck_score)} 分，偏差率 {shown}"
    over = [(line, name) for name, line in levels.items() if rate * 100 > fraction(line)]
    found = [f"超过 {plain(line)}%，{name}" for line, name in sorted(over)[-1:]]
    if recheck_points is not None and gap > recheck_points:
        found.append(f"相差 {plain(gap)} 分，超过 {plain(recheck_points)} 分，属重大偏差，应限期整改")
    return f"{said}，{'；'.join(found)}" if found else None


@rule("V10", "evaluate", "hint")
def over_achieved(target: Target, actual: Actual | None, *, over_achievement_pct: Decimal | None) -> str | None:
    """正向指标超额完成太多的要说明原因（可能目标偏低）；只提示，不改分。"""
    if actual is None or target.value is None or actual.value is None or over_achievement_pct is None:
        return None
    if target.operator not in (">=", ">", "=") or target.value <= 0:
        return None
    rate = Fraction(actual.value) / Fraction(target.value)
    if rate * 100 <= fraction(over_achievement_pct):
        return None
    shown = share(rate, over_achievement_pct)
    return f"完成值为指标值的 {shown}，超过 {plain(over_achievement_pct)}%，请说明原因，核对目标是否偏低"


@rule("V11", "evaluate", "warning")
def weights_total(weights: Sequence[Decimal | None], *, weight_totals: Sequence[Decimal] | None) -> str | None:
    """自评表的指标权重之和应为规定的数（不含预算执行的 90，或 100）。"""
    return weights_disagree(weights, weight_totals)


@rule("V12", "evaluate")
def canonical_grade(text: str, *, grade_words: Words | None) -> str:
    """评价等级的统一说法（优秀 → 优）；不认识的照原文。"""
    return phrase_of(
        text, {label: [f"={word}" for word in (label, *words)] for label, words in (grade_words or {}).items()}
    ) or one_line(text)
