"""财政抽评的计划：哪些必评、哪些抽取、抽多少；抽取本身在 sampling。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from pbm_cli.rules import fraction, rule


@rule("V35", "evaluate")
def always_sampled(grade: str | None, *, sample_all_grades: Sequence[str] | None) -> str | None:
    """部门评价达到规定等级的，财政当年全部评价。"""
    if grade is None or grade not in (sample_all_grades or ()):
        return None
    return f"部门评价为“{grade}”，全部纳入财政评价"


@rule("V36", "evaluate")
def sample_size(grade: str, total: int, *, sample_shares: Mapping[str, Decimal] | None) -> int:
    """部门评价为某一等级的共 total 个，要抽几个：按比例，有零头进一；没有规定的不抽。"""
    percent = (sample_shares or {}).get(grade)
    return 0 if percent is None else min(ceil(fraction(percent) * total / 100), total)


@rule("V37", "evaluate")
def must_after_poor(grade: str | None, previous_grade: str | None, *, poor_grades: Sequence[str] | None) -> str | None:
    """连续两年都在规定的低等级的，下一年必评。"""
    if not poor_grades or grade not in poor_grades or previous_grade not in poor_grades:
        return None
    return f"上年为“{previous_grade}”，本年为“{grade}”，连续两年中及以下，必须评价"


@rule("V38", "evaluate")
def departments_due(total: int, *, department_share: Decimal | None) -> int:
    """部门整体每年至少评价几个：按五年全覆盖折成的比例，有零头进一；没有规定的不排。"""
    return 0 if department_share is None else min(ceil(Fraction(total) * fraction(department_share) / 100), total)


@rule("V39", "evaluate")
def strata_count(total: int, *, plan_strata: Decimal | None) -> int:
    """抽取时按资金从大到小分成几层；个数少的少分。"""
    return max(min(int(plan_strata or 1), total), 1)


@rule("V40", "evaluate")
def seed_used(given: int | None, *, plan_seed: Decimal | None) -> int:
    """抽取的种子：给了就用，没给用规则集的；同一种子同样的结果。"""
    return given if given is not None else int(plan_seed or 0)
