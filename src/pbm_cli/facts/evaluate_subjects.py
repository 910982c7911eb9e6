"""评价对象：各张表、各个表单里说的是同一个对象的合到一起，各层评价从低到高。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbm_cli.facts import unattached
from pbm_cli.identity import ProjectIndex, ProjectKey
from pbm_cli.loading import Loaded, stage_of_indicators
from pbm_cli.models import Evaluation, Execution, Finding, Indicator
from pbm_cli.text import squeeze

LEVELS = ("单位自评", "部门评价", "财政抽评", "财政重点评价")
SELF_LEVEL, DEPARTMENT_LEVEL, KEY_LEVEL = LEVELS[0], LEVELS[1], LEVELS[3]
FUNDS = ("一般公共预算", "政府性基金预算", "国有资本经营预算", "社会保险基金预算")
KINDS = ("项目", "政策", "部门整体", "镇街财政运行", "政府债券", "政府采购", "国有资本", "国有资产")
FORMS = ("self_evaluation_form", "department_form")
_FUND_WORDS = {
    "一般公共": FUNDS[0],
    "政府性基金": FUNDS[1],
    "国有资本": FUNDS[2],
    "社会保险": FUNDS[3],
    "社保": FUNDS[3],
}
_LEVEL_WORDS = {"重点": KEY_LEVEL, "抽": "财政抽评", "复核": "财政抽评", "部门": DEPARTMENT_LEVEL, "自评": SELF_LEVEL}
_DEPARTMENT_WORDS = ("部门整体支出", "部门(单位)整体", "部门", "单位整体", "单位整体支出", "部门单位整体支出")
_DEPARTMENT_TAILS = ("绩效评价", "绩效自评", "自评", "支出", "整体", "部门(单位)", "(单位)", "部门", "单位")


@dataclass(slots=True)
class Subject:
    """一个评价对象：rows 是各层评价（同一层表单与列表说的是一回事的只留列表那一行）。

    twins 是并掉的（列表的行，表单的行）；stated 是表单里预算执行的分值与得分。
    """

    kind: str | None
    name: str
    rows: list[Evaluation] = field(default_factory=list)
    twins: list[tuple[Evaluation, Evaluation]] = field(default_factory=list)
    indicators: list[Indicator] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    stated: list[Any] = field(default_factory=list)

    @property
    def standing(self) -> Evaluation | None:
        """最高一层的那次评价；只有指标得分、没有评价行的为 None。"""
        return max(self.rows, key=lambda row: rank(level_of(row)), default=None)

    def at(self, level: str) -> Evaluation | None:
        """某一层的评价。"""
        return next((row for row in self.rows if level_of(row) == level), None)

    def first(self, name: str) -> Any:
        """各行里第一个填了的某一项：先看最高一层，再按次序。"""
        rows = [self.standing, *self.rows] if self.standing else []
        return next((value for row in rows if (value := getattr(row, name)) is not None), None)


def rank(level: str) -> int:
    """层次的高低；认不出的最低。"""
    return LEVELS.index(level) if level in LEVELS else -1


def level_of(record: Evaluation) -> str:
    """评价层次的统一说法：单位自评、部门评价、财政抽评、财政重点评价；认不出的照原文。"""
    said = squeeze(record.level or "")
    if said in LEVELS:
        return said
    if "部门" in said and "自评" in said:
        return SELF_LEVEL
    return next((level for word, level in _LEVEL_WORDS.items() if word in said), said)


def fund_of(record: Evaluation) -> str | None:
    """四本预算的统一说法；认不出的照原文。"""
    said = squeeze(record.fund or "")
    return next((fund for word, fund in _FUND_WORDS.items() if word in said), said) or None


def kind_of(record: Evaluation) -> str | None:
    """对象类型的统一说法；认不出的照原文。"""
    said = squeeze(record.subject_kind or "")
    if said in _DEPARTMENT_WORDS:
        return "部门整体"
    return next((kind for kind in KINDS[::-1] if said.startswith(kind)), said) or None


class Subjects:
    """评价对象的名册：按对象类型分开找，找到就并，找不到就添。"""

    def __init__(self) -> None:
        self.all: list[Subject] = []
        self.findings: list[Finding] = []
        self._index: dict[str, ProjectIndex] = {}
        self._places: dict[str, list[Subject]] = {}

    def place(self, kind: str, key: ProjectKey, name: str) -> Subject:
        """这一类里的这个对象；没有就添一个。"""
        index = self._index.setdefault(kind, ProjectIndex())
        places = self._places.setdefault(kind, [])
        place = index.place(key)
        if place == len(places):
            places.append(Subject(kind or None, name))
            self.all.append(places[-1])
        return places[place]

    def find(self, kinds: Iterable[str], key: ProjectKey) -> list[Subject]:
        """几类里能对上的对象；前面的类先找，找到就不再往下找。"""
        for kind in kinds:
            if kind in self._index and (found := self._index[kind].find(key)):
                return [self._places[kind][place] for place in found]
        return []

    @property
    def kinds(self) -> list[str]:
        """有的对象类型，项目在前。"""
        return sorted(self._index, key=lambda kind: KINDS.index(kind) if kind in KINDS else len(KINDS))


def subject_key(record: Any, kind: str) -> ProjectKey:
    """一条记录说的是哪个对象；部门整体和镇街按单位认，不看“部门整体支出”这样的尾巴。"""
    name = squeeze(getattr(record, "project_name", None) or getattr(record, "subject", None) or "")
    unit = squeeze(record.budget_unit or "")
    if kind != "部门整体":
        return ProjectKey(unit, record.project_code or "", name)
    shorter = name
    for tail in _DEPARTMENT_TAILS:
        shorter = shorter.removesuffix(tail)
    return ProjectKey("", "", shorter or unit or name)


def gather_subjects(loaded: Loaded, *, alone: bool) -> Subjects:
    """全部评价对象。alone：没有带得分的指标表时，也用有完成值和权重的指标表。"""
    subjects = Subjects()
    for record in loaded.of("evaluation", *FORMS):
        kind = kind_of(record) or ("项目" if record.project_code else "")
        subject = subjects.place(kind, subject_key(record, kind), record.subject)
        _add_row(subject, record)
    _add_indicators(subjects, _scored_indicators(loaded, alone=alone))
    for what, records in (
        ("executions", loaded.of("execution", *FORMS)),
        ("stated", loaded.of("execution_score", *FORMS)),
    ):
        for item in records:
            for subject in _owners(subjects, item):
                getattr(subject, what).append(item)
    return subjects


def _add_row(subject: Subject, record: Evaluation) -> None:
    """同一层、同一种资金，一个在表单、一个在列表（或都在表单）：是一回事，列表的留下。"""
    for place, other in enumerate(subject.rows):
        same = level_of(other) == level_of(record) and (
            fund_of(other) == fund_of(record) or None in (fund_of(other), fund_of(record))
        )
        if same and (other.origin.form or record.origin.form):
            kept, dropped = (record, other) if other.origin.form and not record.origin.form else (other, record)
            subject.rows[place] = kept
            subject.twins.append((kept, dropped))
            return
    subject.rows.append(record)


def _scored_indicators(loaded: Loaded, *, alone: bool) -> list[Indicator]:
    found: list[Indicator] = loaded.of("indicator", *FORMS)
    scored = [r for r in found if r.origin.form or stage_of_indicators(r.origin) == "evaluate"]
    if scored or not alone:
        return scored
    return [r for r in found if "actual" in r.origin.columns and "weight" in r.origin.columns]


def _add_indicators(subjects: Subjects, items: Sequence[Indicator]) -> None:
    """指标挂到对象上；没有这个对象的添一个（项目或部门整体），有歧义的不挂，说出来。"""
    said: set[ProjectKey] = set()
    for item in items:
        found = _owners(subjects, item)
        if len(found) > 1:
            if (key := subject_key(item, "")) not in said:
                said.add(key)
                subjects.findings.append(unattached(item, list(range(len(found))), "指标表", "评价结果表"))
            continue
        kind = "部门整体" if item.origin.form == "department_form" else "项目"
        subject = found[0] if found else subjects.place(kind, subject_key(item, kind), item.project_name)
        subject.indicators.append(item)


def _owners(subjects: Subjects, item: Any) -> list[Subject]:
    if item.origin.form == "department_form":
        return subjects.find(("部门整体",), subject_key(item, "部门整体"))
    kinds = [kind for kind in subjects.kinds if kind != "部门整体"]
    return subjects.find(kinds, subject_key(item, "")) or (
        subjects.find(("部门整体",), ProjectKey("", "", squeeze(item.project_name)))
    )
