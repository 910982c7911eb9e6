"""绩效运行监控：执行灯、指标灯、目标灯、总灯、处置建议，以及双监控的检查。"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial
from typing import NamedTuple, cast

from pbm_cli.fields import Rate
from pbm_cli.models import LIGHT_WORDS, Light
from pbm_cli.parameters import Bands
from pbm_cli.rules import (
    Judgement,
    Words,
    attainment,
    band_of,
    band_of_parts,
    decimal_text,
    incomparable,
    line_of,
    money,
    phrase_of,
    rule,
    share,
    share_of,
    small_money,
    stated_rate_fits,
    stated_rate_text,
)
from pbm_cli.targets import Actual, Target
from pbm_cli.text import one_line, plain

WORST_FIRST: tuple[Light, ...] = ("red", "yellow", "green", "blue")


class IndicatorJudgement(NamedTuple):
    """一条指标的灯；completion 是完成值 ÷ 全年指标值，progress 是完成值 ÷（指标值 × 序时进度），1 = 100%。

    只有能比的定量指标才有；progress 只有正向和等于的才有；指标值为 0 或负时都没有。
    定性指标的完成值填百分数的，有 completion。
    """

    light: Light
    completion: Fraction | None
    progress: Fraction | None
    sentence: str


class Treatment(NamedTuple):
    """处置建议：措施、道理、几个工作日内答复（没有规定为 None）。"""

    action: str
    sentence: str
    days: int | None


@cache
def time_progress(on: dt.date) -> Fraction:
    """序时进度：月末为月 ÷ 12，月内按天线性。"""
    days = calendar.monthrange(on.year, on.month)[1]
    return Fraction(on.month - 1, 12) + Fraction(on.day, days * 12)


# ---- 灯 ----


@rule("M01", "monitor")
def execution_light(
    budget: int | None,
    expenditure: int,
    on: dt.date,
    *,
    execution_method: str | None,
    execution_bands: Bands | None,
    execution_nodes: Mapping[str, Decimal] | None,
) -> Judgement:
    """预算执行灯：执行率与序时进度之比、分月节点或是否达到支出进度，三种算法之一。

    金额单位为分。没有预算数、预算为 0 或为负时无灯；支出为 0 仍要判。
    """
    if budget is None or budget <= 0:
        reason = "没有调整后预算数" if budget is None else f"调整后预算数为 {money(budget)}"
        return Judgement("none", f"{reason}，没有执行率，不判执行灯")
    time = time_progress(on)
    if execution_method == "进度比" and execution_bands:
        done = expenditure * time.denominator  # 与 budget × 序时进度比，只用整数
        light = cast(Light, band_of_parts(done * 100, budget * time.numerator, execution_bands))
        return Judgement(light, partial(_progress_sentence, budget, expenditure, time, light, execution_bands))
    rate = Fraction(expenditure, budget)
    if execution_method == "分月节点" and execution_nodes:
        return _node_light(rate, on, execution_nodes)
    if execution_method == "达到序时":
        light = "green" if rate >= time else "red"
        reached = "达到" if light == "green" else "没有达到"
        said = f"执行率 {share(rate, time * 100)}，{reached}支出进度（序时进度 {share(time, rate * 100)}）"
        return Judgement(light, f"{said}，{LIGHT_WORDS[light]}")
    return Judgement("none", f"{on.isoformat()} 没有执行灯的规定，不判执行灯")


def _progress_sentence(budget: int, expenditure: int, time: Fraction, light: Light, bands: Bands) -> str:
    said = f"执行率 {share_of(expenditure, budget)}（累计支出 {money(expenditure)} ÷ 调整后预算 {money(budget)}）"
    shown = share_of(expenditure * time.denominator, budget * time.numerator, bands.values())
    said += f"，序时进度 {share(time)}，执行率与序时进度之比 {shown}，{line_of(light, bands)}"
    return f"{said}，{LIGHT_WORDS[light]}"


def _node_light(rate: Fraction, on: dt.date, nodes: Mapping[str, Decimal]) -> Judgement:
    """分月节点：取已经过完的最后一个节点月；没有规定的月份沿用上一档。"""
    over = on.month if on.day == calendar.monthrange(on.year, on.month)[1] else on.month - 1
    passed = [int(month) for month in nodes if int(month) <= over]
    if not passed:
        first = min(map(int, nodes))
        return Judgement("none", f"截至 {on.isoformat()} 未满 {first} 个月，没有规定执行率预警线，不判执行灯")
    month = max(passed)
    line = nodes[str(month)]
    light: Light = "red" if rate * 100 < Fraction(line) else "green"
    carried = "" if (month, over) == (on.month, on.month) else f"（截至 {on.isoformat()} 没有单独规定，沿用上一档）"
    relation = "低于" if light == "red" else "达到"
    said = f"执行率 {share(rate, line)}，{relation} 1–{month} 月的预警线 {plain(line)}%{carried}"
    return Judgement(light, f"{said}，{LIGHT_WORDS[light]}")


@rule("M02", "monitor")
def indicator_light(
    target: Target | None,
    actual: Actual | None,
    on: dt.date,
    *,
    positive_bands: Bands | None,
    qualitative_bands: Bands | None,
    qualitative_words: Words | None,
) -> IndicatorJudgement:
    """指标灯：正向和等于的指标按完成值与序时应完成值之比，反向看是否超过，定性看达成到哪一档。

    “等于”的指标不给蓝灯；“大于”与“大于等于”同线：监控看进度，不看终点。
    """
    if target is None or actual is None:
        return _unlit("没有指标值" if target is None else "没有完成值")
    if target.operator == "qualitative":
        return _qualitative_light(target, actual, qualitative_bands, qualitative_words)
    if target.value is None or actual.value is None:
        return _unlit(incomparable(target, actual) or "")
    goal, done = Fraction(target.value), Fraction(actual.value)
    if goal <= 0 or target.operator in ("<=", "<"):
        return _limit_light(target, goal, done)
    time = time_progress(on)
    progress = done / (goal * time)
    if not positive_bands:
        return IndicatorJudgement("none", done / goal, progress, f"{on.isoformat()} 没有正向指标灯的规定，不判")
    band = cast(Light, band_of(progress * 100, positive_bands))
    light: Light = "green" if band == "blue" and target.operator == "=" else band
    said = f"完成值 {decimal_text(done)} ÷（指标值 {decimal_text(goal)} × 序时进度 {share(time)}）"
    said += f" = {share(progress, *positive_bands.values())}，{line_of(band, positive_bands)}"
    if light != band:
        said += "，要求“等于”的不判蓝灯"
    return IndicatorJudgement(light, done / goal, progress, f"{said}，{LIGHT_WORDS[light]}")


def _unlit(reason: str) -> IndicatorJudgement:
    return IndicatorJudgement("none", None, None, reason)


def _limit_light(target: Target, goal: Fraction, done: Fraction) -> IndicatorJudgement:
    """只看是否守住的指标：反向的，以及指标值为 0 或为负的。

    指标值为 0：等于的要求完成值为 0，“≤0”“<0”的完成值不大于 0 即可，“≥0”“>0”按运算符本身。
    """
    kept = {
        ">=": done >= goal,
        ">": done > goal,
        "=": done == goal,
        "<=": done <= goal,
        "<": done < goal or goal == 0 == done,
    }[target.operator]
    completion = done / goal if goal > 0 else None
    light: Light = "green" if kept else "red"
    said = f"完成值 {decimal_text(done)}，{'符合' if kept else '不符合'}指标值“{one_line(target.text)}”"
    return IndicatorJudgement(light, completion, None, f"{said}，{LIGHT_WORDS[light]}")


def _qualitative_light(target: Target, actual: Actual, bands: Bands | None, words: Words | None) -> IndicatorJudgement:
    level = attainment(target, actual, bands, words)
    if level is None or not bands:
        return _unlit(f"定性指标，看不出“{one_line(actual.text)}”是否达成，不判")
    place = list(bands).index(level)
    light: Light = "green" if place == 0 else "red" if place == len(bands) - 1 else "yellow"
    completion = Fraction(actual.value) / 100 if actual.value is not None else None
    said = f"定性指标，完成情况“{one_line(actual.text)}”属于{level}，{LIGHT_WORDS[light]}"
    return IndicatorJudgement(light, completion, None, said)


@rule("M03", "monitor")
def goal_light(lights: Iterable[Light]) -> Light:
    """项目目标灯取各指标灯中最差的：红、黄、绿、蓝；都没有灯时无灯。"""
    found = set(lights)
    return next((light for light in WORST_FIRST if light in found), "none")


@rule("M04", "monitor")
def overall_light(
    execution: Light,
    goal: Light,
    gap: Fraction | None,
    *,
    overall_method: str | None,
    overall_table: Mapping[str, str] | None,
    gap_limit: Decimal | None,
) -> Judgement:
    """总灯：执行灯与目标灯取较差者，或按“达到支出进度、达到绩效目标”查表；双监控差过大的至少黄灯。

    gap 是绩效目标完成率减预算执行率（1 = 100%），gap_limit 的单位是百分点，恰等于限值不算超过。
    """
    if overall_method == "二维表" and overall_table:
        light, said = _matrix_light(execution, goal, overall_table)
    elif overall_method == "取最差":
        light = goal_light((execution, goal))
        said = f"执行{LIGHT_WORDS[execution]}、目标{LIGHT_WORDS[goal]}，取较差者"
    else:
        light, said = "none", "没有总灯的规定"
    if gap is not None and gap_limit is not None and abs(gap) * 100 > Fraction(gap_limit):
        points = share(abs(gap), gap_limit).removesuffix("%")
        said += f"；绩效目标完成率与预算执行率相差 {points} 个百分点，超过 {plain(gap_limit)} 个百分点"
        light = "red" if light == "red" else "yellow"
    return Judgement(light, f"{said}，{LIGHT_WORDS[light]}")


def _matrix_light(execution: Light, goal: Light, table: Mapping[str, str]) -> tuple[Light, str]:
    """两行两列的表；缺执行灯时当作达到支出进度，缺目标灯时只按执行灯给绿或红。"""
    spent, met = execution in ("green", "blue"), goal in ("green", "blue")
    if execution == goal == "none":
        return "none", "执行灯和目标灯都没有"
    if goal == "none":
        return ("green" if spent else "red"), f"没有目标灯，只按支出进度（执行{LIGHT_WORDS[execution]}）"
    said = f"{'达到' if spent else '没有达到'}支出进度，{'达到' if met else '没有达到'}绩效目标"
    if execution == "none":
        spent, said = True, f"没有执行灯，只按绩效目标（{'达到' if met else '没有达到'}）"
    key = ("是" if spent else "否") + ("是" if met else "否")
    return cast(Light, table.get(key, "none")), said


# ---- 处置 ----


@rule("M05", "monitor")
def treatment(
    overall: Light,
    execution: Light,
    goal: Light,
    reasons: Sequence[str],
    budget: int | None,
    expenditure: int,
    impossible: bool,
    on: dt.date | None = None,
    *,
    treatments: Mapping[str, str] | None,
    objective_causes: Sequence[str] | None,
    reclaim_month: Decimal | None,
    response_days: Decimal | None,
    response_choices: Sequence[str] | None,
    response_overdue: str | None,
) -> Treatment | None:
    """处置建议：客观原因的调减并同步调整目标，两灯皆红的暂停，临近年末分文未支的收回，其余按灯。

    on 是截止日，没有给时不判“收回”。无灯，或没有处置的规定时为 None。
    """
    if (overall == "none" and not impossible) or not treatments:
        return None
    slow = overall in ("red", "yellow") or impossible
    cause = next((said for said in reasons for word in objective_causes or () if word in said), None) if slow else None
    late = on is not None and reclaim_month is not None and on.month >= reclaim_month
    if cause:
        case, said = "客观原因", f"因“{one_line(cause)}”等客观因素，执行缓慢或预计不能实现绩效目标"
    elif execution == goal == "red":
        case, said = "两项偏离", "预算执行与绩效目标都严重偏离"
    elif overall == "red" and late and budget and not expenditure:
        case, said = "没有支出", f"临近年末，预算 {money(budget)} 还没有支出"
    else:
        case, said = _plain_case(overall, impossible)
    days = int(response_days) if response_days is not None and slow else None
    if days is not None:
        chosen = f"在{'、'.join(response_choices)}中选定一项" if response_choices else "答复"
        said += f"；单位应在 {days} 个工作日内{chosen}" + (f"，逾期{response_overdue}" if response_overdue else "")
    action = treatments.get(case)
    return Treatment(action, f"{said}，建议{action}", days) if action else None


def _plain_case(overall: Light, impossible: bool) -> tuple[str, str]:
    if overall == "red" or impossible:
        return "红灯", "完成目标“完全不可能”" if impossible else "总灯为红灯"
    return "黄灯" if overall == "yellow" else "正常", f"总灯为{LIGHT_WORDS[overall]}"


# ---- 检查 ----


@rule("M06", "monitor", "warning")
def overspend(budget: int | None, expenditure: int) -> str | None:
    """累计支出不得超过调整后预算。"""
    if not budget or expenditure <= budget:
        return None
    over = small_money(expenditure - budget)
    return f"累计支出 {money(expenditure)} 超过调整后预算 {money(budget)}，超出 {over}"


@rule("M07", "monitor", "warning")
def unexplained_light(light: Light, reasons: Sequence[str]) -> str | None:
    """红灯、黄灯要说明偏差原因。"""
    if light not in ("red", "yellow") or "".join(reasons).strip():
        return None
    return f"{LIGHT_WORDS[light]}，没有填偏差原因"


def is_impossible(possibility: str | None, *, impossible_words: Sequence[str] | None) -> bool:
    """“完成目标可能性”填的是不是“完全不可能”。"""
    return bool(possibility and phrase_of(possibility, {"不可能": impossible_words or ()}))


@rule("M08", "monitor", "warning")
def impossible_untreated(
    possibility: str | None, actions: Sequence[str], *, impossible_words: Sequence[str] | None
) -> str | None:
    """填“完全不可能”完成的，要有处置或调整。"""
    if not is_impossible(possibility, impossible_words=impossible_words) or any(action.strip() for action in actions):
        return None
    return f"完成目标可能性填“{one_line(possibility or '')}”，没有处置措施或调整"


@rule("M09", "monitor", "warning")
def missing_actual(actual: Actual | None) -> str | None:
    """每条指标都要有当前完成值。"""
    return None if actual and actual.text.strip() else "没有完成值，这条指标不能判灯，请补填当前完成值"


@rule("M10", "monitor", "warning")
def forecast_below_actual(target: Target | None, actual: Actual | None, forecast: Actual | None) -> str | None:
    """正向指标的全年预计完成不得小于当前完成值。"""
    if target is None or actual is None or forecast is None or target.operator not in (">=", ">", "="):
        return None
    if actual.value is None or forecast.value is None or forecast.value >= actual.value:
        return None
    return f"全年预计完成 {plain(forecast.value)} 小于当前完成值 {plain(actual.value)}"


@rule("M11", "monitor", "warning")
def unit_without_report(unit: str, reported: Collection[str]) -> str | None:
    """有项目支出的单位都要报送单位整体支出监控报告。"""
    return None if unit in reported else f"{one_line(unit)}没有报送单位整体支出监控报告"


@rule("M12", "monitor", "hint")
def counts_at_odds(red: int, reduced: int, adjusted: int) -> str | None:
    """红灯、调减、调整三个项目数要能同时成立：调减的是调整的一部分，红灯不等于已调减。"""
    if reduced > adjusted:
        return f"调减 {reduced} 个项目，调整的却只有 {adjusted} 个，不能同时成立"
    if red > reduced:
        return f"红灯项目 {red} 个，调减的 {reduced} 个，调整的 {adjusted} 个：口径不同，不能写成“红灯项目均已调减”"
    return None


@rule("M13", "monitor", "error")
def adjustment_arithmetic(
    before: int | None, after: int | None, amount: int | None, *, amount_tolerance: int | None
) -> str | None:
    """调整后预算 = 调整前预算 + 调整金额；调减写成正数的也认。"""
    if before is None or after is None or amount is None:
        return None
    change, slack = after - before, amount_tolerance or 0
    if abs(change - amount) <= slack or (amount > 0 and abs(change + amount) <= slack):
        return None
    return f"调整前 {money(before)}、调整后 {money(after)}，应调整 {money(change)}，表上写 {money(amount)}"


@rule("M14", "monitor", "warning")
def stated_execution_rate(
    stated: Rate | None, budget: int | None, expenditure: int, *, rate_tolerance: Decimal | None
) -> str | None:
    """表上的执行率要与累计支出 ÷ 调整后预算一致。"""
    if stated is None or not budget or rate_tolerance is None:
        return None
    if stated_rate_fits(stated, expenditure, budget, rate_tolerance):
        return None
    exact = share(Fraction(expenditure, budget))
    return f"执行率写 {stated_rate_text(stated)}，按 {money(expenditure)} ÷ {money(budget)} 重算为 {exact}"


@rule("M15", "monitor", "warning")
def spending_without_budget(budget: int | None, expenditure: int) -> str | None:
    """没有预算不得支出。"""
    return f"调整后预算为 0，却有累计支出 {money(expenditure)}" if budget == 0 != expenditure else None


@rule("M16", "monitor", "warning")
def goals_not_adjusted(goals_adjusted: bool | None) -> str | None:
    """调整预算要同步调整绩效目标。"""
    return "调整了预算，没有同步调整绩效目标" if goals_adjusted is False else None
