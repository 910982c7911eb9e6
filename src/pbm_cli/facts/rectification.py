"""整改台账：要整改的事，各有不变的编号、责任单位、期限、状态；上年没有整改的带过来；与上年的比较。"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal

from pbm_cli.facts import Judge, Row, StageFacts, counted
from pbm_cli.facts.beside import Beside, RowIndex, row_key
from pbm_cli.facts.evaluate_subjects import Subject
from pbm_cli.rules import evaluate_use as rules
from pbm_cli.text import squeeze

OPEN, UNSAID, CLOSED = "待整改", "未说明", "已整改"
_CODE_LENGTH = 8
_KEPT = frozenset({"V15", "V16", "V17", "V18", "V21", "V23", "V28", "V07", "V09"})
"""列入台账的发现：自评失实、方向写反、分数不符、个个满分、安排与建议相反、复核偏差。"""


def item_code(year: int | None, subject: str, unit: str | None, rule: str) -> str:
    """一件事的编号：年度加对象、单位、规则的摘要；同一件事每次都一样。"""
    text = "\n".join((str(year or ""), squeeze(subject), squeeze(unit or ""), rule))
    return f"ZG{year or ''}-{hashlib.sha256(text.encode()).hexdigest()[:_CODE_LENGTH].upper()}"


def ledger(subjects: Sequence[Subject], stage: StageFacts, judge: Judge, beside: Beside) -> Row:
    """整改台账：上年带过来的在前，再是今年的；返回各项和按状态的计数。"""
    days = judge(rules.rectify_within)()
    deadline = (beside.on + dt.timedelta(days=days)).isoformat() if days is not None and beside.on else None
    items = [*_carried(stage, beside), *_from_rows(subjects, stage, judge, beside, deadline)]
    items.extend(_from_findings(stage, beside, deadline))
    unique = {item["id"]: item for item in reversed(items)}
    kept = [item for item in items if unique.get(item["id"]) is item]
    still = [item for item in kept if item["state"] != CLOSED]
    return {
        "rectification": kept,
        "rectification_states": counted((item["state"] for item in kept), (OPEN, UNSAID, CLOSED)),
        "rectification_open": len(still),
        "carried_open": sum(item["carried"] for item in still),
    }


def _from_rows(
    subjects: Sequence[Subject], stage: StageFacts, judge: Judge, beside: Beside, deadline: str | None
) -> Iterable[Row]:
    for row in stage.rows:
        subject = subjects[row["subject_no"] - 1]
        if not row["standing"]:
            continue
        said = subject.first("rectified")
        due = judge(rules.needs_rectification)(said, row["final_grade"])
        if not due and said is not True:
            continue
        score = row["final_score"]
        problem = rules.rating(Decimal(score), row["final_grade"]) if score is not None else "评价结果"
        yield _item(
            beside.year, subject.name, row["budget_unit"] or row["department"], "V29", problem,
            CLOSED if said else OPEN if said is False else UNSAID, row["origin"], deadline,
        )  # fmt: skip


def _from_findings(stage: StageFacts, beside: Beside, deadline: str | None) -> Iterable[Row]:
    """同一对象同一规则的几条发现合成一件。"""
    units = {row["subject"]: row["budget_unit"] for row in stage.rows}
    groups: dict[tuple[str, str], list[str]] = {}
    wheres: dict[tuple[str, str], Row | None] = {}
    for found in stage.findings:
        subject = found.subject.partition("·")[0]
        if found.code in _KEPT and found.level == "warning":
            groups.setdefault((subject, found.code), []).append(found.message)
            at = found.where
            where = {"file": at.file, "sheet": at.sheet, "cell": at.cell} if at else None
            wheres.setdefault((subject, found.code), where)
    for (subject, code), said in groups.items():
        problem = said[0] if len(said) == 1 else f"共 {len(said)} 处，如：{said[0]}"
        unit = units.get(subject)
        yield _item(beside.year, subject, unit, code, problem, OPEN, wheres[subject, code], deadline)


def _carried(stage: StageFacts, beside: Beside) -> Iterable[Row]:
    """上年没有整改的评价对象、上年的红灯项目；今年写了已整改（或不再是红灯）的是已整改。"""
    year = beside.earlier.year or (beside.year - 1 if beside.year else None)
    now = RowIndex([row for row in stage.rows if row["standing"]])
    lights = RowIndex(beside.monitor)
    for row in beside.earlier.of("evaluate"):
        if row.get("rectified") is not False or row.get("standing") is False:
            continue
        today = now.find(row_key(row))
        state = CLOSED if today and today["rectified"] else OPEN
        problem = f"上年评价得分 {row.get('final_score') or row.get('score')}，没有整改"
        yield _item(
            year, str(row["subject"]), row.get("budget_unit"), "V29", problem, state, row.get("origin"), None, True
        )
    for row in beside.earlier.of("monitor"):
        if row.get("light") != "red":
            continue
        found = lights.find(row_key(row))
        state = CLOSED if found and found["light"] != "red" else OPEN
        problem = f"上年监控红灯，执行率 {row.get('execution_pct') or '——'}%"
        problem += "，今年仍是红灯" if found and found["light"] == "red" else "" if found else "，今年没有监控数据"
        yield _item(
            year, str(row["project_name"]), row.get("budget_unit"), "M01", problem, state, row.get("origin"), None, True
        )


def _item(
    year: int | None,
    subject: str,
    unit: str | None,
    rule: str,
    problem: str,
    state: str,
    found_in: Row | None,
    deadline: str | None,
    carried: bool = False,
) -> Row:
    return {
        "id": item_code(year, subject, unit, rule),
        "year": year,
        "subject": subject,
        "budget_unit": unit,
        "rule": rule,
        "problem": problem,
        "deadline": deadline,
        "state": state,
        "carried": carried,
        "found_in": _place(found_in),
    }


def _place(found: Row | None) -> str | None:
    if not found:
        return None
    at = found.get("cell") or (f"第 {found['row']} 行" if found.get("row") else "")
    return f"{found.get('file')}›{found.get('sheet')}" + (f"!{at}" if at else "")


def compared(now: Row, beside: Beside) -> Row:
    """与上年的绩效评价比：对象数、平均得分、各等级；没有给上年的为空。"""
    before = beside.earlier.summary.get("evaluate")
    if not before:
        return {"compared_year": None, "compared": []}
    grades = before.get("by_grade") or {}
    rows = [("评价对象数", before.get("subjects"), now["subjects"])]
    rows.append(("平均得分", before.get("average_score"), now["average_score"]))
    rows += [(grade, grades.get(grade, 0), count) for grade, count in now["by_grade"].items()]
    return {
        "compared_year": beside.earlier.year,
        "compared": [{"name": name, "old": old, "new": new} for name, old, new in rows],
    }
