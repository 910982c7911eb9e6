"""评价结果应用：综合建议、县里写了系数的金额建议、已安排的与建议的比、要整改的事、先决定什么。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from pbm_cli.models import LIGHT_WORDS
from pbm_cli.parameters import Bands
from pbm_cli.rules import fraction, money, rule
from pbm_cli.rules.evaluate import proposal
from pbm_cli.text import line_parts, one_line, plain


class Proposal(NamedTuple):
    """结果应用建议：说法、从哪几样得来（每样一句）。"""

    said: str
    sentences: tuple[str, ...]


class Stake(NamedTuple):
    """一件要决定的事的轻重：离线多远（1 = 全部），乘上涉及的钱（分）。"""

    distance: Fraction
    weight: Fraction


@rule("V26", "evaluate")
def use_proposal(
    grade: str | None,
    light: str | None,
    conclusion: str | None,
    *,
    result_use: Mapping[str, str] | None,
    light_use: Mapping[str, str] | None,
    conclusion_use: Mapping[str, str] | None,
    use_order: Sequence[str] | None,
) -> Proposal | None:
    """综合评价等级、监控灯、事前评估结论给出结果应用建议：三样里取最严的一样；都没有规定的不建议。"""
    found: list[tuple[str, str]] = []
    if grade and (said := proposal(grade, result_use=result_use)):
        found.append((said, f"评价等级为“{grade}”：{said}"))
    if light and (said := (light_use or {}).get(light)):
        found.append((said, f"监控为{LIGHT_WORDS.get(light, light)}：{said}"))
    if conclusion and (said := (conclusion_use or {}).get(conclusion)):
        found.append((said, f"事前评估结论为“{one_line(conclusion)}”：{said}"))
    if not found:
        return None
    order = list(use_order or ())
    strictest = max((said for said, _ in found), key=lambda said: order.index(said) if said in order else -1)
    return Proposal(strictest, tuple(sentence for _, sentence in found))


@rule("V27", "evaluate")
def proposed_budget(
    budget: int | None,
    grade: str | None,
    light: str | None,
    *,
    grade_factors: Mapping[str, Decimal] | None,
    light_factors: Mapping[str, Decimal] | None,
) -> Fraction | None:
    """按县里自定的系数算的下年预算（分）= 本年预算 × 等级系数 × 灯的系数；一个系数都没有写的不算。"""
    factors = [
        table[key] for table, key in ((grade_factors, grade), (light_factors, light)) if table and key and key in table
    ]
    if budget is None or not factors:
        return None
    amount = Fraction(budget)
    for factor in factors:
        amount = amount * fraction(factor) / 100
    return amount


@rule("V28", "evaluate", "warning")
def applied_against(
    said: str | None, budget: int | None, next_budget: int | None, *, use_directions: Mapping[str, str] | None
) -> str | None:
    """下年预算的安排不能与建议相反：该减的增加了，该增的减少了。"""
    direction = (use_directions or {}).get(said or "")
    if direction is None or budget is None or next_budget is None:
        return None
    change = next_budget - budget
    figures = f"本年 {money(budget)}，下年安排 {money(next_budget)}"
    if direction == "减" and change > 0:
        return f"建议“{said}”，预算却增加了 {money(change)}（{figures}），与建议相反，请说明理由"
    if direction == "增" and change < 0:
        return f"建议“{said}”，预算却减少了 {money(-change)}（{figures}），与建议相反，请说明理由"
    return None


@rule("V29", "evaluate")
def needs_rectification(rectified: bool | None, grade: str | None, *, rectify_grades: Sequence[str] | None) -> bool:
    """要整改的：写明没有整改的；没有写是否整改而等级在中、差的。"""
    return rectified is False or (rectified is None and grade in (rectify_grades or ()))


@rule("V30", "evaluate")
def score_stake(
    score: Decimal | Fraction | None, amount: int | None, *, decision_grade: str | None, grade_floors: Bands | None
) -> Stake | None:
    """评价得分离合格线多远：（线 - 得分）÷ 线，乘涉及金额；到了线的不列。线是 decision_grade 这一档的下限。"""
    line = (grade_floors or {}).get(decision_grade or "")
    if score is None or not line or score >= line:
        return None
    distance = min((fraction(line) - Fraction(score)) / fraction(line), Fraction(1))
    return Stake(distance, distance * (amount or 0))


@rule("V31", "evaluate")
def light_stake(
    ratio: Fraction | None,
    completion: Fraction | None,
    budget: int | None,
    expenditure: int,
    *,
    execution_bands: Bands | None,
) -> Stake | None:
    """红灯离线多远：执行看（线 - 进度比）÷ 线，乘没有支出的钱；目标看没有完成的比例，乘预算。取重的一样。"""
    line = (execution_bands or {}).get("yellow")
    stakes = []
    if ratio is not None and line:
        top, bottom = line_parts(line)
        lacking, whole = top * ratio.denominator - ratio.numerator * 100 * bottom, top * ratio.denominator
        if lacking > 0:
            distance = Fraction(min(lacking, whole), whole)
            stakes.append(Stake(distance, distance * max((budget or 0) - expenditure, 0)))
    if completion is not None and completion < 1:
        distance = 1 - max(completion, Fraction(0))
        stakes.append(Stake(distance, distance * (budget or 0)))
    return max(stakes, key=lambda stake: stake.weight, default=None)


@rule("V32", "evaluate")
def conclusion_stake(
    conclusion: str | None, score: Decimal | None, submitted: int, *, conclusion_floors: Bands | None
) -> Stake | None:
    """事前评估为最低一档的离线多远：（线 - 得分）÷ 线，没有得分的按全部；乘申报金额。"""
    labels = list(conclusion_floors or ())
    if not conclusion_floors or conclusion != labels[-1]:
        return None
    line = fraction(conclusion_floors[labels[-2]])
    distance = Fraction(1) if score is None else min(max((line - Fraction(score)) / line, Fraction(0)), Fraction(1))
    return Stake(distance, distance * submitted)


@rule("V33", "evaluate")
def listed_first(places: int, *, decisions_shown: Decimal | None) -> int:
    """先决定什么最多列几件。"""
    return places if decisions_shown is None else min(places, int(decisions_shown))


@rule("V34", "evaluate")
def rectify_within(*, rectify_days: Decimal | None) -> int | None:
    """整改期限（日历日）；县里没有写的没有期限。"""
    return None if rectify_days is None else int(rectify_days)


def rating(score: Decimal, grade: str | None) -> str:
    """得分和等级的一句话。"""
    return f"评价得分 {plain(score)}" + (f"，等级“{grade}”" if grade else "")
