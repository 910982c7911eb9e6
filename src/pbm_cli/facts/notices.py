"""整改通知、预警通知的事实：哪些单位、哪些项目、越过哪条线、依据什么、什么时候以前反馈。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pbm_cli.errors import ConfigError
from pbm_cli.facts import Judge, Row, counted
from pbm_cli.facts.document import parameter_row
from pbm_cli.models import Light
from pbm_cli.rules.monitor_notice import Deadline, feedback_deadline
from pbm_cli.text import one_line, squeeze

BAD_LIGHTS: tuple[Light, ...] = ("red", "yellow")
# 执行灯的算法 → 它看的线
LINES_OF_METHOD: Mapping[str, tuple[str, ...]] = {"进度比": ("execution_bands",), "分月节点": ("execution_nodes",)}


def notice_facts(rows: Iterable[Row], judge: Judge, on: dt.date, due: dt.date | None) -> list[Row]:
    """监控的各行 → 每个有红灯、黄灯项目的单位一份通知，涉及的钱多的在前。

    单位按去掉空白后的名称归并；没有填单位的合成一份。on 是数据截止日，due 是县里给的反馈日期。
    """
    deadline = _deadline(judge, on, due)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row["light"] in BAD_LIGHTS:
            groups.setdefault(squeeze(row["budget_unit"] or ""), []).append(row)
    found = [_notice(group, judge, deadline) for group in groups.values()]
    found.sort(key=lambda item: (-Decimal(item["budget_yuan"]), -item["red"], item["budget_unit"] or ""))
    return found


def _notice(rows: list[Row], judge: Judge, deadline: Row) -> Row:
    rows = sorted(rows, key=lambda row: (row["light"] != "red", -_yuan(row["budget_yuan"])))
    unit = one_line(rows[0]["budget_unit"] or "")
    lights = counted((row["light"] for row in rows), BAD_LIGHTS)
    projects = [{**row, **told(row)} for row in rows]
    return {
        "budget_unit": unit or None,
        "red": lights["red"],
        "yellow": lights["yellow"],
        "budget_yuan": _sum(rows, "budget_yuan"),
        "expenditure_yuan": _sum(rows, "expenditure_yuan"),
        "projects": projects,
        "deadline": deadline,
        "response_choices": _choices(judge),
        "response_overdue": judge.bound.value("response_overdue"),
        "bases": [*_bases(projects, judge), *deadline["bases"]],
    }


def _choices(judge: Judge) -> str | None:
    """规定了单位要在哪几样处置里选的，连起来。"""
    return judge.bound.text("response_choices") if judge.bound.value("response_choices") else None


def _yuan(text: str | None) -> Decimal:
    return Decimal(text or 0)


def _sum(rows: Iterable[Row], key: str) -> str:
    return f"{sum((_yuan(row[key]) for row in rows), Decimal(0)):.2f}"


def told(row: Row) -> Row:
    """把一行的 reasons 分开：执行灯一句，起决定作用的各指标各一句，总灯一句，其余是单位填的原因。

    次序由 facts.monitor 定：红灯、黄灯的行，先是判灯的道理，再是单位填的原因。crossed 只留红灯、黄灯的道理；总灯就是
    执行灯、目标灯中较差者的，不必再说。
    """
    goal = row["goal_light"]
    decisive = sum(1 for item in row["indicators"] if item["light"] == goal) if goal in BAD_LIGHTS else 0
    execution, *rest = row["reasons"]
    worst, overall, stated = rest[:decisive], rest[decisive], rest[decisive + 1 :]
    both = (row["execution_light"], goal)
    plain = row["light"] in both and "；" not in overall
    said = [*([execution] if both[0] in BAD_LIGHTS else []), *worst, *([] if plain else [overall])]
    return {"crossed": said, "stated_reasons": stated}


def _deadline(judge: Judge, on: dt.date, due: dt.date | None) -> Row:
    """反馈期限：正文里的说法、日期、依据；没有规定的各项为 None。"""
    if due is not None and due < on:
        raise ConfigError(
            "pbm.toml›run.notice_due", f"反馈日期 {due} 早于数据截止日 {on}", "请改成发出通知以后的日期，或删去这一行"
        )
    try:
        found = judge(feedback_deadline)(on, due)
    except OverflowError as error:
        text = judge.bound.text("notice_days")
        raise ConfigError("notice_days", f"期限 {text} 日太长，算不出日期", "请改成几十日以内") from error
    if found is None:
        return {"date": None, "working_days": None, "sentence": None, "bases": []}
    return {
        "date": found.date.isoformat() if found.date else None,
        "working_days": found.working_days,
        "sentence": found.sentence,
        "bases": [_deadline_basis(found, judge)],
    }


def _deadline_basis(deadline: Deadline, judge: Judge) -> Row:
    if deadline.parameter is None:
        return {"what": "反馈期限", "line": deadline.sentence, "basis": "由本县在 pbm.toml 里设定"}
    found = _basis("反馈期限", deadline.parameter, judge)
    days = f"（自数据截止日起 {judge.bound.text(deadline.parameter)} 日）" if deadline.date else ""
    return {**found, "line": deadline.sentence + days}


def _basis(what: str, name: str, judge: Judge, *, line: bool = True) -> Row:
    """一条依据：是什么的依据、线是多少、文号与证据等级。line 为假时不写线（太长，或已在别处）。"""
    found = parameter_row(judge.bound, name)
    if found is None:
        return {"what": what, "line": None, "basis": "没有规定"}
    value = f"{found['label']}，{found['value']}{_unit(judge, name)}" if line else None
    return {"what": what, "line": value, "basis": found["basis"]}


def _unit(judge: Judge, name: str) -> str:
    parameter = judge.bound.ruleset.parameter(name)
    if parameter.form == "number":
        return f" {parameter.unit}"
    return f"（{parameter.unit}）" if parameter.unit else ""


def _bases(projects: Sequence[Row], judge: Judge) -> list[Row]:
    """这份通知用到的线各一条依据：执行灯、目标灯、总灯、处置建议。"""
    value = judge.bound.value
    found = []
    if any(row["execution_light"] in BAD_LIGHTS for row in projects):
        names = LINES_OF_METHOD.get(str(value("execution_method")), ())
        found += [_basis("执行灯", name, judge) for name in names or ("execution_method",)]
    worst = [item for row in projects for item in row["indicators"] if item["light"] in BAD_LIGHTS]
    if any(item["progress_pct"] is not None for item in worst):
        found.append(_basis("目标灯", "positive_bands", judge))
    if any(item["operator"] == "qualitative" for item in worst):
        found.append(_basis("目标灯", "qualitative_bands", judge))
    table = value("overall_method") == "二维表"
    found.append(_basis("总灯", "overall_table" if table else "overall_method", judge))
    if value("gap_limit") is not None:
        found.append(_basis("总灯", "gap_limit", judge))
    if any(row["action"] for row in projects):
        found.append(_basis("处置建议", "treatments", judge, line=False))
    return [*_together(found)]


def _together(bases: Iterable[Row]) -> Iterable[Row]:
    """同样的依据只说一次。"""
    seen: dict[tuple[Any, ...], Row] = {}
    for item in bases:
        seen.setdefault((item["what"], item["line"], item["basis"]), item)
    return seen.values()
