"""绩效评价的事实：对象、层次、等级、四本预算、重点评价数、镇街得分与名次。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pbm_cli.facts import Judge, Row, StageFacts, counted, origin_row
from pbm_cli.loading import Loaded
from pbm_cli.models import Evaluation, Finding, Township
from pbm_cli.rules import evaluate as rules
from pbm_cli.text import plain, score_text, squeeze, yuan_or_none

LEVELS = ("单位自评", "部门评价", "财政抽评", "财政重点评价")
KEY_LEVEL = "财政重点评价"
GRADES = ("优", "良", "中", "差")
FUNDS = ("一般公共预算", "政府性基金预算", "国有资本经营预算", "社会保险基金预算")
KINDS = ("项目", "政策", "部门整体", "镇街财政运行", "政府债券", "政府采购", "国有资本", "国有资产")
_FUND_WORDS = {
    "一般公共": FUNDS[0],
    "政府性基金": FUNDS[1],
    "国有资本": FUNDS[2],
    "社会保险": FUNDS[3],
    "社保": FUNDS[3],
}
_LEVEL_WORDS = {"重点": KEY_LEVEL, "抽": "财政抽评", "复核": "财政抽评", "部门": "部门评价", "自评": "单位自评"}


@dataclass(slots=True)
class _Subject:
    """一个评价对象的各层评价，按层次从低到高排；standing 是最高一层的那次。"""

    rows: list[Evaluation] = field(default_factory=list)

    @property
    def standing(self) -> Evaluation:
        return max(self.rows, key=lambda r: LEVELS.index(level_of(r)) if level_of(r) in LEVELS else -1)


def level_of(record: Evaluation) -> str:
    """评价层次的统一说法：单位自评、部门评价、财政抽评、财政重点评价；认不出的照原文。"""
    said = squeeze(record.level or "")
    if said in LEVELS:
        return said
    if "部门" in said and "自评" in said:
        return "单位自评"
    return next((level for word, level in _LEVEL_WORDS.items() if word in said), said)


def fund_of(record: Evaluation) -> str | None:
    """四本预算的统一说法；认不出的照原文。"""
    said = squeeze(record.fund or "")
    return next((fund for word, fund in _FUND_WORDS.items() if word in said), said) or None


def kind_of(record: Evaluation) -> str | None:
    """对象类型的统一说法；认不出的照原文。"""
    said = squeeze(record.subject_kind or "")
    if said in ("部门整体支出", "部门(单位)整体", "部门", "单位整体", "单位整体支出", "部门单位整体支出"):
        return "部门整体"
    return next((kind for kind in (*KINDS[::-1],) if said.startswith(kind)), said) or None


def evaluate_facts(loaded: Loaded, judge: Judge) -> StageFacts:
    """评价结果表、镇级财政运行评价表 → 绩效评价的事实。"""
    records: list[Evaluation] = loaded.of("evaluation")
    stage = StageFacts()
    subjects: dict[tuple[str, ...], _Subject] = {}
    for record in records:
        key = (record.project_code or squeeze(record.subject), kind_of(record) or "", squeeze(record.budget_unit or ""))
        subjects.setdefault(key, _Subject()).rows.append(record)
    for subject in subjects.values():
        stage.rows.extend(_row(record, subject, judge) for record in subject.rows)
    stage.rows.sort(key=lambda row: (row["origin"]["file"], row["origin"]["sheet"], row["origin"]["row"]))
    for record in records:
        if said := judge(rules.stated_grade)(record.grade, record.score):
            where = record.origin.where("grade")
            stage.findings.append(judge.finding(rules.stated_grade, record.subject, said, where))
    standing = [subject.standing for subject in subjects.values()]
    key_ones = {id(s): kind_of(s.standing) for s in subjects.values() if any(level_of(r) == KEY_LEVEL for r in s.rows)}
    scores = [record.score for record in standing]
    townships = _townships(loaded.of("township"), judge, stage.findings)
    stage.summary = {
        "subjects": len(subjects),
        "by_grade": counted((judge(rules.grade_of)(r.score) for r in standing), GRADES),
        "by_level": counted(level_of(r) for r in records),
        "by_subject_kind": counted(kind_of(r) for r in standing),
        "by_fund": counted(fund_of(r) for r in standing),
        "key_departments": sum(kind == "部门整体" for kind in key_ones.values()),
        "key_projects": sum(kind in ("项目", "政策") for kind in key_ones.values()),
        "average_score": score_text(sum(scores, Decimal(0)) / len(scores)) if scores else None,
        "deviations": _deviations(subjects.values(), judge, stage.findings),
        "evaluators": list(dict.fromkeys(r.evaluator for r in records if r.evaluator and level_of(r) == KEY_LEVEL)),
        "rectified": sum(r.rectified is True for r in records),
        "townships": townships,
    }
    return stage


def _row(record: Evaluation, subject: _Subject, judge: Judge) -> Row:
    final = _final_score(record, subject, judge)
    grade = judge(rules.grade_of)(record.score)
    return {
        "subject": record.subject,
        "subject_kind": kind_of(record),
        "level": level_of(record) or None,
        "department": record.department,
        "budget_unit": record.budget_unit,
        "fund": fund_of(record),
        "amount_yuan": yuan_or_none(record.amount),
        "score": score_text(record.score),
        "recomputed_score": None,
        "final_score": score_text(final),
        "grade": grade,
        "proposal": judge(rules.proposal)(grade),
        "budget_yuan": yuan_or_none(record.budget),
        "next_budget_yuan": yuan_or_none(record.next_budget),
        "rectified": record.rectified,
        "indicators": [],
        "origin": origin_row(record.origin),
    }


def _final_score(record: Evaluation, subject: _Subject, judge: Judge) -> Decimal:
    """财政评价低于部门评价的按规则集打折；其余就是得分。"""
    if not level_of(record).startswith("财政"):
        return record.score
    department = next((r for r in subject.rows if level_of(r) == "部门评价"), None)
    if department is None:
        return record.score
    grade = judge(rules.grade_of)
    return judge(rules.discounted)(record.score, grade(department.score), grade(record.score))


def _deviations(subjects: Iterable[_Subject], judge: Judge, findings: list[Finding]) -> int:
    """单位自评与财政评价（或部门评价）相差过大的个数。"""
    count = 0
    for subject in subjects:
        own = next((r for r in subject.rows if level_of(r) == "单位自评"), None)
        other = subject.standing
        if own is None or other is own:
            continue
        if said := judge(rules.recheck_deviation)(own.score, other.score):
            count += 1
            where = other.origin.where("score")
            findings.append(judge.finding(rules.recheck_deviation, other.subject, said, where))
    return count


def _townships(records: Sequence[Township], judge: Judge, findings: list[Finding]) -> list[Row]:
    """各镇得分合计、等级、名次（同分同名次），按得分从高到低。"""
    totals: dict[str, Decimal] = {}
    for record in records:
        totals[record.township] = totals.get(record.township, Decimal(0)) + record.score
        if record.score > record.weight:
            text = f"{record.level3 or '指标'}得分 {plain(record.score)} 超过分值 {plain(record.weight)}"
            findings.append(Finding("D24", "warning", record.township, text, record.origin.where("score")))
    ordered = sorted(totals.items(), key=lambda pair: -pair[1])
    return [
        {
            "township": name,
            "score": score_text(score),
            "grade": judge(rules.grade_of)(score),
            "rank": 1 + sum(other > score for other in totals.values()),
        }
        for name, score in ordered
    ]
