"""事前绩效评估：金额与评减率的核对、得分、结论、漏评。金额单位为分。"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from pbm_cli.fields import Rate
from pbm_cli.parameters import Bands
from pbm_cli.rules import (
    Words,
    band_of,
    fraction,
    money,
    rule,
    share,
    stated_rate_fits,
    stated_rate_text,
)
from pbm_cli.text import one_line, plain, squeeze

SUPPORTED, REJECTED = "予以支持", "不予支持"

Dimensions = Mapping[str, Decimal | None]
"""各维得分，键是维度的中文名（立项必要性……）；没有填的为 None。"""


@rule("E01", "assess", "warning")
def negative_amounts(submitted: int | None, approved: int | None) -> str | None:
    """申报金额、审定金额不得为负。"""
    named = (("申报金额", submitted), ("审定金额", approved))
    found = [f"{name} {money(fen)}" for name, fen in named if fen is not None and fen < 0]
    return f"{'、'.join(found)} 是负数" if found else None


@rule("E02", "assess", "error")
def reduction_arithmetic(
    submitted: int | None, approved: int | None, reduction: int | None, *, amount_tolerance: int | None
) -> str | None:
    """评减额 = 申报金额 - 审定金额（核增为负）；差出容差就是这一行自相矛盾。"""
    if submitted is None or approved is None or reduction is None:
        return None
    exact = submitted - approved
    if abs(exact - reduction) <= (amount_tolerance or 0):
        return None
    return f"申报 {money(submitted)} 减审定 {money(approved)} 为 {money(exact)}，表上评减额写 {money(reduction)}"


@rule("E03", "assess", "warning")
def stated_reduction_rate(
    stated: Rate | None, submitted: int | None, reduction: int | None, *, rate_tolerance: Decimal | None
) -> str | None:
    """表上的评减率要与评减额 ÷ 申报金额一致。"""
    if stated is None or reduction is None or not submitted or rate_tolerance is None:
        return None
    if stated_rate_fits(stated, reduction, submitted, rate_tolerance):
        return None
    exact = share(Fraction(reduction, submitted))
    return f"评减率写 {stated_rate_text(stated)}，按 {money(reduction)} ÷ {money(submitted)} 重算为 {exact}"


@rule("E04", "assess", "warning")
def score_bounds(
    score: Decimal | None,
    dims: Dimensions,
    *,
    full_score: Decimal | None,
    dimension_weights: Mapping[str, Decimal] | None,
    score_tolerance: Decimal | None,
) -> str | None:
    """得分在 0 与满分之间，各维不超过分值，各维之和等于得分。"""
    if score is not None and score < 0:
        return f"评估得分 {plain(score)} 是负数"
    if score is not None and full_score is not None and score > full_score:
        return f"评估得分 {plain(score)} 超过满分 {plain(full_score)}"
    weights = dimension_weights or {}
    for name, given in dims.items():
        if given is not None and (given < 0 or (name in weights and given > weights[name])):
            limit = f"，超过该维满分 {plain(weights[name])}" if given > 0 else "，是负数"
            return f"{name}得分 {plain(given)}{limit}"
    total = total_score(dims, weights)
    if total is None or score is None or abs(total - score) <= (score_tolerance or 0):
        return None
    return f"各维得分之和为 {plain(total)}，评估得分写 {plain(score)}"


@rule("E05", "assess", "warning")
def conclusion_contradicts(
    conclusion: str | None,
    score: Decimal | None,
    *,
    conclusion_floors: Bands | None,
    conclusion_words: Words | None,
) -> str | None:
    """评估结论要与得分一致；附条件的结论不判。"""
    due = conclusion_of(score, conclusion_floors=conclusion_floors)
    if conclusion is None or score is None or due is None or not conclusion_floors:
        return None
    given = canonical_conclusion(conclusion, conclusion_words=conclusion_words)
    if given == due or given not in conclusion_floors:
        return None
    return f"得分 {plain(score)} 对应“{due}”，表上结论为“{one_line(conclusion)}”"


@rule("E06", "assess", "warning")
def rejected_with_money(conclusion: str | None, approved: int | None, *, conclusion_words: Words | None) -> str | None:
    """不予支持的，审定金额应为 0。"""
    if (
        not conclusion
        or not approved
        or canonical_conclusion(conclusion, conclusion_words=conclusion_words) != REJECTED
    ):
        return None
    return f"结论为“{one_line(conclusion)}”，审定金额却有 {money(approved)}"


@rule("E07", "assess", "warning")
def mandatory_assessment(
    is_new: bool | None,
    amount: int,
    previous: int | None,
    *,
    mandatory_new_amount: int | None,
    mandatory_growth_pct: Decimal | None,
    mandatory_increase: int | None,
) -> str | None:
    """必须做事前评估的原因：新增项目达到起点金额，延续项目增幅或增加额达到起点；没有设起点的不判。

    没有写明是否新增的，有上年预算的当作延续，没有的当作新增。
    """
    if is_new or (is_new is None and not previous):
        if mandatory_new_amount is None or amount < mandatory_new_amount:
            return None
        return f"新增项目 {money(amount)}，达到必须评估的起点 {money(mandatory_new_amount)}"
    if previous is None:
        return None
    increase = amount - previous
    if mandatory_increase is not None and increase >= mandatory_increase:
        return f"延续项目比上年增加 {money(increase)}，达到必须评估的起点 {money(mandatory_increase)}"
    if mandatory_growth_pct is None or previous <= 0 or increase * 100 < fraction(mandatory_growth_pct) * previous:
        return None
    growth = share(Fraction(increase, previous), mandatory_growth_pct)
    return f"延续项目比上年增长 {growth}，达到必须评估的增幅 {plain(mandatory_growth_pct)}%"


@rule("E10", "assess", "hint")
def supported_with_cut(conclusion: str | None, reduction: int | None, *, conclusion_words: Words | None) -> str | None:
    """予以支持的一般不评减；有评减的提示核对结论。"""
    if not conclusion or reduction is None or reduction <= 0:
        return None
    if canonical_conclusion(conclusion, conclusion_words=conclusion_words) != SUPPORTED:
        return None
    return f"结论为“{one_line(conclusion)}”，却评减 {money(reduction)}，请核对是否应为调整后支持"


@rule("E11", "assess")
def conclusion_of(score: Decimal | Fraction | None, *, conclusion_floors: Bands | None) -> str | None:
    """得分对应的评估结论，半开区间，下限含在本档；没有得分或没有规定为 None。"""
    return band_of(score, conclusion_floors) if score is not None and conclusion_floors else None


@rule("E12", "assess")
def canonical_conclusion(text: str, *, conclusion_words: Words | None) -> str:
    """评估结论的统一说法；附条件的和不认识的照原文。"""
    said = squeeze(text).strip("。.；;").removeprefix("建议")
    for label, phrases in (conclusion_words or {}).items():
        if said == label or said in phrases:
            return label
    return one_line(text)


def total_score(dims: Dimensions, weights: Mapping[str, Decimal]) -> Decimal | None:
    """评估得分 = 各维之和；有一维没有填，或没有规定各维的为 None。"""
    given = [dims.get(name) for name in weights]
    found = [score for score in given if score is not None]
    extra = [score for name, score in dims.items() if name not in weights and score is not None]
    return sum(found + extra, Decimal(0)) if given and len(found) == len(given) else None
