"""单位自评：逐条重算得分，与自评分比，指出自相矛盾的地方；镇街评价表的核对也在这里。

分数精确计算；容差是参数。机器不能判断的（定性指标在区间里的哪一点、完成值不能比）听自评的，并且说出来。
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from pbm_cli.parameters import Bands
from pbm_cli.rules import Words, attainment, band_of, decimal_text, fraction, incomparable, phrase_of, rule, share
from pbm_cli.rules.evaluate import quantitative_score
from pbm_cli.targets import NOT_APPLICABLE, Actual, Target
from pbm_cli.text import one_line, plain

UNSIGNED = "没有写运算符"
CENT = Decimal(1).scaleb(-2)
"""得分写到的最末一位。"""


class Scored(NamedTuple):
    """一条指标重算的得分；verified 为假时机器没有算出来，score 是自评分（没有则 None）；sentence 说怎么得的。"""

    score: Fraction | None
    verified: bool
    sentence: str


def reads_as(name: str, direction_words: Words | None) -> str | None:
    """从指标名称看方向：反向、可能反向、正向；看不出为 None。"""
    label = phrase_of(name, direction_words or {})
    return None if label == "例外" else label


@rule("V13", "evaluate")
def scored_target(
    name: str, target: Target | None, actual: Actual | None, *, direction_words: Words | None
) -> Target | None:
    """没有写运算符的指标值，名称明白是反向的（受害率、事故数）按“不超过”计分；可能反向的，没有超过时才按“不超过”。"""
    if target is None or target.value is None or target.operator != "=":
        return target
    if not any(remark.startswith(UNSIGNED) for remark in target.remarks):
        return target
    label = reads_as(name, direction_words)
    below = actual is not None and actual.value is not None and actual.value < target.value
    return replace(target, operator="<=") if label == "反向" or (label == "可能反向" and below) else target


@rule("V14", "evaluate")
def indicator_score(
    target: Target | None,
    actual: Actual | None,
    weight: Decimal | None,
    self_score: Decimal | None,
    *,
    reverse_method: str | None,
    qualitative_bands: Bands | None,
    qualitative_words: Words | None,
) -> Scored:
    """一条指标应得的分：定量按公式；定性的自评分在区间内就用，在区间外取区间里最近的一点；算不了的用自评分。"""
    given = Fraction(self_score) if self_score is not None else None
    if not weight or weight < 0:
        return Scored(given, False, "没有写分值，不能重算")
    if target is None or actual is None:
        missing = "指标值" if target is None else "完成值"
        return Scored(given, False, f"没有{missing}，不能重算{_kept(self_score)}")
    if target.operator == "qualitative":
        return _within_band(target, actual, weight, self_score, qualitative_bands, qualitative_words)
    exact = quantitative_score(target, actual, weight, reverse_method=reverse_method)
    if exact is None:
        return Scored(given, False, f"{incomparable(target, actual) or '没有计分方法，不判'}{_kept(self_score)}")
    return Scored(exact, True, f"完成值 {plain(actual.value or Decimal(0))}，指标值 {_stated(target)}")


def _kept(self_score: Decimal | None) -> str:
    return "" if self_score is None else f"，得分暂按自评 {plain(self_score)} 分"


def _stated(target: Target) -> str:
    signs = {">=": "≥", "<=": "≤"}
    value = plain(target.value) if target.value is not None else one_line(target.text)
    return f"{signs.get(target.operator, target.operator)}{value}{target.measure}"


def _within_band(
    target: Target,
    actual: Actual,
    weight: Decimal,
    self_score: Decimal | None,
    bands: Bands | None,
    words: Words | None,
) -> Scored:
    level = attainment(target, actual, bands, words)
    if level is None or not bands or self_score is None:
        given = Fraction(self_score) if self_score is not None else None
        said = f"“{one_line(actual.text)}”" + (f"属于{level}，机器不定具体的分" if level else "看不出达成到哪一档")
        return Scored(given, False, said + _kept(self_score))
    labels = list(bands)
    place = labels.index(level)
    floor = Fraction(weight) * fraction(bands[level]) / 100
    ceiling = Fraction(weight)
    if place:
        ceiling = Fraction(weight) * fraction(bands[labels[place - 1]]) / 100 - Fraction(CENT)
    kept = min(max(Fraction(self_score), floor), ceiling)
    said = f"“{one_line(actual.text)}”属于{level}，{decimal_text(floor)} 到 {decimal_text(ceiling)} 分都可以"
    if kept != self_score:
        return Scored(kept, True, f"{said}，自评 {plain(self_score)} 分在外面，取 {decimal_text(kept)} 分")
    return Scored(kept, True, f"{said}，用自评 {plain(self_score)} 分")


@rule("V15", "evaluate", "warning")
def score_gap(
    score: Fraction | None,
    self_score: Decimal | None,
    weight: Decimal | None,
    reason: str | None,
    sentence: str,
    *,
    self_tolerance: Decimal | None,
) -> str | None:
    """一条指标的自评分与重算的要一致：没有完成却得满分、多得、完成了却扣分而没有说原因，差多少写出来。"""
    if self_score is None or self_tolerance is None:
        return None
    if weight is not None and self_score > weight:
        return f"自评 {plain(self_score)} 分，超过分值 {plain(weight)}"
    if score is None:
        return None
    gap = Fraction(self_score) - score
    if abs(gap) <= fraction(self_tolerance):
        return None
    numbers = f"{sentence}，应得 {decimal_text(score)} 分，自评 {plain(self_score)} 分，"
    if gap > 0:
        full = "没有完成却得满分：" if self_score == weight else ""
        return f"{full}{numbers}多 {decimal_text(gap)} 分"
    if reason:
        return None
    met = "完成了却扣分，又没有写原因：" if score == weight else "扣得比应扣的多，又没有写原因："
    return f"{met}{numbers}少 {decimal_text(-gap)} 分"


@rule("V16", "evaluate", "warning")
def direction_reversed(
    name: str, target: Target | None, actual: Actual | None, *, direction_words: Words | None
) -> str | None:
    """指标的方向与名称不符：受害率、事故数写成“≥”，满意度、完成率写成“≤”。"""
    label = reads_as(name, direction_words)
    if target is None or target.value is None or label is None:
        return None
    up = target.operator in (">=", ">")
    below = actual is not None and actual.value is not None and actual.value < target.value
    if up and (label == "反向" or (label == "可能反向" and below)):
        return f"“{one_line(name)}”越低越好，指标值却写成 {_stated(target)}，方向可能写反，应为“≤”"
    if target.operator in ("<=", "<") and label == "正向":
        return f"“{one_line(name)}”越高越好，指标值却写成 {_stated(target)}，方向可能写反，应为“≥”"
    return None


@rule("V17", "evaluate", "warning")
def stated_total(
    total: Decimal | None, parts: Sequence[Decimal | None], *, self_tolerance: Decimal | None
) -> str | None:
    """自评总分要等于执行得分与各指标得分之和；有一项没有得分的不判。"""
    if total is None or not parts or self_tolerance is None or any(part is None for part in parts):
        return None
    summed = sum((part for part in parts if part is not None), Decimal(0))
    if abs(total - summed) <= self_tolerance:
        return None
    return f"自评总分写 {plain(total)}，各项得分之和是 {plain(summed)}，相差 {plain(abs(total - summed))} 分"


@rule("V18", "evaluate", "warning")
def execution_gap(
    score: Fraction | None,
    self_score: Decimal | None,
    budget: int | None,
    expenditure: int,
    *,
    self_tolerance: Decimal | None,
) -> str | None:
    """预算执行的自评分要等于执行率 × 分值；没有预算数的不能得分。"""
    if self_score is None or self_tolerance is None:
        return None
    if score is None:
        reason = "没有预算数" if budget is None else "预算为 0"
        return f"{reason}，没有执行率，却自评 {plain(self_score)} 分，请核对预算数" if self_score else None
    gap = Fraction(self_score) - score
    if abs(gap) <= fraction(self_tolerance):
        return None
    rate = share(Fraction(expenditure, budget)) if budget else ""
    more = "多" if gap > 0 else "少"
    return (
        f"执行率 {rate}，应得 {decimal_text(score)} 分，自评 {plain(self_score)} 分，{more} {decimal_text(abs(gap))} 分"
    )


@rule("V19", "evaluate")
def rescaled(score: Fraction, full: Decimal, not_applicable: Decimal) -> Fraction:
    """有不适用指标的折算：实得分 ÷ (满分 - 不适用分) × 满分；全都不适用的照原分。"""
    left = Fraction(full) - Fraction(not_applicable)
    return score / left * Fraction(full) if not_applicable and left > 0 else score


@rule("V20", "evaluate", "hint")
def weights_by_part(
    shares: Mapping[str, Decimal], *, self_weights: Mapping[str, Sequence[Decimal]] | None
) -> str | None:
    """预算执行、成本、产出、效益、满意度各占多少，要合规则集里的一种分配；对不上的提示。"""
    if not self_weights or not shares:
        return None
    given = [shares.get(name, Decimal(0)) for name in PARTS]
    skipped = 0 if given[0] else 1  # 没有写预算执行的，只比指标
    if any(list(weights)[skipped:] == given[skipped:] for weights in self_weights.values()):
        return None
    said = "、".join(f"{name}{plain(value)}" for name, value in shares.items())
    allowed = "；".join(
        f"{name}（{'、'.join(f'{part}{plain(value)}' for part, value in zip(PARTS, weights, strict=False) if value)}）"
        for name, weights in self_weights.items()
    )
    return f"分值为 {said}，与通行的几种都不同：{allowed}。本县另有规定的不必改"


PARTS = ("预算执行", "成本", "产出", "效益", "满意度")


@rule("V21", "evaluate", "warning")
def all_full_marks(
    unit: str, scores: Sequence[Decimal], *, full_marks_line: Decimal | None, full_marks_least: Decimal | None
) -> str | None:
    """一个单位的项目自评个个满分（或到了很高的线）的，要重点复核；项目太少的不判。"""
    if full_marks_line is None or full_marks_least is None or len(scores) < full_marks_least:
        return None
    if min(scores) < full_marks_line:
        return None
    return f"{one_line(unit)}的 {len(scores)} 个项目自评都在 {plain(full_marks_line)} 分以上，请重点复核"


@rule("V22", "evaluate", "hint")
def total_gap(score: Fraction | None, self_score: Decimal | None, *, self_tolerance: Decimal | None) -> str | None:
    """自评总分与重算总分相差多少。"""
    if score is None or self_score is None or self_tolerance is None:
        return None
    gap = Fraction(self_score) - score
    if abs(gap) <= fraction(self_tolerance):
        return None
    more = "高" if gap > 0 else "低"
    return f"自评总分 {plain(self_score)}，重算 {decimal_text(score)}，自评{more} {decimal_text(abs(gap))} 分"


@rule("V23", "evaluate", "warning")
def two_totals(first: Decimal, second: Decimal, place: str, *, self_tolerance: Decimal | None) -> str | None:
    """同一个对象同一层次，两张表上的得分要一致。"""
    if self_tolerance is None or abs(first - second) <= self_tolerance:
        return None
    return f"这里得分 {plain(second)}，{place} 写 {plain(first)}，同一次评价两个得分，请核对"


@rule("V24", "evaluate", "warning")
def town_weights(weights: Sequence[Decimal], *, town_full: Decimal | None) -> str | None:
    """一个镇街各指标的分值之和要等于满分。"""
    total = sum(weights, Decimal(0))
    if town_full is None or not weights or total == town_full:
        return None
    return f"{len(weights)} 条指标的分值之和为 {plain(total)}，应为 {plain(town_full)}"


@rule("V25", "evaluate", "hint")
def grade_apart(self_score: Decimal | None, score: Fraction | None, *, grade_floors: Bands | None) -> str | None:
    """自评的等级与重算的等级不同的提示。"""
    if self_score is None or score is None or not grade_floors:
        return None
    own, due = band_of(self_score, grade_floors), band_of(score, grade_floors)
    return None if own == due else f"按自评 {plain(self_score)} 分为“{own}”，按重算 {decimal_text(score)} 分为“{due}”"


@rule("V41", "evaluate")
def execution_part(
    indicator_total: Decimal | None, *, execution_weight: Decimal | None, self_full: Decimal | None
) -> Decimal:
    """预算执行占几分：指标之外正好还差这么多才算；没有指标时按规定的分值；没有规定为 0。"""
    if execution_weight is None or self_full is None:
        return Decimal(0)
    if indicator_total is None or indicator_total + execution_weight == self_full:
        return execution_weight
    return Decimal(0)


@rule("V42", "evaluate", "warning")
def score_without_actual(actual: Actual | None, self_score: Decimal | None) -> str | None:
    """没有完成值、不适用的指标不能有得分。"""
    if not self_score or (actual is not None and not actual.text.startswith(NOT_APPLICABLE)):
        return None
    said = "没有完成值" if actual is None else "完成值写不适用"
    return f"{said}，却自评 {plain(self_score)} 分，得分没有依据；请补完成值"


@rule("V43", "evaluate", "warning")
def town_totals(total: Decimal, stated: Decimal, *, self_tolerance: Decimal | None) -> str | None:
    """镇街评分表的合计要与评价结果表上的得分一致。"""
    if self_tolerance is None or abs(total - stated) <= self_tolerance:
        return None
    return f"评分表各指标合计 {plain(total)} 分，评价结果表写 {plain(stated)} 分，相差 {plain(abs(total - stated))} 分"
