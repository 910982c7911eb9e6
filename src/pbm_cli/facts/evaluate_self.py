"""单位自评的重算：逐条指标、预算执行、总分，画出剖面，与自评分比。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pbm_cli.facts import Judge, Row, indicator_head
from pbm_cli.facts.evaluate_subjects import SELF_LEVEL, Subject
from pbm_cli.models import Evaluation, Finding, Indicator, Origin, Where
from pbm_cli.rules import evaluate as rules
from pbm_cli.rules import evaluate_self as checks
from pbm_cli.targets import NOT_APPLICABLE
from pbm_cli.text import plain, score_text, squeeze

PARTS = {
    "execution": "预算执行", "cost": "成本", "output": "产出", "benefit": "效益", "satisfaction": "满意度",
    "management": "管理", "other": "其他",
}  # fmt: skip
"""剖面的各部分 → 中文名。"""
_LEVEL1_WORDS = (
    ("预算执行", "execution"), ("满意", "satisfaction"), ("成本", "cost"), ("产出", "output"), ("效益", "benefit"),
    ("效果", "benefit"), ("决策", "management"), ("过程", "management"), ("管理", "management"), ("投入", "management"),
)  # fmt: skip
_LEVEL2_WORDS = (
    ("满意", "satisfaction"), ("成本", "cost"), ("数量", "output"), ("质量", "output"), ("时效", "output"),
    ("效益", "benefit"), ("可持续", "benefit"),
)  # fmt: skip


@dataclass(slots=True)
class SelfScore:
    """一个对象的自评与重算。self_total、recomputed 缺一项就是 None；note 说为什么没有重算、哪些听了自评的。"""

    indicators: list[Row] = field(default_factory=list)
    profile: Row = field(default_factory=dict)
    self_total: Decimal | None = None
    recomputed: Fraction | None = None
    full: Decimal = Decimal(0)
    unverified: int = 0
    note: str | None = None
    light: str | None = None
    apart: bool = False


@dataclass(slots=True)
class _Part:
    """剖面的一部分：分值、自评分、重算分；有一条没有分就没有。"""

    weight: Decimal = Decimal(0)
    own: Decimal | None = Decimal(0)
    exact: Fraction | None = Fraction(0)

    def add(self, weight: Decimal | None, own: Decimal | None, exact: Fraction | None) -> None:
        self.weight += weight or 0
        self.own = None if self.own is None or own is None else self.own + own
        self.exact = None if self.exact is None or exact is None else self.exact + exact

    def row(self) -> Row:
        return {
            "weight": score_text(self.weight), "self": score_text(self.own), "recomputed": score_text(self.exact),
        }  # fmt: skip


@dataclass(slots=True)
class _Money:
    """自评时的预算执行：预算、支出（分）、分值、自评分，和这个分在哪一格。"""

    budget: int | None = None
    expenditure: int = 0
    weight: Decimal | None = None
    own: Decimal | None = None
    origin: Origin | None = None
    known: bool = False


def part_of(item: Indicator) -> str:
    """一条指标属于剖面的哪一部分：先看一级指标，再看二级指标。"""
    for text, words in ((item.level1, _LEVEL1_WORDS), (item.level2, _LEVEL2_WORDS)):
        said = squeeze(text or "")
        for word, part in words:
            if word in said:
                return part
    return "other"


class SelfReview:
    """一个对象的自评，一步步重算；findings 是自相矛盾的地方。"""

    def __init__(self, subject: Subject, judge: Judge, findings: list[Finding]) -> None:
        self._subject, self._judge, self._findings = subject, judge, findings
        self._row = row_of(subject)
        self._parts: dict[str, _Part] = {}
        self._skipped = Decimal(0)
        self.result = SelfScore()

    def _say(self, rule: Any, said: str | None, where: Where | None, name: str = "", level: Any = None) -> None:
        if said:
            subject = f"{self._subject.name}·{name}" if name else self._subject.name
            self._findings.append(self._judge.finding(rule, subject, said, where, level))

    def run(self) -> SelfScore:
        """重算；没有指标的对象只看虚高。"""
        if not self._subject.indicators:
            self._inflated_list()
            return self.result
        for item in self._subject.indicators:
            self._indicator(item)
        money = self._money()
        self._execution(money)
        self._weights()
        self._totals(money)
        self._inflated(money)
        self.result.profile = {name: self._parts[name].row() for name in PARTS if name in self._parts}
        return self.result

    def _indicator(self, item: Indicator) -> None:
        judge, name = self._judge, item.level3 or "未命名指标"
        if _not_applicable(item):
            self._skipped += item.weight or 0
            self.result.indicators.append(_indicator_row(item, None, "不适用，不计分，其余按比例折算"))
            return
        target = judge(checks.scored_target)(name, item.target, item.actual)
        scored = judge(checks.indicator_score)(target, item.actual, item.weight, item.self_score)
        turned = judge(checks.direction_reversed)(name, item.target, item.actual)
        self._say(checks.direction_reversed, turned, item.origin.where("target"), name)
        if turned:  # 写反的指标值算出来的分没有意义
            given = Fraction(item.self_score) if item.self_score is not None else None
            scored = checks.Scored(given, False, "方向可能写反，没有重算，得分暂按自评")
        self.result.indicators.append(_indicator_row(item, scored.score, scored.sentence))
        self.result.unverified += not scored.verified
        part = self._parts.setdefault(part_of(item), _Part())
        part.add(item.weight, item.self_score, scored.score)
        where = item.origin.where("self_score")
        band = None
        if item.target is not None:
            band = judge(rules.qualitative_band)(item.target, item.actual, item.weight, item.self_score)
            over = judge(rules.over_achieved)(item.target, item.actual)
            self._say(rules.over_achieved, over, item.origin.where("actual"), name)
        self._say(rules.qualitative_band, band, where, name)
        if band is None:
            checked = scored.score if scored.verified else None
            gap = judge(checks.score_gap)(checked, item.self_score, item.weight, item.reason, scored.sentence)
            self._say(checks.score_gap, gap, where, name)
        if "actual" in item.origin.columns or item.origin.form:
            missing = checks.score_without_actual(item.actual, item.self_score)
            self._say(checks.score_without_actual, missing, where, name)

    def _money(self) -> _Money:
        """预算执行的数：先看表单写的，再看执行表，再看自评结果列表上的。"""
        found = _Money()
        for stated in self._subject.stated[:1]:
            found = _Money(
                stated.budget, stated.expenditure or 0, stated.weight, stated.self_score, stated.origin,
                stated.budget is not None,
            )  # fmt: skip
        if not found.known and (rows := _own_executions(self._subject)):
            found.budget = sum(row.adjusted_budget for row in rows)
            found.expenditure = sum(row.expenditure for row in rows)
            found.known = True
        row = self._row
        if not found.known and row is not None and row.expenditure is not None:
            found.budget, found.expenditure, found.known = row.budget, row.expenditure, True
        return found

    def _execution(self, money: _Money) -> None:
        """指标里没有预算执行那一行的，另算执行得分。"""
        if "execution" in self._parts:
            return
        total = sum((part.weight for part in self._parts.values()), self._skipped)
        weight = money.weight or self._judge(checks.execution_part)(total)
        if not weight or not (money.known or money.own is not None):
            return
        money.weight = weight
        score = self._judge(rules.execution_score)(money.budget, money.expenditure, weight) if money.known else None
        if money.known:
            where = money.origin.where("self_score") if money.origin else None
            said = self._judge(checks.execution_gap)(score, money.own, money.budget, money.expenditure)
            self._say(checks.execution_gap, said, where, "预算执行")
        own = money.own
        if own is None and self._row is not None and (given := self._given()) is not None:
            own = self._row.score - given
        zero = Fraction(0) if money.known else None
        part = self._parts["execution"] = _Part(weight, own, score if score is not None else zero)
        if own is not None and not 0 <= own <= weight:
            part.own = None

    def _given(self) -> Decimal | None:
        """各部分自评分之和；有一条没有得分为 None。"""
        owns = [part.own for part in self._parts.values()]
        return None if any(own is None for own in owns) else sum((own for own in owns if own is not None), Decimal(0))

    def _weights(self) -> None:
        where = self._subject.indicators[0].origin.where("weight")
        weights = [item.weight for item in self._subject.indicators if part_of(item) != "execution"]
        said = self._judge(rules.weights_total)(weights)
        if "execution" in self._parts and said and self._full() == self._judge.bound.value("self_full"):
            said = None
        self._say(rules.weights_total, said, where)
        if not said and not self._parts.keys() & {"management", "other"}:
            named = {PARTS[name]: part.weight for name, part in self._parts.items()}
            self._say(checks.weights_by_part, self._judge(checks.weights_by_part)(named), where)

    def _full(self) -> Decimal:
        return sum((part.weight for part in self._parts.values()), self._skipped)

    def _totals(self, money: _Money) -> None:
        result, row, judge = self.result, self._row, self._judge
        result.full = self._full()
        exacts = [part.exact for part in self._parts.values()]
        if not any(exact is None for exact in exacts):
            summed = sum((exact for exact in exacts if exact is not None), Fraction(0))
            result.recomputed = checks.rescaled(summed, result.full, self._skipped)
        given = self._given()
        result.self_total = row.score if row is not None else given
        result.note = self._note()
        where = row.origin.where("score") if row is not None else self._subject.indicators[0].origin.where("self_score")
        whole = result.full == judge.bound.value("self_full")
        if row is not None and whole and not self._skipped and (money.own is not None or not money.weight):
            total = judge(checks.stated_total)(row.score, [part.own for part in self._parts.values()])
            self._say(checks.stated_total, total, where)
        if whole or row is None:
            gap = judge(checks.total_gap)(result.recomputed, result.self_total)
            result.apart = gap is not None
            self._say(checks.total_gap, gap, where)
        if whole:
            apart = judge(checks.grade_apart)(result.self_total, result.recomputed)
            self._say(checks.grade_apart, apart, where)

    def _note(self) -> str | None:
        result = self.result
        said = []
        if result.recomputed is None:
            said.append("有指标没有得分也不能重算，总分没有重算")
        if result.unverified:
            said.append(f"{result.unverified} 条指标机器不能重算，按自评分计入")
        if self._skipped:
            said.append(f"不适用指标 {plain(self._skipped)} 分，其余按比例折算")
        if result.full != self._judge.bound.value("self_full"):
            said.append(f"各项分值合计 {plain(result.full)}，不是满分，不定等级")
        return "；".join(said) or None

    def _inflated(self, money: _Money) -> None:
        """指标得分率比执行得分率高出太多。"""
        others = [part for name, part in self._parts.items() if name != "execution"]
        execution = self._parts.get("execution")
        if not money.known or execution is None or any(part.own is None for part in others):
            return
        own = sum((part.own for part in others if part.own is not None), Decimal(0))
        spent = execution.own if execution.own is not None else execution.exact
        self._judge_inflated(own, sum((part.weight for part in others), Decimal(0)), spent, execution.weight, money)

    def _inflated_list(self) -> None:
        """只有总分和执行数的自评结果列表：总分减去执行得分就是指标得分。"""
        row = self._row
        if row is None or row.expenditure is None or row.budget is None:
            return
        weight = self._judge(checks.execution_part)(None)
        full = self._judge.bound.value("self_full")
        spent = self._judge(rules.execution_score)(row.budget, row.expenditure, weight) if weight else None
        if spent is None or not isinstance(full, Decimal):
            if row.budget == 0:
                self._judge_inflated(row.score, weight, Fraction(0), weight, _Money(0, row.expenditure, weight))
            return
        money = _Money(row.budget, row.expenditure, weight, None, row.origin, True)
        self._judge_inflated(Fraction(row.score) - spent, full - weight, spent, weight, money)

    def _judge_inflated(
        self, own: Decimal | Fraction, total: Decimal, spent: Decimal | Fraction | None, weight: Decimal, money: _Money
    ) -> None:
        found = self._judge(rules.inflated_score)(own, total, spent or 0, weight, money.budget, money.expenditure)
        if found is not None:
            self.result.light = found.light
            where = self._row.origin.where("score") if self._row else self._subject.indicators[0].origin.where()
            self._say(rules.inflated_score, found.sentence, where, level=found.light)


def _own_executions(subject: Subject) -> Sequence[Any]:
    """执行的记录：表单里有就用表单的，没有用执行表的。"""
    own = [row for row in subject.executions if row.origin.form]
    return own[:1] or subject.executions


def _not_applicable(item: Indicator) -> bool:
    said = [item.actual.text if item.actual else "", item.target.text if item.target else "", item.reason or ""]
    return not item.self_score and any(squeeze(text).startswith(NOT_APPLICABLE) for text in said)


def _indicator_row(item: Indicator, score: Fraction | None, sentence: str) -> Row:
    return {
        **indicator_head(item),
        "weight": plain(item.weight) if item.weight is not None else None,
        "self_score": score_text(item.self_score),
        "score": score_text(score),
        "sentence": sentence,
    }


def row_of(subject: Subject) -> Evaluation | None:
    """自评的那一行：单位自评；只有一行而没有写层次的也算。"""
    if (own := subject.at(SELF_LEVEL)) is not None:
        return own
    only = subject.rows[0] if len(subject.rows) == 1 else None
    return only if only is not None and not only.level else None
