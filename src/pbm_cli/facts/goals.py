"""绩效目标的事实：项目数、指标数、人工意见与自动意见、审核得分与等级、五同步、追加项目。

自动初审的得分只判机器能看的；没有给指标表就不评分。人工审核给了结论的，等级以人工为准。
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from pbm_cli.facts import Judge, Row, StageFacts, attach, counted, origin_row
from pbm_cli.facts.goals_opinions import comment_count, merge_reviews
from pbm_cli.facts.goals_review import ReviewedProject, Reviewer
from pbm_cli.identity import ProjectIndex, key_of
from pbm_cli.loading import Loaded, stage_of_indicators
from pbm_cli.models import Goal, Indicator, Review, Where, field_title
from pbm_cli.rules import goals as rules
from pbm_cli.rules import goals_score as scores
from pbm_cli.text import score_text, yuan

__all__ = ["GRADES", "comment_count", "goals_facts"]

GRADES = ("优", "良", "中", "差")
_STEPS = ("step_compiled", "step_submitted", "step_approved", "step_issued", "step_published")


def goals_facts(loaded: Loaded, judge: Judge) -> StageFacts:
    """目标表、指标表、审核意见表 → 绩效目标的事实。没有目标表时，项目取自审核意见表，再取自指标表。"""
    goals: list[Goal] = loaded.of("goal", "goal_form")
    reviews: list[Review] = loaded.of("review")
    indicators: list[Indicator] = loaded.indicators("goals", "goal_form")
    stage, index, projects = StageFacts(), ProjectIndex(), list[ReviewedProject]()
    base: Sequence[Goal | Review | Indicator] = goals or reviews or indicators
    for record in base:
        place = index.place(key_of(record))
        if place == len(projects):
            projects.append(ReviewedProject(record.project_code, record.project_name, record.budget_unit))
            stage.rows.append(_new_row(record))
        if isinstance(record, Goal):
            projects[place].goals.append(record)
    judged = _place_indicators(loaded, indicators, index, projects, stage, judge)
    human = merge_reviews(reviews, index, stage, judge)
    if goals or judged:
        _review(projects, stage, judge, _year(loaded, judge), judged=judged)
    if goals:
        _added_without_goal(loaded, goals, index, stage, judge)
    _finish(stage, projects, judge)
    stage.summary = _summary(goals, projects, stage, human)
    return stage


def _new_row(record: Goal | Review | Indicator) -> Row:
    return {
        "project_code": record.project_code,
        "project_name": record.project_name,
        "budget_unit": record.budget_unit,
        "unit_code": None,
        "indicators": 0,
        "grade": None,
        "grade_source": None,
        "treatment": None,
        "score": None,
        "points": {},
        "comments": [],
        "review_comments": 0,
        "open_comments": 0,
        "automatic_comments": 0,
        "steps_missing": [],
        "opinions": [],
        "origin": origin_row(record.origin),
    }


def _place_indicators(
    loaded: Loaded,
    indicators: Sequence[Indicator],
    index: ProjectIndex,
    projects: Sequence[ReviewedProject],
    stage: StageFacts,
    judge: Judge,
) -> bool:
    """指标归到项目；返回指标要不要审：取自监控表、自评表而又给了执行表的（全年的资料），只计数。"""
    borrowed = sum(not i.origin.form and stage_of_indicators(i.origin) != "goals" for i in indicators)
    whole_year = bool(borrowed and loaded.of("execution"))
    attached, findings = attach(index, indicators, "绩效指标表")
    for place, items in attached.items():
        projects[place].indicators = items
        stage.rows[place]["indicators"] = len(items)
    if not whole_year:
        stage.findings.extend(findings)
    said = scores.indicators_not_given(len(indicators), borrowed if whole_year else 0)
    if said and projects:
        where = Where(stage.rows[0]["origin"]["file"], stage.rows[0]["origin"]["sheet"])
        stage.findings.append(judge.finding(scores.indicators_not_given, "绩效指标表", said, where))
    return bool(indicators) and not whole_year


def _year(loaded: Loaded, judge: Judge) -> int | None:
    """目标的年度：表上写的，其次参数的日期所在的年；都没有为 None。"""
    date = judge.bound.date
    return next(iter(loaded.years), None) or (date.year if date != dt.date.max else None)


def _review(
    projects: Sequence[ReviewedProject], stage: StageFacts, judge: Judge, year: int | None, *, judged: bool
) -> None:
    reviewer = Reviewer(judge, year, judged=judged)
    reviewer.review(projects)
    for row, project in zip(stage.rows, projects, strict=True):
        for opinion in project.opinions:
            stage.findings.append(opinion.finding)
            row["comments"].append(opinion.text)
            where = opinion.finding.where
            row["opinions"].append(
                {
                    "source": "自动初审",
                    "code": opinion.code,
                    "text": opinion.text,
                    "state": "未办结",
                    "where": {"file": where.file, "sheet": where.sheet, "cell": where.cell} if where else None,
                    "basis": opinion.finding.basis,
                }
            )
        row["automatic_comments"] = len(project.opinions)
        if judged:
            _score(row, project, judge)
    uneven = list(reviewer.uneven(projects))
    if uneven:
        first, said = uneven[0]
        text = f"有 {len(uneven)} 个项目的权重没有按通行的分法（例如“{first.name}”{said}），请核对是否有意这样分"
        where = first.lines[0].record.origin.where("weight")
        stage.findings.append(judge.finding(scores.level_weights, "绩效指标表", text, where))


def _score(row: Row, project: ReviewedProject, judge: Judge) -> None:
    """自动初审得分；一条指标也没有的，必设的各类都算缺。"""
    codes = [opinion.code for opinion in project.opinions]
    if not project.indicators:
        missing = [kind for kind in rules.KINDS if judge(rules.required_kind)(kind, (), project.code)]
        codes += ["T02"] * len(missing)
    points = judge(scores.review_points)(codes)
    if not points:
        return
    total = sum(points.values(), Decimal(0))
    row["points"] = {name: score_text(value) for name, value in points.items()}
    row["score"] = score_text(total)
    if row["grade"] is None:
        row["grade"] = judge(scores.review_grade)(total)
        row["grade_source"] = "自动初审" if row["grade"] else None


def _added_without_goal(
    loaded: Loaded, goals: Sequence[Goal], index: ProjectIndex, stage: StageFacts, judge: Judge
) -> None:
    """台账里新增（调整前没有预算）的项目：目标表分了年初、追加而又没有编报的，合起来说一次。"""
    if not any(goal.stage for goal in goals):
        return
    added = [r for r in loaded.of("adjustment") if r.before == 0 and (r.after or 0) > 0]
    if not added:
        return
    known = [r.project_name for r in added if index.find(key_of(r))]
    said = scores.added_without_goal([r.project_name for r in added], known)
    if said:
        missing = next(r for r in added if r.project_name not in known)
        where = missing.origin.where("project_name")
        stage.findings.append(judge.finding(scores.added_without_goal, "绩效目标表", said, where))


def _finish(stage: StageFacts, projects: Sequence[ReviewedProject], judge: Judge) -> None:
    for row, project in zip(stage.rows, projects, strict=True):
        steps = [s for s in _STEPS if any(getattr(goal, s) is False for goal in project.goals)]
        row["steps_missing"] = [field_title(Goal, step) for step in steps]
        row["treatment"] = judge(scores.review_treatment)(row["grade"])


def _summary(goals: Sequence[Goal], projects: Sequence[ReviewedProject], stage: StageFacts, human: int) -> Row:
    rows = stage.rows
    return {
        "projects": len(projects),
        "indicators": sum(row["indicators"] for row in rows),
        "comments": human,
        "open_comments": sum(row["open_comments"] for row in rows),
        "automatic_comments": sum(row["automatic_comments"] for row in rows),
        "projects_with_comments": sum(bool(row["comments"]) for row in rows),
        "budget_yuan": yuan(sum(goal.budget for goal in goals)),
        "by_grade": counted((row["grade"] for row in rows), GRADES),
        "by_rule": counted(sorted(code for p in projects for code in (o.code for o in p.opinions))),
        "synchronised": {field_title(Goal, s): sum(getattr(g, s) is True for g in goals) for s in _STEPS}
        if goals
        else {},
        "added_projects": _added(goals),
    }


def _added(goals: Sequence[Goal]) -> int:
    index = ProjectIndex()
    for goal in goals:
        if goal.stage and "追加" in goal.stage:
            index.place(key_of(goal))
    return index.size
