"""绩效目标审核：年度总体目标的文字——雷同、与数字不符、年度口径、太短。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from rapidfuzz import fuzz

from pbm_cli.rules import fraction, rule, share
from pbm_cli.rules.goals_wording import (
    Mention,
    bare,
    fen,
    first_word,
    mentions,
    same_figures,
    speaks_of,
    value_text,
    wan_text,
    years_in,
)
from pbm_cli.targets import Target
from pbm_cli.text import one_line, plain, squeeze


@rule("T11", "goals", "warning")
def near_duplicate(
    text: str, other: str, where: str, subject: str, *, similarity_pct: Mapping[str, Decimal] | None,
    shortest_goal: Decimal | None,
) -> str | None:  # fmt: skip
    """重复或雷同：where 是比的范围（同一项目的指标、同一单位的目标、不同单位的目标），subject 是另一个叫什么。

    只差标点、编号的算相同；数不同的不算雷同；太短的年度目标不比（由 T14 说）。
    """
    one, two = bare(text), bare(other)
    line = (similarity_pct or {}).get(where)
    whole = "目标" in where
    if line is None or not one or (whole and len(squeeze(text)) < (shortest_goal or 0)):
        return None
    found = fuzz.ratio(one, two, score_cutoff=max(0, float(line) - 1))
    if not found or (one != two and (Fraction(found) < fraction(line) or not same_figures(one, two))):
        return None
    what = "年度目标" if whole else "整套指标" if "整套" in where else f"指标“{one_line(text)}”"
    if one == two:
        return f"{what}与{subject}重复，请{'合并或改名' if what.startswith('指标') else '按本项目的内容重写'}"
    shown, own = share(Fraction(found) / 100, line), "本项目" if whole else "这条指标"
    return f"{what}与{subject}雷同（相似 {shown}），请写出{own}自己的内容"


@rule("T12", "goals", "warning")
def text_against_figures(
    goal: str,
    budget: int | None,
    name: str | None,
    target: Target | None,
    others: Sequence[Decimal],
    *,
    budget_words: Sequence[str] | None,
    part_words: Sequence[str] | None,
    money_tolerance: int | None,
    same_words_least: Decimal | None,
) -> str | None:
    """年度目标文字里的数与指标值、预算金额不一致。

    name 为 None 时比预算：小句里说“预算、安排资金”的金额。否则比这条指标：度量单位相同、说的是同一件事的数；
    others 是同一项目其他指标的值，文字里的数与它们相同的不算。
    """
    if name is None or target is None:
        told = [m for m in mentions(goal) if first_word(m.clause, budget_words or ())]
        return _against_budget([m for m in told if not first_word(m.clause, part_words or ())], budget, money_tolerance)
    if target.value is None or not target.measure or same_words_least is None:
        return None
    length = same_words_least
    told = [m for m in mentions(goal) if m.measure == target.measure and speaks_of(m, name, length)]
    if not told or any(m.value == target.value for m in told) or any(m.value in others for m in told):
        return None
    one = told[0]
    return (
        f"年度目标写“{one.clause}{plain(one.value)}{one.measure}”，指标“{one_line(name)}”写“{value_text(target)}”，"
        "两处不一致，请核对后改成同一个数"
    )


def _against_budget(told: Sequence[Mention], budget: int | None, tolerance: int | None) -> str | None:
    found = [(one, amount) for one in told if (amount := fen(one.value, one.measure)) is not None]
    amounts = [amount for _, amount in found]
    total = sum(amounts, Decimal(0))
    if not budget or not found or any(abs(amount - budget) <= (tolerance or 0) for amount in (total, *amounts)):
        return None
    one, shown = found[0][0], wan_text(Decimal(budget))
    return f"年度目标写“{one.clause}{plain(one.value)}{one.measure}”，预算金额是 {shown}，两处不一致，请核对"


@rule("T13", "goals", "warning")
def other_years(
    text: str,
    year: int | None,
    *,
    this_year_words: Sequence[str] | None,
    multi_year_words: Sequence[str] | None,
    year_endings: Sequence[str] | None,
) -> str | None:
    """年度目标（或时效指标）写的应是本年度：只写总投资、几年累计，或者写的是别的年份，都要改成当年的。"""
    years, spans = years_in(text)
    this = first_word(text, this_year_words or ()) is not None or year in years
    over = first_word(text, multi_year_words or ()) or next((f"{a}—{b} 年" for a, b in spans if a != b), None)
    if over and not this and (spans or mentions(text)):
        return f"写的是多年的口径（{over}），没有写当年的任务；请写明本年度完成多少、用多少资金"
    if year is None or not years or year in years or any(first <= year <= last for first, last in spans):
        return None
    wrong = max(years)
    if wrong < year and not any(f"{wrong}年{ending}" in squeeze(text) for ending in year_endings or ()):
        return None
    return f"写的是 {wrong} 年，这是 {year} 年度的目标；请改成 {year} 年应完成的内容和时限"


@rule("T14", "goals", "warning")
def too_short(
    goal: str, name: str, *, shortest_goal: Decimal | None, template_words: Sequence[str] | None
) -> str | None:
    """年度总体目标太短、照抄项目名称，或者留着模板里的占位文字。"""
    text = squeeze(goal)
    if found := first_word(text, template_words or ()):
        return f"年度目标里有“{found}”，像是没有改的模板文字；请写本项目当年的任务和效果"
    if bare(goal) == bare(name):
        return "年度目标照抄了项目名称；请写明当年做什么、做多少、达到什么效果"
    if shortest_goal is None or len(text) >= shortest_goal:
        return None
    return (
        f"年度目标“{one_line(goal)}”只有 {len(text)} 个字（不足 {plain(shortest_goal)} 字）；"
        "请写明当年做什么、做多少、达到什么效果"
    )
