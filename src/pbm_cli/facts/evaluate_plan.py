"""财政抽评计划：哪些对象必须评价、为什么、依据什么；同一种子同样的计划，与行的先后无关。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pbm_cli.facts import Judge, Row
from pbm_cli.facts.beside import Beside, RowIndex
from pbm_cli.facts.evaluate_subjects import DEPARTMENT_LEVEL, Subject, kind_of, level_of
from pbm_cli.identity import ProjectKey
from pbm_cli.loading import Loaded
from pbm_cli.rules import evaluate as grading
from pbm_cli.rules import evaluate_plan as rules
from pbm_cli.rules import money
from pbm_cli.sampling import lot, stratified
from pbm_cli.text import squeeze, yuan_or_none


def plan_facts(subjects: Sequence[Subject], loaded: Loaded, judge: Judge, beside: Beside) -> Row:
    """抽评计划：每个对象一行，有几个理由的合在一行；plan_notes 说明种子、口径和缺什么。"""
    seed = judge(rules.seed_used)(beside.seed)
    entries: dict[str, Row] = {}
    reviewed = {_name(s): s for s in subjects if s.at(DEPARTMENT_LEVEL) is not None}
    for name, subject, reason in _always(reviewed, judge):
        _enter(entries, name, subject, rules.always_sampled, reason, judge)
    for name, subject, reason in _shares(reviewed, judge, seed):
        _enter(entries, name, subject, rules.sample_size, reason, judge)
    for name, subject, reason in _twice(subjects, judge, beside):
        _enter(entries, name, subject, rules.must_after_poor, reason, judge)
    departments = _departments(subjects, loaded, beside)
    due = judge(rules.departments_due)(len(departments))
    whole = {_department_key(s): s for s in subjects if s.kind == "部门整体"}
    ordered = sorted(departments.items(), key=lambda pair: (pair[1][0], lot(seed, pair[0])))
    for place, (key, (_, said, shown)) in enumerate(ordered[:due], start=1):
        reason = f"部门整体共 {len(departments)} 个，今年应评 {due} 个，{said}，排第 {place}"
        subject = whole.get(key) or Subject("部门整体", shown)
        _enter(entries, _name(subject), subject, rules.departments_due, reason, judge)
    return {"plan": list(entries.values()), "plan_seed": seed, "plan_notes": _notes(reviewed, judge, beside, seed)}


def _department_key(subject: Subject) -> str:
    standing = subject.standing
    said = (standing.department or standing.budget_unit) if standing is not None else None
    return squeeze(said or subject.name)


def _name(subject: Subject) -> str:
    """抽签用的名称：类型、单位、编码、名称，与行的先后无关。"""
    parts = (subject.kind or "", subject.first("budget_unit") or "", subject.first("project_code") or "", subject.name)
    return "\n".join(squeeze(part) for part in parts)


def _enter(entries: dict[str, Row], name: str, subject: Subject, rule: object, reason: str, judge: Judge) -> None:
    found = judge.finding(rule, subject.name, reason, None)  # type: ignore[arg-type]
    if name in entries:
        entries[name]["rule"] += f"、{found.code}"
        entries[name]["reason"] += f"；{reason}"
        return
    entries[name] = {
        "subject": subject.name,
        "subject_kind": subject.kind,
        "budget_unit": subject.first("budget_unit") or (subject.name if subject.kind == "部门整体" else None),
        "amount_yuan": yuan_or_none(subject.first("amount")),
        "rule": found.code,
        "reason": reason,
        "basis": found.basis,
    }


def _grade(subject: Subject, judge: Judge) -> str | None:
    record = subject.at(DEPARTMENT_LEVEL)
    return judge(grading.grade_of)(record.score) if record is not None else None


def _sorted(names: Iterable[str], reviewed: dict[str, Subject]) -> list[str]:
    return sorted(names, key=lambda name: (-(reviewed[name].first("amount") or 0), name))


def _always(reviewed: dict[str, Subject], judge: Judge) -> Iterable[tuple[str, Subject, str]]:
    for name in _sorted(reviewed, reviewed):
        if reason := judge(rules.always_sampled)(_grade(reviewed[name], judge)):
            yield name, reviewed[name], reason


def _shares(reviewed: dict[str, Subject], judge: Judge, seed: int) -> Iterable[tuple[str, Subject, str]]:
    grades: dict[str, list[str]] = {}
    for name, subject in reviewed.items():
        grades.setdefault(_grade(subject, judge) or "", []).append(name)
    for grade, names in sorted(grades.items()):
        count = judge(rules.sample_size)(grade, len(names))
        if not count:
            continue
        strata = judge(rules.strata_count)(len(names))
        sizes = [(name, reviewed[name].first("amount") or 0) for name in names]
        for name, level in stratified(sizes, count, strata, seed):
            amount = money(reviewed[name].first("amount") or 0)
            said = f"部门评价为“{grade}”的 {len(names)} 个里抽 {count} 个，按资金分 {strata} 层，"
            yield name, reviewed[name], f"{said}第 {level} 层抽中（金额 {amount}，种子 {seed}）"


def _twice(subjects: Sequence[Subject], judge: Judge, beside: Beside) -> Iterable[tuple[str, Subject, str]]:
    before = RowIndex([row for row in beside.earlier.of("evaluate") if row.get("standing", True)])
    for subject in sorted(subjects, key=_name):
        top = subject.standing
        if top is None:
            continue
        key = ProjectKey(squeeze(top.budget_unit or ""), top.project_code or "", squeeze(top.subject))
        row = before.find(key) or {}
        if reason := judge(rules.must_after_poor)(judge(grading.grade_of)(top.score), row.get("grade")):
            yield _name(subject), subject, reason


def _departments(subjects: Sequence[Subject], loaded: Loaded, beside: Beside) -> dict[str, tuple[int, str, str]]:
    """各部门 → （次序，最近什么时候评过，名称）：从来没有评过的在前，今年评过的最后。"""
    found: dict[str, tuple[int, str, str]] = {}
    never = (0, "近两年财政没有评价过" if beside.earlier.rows else "没有财政评价的记录")
    for record in (*loaded.of("execution"), *loaded.of("evaluation")):
        if name := record.department or record.budget_unit:
            found.setdefault(squeeze(name), (*never, name))
    for row in beside.earlier.of("evaluate"):
        if row.get("subject_kind") == "部门整体" and str(row.get("level") or "").startswith("财政"):
            name = str(row.get("department") or row.get("budget_unit") or row.get("subject"))
            if squeeze(name) in found:
                found[squeeze(name)] = (1, "上年财政评价过", name)
    for subject in subjects:
        for record in subject.rows:
            if kind_of(record) == "部门整体" and level_of(record).startswith("财政"):
                name = record.department or record.budget_unit or subject.name
                found[squeeze(name)] = (2, "本年财政评价过", name)
    return found


def _notes(reviewed: dict[str, Subject], judge: Judge, beside: Beside, seed: int) -> list[str]:
    said = [f"种子 {seed}；同一种子、同样的数据得到同样的计划，换种子用 --seed"]
    if not reviewed:
        said.append("没有“部门评价”这一层的结果，“优”全部、“良”抽取两条没有对象")
    if not beside.earlier.rows:
        said.append("没有给 --previous 上年结果，连续两年中及以下、最久没有评价的没有判断")
    if judge.bound.ruleset.name == "national":
        said.append(
            "全国没有统一的抽评规定，这里用的是通行做法；有规定的规则集：sichuan-2025（--ruleset sichuan-2025）"
        )
    return said
