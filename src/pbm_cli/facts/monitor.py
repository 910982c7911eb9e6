"""双监控的事实：每个项目的执行灯、目标灯、总灯和处置建议；单位报告覆盖；处置台账。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from operator import itemgetter
from typing import Any

from pbm_cli.facts import Judge, Row, StageFacts, counted, exact_ratio, indicator_head, origin_row, pct
from pbm_cli.facts.ledger import ledger_facts
from pbm_cli.facts.projects import MonitoredProject, gather_projects
from pbm_cli.loading import Loaded
from pbm_cli.models import LIGHT_WORDS, Execution, Finding, FindingLevel, Indicator, Light, UnitReport, Where
from pbm_cli.rules import Judgement
from pbm_cli.rules import monitor as rules
from pbm_cli.targets import Target
from pbm_cli.text import one_line, percent, percent_of, squeeze, yuan, yuan_or_none

_BAD = frozenset(("red", "yellow"))
LIGHTS: tuple[Light, ...] = ("red", "yellow", "green", "blue", "none")


def monitor_facts(loaded: Loaded, judge: Judge, on: dt.date) -> StageFacts:
    """执行表、指标表、处置台账、单位报告登记表 → 双监控的事实。on 是数据截止日。"""
    projects, findings = gather_projects(loaded)
    stage = StageFacts(findings=findings)
    lights = _Lights(judge, on, stage.findings)
    stage.rows = [lights.row(project) for project in projects]
    executions: list[Execution] = loaded.of("execution", "monitoring_form")
    _check_executions(executions, judge, stage.findings)
    budget = sum(p.budget or 0 for p in projects)
    spent = sum(p.expenditure for p in projects)
    stage.summary = {
        "projects": len(projects),
        "budget_yuan": yuan(budget),
        "expenditure_yuan": yuan(spent),
        "execution_pct": pct(spent, budget),
        "time_progress_pct": percent(rules.time_progress(on)),
        "lights": counted(map(itemgetter("light"), stage.rows), LIGHTS),
        "execution_lights": counted(map(itemgetter("execution_light"), stage.rows), LIGHTS),
        "goal_lights": counted(map(itemgetter("goal_light"), stage.rows), LIGHTS),
        **_coverage(loaded.of("unit_report"), executions, judge, stage.findings),
        **ledger_facts(loaded.of("adjustment"), judge, stage.findings),
        "by_reason": counted(lights.reasons),
        "by_proposal": counted(map(itemgetter("action"), stage.rows)),
        "by_unit": _by_unit(projects, stage.rows),
    }
    red = stage.summary["lights"]["red"]
    ledger = loaded.of("adjustment")
    if ledger and (
        said := rules.counts_at_odds(red, stage.summary["reduced_projects"], stage.summary["adjusted_projects"])
    ):
        stage.findings.append(judge.finding(rules.counts_at_odds, "监控处置台账", said, ledger[0].origin.where()))
    return stage


class _Lights:
    """一次监控的判灯；findings 收判出来的发现，reasons 收各项目填的偏差原因。"""

    def __init__(self, judge: Judge, on: dt.date, findings: list[Finding]) -> None:
        self._judge, self._on, self._findings = judge, on, findings
        time = rules.time_progress(on)
        self._time = None if time == 1 else (time.numerator, time.denominator)  # 年末两个比相等
        self._execution = judge(rules.execution_light)
        self._overalls: dict[tuple[Light, Light], Judgement] = {}
        self._advised: dict[tuple[object, ...], rules.Treatment | None] = {}
        self.reasons: list[str] = []

    def row(self, project: MonitoredProject) -> Row:
        """一个项目的一行。"""
        spent, budget = project.expenditure, project.budget
        judged, indicators = self._indicators(project) if project.indicators else ([], [])
        execution = self._execution(budget, spent, self._on)
        goal = rules.goal_light(one.light for one in judged) if judged else "none"
        achieved = achieved_share(project.indicators, judged) if judged else None
        overall = self._overall(project, execution.light, goal, achieved)
        light = overall.light
        reasons = project.stated_reasons
        self.reasons += reasons
        action, why, days = self._advice(project, (light, execution.light, goal), reasons) or (None, None, None)
        sentences = _sentences(execution, goal, overall, indicators) if light in _BAD else []  # 别的灯的道理没有人看
        if sentences:
            self._explain(project, (execution.light, goal, light), [one.light for one in judged], sentences)
        if sentences or not budget or spent > budget:  # 别的没有可说的
            self._check_spending(project, light, reasons)
        rate = percent_of(spent, budget)
        return {
            "project_code": project.code,
            "project_name": project.name,
            "budget_unit": project.unit,
            "department": project.department,
            "budget_yuan": yuan_or_none(budget),
            "expenditure_yuan": yuan(spent) if project.rows else None,
            "execution_pct": rate,
            "progress_ratio_pct": rate if self._time is None else self._against_time(spent, budget),
            "execution_light": execution.light,
            "goal_light": goal,
            "light": light,
            "action": action,
            "action_reason": why,
            "response_days": days,
            "reasons": sentences + reasons,
            "light_reasons": sentences,
            "stated_reasons": reasons,
            "goal_completion_pct": percent(achieved),
            "indicators": indicators,
            "origin": origin_row(project.origin),
        }

    def _against_time(self, spent: int, budget: int | None) -> str | None:
        """执行率 ÷ 序时进度。"""
        passed, whole = self._time or (1, 1)
        return percent_of(spent * whole, budget and budget * passed)

    def _indicators(self, project: MonitoredProject) -> tuple[list[rules.IndicatorJudgement], list[Row]]:
        """各指标的灯和行。"""
        judge, items = self._judge, project.indicators
        judged = [judge(rules.indicator_light)(item.target, item.actual, self._on) for item in items]
        for item in items:
            _check_indicator(item, project, judge, self._findings)
        return judged, [_indicator_row(item, one) for item, one in zip(items, judged, strict=True)]

    def _advice(
        self, project: MonitoredProject, three: tuple[Light, Light, Light], reasons: Sequence[str]
    ) -> rules.Treatment | None:
        """处置建议。金额只在没有支出时才影响处置：有支出的，灯和原因都相同的项目只判一次。"""
        judge, spent = self._judge, project.expenditure
        impossible = project.indicators and any(judge(rules.is_impossible)(said) for said in project.possibilities)
        key = (*three, *reasons)
        if spent and not impossible and key in self._advised:
            return self._advised[key]
        advice = judge(rules.treatment)(*three, reasons, project.budget, spent, bool(impossible), self._on)
        if spent and not impossible:
            self._advised[key] = advice
        return advice

    def _overall(
        self, project: MonitoredProject, execution: Light, goal: Light, achieved: Fraction | None
    ) -> Judgement:
        """总灯；没有双监控差的，同样两盏灯只判一次。"""
        rate = None if achieved is None else exact_ratio(project.expenditure, project.budget)
        if achieved is not None and rate is not None:
            return self._judge(rules.overall_light)(execution, goal, achieved - rate)
        if (execution, goal) not in self._overalls:
            self._overalls[execution, goal] = self._judge(rules.overall_light)(execution, goal, None)
        return self._overalls[execution, goal]

    def _explain(
        self,
        project: MonitoredProject,
        three: tuple[Light, Light, Light],
        lights: Sequence[Light],
        sentences: Sequence[str],
    ) -> None:
        """红灯、黄灯一条发现，所在是起决定作用的那一格。three 是执行灯、目标灯、总灯；lights 是各指标的灯。"""
        execution, goal, overall = three
        rule: Any = rules.execution_light
        where, names = project.origin.where("expenditure"), None
        if execution != overall:
            rule = rules.indicator_light if goal == overall else rules.overall_light
            culprits = [i for i, one in zip(project.indicators, lights, strict=True) if one == goal == overall]
            where = culprits[0].origin.where("actual") if culprits else where
            names = _parameters_of(culprits[0].target) if culprits else None
        level: FindingLevel = "red" if overall == "red" else "yellow"
        text = f"{LIGHT_WORDS[overall]}：{'；'.join(sentences)}"
        self._findings.append(self._judge.finding(rule, project.name, text, where, level, names))

    def _check_spending(self, project: MonitoredProject, overall: Light, reasons: Sequence[str]) -> None:
        """没有说明原因的灯，超支，没有预算的支出。"""
        if project.rows and (said := rules.unexplained_light(overall, reasons)):
            self._say(rules.unexplained_light, project, said, "reason")
        if said := rules.overspend(project.budget, project.expenditure):
            self._say(rules.overspend, project, said, "expenditure")
        if said := rules.spending_without_budget(project.budget, project.expenditure):
            self._say(rules.spending_without_budget, project, said, "expenditure")

    def _say(self, rule: Any, project: MonitoredProject, said: str, column: str) -> None:
        self._findings.append(self._judge.finding(rule, project.name, said, project.origin.where(column)))


def _parameters_of(target: Target | None) -> tuple[str, ...]:
    """判一条指标的灯看的参数；只看守没守住的（反向、指标值为 0）没有线，它的项目变红只因为总灯的算法。"""
    if target is None or target.operator == "qualitative":
        return ("qualitative_bands", "qualitative_words")
    limited = target.operator in ("<=", "<") or (target.value is not None and target.value <= 0)
    return ("overall_method", "overall_table") if limited else ("positive_bands",)


def _indicator_row(item: Indicator, judged: rules.IndicatorJudgement) -> Row:
    return {
        **indicator_head(item),
        "completion_pct": percent(judged.completion),
        "progress_pct": percent(judged.progress),
        "light": judged.light,
        "sentence": judged.sentence,
    }


def _completion(item: Indicator, judged: rules.IndicatorJudgement) -> Fraction:
    """计入目标完成率的完成程度：超额按 100% 计；反向指标守住为 100%，没守住按超出扣减。"""
    done = judged.completion or Fraction(0)
    if item.target is not None and item.target.operator in ("<=", "<"):
        return Fraction(1) if judged.light != "red" else max(2 - done, Fraction(0))
    return min(done, Fraction(1))


def achieved_share(items: Sequence[Indicator], judged: Sequence[rules.IndicatorJudgement]) -> Fraction | None:
    """目标完成率：可比的指标都写了权重的按权重平均，否则简单平均；没有可比的指标为 None。"""
    parts = [(item, one) for item, one in zip(items, judged, strict=True) if one.completion is not None]
    if not parts:
        return None
    weighted = all(item.weight for item, _ in parts)
    weights = [Fraction(item.weight) if weighted and item.weight else Fraction(1) for item, _ in parts]
    values = [_completion(item, one) for item, one in parts]
    return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0)) / sum(weights)


def _sentences(execution: Judgement, goal: Light, overall: Judgement, indicators: Sequence[Row]) -> list[str]:
    """这盏灯的道理：执行灯一句，起决定作用的指标各一句，合并一句。"""
    worst = [
        f"指标“{i['level3'] or '未命名'}”{i['sentence']}"
        for i in indicators
        if i["light"] == goal and goal in ("red", "yellow")
    ]
    return [execution.sentence, *worst, overall.sentence]


def _check_indicator(item: Indicator, project: MonitoredProject, judge: Judge, findings: list[Finding]) -> None:
    name = f"{project.name}·{item.level3 or '未命名指标'}"
    actions = [a.action for a in project.adjustments if a.action]
    checks: list[tuple[Any, str | None, str]] = [
        (rules.forecast_below_actual, rules.forecast_below_actual(item.target, item.actual, item.forecast), "forecast"),
        (rules.impossible_untreated, judge(rules.impossible_untreated)(item.possibility, actions), "possibility"),
    ]
    if "actual" in item.origin.columns:
        checks.append((rules.missing_actual, rules.missing_actual(item.actual), "actual"))
    findings.extend(judge.finding(rule, name, said, item.origin.where(column)) for rule, said, column in checks if said)


def _check_executions(records: Sequence[Execution], judge: Judge, findings: list[Finding]) -> None:
    """各行写的执行率、差额，与重算的比。"""
    misstated = judge(rules.stated_execution_rate)
    for record in records:
        budget, spent = record.adjusted_budget, record.expenditure
        if said := misstated(record.execution_rate, budget, spent):
            where = record.origin.where("execution_rate")
            findings.append(judge.finding(rules.stated_execution_rate, record.project_name, said, where))
        left = budget - spent
        if record.balance is not None and abs(record.balance) != abs(left):
            text = f"差额写 {yuan(record.balance)} 元，按调整后预算减累计支出重算是 {yuan(left)} 元"
            findings.append(Finding("D21", "warning", record.project_name, text, record.origin.where("balance")))


def _coverage(
    reports: Sequence[UnitReport], executions: Sequence[Execution], judge: Judge, findings: list[Finding]
) -> Row:
    """单位整体支出监控报告的覆盖：应报 = 执行表里的单位，没有执行表时 = 登记表里的单位。"""
    executed = {squeeze(r.budget_unit): r.budget_unit for r in executions if r.budget_unit}
    registered = {squeeze(r.budget_unit): r for r in reports}
    due = dict(executed) or {key: r.budget_unit for key, r in registered.items()}
    dated = any("submitted_on" in r.origin.columns for r in reports)
    reported = {squeeze(r.budget_unit) for r in reports if r.submitted_on is not None or not dated} & due.keys()
    published = {squeeze(r.budget_unit) for r in reports if r.published_on is not None} & due.keys()
    for key, record in registered.items():
        if executed and key not in executed:
            text = f"{one_line(record.budget_unit)}登记了监控报告，但执行表里没有这个单位，没有计入覆盖率"
            findings.append(Finding("D22", "warning", record.budget_unit, text, record.origin.where("budget_unit")))
    if reports:
        where = Where(reports[0].origin.file, reports[0].origin.sheet)
        for key, unit in due.items():
            if key not in reported:
                said = rules.unit_without_report(unit, ())
                findings.append(judge.finding(rules.unit_without_report, unit, said or "", where))
    return {
        "units_due": len(due),
        "units_reported": len(reported),
        "units_published": len(published),
        "coverage_pct": pct(len(reported), len(due)),
    }


def _by_unit(projects: Sequence[MonitoredProject], rows: Sequence[Row]) -> list[Row]:
    """按单位汇总，单位按出现次序；没有单位的合在“未填单位”。"""
    groups: dict[str, tuple[list[int], list[int], list[Light]]] = {}
    for project, row in zip(projects, rows, strict=True):
        unit = project.unit or "未填单位"
        if unit not in groups:
            groups[unit] = ([], [], [])
        budgets, spent, lights = groups[unit]
        budgets.append(project.budget or 0)
        spent.append(project.expenditure)
        lights.append(row["light"])
    return [
        {
            "budget_unit": unit,
            "projects": len(lights),
            "budget_yuan": yuan(sum(budgets)),
            "expenditure_yuan": yuan(sum(spent)),
            "execution_pct": pct(sum(spent), sum(budgets)),
            "lights": counted(lights, LIGHTS),
        }
        for unit, (budgets, spent, lights) in groups.items()
    ]
