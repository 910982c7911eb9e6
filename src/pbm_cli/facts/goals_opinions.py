"""人工审核意见表并入各项目：条数、办结没有、审核结论。"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pbm_cli.facts import Judge, Row, StageFacts, unattached
from pbm_cli.identity import ProjectIndex, key_of
from pbm_cli.models import Review
from pbm_cli.rules import goals_score as rules
from pbm_cli.text import one_line, squeeze

_NUMBERED = re.compile(r"(?:^|[\s;；。])[(（]?(\d{1,2})[)）、.．](?!\d)")
_NO_COMMENT = frozenset({"", "无", "无意见", "同意", "通过", "无修改意见"})


def comment_count(text: str | None) -> int:
    """一格修改意见里有几条：从 1 起依次编号的按编号数，否则算一条；“无”“无意见”“同意”等不算。"""
    if not text or squeeze(text).strip("。.") in _NO_COMMENT:
        return 0
    numbers = [int(n) for n in _NUMBERED.findall(text)]
    return len(numbers) if numbers == list(range(1, len(numbers) + 1)) and numbers else 1


def merge_reviews(reviews: Sequence[Review], index: ProjectIndex, stage: StageFacts, judge: Judge) -> int:
    """人工审核意见并入各项目；返回意见总条数。对不上项目的意见也计入总数。几次审核以后一次的结论为准。"""
    total = 0
    units = {squeeze(r.budget_unit): r.unit_code for r in reviews if r.budget_unit and r.unit_code}
    for row in stage.rows:
        row["unit_code"] = units.get(squeeze(row["budget_unit"] or ""))
    for review in reviews:
        found = index.find(key_of(review))
        count = comment_count(review.comment)
        total += count
        if len(found) == 1:
            _merge(review, count, stage.rows[found[0]], judge)
        else:
            stage.findings.append(unattached(review, found, "审核意见表", "目标表"))
    return total


def _merge(review: Review, count: int, row: Row, judge: Judge) -> None:
    row["review_comments"] += count
    row["unit_code"] = review.unit_code or row["unit_code"]
    if grade := judge(rules.human_conclusion)(review.conclusion):
        row["grade"], row["grade_source"] = grade, "人工审核"
    if not count:
        return
    closed = judge(rules.comment_closed)(review.conclusion)
    row["open_comments"] += 0 if closed else count
    where = review.origin.where("comment")
    text = one_line(review.comment or "")
    row["comments"].append(text)
    row["opinions"].append(
        {
            "source": "人工审核",
            "code": None,
            "text": text,
            "state": "已办结" if closed else "未办结",
            "where": {"file": where.file, "sheet": where.sheet, "cell": where.cell},
            "basis": None,
        }
    )
