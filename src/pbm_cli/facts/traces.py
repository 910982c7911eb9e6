"""汇总里的数从哪里来：每个数一个函数，交回带数的算式、来源单元格、用到的规则。

名字同 JSON：环节.键；末尾是 * 的是一组数（如 monitor.lights.*），函数另得到组里的名字。
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pbm_cli.facts import Row
from pbm_cli.facts.beside import row_key
from pbm_cli.facts.goals_opinions import comment_count
from pbm_cli.facts.ledger import change_of
from pbm_cli.facts.sources import Sources, Trace, cells, code_of, light_cells, place_of, plus
from pbm_cli.identity import ProjectIndex, key_of
from pbm_cli.models import LIGHT_WORDS, Adjustment, Goal, Record, Where, business_fields, field_title
from pbm_cli.rules import assess as assess_rules
from pbm_cli.rules import goals_score
from pbm_cli.rules import monitor as monitor_rules
from pbm_cli.text import one_line, yuan

Tracer = Callable[[Sources, str], Trace]
TRACERS: dict[str, Tracer] = {}
LIGHT_RULES = ("M01", "M02", "M03", "M04")


def figure(*names: str) -> Callable[[Tracer], Tracer]:
    """登记一个函数说明哪些数。"""

    def register(function: Tracer) -> Tracer:
        TRACERS.update(dict.fromkeys(names, function))
        return function

    return register


def _money_sum(records: Sequence[Any], name: str, total: str) -> Trace:
    """一栏金额相加。"""
    given = [record for record in records if getattr(record, name) is not None]
    title = field_title(type(records[0]), name) if records else name
    formula = plus([yuan(getattr(record, name)) for record in given], total, "元")
    return Trace(f"各行“{title}”相加：{formula}", cells(given, name))


def _share(title: str, part: tuple[str, str], whole: tuple[str, str], value: str | None) -> str:
    shown = "没有分母，不算" if value is None else f"{value}%（四舍五入到两位小数）"
    return f"{title} = {part[0]} ÷ {whole[0]} = {part[1]} ÷ {whole[1]} = {shown}"


# ---- 事前评估 ----


@figure("assess.projects")
def _assess_projects(sources: Sources, _: str) -> Trace:
    records = sources.loaded.of("assessment")
    total = sources.summary("assess")["projects"]
    text = f"评估结果表采用 {len(records)} 行，同一项目的几种资金合成一个，共 {total} 个项目"
    return Trace(text, cells(records, "project_name"))


@figure("assess.submitted_yuan")
def _submitted(sources: Sources, _: str) -> Trace:
    return _money_sum(sources.loaded.of("assessment"), "submitted", sources.summary("assess")["submitted_yuan"])


@figure("assess.approved_yuan")
def _approved(sources: Sources, _: str) -> Trace:
    records = sources.loaded.of("assessment")
    derived = [record for record in records if record.approved is None]
    terms = [row["approved_yuan"] for row in sources.rows("assess")]
    said = f"（{len(derived)} 行没有审定金额，用申报金额减评减额）" if derived else ""
    formula = plus(terms, sources.summary("assess")["approved_yuan"], "元")
    stated = [record for record in records if record.approved is not None]
    return Trace(
        f"各行“审定金额”相加{said}：{formula}", cells(stated, "approved") + cells(derived, "submitted", "reduction")
    )


@figure("assess.reduction_yuan")
def _reduction(sources: Sources, _: str) -> Trace:
    total = sources.summary("assess")
    text = (
        f"评减额 = 申报金额合计 − 审定金额合计 = {total['submitted_yuan']} − {total['approved_yuan']}"
        f" = {total['reduction_yuan']} 元"
    )
    return Trace(text, _submitted(sources, "").places + _approved(sources, "").places, ("E02",))


@figure("assess.reduction_pct")
def _reduction_pct(sources: Sources, _: str) -> Trace:
    total = sources.summary("assess")
    pair = (("评减额合计", f"{total['reduction_yuan']} 元"), ("申报金额合计", f"{total['submitted_yuan']} 元"))
    text = _share("评减率", *pair, total["reduction_pct"]) + "；先汇总后相除，不是各项目评减率的平均"
    return Trace(text, _reduction(sources, "").places, ("E02", "E03"))


@figure("assess.by_conclusion.*")
def _by_conclusion(sources: Sources, name: str) -> Trace:
    rows = [row for row in sources.rows("assess") if row["conclusion"] == name]
    records = [record for row in rows if (record := sources.record(row, "assessment"))]
    written = [record for record in records if record.conclusion]
    scored = [record for record in records if not record.conclusion]
    dims = ("score", "necessity", "economy", "goal_soundness", "feasibility", "funding_compliance")
    text = f"{len(sources.rows('assess'))} 行里结论为“{name}”的 {len(rows)} 行"
    if scored:
        text += f"，其中 {len(scored)} 行没有写结论，按得分定"
    return Trace(text, cells(written, "conclusion") + cells(scored, *dims), ("E11", "E12"))


@figure("assess.mandatory_missing")
def _mandatory(sources: Sources, _: str) -> Trace:
    code = code_of(assess_rules.mandatory_assessment)
    return _from_findings(sources, "assess", code, "应当事前评估而没有评估记录的项目")


def _from_findings(sources: Sources, stage: str, code: str, what: str) -> Trace:
    found = [item for item in sources.facts.stages[stage].findings if item.code == code]
    return Trace(f"{what}，逐个判断共 {len(found)} 个", [item.where for item in found if item.where], (code,))


# ---- 目标审核 ----


@figure("goals.projects", "goals.indicators", "goals.projects_with_comments")
def _goals_counts(sources: Sources, name: str) -> Trace:
    key = name.partition(".")[2]
    total = sources.summary("goals")[key]
    rows = sources.rows("goals")
    if key == "indicators":
        records = sources.loaded.indicators("goals", "goal_form")
        text = f"绩效指标采用 {len(records)} 条，对得上项目的 {total} 条"
        return Trace(text, cells(records, "level3"))
    chosen = [row for row in rows if key == "projects" or row["comments"]]
    word = "项目" if key == "projects" else "有人工或自动审核意见的项目"
    return Trace(f"{word} {total} 个（同一项目的几种资金合成一个）", _row_places(sources, chosen))


@figure("goals.budget_yuan")
def _goals_budget(sources: Sources, _: str) -> Trace:
    return _money_sum(sources.loaded.of("goal", "goal_form"), "budget", sources.summary("goals")["budget_yuan"])


@figure("goals.comments", "goals.open_comments")
def _comments(sources: Sources, name: str) -> Trace:
    still = name.endswith("open_comments")
    closed = sources.judge(goals_score.comment_closed)
    reviews = [r for r in sources.loaded.of("review") if comment_count(r.comment)]
    chosen = [r for r in reviews if not (still and closed(r.conclusion))]
    total = sources.summary("goals")[name.partition(".")[2]]
    said = "，审核结论已办结的不算" if still else ""
    text = (
        f"审核意见表有意见的 {len(chosen)} 格，逐格数条数（从 1 起编号的按编号数，否则一格一条{said}），共 {total} 条"
    )
    columns = ("comment", "conclusion") if still else ("comment",)
    return Trace(text, cells(chosen, *columns), ("T24",) if still else ())


@figure("goals.automatic_comments")
def _automatic(sources: Sources, _: str) -> Trace:
    counted = sources.summary("goals")["by_rule"]
    opinions = _opinions(sources)
    formula = plus([str(count) for count in counted.values()], str(len(opinions)), "条")
    said = "、".join(f"{code} {count}" for code, count in counted.items())
    return Trace(f"自动初审各条规则的意见相加（{said}）：{formula}", _wheres(opinions), tuple(counted))


@figure("goals.by_rule.*")
def _by_rule(sources: Sources, name: str) -> Trace:
    chosen = [o for o in _opinions(sources) if o["code"] == name]
    return Trace(f"自动初审里规则 {name} 的意见 {len(chosen)} 条", _wheres(chosen), (name,))


def _opinions(sources: Sources) -> list[Row]:
    return [o for row in sources.rows("goals") for o in row["opinions"] if o["code"]]


def _wheres(opinions: Iterable[Row]) -> list[Where]:
    return [Where(o["where"]["file"], o["where"]["sheet"], o["where"]["cell"]) for o in opinions if o["where"]]


@figure("goals.by_grade.*")
def _goals_grade(sources: Sources, name: str) -> Trace:
    rows = sources.rows("goals")
    chosen = {place for place, row in enumerate(rows) if row["grade"] == name}
    human = sum(rows[place]["grade_source"] == "人工审核" for place in chosen)
    text = f"审核等级为“{name}”的 {len(chosen)} 个项目：人工审核结论定的 {human} 个"
    text += f"，自动初审得分定的 {len(chosen) - human} 个"
    index = ProjectIndex()
    for record in rows:
        index.put(row_key(record))
    reviews = [r for r in sources.loaded.of("review") if r.conclusion]
    stated = [r for r in reviews if len(found := index.find(key_of(r))) == 1 and found[0] in chosen]
    own = _row_places(sources, [rows[n] for n in sorted(chosen) if rows[n]["grade_source"] != "人工审核"])
    return Trace(text, cells(stated, "conclusion") + own, ("T20", "T22", "T23"))


@figure("goals.synchronised.*")
def _synchronised(sources: Sources, name: str) -> Trace:
    field = next(f for f in business_fields(Goal) if field_title(Goal, f) == name)
    goals = sources.loaded.of("goal", "goal_form")
    done = [goal for goal in goals if getattr(goal, field) is True]
    return Trace(f"目标表 {len(goals)} 行里“{name}”填“是”的 {len(done)} 行", cells(done, field))


@figure("goals.added_projects")
def _added(sources: Sources, _: str) -> Trace:
    added = [goal for goal in sources.loaded.of("goal", "goal_form") if goal.stage and "追加" in goal.stage]
    total = sources.summary("goals")["added_projects"]
    return Trace(f"编报阶段写“追加”的 {len(added)} 行，合成 {total} 个项目", cells(added, "stage"))


def _row_places(sources: Sources, rows: Iterable[Row]) -> list[Where]:
    found = []
    for row in rows:
        record = sources.record(row, "goal", "review", "execution", "assessment", "evaluation", "indicator")
        if record is not None:
            found.append(place_of(record))
    return found


# ---- 运行监控 ----


@figure("monitor.projects", "monitor.budget_yuan", "monitor.expenditure_yuan")
def _monitor_sums(sources: Sources, name: str) -> Trace:
    key = name.partition(".")[2]
    total = sources.summary("monitor")[key]
    records = sources.loaded.of("execution", "monitoring_form")
    if key != "projects":
        return _money_sum(records, "adjusted_budget" if key == "budget_yuan" else "expenditure", total)
    if not records:
        text = f"没有执行表，项目取自指标表，共 {total} 个"
        return Trace(text, [project.origin.where("project_name") for project, _ in sources.projects])
    text = f"执行表采用 {len(records)} 行，同一项目的几种资金合成一个，共 {total} 个项目"
    return Trace(text, cells(records, "project_name"))


@figure("monitor.execution_pct")
def _execution_pct(sources: Sources, _: str) -> Trace:
    total = sources.summary("monitor")
    pair = (("累计支出合计", f"{total['expenditure_yuan']} 元"), ("调整后预算合计", f"{total['budget_yuan']} 元"))
    text = _share("执行率", *pair, total["execution_pct"]) + "；先汇总后相除，不是各项目执行率的平均"
    return Trace(text, cells(sources.loaded.of("execution", "monitoring_form"), "adjusted_budget", "expenditure"))


@figure("monitor.time_progress_pct")
def _time(sources: Sources, _: str) -> Trace:
    on = sources.facts.on
    value = sources.summary("monitor")["time_progress_pct"]
    assert on is not None  # noqa: S101 - report always has a date
    days = calendar.monthrange(on.year, on.month)[1]
    exact = monitor_rules.time_progress(on)
    text = f"截止日 {on.isoformat()}：{on.month - 1} ÷ 12 + {on.day} ÷ ({days} × 12) = {exact} = {value}%"
    return Trace(text)


@figure("monitor.lights.*")
def _overall_lights(sources: Sources, name: str) -> Trace:
    return _lights(sources, name, "light", LIGHT_RULES)


@figure("monitor.execution_lights.*")
def _execution_lights(sources: Sources, name: str) -> Trace:
    return _lights(sources, name, "execution_light", ("M01",))


@figure("monitor.goal_lights.*")
def _goal_lights(sources: Sources, name: str) -> Trace:
    return _lights(sources, name, "goal_light", ("M02", "M03"))


def _lights(sources: Sources, name: str, which: str, rules: tuple[str, ...]) -> Trace:
    found = [(project, row) for project, row in sources.projects if row[which] == name]
    said = {"light": "总灯", "execution_light": "执行灯", "goal_light": "目标灯"}[which]
    text = f"{len(sources.projects)} 个项目逐个判灯，{said}为{LIGHT_WORDS[name]}的 {len(found)} 个"
    places = [where for project, row in found for where in light_cells(project, row, which, row[which])]
    return Trace(text, places, rules)


@figure("monitor.by_proposal.*")
def _by_proposal(sources: Sources, name: str) -> Trace:
    found = [(project, row) for project, row in sources.projects if row["action"] == name]
    places = [where for project, row in found for where in light_cells(project, row, "light", row["light"])]
    return Trace(f"按灯和偏差原因建议“{name}”的 {len(found)} 个项目", places, (*LIGHT_RULES, "M05"))


@figure("monitor.by_reason.*")
def _by_reason(sources: Sources, name: str) -> Trace:
    found = [project for project, _ in sources.projects if name in project.stated_reasons]
    records: list[Record] = [r for p in found for r in p.rows if r.reason == name]
    records += [r for p in found for r in p.indicators if r.reason == name]
    return Trace(
        f"偏差原因填“{one_line(name)}”的 {len(found)} 个项目（一个项目同一原因只算一次）", cells(records, "reason")
    )


@figure("monitor.units_due", "monitor.units_reported", "monitor.units_published", "monitor.coverage_pct")
def _units(sources: Sources, name: str) -> Trace:
    total, key = sources.summary("monitor"), name.partition(".")[2]
    register = sources.loaded.of("unit_report")
    base = sources.loaded.of("execution", "monitoring_form") or register
    first: dict[str, Record] = {}
    for record in base:
        if record.budget_unit:
            first.setdefault(one_line(record.budget_unit), record)
    due, dates = list(first.values()), cells(register, "budget_unit", "submitted_on")
    if key == "units_due":
        word = "登记表" if base is register else "执行表"
        return Trace(f"{word}里不同的单位 {total['units_due']} 个", cells(due, "budget_unit"))
    if key == "units_reported":
        return Trace(f"应报单位里登记了报送日期的 {total['units_reported']} 个", dates, ("M11",))
    if key == "units_published":
        text = f"应报单位里登记了公开日期的 {total['units_published']} 个"
        return Trace(text, cells([r for r in register if r.published_on is not None], "published_on"))
    pair = (("已报单位", f"{total['units_reported']} 个"), ("应报单位", f"{total['units_due']} 个"))
    text = _share("监控报告覆盖率", *pair, total["coverage_pct"])
    return Trace(text, cells(due, "budget_unit") + dates, ("M11",))


@figure("monitor.adjusted_yuan", "monitor.adjusted_cut_yuan", "monitor.adjusted_added_yuan")
def _adjusted_money(sources: Sources, name: str) -> Trace:
    key = name.partition(".")[2]
    sizes: list[tuple[Adjustment, int]] = []
    for record in sources.loaded.of("adjustment"):
        change = change_of(record)
        if key == "adjusted_yuan":
            sizes.append((record, abs(record.amount or 0) if change is None else abs(change)))
        elif change and (change < 0) == (key == "adjusted_cut_yuan"):
            sizes.append((record, abs(change)))
    what = {"adjusted_yuan": "各次调整的绝对额", "adjusted_cut_yuan": "各次调减", "adjusted_added_yuan": "各次调增"}[
        key
    ]
    formula = plus([yuan(size) for _, size in sizes], sources.summary("monitor")[key], "元")
    text = f"{what}相加：{formula}（有调整前后的用后减前，否则看调整金额和处置措施）"
    places = [where for record, _ in sizes for where in cells([record], *_ledger_fields(record))]
    return Trace(text, places, ("M13",))


def _ledger_fields(record: Adjustment) -> tuple[str, ...]:
    both = record.before is not None and record.after is not None
    return ("before", "after") if both else ("amount", "action")


@figure("monitor.adjusted_projects", "monitor.reduced_projects", "monitor.goals_adjusted")
def _adjusted_counts(sources: Sources, name: str) -> Trace:
    key = name.partition(".")[2]
    total, records = sources.summary("monitor")[key], sources.loaded.of("adjustment")
    if key == "goals_adjusted":
        done = [r for r in records if r.goals_adjusted is True]
        return Trace(f"台账里“同步调整绩效目标”填“是”的 {total} 次", cells(done, "goals_adjusted"), ("M16",))
    if key == "adjusted_projects":
        text = f"台账采用 {len(records)} 行，同一项目的几次合成一个，共 {total} 个项目"
        return Trace(text, cells(records, "project_name"))
    text = f"台账里各项目的调整加起来是调减的 {total} 个"
    return Trace(text, [where for r in records for where in cells([r], *_ledger_fields(r))])


@figure("monitor.by_action.*")
def _by_action(sources: Sources, name: str) -> Trace:
    return _ledger_words(sources, name, "action")


@figure("monitor.by_monitored_by.*")
def _by_monitored_by(sources: Sources, name: str) -> Trace:
    return _ledger_words(sources, name, "monitored_by")


def _ledger_words(sources: Sources, name: str, field: str) -> Trace:
    same = [r for r in sources.loaded.of("adjustment") if getattr(r, field) == name]
    return Trace(f"台账里“{field_title(Adjustment, field)}”为“{one_line(name)}”的 {len(same)} 次", cells(same, field))


# ---- 机制建设 ----


@figure("mechanism.documents", "mechanism.training_sessions", "mechanism.training_attendances")
def _mechanism(sources: Sources, name: str) -> Trace:
    key = name.partition(".")[2]
    total = str(sources.summary("mechanism")[key])
    trainings = sources.loaded.of("training")
    if key == "documents":
        records = sources.loaded.of("document")
        return Trace(f"制度文件清单采用 {len(records)} 行，一份一行，共 {total} 份", cells(records, "title"))
    if key == "training_sessions":
        terms = [str(t.sessions if t.sessions is not None else 1) for t in trainings]
        text = f"各行期数相加（没有写期数的一行算一期）：{plus(terms, total, '期')}"
        return Trace(text, cells(trainings, "name", "sessions"))
    terms = [str(t.attendances) for t in trainings]
    return Trace(f"各行人次相加：{plus(terms, total, '人次')}", cells(trainings, "attendances"))
