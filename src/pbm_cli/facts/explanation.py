"""追溯：一个数或一个项目的灯、等级、建议从哪些单元格、按哪个算式和规则、依据什么得来。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from pbm_cli.errors import UsageError
from pbm_cli.facts import Row, exact_ratio
from pbm_cli.facts.beside import row_key
from pbm_cli.facts.document import STAGES
from pbm_cli.facts.monitor import achieved_share
from pbm_cli.facts.projects import MonitoredProject
from pbm_cli.facts.sources import Sources, cells
from pbm_cli.facts.traces import TRACERS
from pbm_cli.facts.traces_evaluate import score_cells
from pbm_cli.identity import ProjectIndex, ProjectKey, key_of
from pbm_cli.models import LIGHT_WORDS, Light, Record, Where
from pbm_cli.rules import monitor as rules
from pbm_cli.text import squeeze

_MOST = 10
# 一个项目的来源：每种记录看哪几栏
_FIELDS = {
    "execution": ("adjusted_budget", "expenditure", "execution_rate", "reason"),
    "indicator": ("operator", "target", "measure", "weight", "actual", "possibility", "reason", "self_score"),
    "adjustment": ("before", "after", "amount", "action", "cause"),
    "assessment": ("submitted", "approved", "reduction", "score", "conclusion"),
    "goal": ("budget", "annual_goal", "stage"),
    "review": ("comment", "conclusion"),
    "evaluation": ("level", "score", "grade", "budget", "next_budget", "rectified"),
}


@dataclass(slots=True)
class Explanation:
    """一次追溯的结果。value 同 JSON 里的写法；steps 是一步步的推导；places 是来源单元格。"""

    subject: str
    value: Any
    formula: str
    places: list[Where]
    parameters: list[Row]
    steps: list[Row] = field(default_factory=list)


def explain(subject: str, sources: Sources) -> Explanation:
    """说明一个数（assess.reduction_pct 这样的名字），或一个项目（编码、名称、单位/名称）。

    没有这个数、没有这个项目、名称对上几个项目的，抛出 UsageError，列出可以用的。
    """
    known = figures(sources)
    if subject in known:
        return _figure(subject, known[subject], sources)
    if subject.partition(".")[0] in STAGES and "." in subject:
        raise UsageError(subject, "这个数不能追溯", f"可以追溯的有：{listed(known, subject)}")
    return _Project(subject, sources).explanation()


def figures(sources: Sources) -> dict[str, Any]:
    """这一年能追溯的数：名字 → 值。"""
    found: dict[str, Any] = {}
    for pattern in TRACERS:
        stage, _, key = pattern.removesuffix(".*").partition(".")
        value = sources.summary(stage).get(key) if stage in sources.facts.stages else None
        if not pattern.endswith(".*"):
            found.update({pattern: value} if value is not None else {})
        elif isinstance(value, list):
            found.update({f"{stage}.{key}.{town['township']}": town["score"] for town in value})
        elif isinstance(value, dict):
            found.update({f"{stage}.{key}.{name}": count for name, count in value.items()})
    return found


def listed(known: Iterable[str], wanted: str = "") -> str:
    """能追溯的数的名字；同一组的写成一个。wanted 是写错的名字，只列同一环节的。"""
    stage = wanted.partition(".")[0]
    same = [name for name in known if name.startswith(f"{stage}.")] or list(known)
    groups: dict[str, list[str]] = {}
    for name in same:
        parts = name.split(".", 2)
        groups.setdefault(".".join(parts[:2]), []).extend(parts[2:])
    shown = (f"{name}.（{'、'.join(tails)}）" if tails else name for name, tails in groups.items())
    return "，".join(shown)


def _figure(name: str, value: Any, sources: Sources) -> Explanation:
    parts = name.split(".", 2)
    pattern = name if name in TRACERS else f"{parts[0]}.{parts[1]}.*"
    trace = TRACERS[pattern](sources, name if pattern == name else parts[2])
    return Explanation(name, value, trace.formula, trace.places, sources.parameters(trace.rules))


class _Project:
    """一个项目（或评价对象）在各环节的来龙去脉。"""

    def __init__(self, wanted: str, sources: Sources) -> None:
        self._sources = sources
        self._index = ProjectIndex()
        self._keys: list[ProjectKey] = []
        self._rows: list[dict[str, list[Row]]] = []
        for stage in ("monitor", "goals", "assess", "evaluate"):
            for row in sources.rows(stage):
                key = row_key(row)
                place = self._index.place(key)
                if place == len(self._keys):
                    self._keys.append(key)
                    self._rows.append({})
                self._rows[place].setdefault(stage, []).append(row)
        self._place = self._found(wanted)
        self._steps: list[Row] = []

    def _found(self, wanted: str) -> int:
        places = self._matching(wanted)
        if len(places) == 1:
            return places[0]
        if places:
            shown = "；".join(self._called(place) for place in places[:_MOST])
            more = f"等 {len(places)} 个" if len(places) > _MOST else ""
            hint = f"请写编码，或写成“单位/名称”：{shown}{more}"
            raise UsageError(wanted, f"对上 {len(places)} 个项目，不能判断是哪一个", hint)
        names = list(dict.fromkeys(key.name for key in self._keys))
        near = [name for name in names if squeeze(wanted) and squeeze(wanted) in name][:_MOST]
        near = near or get_close_matches(squeeze(wanted), names, 3)
        known = listed(figures(self._sources))
        hint = f"名称相近的：{'、'.join(near)}；" if near else ""
        raise UsageError(wanted, "没有这个项目，也没有这个数", f"{hint}可以追溯的数有：{known}")

    def _matching(self, wanted: str) -> list[int]:
        name = squeeze(wanted)
        by_code = [n for n, key in enumerate(self._keys) if key.code and key.code == name]
        if by_code:
            return by_code
        by_name = [n for n, key in enumerate(self._keys) if key.name == name]
        if by_name or "/" not in name:
            return by_name
        unit, _, rest = name.partition("/")
        return [n for n, key in enumerate(self._keys) if key.unit == unit and rest in (key.code, key.name)]

    def _called(self, place: int) -> str:
        key = self._keys[place]
        parts = [part for part in (key.code, f"{key.unit}/{key.name}" if key.unit else key.name) if part]
        return " ".join(parts)

    def explanation(self) -> Explanation:
        """全部推导。value 是总灯；没有监控的取评价等级、评估结论、审核等级。"""
        rows = self._rows[self._place]
        project = self._monitored()
        if project is not None:
            self._monitor(*project)
        for row in rows.get("assess", ()):
            self._assess(row)
        for row in rows.get("goals", ()):
            self._goals(row)
        for row in rows.get("evaluate", ()):
            self._evaluate(row)
        codes = dict.fromkeys(code for step in self._steps for code in step["rules"])
        first = [step for step in self._steps if step["step"] in ("执行灯", "总灯")] or self._steps[:1]
        formula = "；".join(f"{step['step']}：{step['sentence']}" for step in first)
        places = list(dict.fromkeys([*self._places(), *score_cells(self._sources, rows.get("evaluate", []))]))
        name = next(row.get("project_name") or row["subject"] for found in rows.values() for row in found)
        return Explanation(name, self._value(rows), formula, places, self._sources.parameters(codes), self._steps)

    @staticmethod
    def _value(rows: dict[str, list[Row]]) -> Any:
        for stage, key in (("monitor", "light"), ("evaluate", "grade"), ("assess", "conclusion"), ("goals", "grade")):
            for row in rows.get(stage, ()):
                return row[key]
        return None

    def _step(self, stage: str, step: str, value: Any, sentence: str, *codes: str) -> None:
        basis = self._sources.bound.basis_text(*(p["name"] for p in self._sources.parameters(codes)))
        self._steps.append(
            {
                "stage": stage,
                "step": step,
                "value": value,
                "sentence": sentence,
                "rules": list(codes),
                "basis": basis or None,
            }
        )

    def _monitored(self) -> tuple[MonitoredProject, Row] | None:
        rows = self._rows[self._place].get("monitor", [])
        return next(((p, row) for p, row in self._sources.projects if any(row is mine for mine in rows)), None)

    def _monitor(self, project: MonitoredProject, row: Row) -> None:
        judge, on = self._sources.judge, self._sources.facts.on
        assert on is not None  # noqa: S101 - report always has a date
        execution = judge(rules.execution_light)(project.budget, project.expenditure, on)
        self._step("monitor", "执行灯", execution.light, execution.sentence, "M01")
        judged = [judge(rules.indicator_light)(i.target, i.actual, on) for i in project.indicators]
        for item, one in zip(project.indicators, judged, strict=True):
            self._step("monitor", f"指标灯·{item.level3 or '未命名'}", one.light, one.sentence, "M02")
        goal: Light = rules.goal_light(one.light for one in judged)
        words = "、".join(LIGHT_WORDS[one.light] for one in judged) or "没有指标"
        self._step("monitor", "目标灯", goal, f"各指标灯（{words}）取最差的，{LIGHT_WORDS[goal]}", "M03")
        rate, done = exact_ratio(project.expenditure, project.budget), achieved_share(project.indicators, judged)
        gap: Fraction | None = done - rate if done is not None and rate is not None else None
        overall = judge(rules.overall_light)(execution.light, goal, gap)
        self._step("monitor", "总灯", overall.light, overall.sentence, "M04")
        if row["action"]:
            self._step("monitor", "处置建议", row["action"], row["action_reason"], "M05")
        for entry in project.adjustments:
            said = "，".join(text for text in (entry.action, entry.cause) if text)
            self._step("monitor", "处置台账", entry.action, said or "台账里有这个项目的一次调整", "M13")

    def _assess(self, row: Row) -> None:
        shown = f"评减率 {row['reduction_pct']}%" if row["reduction_pct"] is not None else "申报金额为 0，没有评减率"
        sentence = f"申报 {row['submitted_yuan']} 元 − 审定 {row['approved_yuan']} 元"
        sentence += f" = 评减 {row['reduction_yuan']} 元，{shown}"
        self._step("assess", "事前评估", row["reduction_yuan"], sentence, "E02")
        if row["conclusion"]:
            score = f"，得分 {row['score']}" if row["score"] is not None else ""
            self._step("assess", "评估结论", row["conclusion"], f"结论“{row['conclusion']}”{score}", "E11", "E12")

    def _goals(self, row: Row) -> None:
        for opinion in row["opinions"]:
            codes = (opinion["code"],) if opinion["code"] else ()
            self._step("goals", f"审核意见（{opinion['source']}）", opinion["state"], opinion["text"], *codes)
        if row["score"] is not None:
            formula = " + ".join(f"{name} {points}" for name, points in row["points"].items())
            self._step("goals", "审核得分", row["score"], f"{formula} = {row['score']} 分", "T22")
        if row["grade"]:
            said = f"按{row['grade_source']}，等级“{row['grade']}”" + (
                f"，{row['treatment']}" if row["treatment"] else ""
            )
            self._step("goals", "审核等级", row["grade"], said, "T20", "T21", "T23")

    def _evaluate(self, row: Row) -> None:
        level = row["level"] or "绩效评价"
        graded = f"，等级“{row['grade']}”" if row["grade"] else ""
        self._step("evaluate", level, row["score"], f"得分 {row['score']}{graded}", "V01")
        if row["final_score"] != row["score"]:
            said = f"低于部门评价，按降档系数计 {row['final_score']}，等级“{row['final_grade']}”"
            self._step("evaluate", f"{level}·打折", row["final_score"], said, "V03")
        for item in row["indicators"]:
            parts = (("", "sentence"), ("分值 ", "weight"), ("自评 ", "self_score"), ("重算 ", "score"))
            said = "，".join(f"{word}{item[key]}" for word, key in parts if item.get(key) is not None)
            self._step("evaluate", f"指标得分·{item['level3'] or '未命名'}", item["score"], said, "V13", "V14")
        if row["recomputed_score"] is not None:
            gap = f"，自评高出 {row['self_gap']}" if row["self_gap"] else "，与自评相符"
            said = f"逐条指标重算 {row['recomputed_score']} 分，自评 {row['score']} 分{gap}"
            self._step("evaluate", "自评重算", row["recomputed_score"], said, "V19", "V22")
        if row["standing"] and row["proposal"]:
            self._step("evaluate", "结果应用", row["proposal"], "；".join(row["proposal_reasons"]), "V26")

    def _places(self) -> list[Where]:
        found: list[Where] = []
        for kind, names in _FIELDS.items():
            found += cells(self._records(kind), *names)
        return found

    def _records(self, kind: str) -> Sequence[Record]:
        records = self._sources.loaded.records.get(kind, [])
        return [record for record in records if self._index.find(key_of(record)) == [self._place]]
