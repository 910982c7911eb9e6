"""绩效目标审核：必填、权重、审核等级与处置。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from pbm_cli.parameters import Bands
from pbm_cli.rules import band_of, rule, weights_disagree


@rule("T01", "goals", "warning")
def required_text(title: str, value: str | None) -> str | None:
    """必填的内容不得空缺；title 是这一项的中文名。"""
    return None if value and value.strip() else f"没有填{title}，请补填"


@rule("T05", "goals", "warning")
def weights_sum(weights: Sequence[Decimal | None], *, weight_totals: Sequence[Decimal] | None) -> str | None:
    """一个项目的指标权重之和应为规定的数（不含预算执行的 90，或 100）。"""
    return weights_disagree(weights, weight_totals)


@rule("T20", "goals")
def review_grade(score: Decimal | Fraction | None, *, review_floors: Bands | None) -> str | None:
    """审核得分对应的等级，半开区间；没有得分或没有规定为 None。"""
    return band_of(score, review_floors) if score is not None and review_floors else None


@rule("T21", "goals")
def review_treatment(grade: str | None, *, review_treatments: Mapping[str, str] | None) -> str | None:
    """审核等级对应的处置；没有规定为 None。"""
    return (review_treatments or {}).get(grade) if grade else None
