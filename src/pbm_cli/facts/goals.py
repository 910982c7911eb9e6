"""绩效目标的事实：项目数、指标数、人工审核意见条数、自动审核意见、五同步、追加项目。"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pbm_cli.facts import Judge, Row, StageFacts, counted, origin_row, unattached
from pbm_cli.identity import ProjectIndex, key_of
from pbm_cli.loading import Loaded
from pbm_cli.models import Goal, Indicator, Review, field_title
from pbm_cli.rules import goals as rules
from pbm_cli.text import squeeze, yuan

GRADES = ("优", "良", "中", "差")
_STEPS = ("step_compiled", "step_submitted", "step_approved", "step_issued", "step_published")
_NUMBERED = re.compile(r"(?:^|[\s;；。])[(（]?(\d{1,2})[)）、.．](?!\d)")
_NO_COMMENT = frozenset({"", "无", "无意见", "同意", "通过", "无修改意见"})


def comment_count(text: str | None) -> int:
    """一格修改意见里有几条：从 1 起依次编号的按编号数，否则算一条；“无”“无意见”“同意”等不算。"""
    if not text or squeeze(text).strip("。.") in _NO_COMMENT:
        return 0
    numbers = [int(n) for n in _NUMBERED.findall(text)]
    return len(numbers) if numbers == list(range(1, len(numbers) + 1)) and numbers else 1


def goals_facts(loaded: Loaded, judge: Judge) -> StageFacts:
    """目标表、指标表、审核意见表 → 绩效目标的事实。没有目标表时，项目取自审核意见表，再取自指标表。"""
    goals: list[Goal] = loaded.of("goal", "goal_form")
    reviews: list[Review] = loaded.of("review")
    indicators: list[Indicator] = loaded.indicators("goals", "goal_form")
    index = ProjectIndex()
    stage = StageFacts()
    base: Sequence[Goal | Review | Indicator] = goals or reviews or indicators
    for record in base:
        if index.place(key_of(record)) == len(stage.rows):
            stage.rows.append(_new_row(record))
    for item in indicators:
        if len(found := index.find(key_of(item))) == 1:
            stage.rows[found[0]]["indicators"] += 1
            _comment_on(item, ("level1", "level2", "level3", "target"), stage, found[0], judge)
    for goal in goals:
        _comment_on(goal, ("annual_goal",), stage, index.find(key_of(goal))[0], judge)
    human, commented = _merge_reviews(reviews, index, stage)
    automatic = sum(len(row["comments"]) for row in stage.rows)
    commented.update(place for place, row in enumerate(stage.rows) if row["comments"])
    stage.summary = {
        "projects": index.size,
        "indicators": sum(row["indicators"] for row in stage.rows),
        "comments": human,
        "automatic_comments": automatic,
        "projects_with_comments": len(commented),
        "budget_yuan": yuan(sum(goal.budget for goal in goals)),
        "by_grade": counted((row["grade"] for row in stage.rows), GRADES),
        "synchronised": {field_title(Goal, s): sum(getattr(g, s) is True for g in goals) for s in _STEPS}
        if goals
        else {},
        "added_projects": _added(goals),
    }
    return stage


def _merge_reviews(reviews: Sequence[Review], index: ProjectIndex, stage: StageFacts) -> tuple[int, set[int]]:
    """人工审核意见并入各项目；返回意见总条数和有意见的项目。对不上项目的意见也计入总数。"""
    human = 0
    commented: set[int] = set()
    for review in reviews:
        found = index.find(key_of(review))
        count = comment_count(review.comment)
        human += count
        if len(found) == 1:
            row = stage.rows[found[0]]
            row["review_comments"] += count
            row["grade"] = row["grade"] or (review.conclusion if review.conclusion in GRADES else None)
            if count:
                commented.add(found[0])
        else:
            stage.findings.append(unattached(review, found, "审核意见表", "目标表"))
    return human, commented


def _new_row(record: Goal | Review | Indicator) -> Row:
    return {
        "project_code": record.project_code,
        "project_name": record.project_name,
        "budget_unit": record.budget_unit,
        "indicators": 0,
        "grade": None,
        "score": None,
        "comments": [],
        "review_comments": 0,
        "origin": origin_row(record.origin),
    }


def _comment_on(record: Goal | Indicator, names: Sequence[str], stage: StageFacts, place: int, judge: Judge) -> None:
    for name in names:
        if name not in record.origin.columns:
            continue
        value = getattr(record, name)
        said = rules.required_text(
            field_title(type(record), name), value if isinstance(value, str) or value is None else "有"
        )
        if said:
            stage.rows[place]["comments"].append(said)
            where = record.origin.where(name)
            stage.findings.append(judge.finding(rules.required_text, record.project_name, said, where))


def _added(goals: Sequence[Goal]) -> int:
    index = ProjectIndex()
    for goal in goals:
        if goal.stage and "追加" in goal.stage:
            index.place(key_of(goal))
    return index.size
