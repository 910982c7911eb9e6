"""评价结果应用：每个对象一条建议，已安排的与建议的比，先决定什么。"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from pbm_cli.facts import Judge, Row, StageFacts, counted
from pbm_cli.facts.beside import Beside, RowIndex
from pbm_cli.facts.evaluate_subjects import Subject
from pbm_cli.identity import ProjectKey
from pbm_cli.models import LIGHT_WORDS, Finding
from pbm_cli.rules import evaluate_use as rules
from pbm_cli.rules.monitor import time_progress
from pbm_cli.text import half_up, squeeze, yuan

_PROJECT_KINDS = ("项目", "政策", None)


def use_of_results(subjects: Sequence[Subject], stage: StageFacts, judge: Judge, beside: Beside) -> Row:
    """给各行填上建议，查已安排的是否与建议相反；返回按建议的计数。"""
    lights, conclusions = RowIndex(beside.monitor), RowIndex(beside.assess)
    groups: dict[int, list[Row]] = {}
    for row in stage.rows:
        groups.setdefault(row["subject_no"], []).append(row)
    said: list[str | None] = []
    against = 0
    for number, rows in groups.items():
        subject = subjects[number - 1]
        standing = next((row for row in rows if row["standing"]), rows[0])
        project = subject.kind in _PROJECT_KINDS
        key = _key(subject, standing)
        light = (lights.find(key) or {}).get("light") if project else None
        conclusion = (conclusions.find(key) or {}).get("conclusion") if project else None
        made = judge(rules.use_proposal)(standing["final_grade"], light, conclusion)
        said.append(made.said if made else None)
        basis = judge.finding(rules.use_proposal, subject.name, "", None).basis if made else None
        for row in rows:
            row["proposal"] = made.said if made else None
            row["proposal_reasons"] = list(made.sentences) if made else []
            row["proposal_basis"] = basis
        budget, following = subject.first("budget"), subject.first("next_budget")
        amount = judge(rules.proposed_budget)(budget, standing["final_grade"], light)
        standing["proposed_budget_yuan"] = None if amount is None else yuan(int(half_up(amount, 0)))
        if problem := judge(rules.applied_against)(made.said if made else None, budget, following):
            against += 1
            stage.findings.append(_against(subject, problem, judge))
    return {"by_proposal": counted(said), "applied_against": against}


def _key(subject: Subject, row: Row) -> ProjectKey:
    return ProjectKey(squeeze(row["budget_unit"] or ""), row["project_code"] or "", squeeze(subject.name))


def _against(subject: Subject, problem: str, judge: Judge) -> Finding:
    record = next(row for row in subject.rows if row.next_budget is not None)
    return judge.finding(rules.applied_against, subject.name, problem, record.origin.where("next_budget"))


def decisions(stages: Mapping[str, StageFacts], judge: Judge, on: Any) -> list[Row]:
    """先决定什么：红灯、不予支持、评价在线以下的，按涉及的钱乘离线的远近从重到轻；一个项目只列最重的一样。"""
    found: list[_Candidate] = []
    if "monitor" in stages:
        found.extend(_lights(stages["monitor"].rows, judge, on))
    if "assess" in stages:
        found.extend(_conclusions(stages["assess"].rows, judge))
    if "evaluate" in stages:
        found.extend(_scores(stages["evaluate"].rows, judge))
    found.sort(key=lambda one: (one.subject, one.row.get("budget_unit") or ""))
    found.sort(key=lambda one: float(one.stake.weight), reverse=True)  # 分数比大小慢：先排得差不多
    found.sort(key=lambda one: one.stake.weight, reverse=True)
    chosen: dict[tuple[str, str], _Candidate] = {}
    for one in found:
        chosen.setdefault((squeeze(one.subject), squeeze(one.row.get("budget_unit") or "")), one)
    most = judge(rules.listed_first)(len(chosen))
    return [{"rank": place, **_decision(one)} for place, one in enumerate(list(chosen.values())[:most], start=1)]


class _Candidate(NamedTuple):
    """可能要先决定的一件事：轻重、结果的一行、涉及的钱（分）、环节、理由（用到才写）。"""

    stake: rules.Stake
    row: Row
    money: int | None
    stage: str
    tell: Callable[[], str]

    @property
    def subject(self) -> str:
        """说的是谁。"""
        return str(self.row.get("subject") or self.row["project_name"])


def _fen(text: str | None) -> int | None:
    """元（两位小数的文字）→ 分。"""
    return None if text is None else int(text.replace(".", ""))


def _decision(one: _Candidate) -> Row:
    row, stake, money = one.row, one.stake, one.money
    return {
        "subject": one.subject,
        "project_code": row.get("project_code"),
        "budget_unit": row.get("budget_unit"),
        "stage": one.stage,
        "amount_yuan": None if money is None else yuan(money),
        "distance_pct": f"{half_up(stake.distance * 100, 2):.2f}",
        "stake_yuan": yuan(int(half_up(stake.weight, 0))),
        "reason": one.tell(),
        "proposal": row.get("action") or row.get("proposal") or row.get("conclusion"),
        "origin": row.get("origin"),
    }


def _lights(rows: Iterable[Row], judge: Judge, on: Any) -> Iterable[_Candidate]:
    time, staked = time_progress(on), judge(rules.light_stake)
    for row in rows:
        if row["light"] != "red":
            continue
        budget, spent = _fen(row["budget_yuan"]), _fen(row["expenditure_yuan"]) or 0
        slow = budget if budget and budget > 0 and row["execution_light"] == "red" else None
        ratio = Fraction(spent * time.denominator, slow * time.numerator) if slow else None
        done = row.get("goal_completion_pct") if row["goal_light"] == "red" else None
        completion = Fraction(done) / 100 if done is not None else None
        stake = staked(ratio, completion, budget, spent) or rules.Stake(Fraction(0), Fraction(0))
        yield _Candidate(stake, row, budget, "monitor", partial(_red_reason, row["execution_pct"], done))


def _red_reason(execution: str | None, done: str | None) -> str:
    parts = [f"执行率 {execution}%"] if execution is not None else []
    parts += [f"目标完成率 {done}%"] if done is not None else []
    return f"{LIGHT_WORDS['red']}：{'，'.join(parts) or '见监控明细'}"


def _conclusions(rows: Iterable[Row], judge: Judge) -> Iterable[_Candidate]:
    for row in rows:
        submitted = _fen(row["submitted_yuan"]) or 0
        score = Decimal(row["score"]) if row["score"] is not None else None
        stake = judge(rules.conclusion_stake)(row["conclusion"], score, submitted)
        if stake is not None:
            said = f"事前评估“{row['conclusion']}”" + (f"，得分 {row['score']}" if score is not None else "")
            yield _Candidate(stake, row, submitted, "assess", partial(str, said))


def _scores(rows: Iterable[Row], judge: Judge) -> Iterable[_Candidate]:
    for row in rows:
        if not row["standing"] or row["final_score"] is None or row["final_grade"] is None:
            continue
        money = _fen(row["amount_yuan"] or row["budget_yuan"])
        score = Decimal(row["final_score"])
        stake = judge(rules.score_stake)(score, money)
        if stake is not None:
            yield _Candidate(stake, row, money, "evaluate", partial(rules.rating, score, row["final_grade"]))
