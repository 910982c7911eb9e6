"""绩效评价的事实：对象、层次、等级、重算、各层偏差、四本预算、重点评价数、镇街、结果应用、整改台账、抽评计划。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from pbm_cli.facts import Judge, Row, StageFacts, counted, origin_row
from pbm_cli.facts.beside import Beside
from pbm_cli.facts.evaluate_plan import plan_facts
from pbm_cli.facts.evaluate_self import SelfReview, SelfScore, row_of
from pbm_cli.facts.evaluate_subjects import (
    DEPARTMENT_LEVEL,
    KEY_LEVEL,
    KINDS,
    LEVELS,
    SELF_LEVEL,
    Subject,
    fund_of,
    gather_subjects,
    kind_of,
    level_of,
    rank,
)
from pbm_cli.facts.evaluate_towns import township_rows, weakest_indicators
from pbm_cli.facts.rectification import compared, ledger
from pbm_cli.facts.use import use_of_results
from pbm_cli.loading import Loaded
from pbm_cli.models import Evaluation, Finding
from pbm_cli.rules import evaluate as rules
from pbm_cli.rules import evaluate_self as checks
from pbm_cli.sampling import apportioned
from pbm_cli.text import half_up, percent, score_text, squeeze, yuan, yuan_or_none

GRADES = ("优", "良", "中", "差")
_HUNDRED_PERCENT = 10_000
_LONGEST_GRADE = 5


def evaluate_facts(loaded: Loaded, judge: Judge, beside: Beside | None = None) -> StageFacts:
    """评价结果表、自评表、带得分的指标表、镇级财政运行评价表 → 绩效评价的事实。beside 是旁边几个环节和上年的结果。"""
    beside = beside or Beside()
    stage = StageFacts()
    gathered = gather_subjects(loaded, alone=not loaded.records.get("evaluation") and not loaded.of("township"))
    subjects = gathered.all
    stage.findings.extend(gathered.findings)
    for number, subject in enumerate(subjects, start=1):
        stage.rows.extend(_subject_rows(subject, number, judge, stage.findings))
    stage.rows.sort(key=lambda row: (row["origin"]["file"], row["origin"]["sheet"], row["origin"]["row"]))
    towns: list[Row] = township_rows(loaded.of("township"), judge, subjects, stage.findings)
    full_units = _all_full(subjects, judge, stage.findings)
    counts = _counts(subjects, stage, judge)
    stage.summary = {
        **counts,
        "deviations": _deviations(subjects, stage.rows, judge, stage.findings),
        "rechecked": sum(row["recomputed_score"] is not None for row in stage.rows),
        "self_gaps": sum(bool(row["self_gap"]) for row in stage.rows),
        "full_mark_units": full_units,
        "evaluators": _evaluators(subjects),
        "rectified": sum(row.rectified is True for subject in subjects for row in subject.rows),
        **_coverage(subjects),
        "townships": towns,
        "township_weakest": weakest_indicators(loaded.of("township")),
        **use_of_results(subjects, stage, judge, beside),
        **ledger(subjects, stage, judge, beside),
        **compared(counts, beside),
        **(plan_facts(subjects, loaded, judge, beside) if beside.plan else {}),
    }
    return stage


def _subject_rows(subject: Subject, number: int, judge: Judge, findings: list[Finding]) -> list[Row]:
    own = SelfReview(subject, judge, findings).run()
    for kept, dropped in subject.twins:
        if said := judge(checks.two_totals)(kept.score, dropped.score, str(kept.origin.where("score"))):
            where = dropped.origin.where("score")
            findings.append(judge.finding(checks.two_totals, subject.name, said, where))
    for record in (*subject.rows, *(dropped for _, dropped in subject.twins)):
        long = len(squeeze(record.grade or "")) > _LONGEST_GRADE  # 等级栏里写了一段结论的，不当等级看
        if not long and (said := judge(rules.stated_grade)(record.grade, record.score)):
            where = record.origin.where("grade")
            findings.append(judge.finding(rules.stated_grade, record.subject, said, where))
    reviewed = row_of(subject)
    made = [_row(record, subject, number, judge, own if record is reviewed else SelfScore()) for record in subject.rows]
    if subject.indicators and reviewed is None:
        made.append(_self_row(subject, number, judge, own))
    return made


def _row(record: Evaluation, subject: Subject, number: int, judge: Judge, own: SelfScore) -> Row:
    final = _final_score(record, subject, judge)
    return {
        "subject_no": number,
        "project_code": record.project_code,
        "subject": record.subject,
        "subject_kind": kind_of(record),
        "level": level_of(record) or None,
        "department": record.department,
        "budget_unit": record.budget_unit,
        "fund": fund_of(record),
        "amount_yuan": yuan_or_none(record.amount),
        "score": score_text(record.score),
        **_recomputed(own),
        "final_score": score_text(final),
        "grade": judge(rules.grade_of)(record.score),
        "final_grade": judge(rules.grade_of)(final),
        "proposal": None,
        "budget_yuan": yuan_or_none(record.budget),
        "next_budget_yuan": yuan_or_none(record.next_budget),
        "rectified": record.rectified,
        "standing": record is subject.standing,
        "indicators": own.indicators,
        "origin": origin_row(record.origin),
    }


def _self_row(subject: Subject, number: int, judge: Judge, own: SelfScore) -> Row:
    """只有带得分的指标、没有自评总分的对象：总分取各项自评之和；分值合计不是满分的不定等级。"""
    first = subject.indicators[0]
    whole = own.full == judge.bound.value("self_full")
    grade = judge(rules.grade_of)(own.self_total) if whole else None
    standing = subject.standing
    return {
        "subject_no": number,
        "project_code": first.project_code,
        "subject": subject.name,
        "subject_kind": subject.kind,
        "level": SELF_LEVEL,
        "department": standing.department if standing else None,
        "budget_unit": first.budget_unit,
        "fund": fund_of(standing) if standing else None,
        "amount_yuan": None,
        "score": score_text(own.self_total),
        **_recomputed(own),
        "final_score": score_text(own.self_total),
        "grade": grade,
        "final_grade": grade,
        "proposal": None,
        "budget_yuan": None,
        "next_budget_yuan": None,
        "rectified": None,
        "standing": standing is None,
        "indicators": own.indicators,
        "origin": origin_row(first.origin),
    }


def _recomputed(own: SelfScore) -> Row:
    gap = None
    if own.recomputed is not None and own.self_total is not None:
        shown = half_up(own.self_total - half_up(own.recomputed, 2), 2)
        gap = f"{shown:.2f}" if own.apart else None
    return {
        "recomputed_score": score_text(own.recomputed),
        "self_gap": gap,
        "full_score": score_text(own.full) if own.indicators else None,
        "profile": own.profile or None,
        "recompute_note": own.note,
        "inflated": own.light,
    }


def _final_score(record: Evaluation, subject: Subject, judge: Judge) -> Decimal:
    """财政评价低于部门评价的按规则集打折；其余就是得分。"""
    department = subject.at(DEPARTMENT_LEVEL)
    if department is None or not level_of(record).startswith("财政"):
        return record.score
    grade = judge(rules.grade_of)
    return judge(rules.discounted)(record.score, grade(department.score), grade(record.score))


def _counts(subjects: Sequence[Subject], stage: StageFacts, judge: Judge) -> Row:
    """对象数、等级、层次、平均得分；等级按最高一层的得分，占比按最大余额法凑足 100.00。"""
    rows = stage.rows
    standing = [row for row in rows if row["standing"]]
    scores = [Decimal(str(subject.standing.score)) for subject in subjects if subject.standing]
    scores += [Decimal(row["score"]) for row in standing if row["score"] and not _has_record(row, subjects)]
    stage.exact = {"scored": len(scores), "score_total": str(sum(scores, Decimal(0)))}
    by_grade = counted((row["grade"] for row in standing), GRADES)
    shares = apportioned(list(by_grade.values()), _HUNDRED_PERCENT)
    key = [s for s in subjects if any(level_of(record) == KEY_LEVEL for record in s.rows)]
    kinds = [kind_of(s.standing) if s.standing else s.kind for s in subjects]
    key_kinds = [kind_of(s.standing) for s in key if s.standing]
    return {
        "subjects": len(subjects),
        "by_grade": by_grade,
        "grade_shares": {g: percent_of(n) for g, n in zip(by_grade, shares, strict=True)} if any(shares) else {},
        "by_level": counted(row["level"] for row in rows),
        "by_subject_kind": counted(kinds),
        "by_fund": counted(row["fund"] for row in standing),
        "key_departments": sum(kind == "部门整体" for kind in key_kinds),
        "key_projects": sum(kind in ("项目", "政策") for kind in key_kinds),
        "average_score": score_text(sum(scores, Decimal(0)) / len(scores)) if scores else None,
    }


def percent_of(units: int) -> str:
    """万分之几 → 百分数文字：3633 → "36.33"。"""
    return f"{half_up(Decimal(units) / 100, 2):.2f}"


def _has_record(row: Row, subjects: Sequence[Subject]) -> bool:
    return subjects[row["subject_no"] - 1].standing is not None


def _evaluators(subjects: Iterable[Subject]) -> list[str]:
    names = (r.evaluator for s in subjects for r in s.rows if r.evaluator and level_of(r) == KEY_LEVEL)
    return list(dict.fromkeys(names))


def _deviations(subjects: Sequence[Subject], rows: Sequence[Row], judge: Judge, findings: list[Finding]) -> int:
    """各对象低一层的评价与最高一层相差过大的次数；每一行记下相差几分、百分之几。"""
    count = 0
    made = {(row["subject_no"], row["level"]): row for row in rows}
    for number, subject in enumerate(subjects, start=1):
        top = subject.standing
        for record in sorted(subject.rows, key=lambda r: rank(level_of(r))):
            if top is None or level_of(record) == level_of(top) or level_of(record) not in LEVELS:
                continue
            row = made.get((number, level_of(record)))
            if row is not None and top.score:
                row["deviation_score"] = score_text(record.score - top.score)
                row["deviation_pct"] = percent(abs(Fraction(record.score - top.score)) / abs(Fraction(top.score)))
            said = judge(rules.recheck_deviation)(record.score, top.score, level_of(record), level_of(top))
            if said:
                count += 1
                where = top.origin.where("score")
                findings.append(judge.finding(rules.recheck_deviation, top.subject, said, where))
    return count


def _all_full(subjects: Iterable[Subject], judge: Judge, findings: list[Finding]) -> list[str]:
    """项目自评个个满分的单位。"""
    units: dict[str, list[Evaluation]] = {}
    for subject in subjects:
        own = subject.at(SELF_LEVEL)
        if own is not None and kind_of(own) == "项目" and own.budget_unit:
            units.setdefault(own.budget_unit, []).append(own)
    found = []
    for unit, rows in units.items():
        if said := judge(checks.all_full_marks)(unit, [row.score for row in rows]):
            found.append(unit)
            findings.append(judge.finding(checks.all_full_marks, unit, said, rows[0].origin.where("score")))
    return found


def _coverage(subjects: Sequence[Subject]) -> Row:
    """对象类型、四本预算各多少个、涉及多少钱；类型一个都没有的也列出来。"""
    kinds: dict[str, list[int]] = {kind: [] for kind in KINDS}
    funds: dict[str, list[int]] = {}
    for subject in subjects:
        amount = subject.first("amount") or 0
        kinds.setdefault(subject.kind or "未填类型", []).append(amount)
        fund = next((found for row in subject.rows if (found := fund_of(row))), None)
        funds.setdefault(fund or "未填资金", []).append(amount)
    return {
        "coverage_kinds": [
            {"subject_kind": kind, "subjects": len(amounts), "amount_yuan": yuan(sum(amounts))}
            for kind, amounts in kinds.items()
        ],
        "coverage_funds": [
            {"fund": fund, "subjects": len(amounts), "amount_yuan": yuan(sum(amounts))}
            for fund, amounts in funds.items()
        ],
    }
