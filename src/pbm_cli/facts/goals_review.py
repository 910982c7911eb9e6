"""自动审核：一个项目的目标与指标逐条过规则，得到意见；再跨项目看雷同。"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pbm_cli.facts import Judge
from pbm_cli.facts.goals_pairs import candidate_pairs
from pbm_cli.models import Finding, Goal, Indicator, Record, Where, field_title
from pbm_cli.rules import goals as rules
from pbm_cli.rules import goals_score as scores
from pbm_cli.rules import goals_text as texts
from pbm_cli.rules.goals_wording import bare
from pbm_cli.text import one_line, squeeze

_ANY = "任何"
_FEW = 2


@dataclass(slots=True)
class Opinion:
    """一条自动审核意见；code 是规则号，finding 带着单元格与依据。"""

    code: str
    text: str
    finding: Finding


@dataclass(slots=True)
class Line:
    """一条指标，类别已归一。"""

    record: Indicator
    group: str | None
    kind: str | None
    name: str


@dataclass(slots=True)
class ReviewedProject:
    """一个项目的目标与指标；lines 为空而 judged 为真，就是一条指标也没有。"""

    code: str | None
    name: str
    unit: str | None
    goals: list[Goal] = field(default_factory=list)
    indicators: list[Indicator] = field(default_factory=list)
    opinions: list[Opinion] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def budget(self) -> int | None:
        """预算金额（分）：各资金之和；没有目标表的为 None。"""
        return sum(goal.budget for goal in self.goals) if self.goals else None

    @property
    def goal(self) -> Goal | None:
        """写着年度总体目标的那一行。"""
        return next((goal for goal in self.goals if goal.annual_goal), None)


class Reviewer:
    """一次自动审核。year 是目标的年度（不知道为 None）；judged 是指标要不要审。"""

    def __init__(self, judge: Judge, year: int | None, *, judged: bool) -> None:
        self._judge = judge
        self._year = year
        self._judged = judged
        self._kinds: dict[tuple[str | None, str | None], tuple[str | None, str | None]] = {}

    def review(self, projects: Sequence[ReviewedProject]) -> None:
        """逐个项目审，再比雷同；意见记在各项目里。"""
        for project in projects:
            if self._judged:
                project.lines = [self._line(item) for item in project.indicators]
                if not project.indicators:
                    first = project.goals[0] if project.goals else None
                    self._say(
                        project, rules.required_text, rules.required_text("绩效指标", None), first, "project_name"
                    )
            self._goal(project)
            self._empty(project)
            for line in project.lines:
                self._indicator(project, line)
            if project.lines:
                self._set(project)
                self._repeated(project)
        self._alike(projects)

    def _line(self, item: Indicator) -> Line:
        key = item.level1, item.level2
        if key not in self._kinds:
            self._kinds[key] = self._judge(rules.kind_of)(*key)
        group, kind = self._kinds[key]
        return Line(item, group, kind, item.level3 or "未命名")

    def _say(
        self,
        project: ReviewedProject,
        rule: Callable[..., Any],
        said: str | None,
        record: Record | None,
        *names: str,
    ) -> None:
        if not said:
            return
        where = place_of(record, *names) if record is not None else None
        finding = self._judge.finding(rule, project.name, said, where)
        project.opinions.append(Opinion(finding.code, said, finding))

    # ---- 目标 ----

    def _goal(self, project: ReviewedProject) -> None:
        for name in ("project_code", "department", "budget_unit"):
            empty = [goal for goal in project.goals if has(goal, name) and not getattr(goal, name)]
            if empty:
                said = rules.required_text(field_title(Goal, name), None)
                self._say(project, rules.required_text, said, empty[0], name)
        record = project.goal
        if record is None:
            missing = next((goal for goal in project.goals if has(goal, "annual_goal")), None)
            if missing is not None:
                said = rules.required_text(field_title(Goal, "annual_goal"), None)
                self._say(project, rules.required_text, said, missing, "annual_goal")
            return
        text = record.annual_goal or ""
        checks: list[tuple[Any, str | None]] = [
            (texts.too_short, self._judge(texts.too_short)(text, project.name)),
            (texts.other_years, self._judge(texts.other_years)(text, self._year)),
            (
                texts.text_against_figures,
                self._judge(texts.text_against_figures)(text, project.budget, None, None, ()),
            ),
        ]
        short = checks[0][1] is not None
        measured = any(line.record.target and line.record.target.value is not None for line in project.lines)
        if not short and not measured and (project.lines or not project.indicators):
            checks.append((rules.unmeasurable, self._judge(rules.unmeasurable)(None, text, None)))
        for rule, said in checks:
            head = "年度目标" if said and rule is texts.other_years else ""
            self._say(project, rule, f"{head}{said or ''}", record, "annual_goal")

    # ---- 一条指标 ----

    def _empty(self, project: ReviewedProject) -> None:
        """指标里没有填的必填项：一项缺得多的合成一条。"""
        for name in ("level1", "level2", "level3", "target"):
            empty = [line for line in project.lines if has(line.record, name) and not _filled(line.record, name)]
            said = rules.required_text(field_title(Indicator, name), None)
            if len(empty) > _FEW:
                rows = "、".join(str(line.record.origin.row) for line in empty)
                self._say(project, rules.required_text, f"第 {rows} 行的指标{said}", empty[0].record, name)
                continue
            for line in empty:
                label = "有一条指标" if name == "level3" else f"指标“{one_line(line.name)}”"
                self._say(project, rules.required_text, f"{label}{said}", line.record, name)

    def _indicator(self, project: ReviewedProject, line: Line) -> None:
        item, judge = line.record, self._judge
        same = (line.kind, line.name, item.target)
        for rule in (rules.measurable_output, rules.unmeasurable, rules.satisfaction_bounds, rules.timely):
            self._say(project, rule, judge(rule)(*same), item, "target")
        unread = judge(rules.readable_target)(*same)
        self._say(project, rules.readable_target, unread, item, _unread(item), "target")
        for money in (rules.money_as_output, rules.cost_above_budget):
            self._say(project, money, judge(money)(*same, project.budget), item, "target")
        placed = judge(rules.misplaced)(item.level1, item.level2, line.name, item.target, project.code)
        self._say(project, rules.misplaced, placed, item, "level3")
        self._text(project, line, readable=not unread)

    def _text(self, project: ReviewedProject, line: Line, *, readable: bool) -> None:
        """年度目标的文字与这条指标（指标值读得出来才比）；时效指标的年份。"""
        item, goal = line.record, project.goal
        if item.target is None:
            return
        if line.kind == "时效" and (said := self._judge(texts.other_years)(item.target.text, self._year)):
            self._say(project, texts.other_years, f"时效指标“{one_line(line.name)}”{said}", item, "target")
        if goal is None or item.target.value is None or not readable:
            return
        others = [
            other.record.target.value
            for other in project.lines
            if other is not line and other.record.target and other.record.target.value is not None
        ]
        said = self._judge(texts.text_against_figures)(
            goal.annual_goal or "", project.budget, line.name, item.target, others
        )
        self._say(project, texts.text_against_figures, said, goal, "annual_goal")

    # ---- 一个项目的全部指标 ----

    def _set(self, project: ReviewedProject) -> None:
        first, judge = project.lines[0].record, self._judge
        present = [kind for line in project.lines if (kind := line.kind)]
        unknown = {line.group or _ANY for line in project.lines if line.kind is None}
        groups = judge.bound.value("kind_groups")
        homes = {k: g for g, kinds in groups.items() for k in kinds} if isinstance(groups, Mapping) else {}  # type: ignore[union-attr]
        for kind in rules.KINDS:
            home = homes.get(kind, kind)
            if not unknown & {_ANY, home}:
                said = judge(rules.required_kind)(kind, present, project.code)
                self._say(project, rules.required_kind, said, first, "level2")
        weights = [line.record.weight for line in project.lines]
        low = (line.record for line in project.lines if line.record.weight is not None and line.record.weight <= 0)
        self._say(project, rules.weights_sum, judge(rules.weights_sum)(weights), next(low, first), "weight")
        rates = [
            line.record for line in project.lines
            if line.kind != "满意度" and line.record.target and line.record.target.measure == "%"
        ]  # fmt: skip
        full = [r for r in rates if r.target and r.target.value == 100 and r.target.operator in (">=", "=")]
        said = judge(rules.always_full)(len(full), len(rates), project.code)
        self._say(project, rules.always_full, said, full[0] if full else first, "target")

    def _repeated(self, project: ReviewedProject) -> None:
        """同一项目里重名、雷同的指标：后面的对前面的，一条只说一次。"""
        judged = self._judge(texts.near_duplicate)
        for index, line in enumerate(project.lines):
            for earlier in project.lines[:index]:
                same = bare(line.name) == bare(earlier.name)
                target, other = line.record.target, earlier.record.target
                alike = target and other and (target.value, target.text) == (other.value, other.text)
                if not line.record.level3 or not (same or (alike and line.kind == earlier.kind)):
                    continue
                subject = f"本项目第 {earlier.record.origin.row} 行的“{one_line(earlier.name)}”"
                said = judged(line.name, earlier.name, "同一项目的指标", subject)
                if said:
                    self._say(project, texts.near_duplicate, said, line.record, "level3")
                    break

    # ---- 跨项目 ----

    def _alike(self, projects: Sequence[ReviewedProject]) -> None:
        """年度目标雷同的项目：后面的对前面的，一个项目只说一次。"""
        told = [(p.goal.annual_goal or "") if p.goal else "" for p in projects]
        units = [squeeze(p.unit or "") for p in projects]
        titles = [f"{one_line(p.unit or '另一单位')}项目“{one_line(p.name)}”的年度目标" for p in projects]
        own = [f"本单位项目“{one_line(p.name)}”的年度目标" for p in projects]
        judged, said_of = self._judge(texts.near_duplicate), set[int]()
        for later, earlier in candidate_pairs([bare(text) for text in told]):
            if later in said_of:
                continue
            inside = units[later] == units[earlier]
            subject = own[earlier] if inside else titles[earlier]
            where = "同一单位的目标" if inside else "不同单位的目标"
            if said := judged(told[later], told[earlier], where, subject):
                said_of.add(later)
                self._say(projects[later], texts.near_duplicate, said, projects[later].goal, "annual_goal")
        self._same_sets(projects)

    def _same_sets(self, projects: Sequence[ReviewedProject]) -> None:
        """同一单位两个项目的整套指标一字不差（两条以下的不比）。"""
        first: dict[tuple[str, str], ReviewedProject] = {}
        for project in projects:
            told = [bare(line.name) + (line.record.target.text if line.record.target else "") for line in project.lines]
            if len(told) <= _FEW:
                continue
            whole = "".join(sorted(told))
            other = first.setdefault((squeeze(project.unit or ""), whole), project)
            if other is not project:
                subject = f"本单位项目“{one_line(other.name)}”的整套指标"
                said = self._judge(texts.near_duplicate)(whole, whole, "同一单位的整套指标", subject)
                self._say(project, texts.near_duplicate, said, project.lines[0].record, "level3")

    def uneven(self, projects: Sequence[ReviewedProject]) -> Iterator[tuple[ReviewedProject, str]]:
        """权重分布与通行分法不同的项目，只提示。"""
        for project in projects:
            shares = [_shares(project, apart=apart) for apart in (True, False)]
            said = [self._judge(scores.level_weights)(one, project.code) if one else None for one in shares]
            if said[0] and said[1]:
                yield project, said[0]


def _shares(project: ReviewedProject, *, apart: bool) -> dict[str, Decimal]:
    """各一级指标的权重；apart：写在产出下面的成本单独算，否则按表上写的一级指标（旧框架成本在产出里）。"""
    shares: dict[str, Decimal] = {}
    for line in project.lines:
        group = "成本" if line.kind == "成本" and (apart or not line.group) else line.group
        if group and line.record.weight:
            shares[group] = shares.get(group, Decimal(0)) + line.record.weight
    return shares


def _filled(record: Indicator, name: str) -> bool:
    value = getattr(record, name)
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def has(record: Record, name: str) -> bool:
    """这张表里有没有这一项；一表一项目的表单总算有。"""
    return bool(record.origin.form) or name in record.origin.columns


def place_of(record: Record, *names: str) -> Where:
    """第一个有的列的单元格。"""
    cells = record.origin.cells or {}
    found = next((name for name in names if name in cells or name in record.origin.columns), None)
    return record.origin.where(found)


def _unread(item: Indicator) -> str:
    """读不出来的指标值，问题在哪一列：只缺单位的指度量单位，只缺指标性质的指指标性质。"""
    target = item.target
    if target is None or target.value is None:
        return "target"
    unsigned = any(note.startswith("没有写运算符") for note in target.remarks)
    if not target.measure:
        return "target" if unsigned else "measure"
    return "operator" if unsigned else "target"
