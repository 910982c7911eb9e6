"""绩效目标审核：整套表的情况、审核得分、等级与处置、人工审核的结论。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from pbm_cli.parameters import Bands
from pbm_cli.rules import Words, band_of, phrase_of, rule
from pbm_cli.rules.goals import is_staff
from pbm_cli.text import plain

_GROUPS = ("产出", "成本", "效益", "满意度")


@rule("T17", "goals", "hint")
def indicators_not_given(given: int, borrowed: int) -> str | None:
    """没有目标阶段的绩效指标表时，与指标有关的规则（T02 至 T10、T15、T16）不判，也不评分。

    given 是指标条数；borrowed 是其中取自监控表、自评表的条数（同时有预算执行表时，这些指标只计数）。
    """
    if not given:
        return "没有给出绩效指标表，与指标有关的各条没有审核，也没有评分；请把指标表和目标表放在一起再审"
    if borrowed < given:
        return None
    return (
        f"没有目标阶段的绩效指标表，{given} 条指标取自监控表或自评表，只计数，没有审核，也没有评分；"
        "要审核这些指标，请单独给出目标表和指标表"
    )


@rule("T18", "goals", "hint")
def level_weights(
    shares: Mapping[str, Decimal],
    code: str | None,
    *,
    level_weight_plans: Mapping[str, Sequence[Decimal]] | None,
    staff_letters: Sequence[str] | None,
) -> str | None:
    """权重按一级指标的分布与几种通行的分法都不同，只提示；合计不是通行分法的合计（如 100）时不比。"""
    plans = {name: tuple(parts) for name, parts in (level_weight_plans or {}).items()}
    own = tuple(shares.get(group, Decimal(0)) for group in _GROUPS)
    if is_staff(code, staff_letters) or own in plans.values():
        return None
    if not any(sum(own) == sum(parts) for parts in plans.values()):
        return None
    said = "、".join(f"{group} {plain(part)}" for group, part in zip(_GROUPS, own, strict=True) if part)
    return f"权重分布为{said}"


@rule("T19", "goals", "warning")
def added_without_goal(names: Sequence[str], known: Sequence[str]) -> str | None:
    """年度执行中追加的项目也要编报绩效目标；names 是追加的项目，known 是其中编报了目标的。"""
    missing = [name for name in names if name not in known]
    if not missing:
        return None
    some = "、".join(f"“{name}”" for name in missing[:2]) + ("等" if len(missing) > 2 else "")
    return f"有 {len(missing)} 个执行中追加的项目没有编报绩效目标（{some}），请补报"


@rule("T20", "goals")
def review_grade(score: Decimal | Fraction | None, *, review_floors: Bands | None) -> str | None:
    """审核得分对应的等级，半开区间；没有得分或没有规定为 None。"""
    return band_of(score, review_floors) if score is not None and review_floors else None


@rule("T21", "goals")
def review_treatment(grade: str | None, *, review_treatments: Mapping[str, str] | None) -> str | None:
    """审核等级对应的处置；没有规定为 None。"""
    return (review_treatments or {}).get(grade) if grade else None


@rule("T22", "goals")
def review_points(
    codes: Sequence[str],
    *,
    review_full_points: Mapping[str, Decimal] | None,
    review_dimensions: Words | None,
    review_deductions: Mapping[str, Decimal] | None,
) -> dict[str, Decimal]:
    """自动初审得分：各方面从满分起，每条意见在它所属的方面扣分，扣完为止。codes 是各条意见的规则号，一条一个。

    只判机器能看的；政策依据、职能相关、条件是否充分等留给人工，不扣分也不加分。
    """
    points = {}
    for dimension, full in (review_full_points or {}).items():
        inside = (review_dimensions or {}).get(dimension, ())
        lost = sum(((review_deductions or {}).get(code, Decimal(0)) for code in codes if code in inside), Decimal(0))
        points[dimension] = max(full - lost, Decimal(0))
    return points


@rule("T23", "goals")
def human_conclusion(conclusion: str | None, *, review_conclusions: Words | None) -> str | None:
    """人工审核结论归一：优、良、中、差，或者通过、修改后通过、不通过；看不出来为 None。"""
    return phrase_of(conclusion, review_conclusions or {}) if conclusion else None


@rule("T24", "goals")
def comment_closed(conclusion: str | None, *, closed_conclusions: Words | None) -> bool:
    """一条人工意见是否已经办结：审核结论写着通过、已修改等。"""
    return conclusion is not None and phrase_of(conclusion, closed_conclusions or {}) is not None
