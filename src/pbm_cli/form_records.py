"""一张认出来的表单 → 记录和发现：与列表给出同样的记录，每个值记着自己的单元格。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pbm_cli import fields
from pbm_cli.acceptance import wrong_date_findings
from pbm_cli.cells import Sheet, column_letters
from pbm_cli.fields import Problem
from pbm_cli.form_funds import Remark, read_funds
from pbm_cli.form_grid import Place
from pbm_cli.form_kinds import ExecutionScore
from pbm_cli.form_rows import BlockReader, IndicatorRow
from pbm_cli.forms import Anchor, FormMatch
from pbm_cli.models import (
    Evaluation,
    Execution,
    Finding,
    Goal,
    Indicator,
    Origin,
    Record,
    Where,
    business_fields,
)
from pbm_cli.text import one_line, squeeze

_PLACEHOLDER_GOALS = frozenset("×xX*…._-—/ 　:：目标0123456789")
_NO_PROJECT = ("没有项目资金这一块", "没有绩效指标这一块")


@dataclass(slots=True)
class FormResult:
    """一张表单读出来的。records 里为真的一条算一行；rows_* 是这张表单的行数。"""

    records: list[tuple[Record, bool]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    usable: bool = True
    rows_used: int = 0
    rows_rejected: int = 0
    rows_total: int = 0


class FormReader:
    """读一张表单。default_unit：没写单位时用的（每单位多少分）。"""

    def __init__(self, file: str, sheet: Sheet, match: FormMatch, default_unit: int | None) -> None:
        self.file, self.sheet, self.match = file, sheet, match
        assert match.grid is not None  # noqa: S101  # 还没有读
        self.grid = match.grid
        self.form = match.layout.kind
        self.result = FormResult()
        self.cells: dict[str, Place] = {name: anchor.place for name, anchor in match.anchors.items()}
        self.name: str | None = None
        self.subject: dict[str, Any] = self._identity()
        self.name = self.subject["project_name"]
        self.funds = read_funds(self.grid, match, default_unit)
        self.blocks = [BlockReader(self.grid, match.layout, block).read() for block in match.blocks]
        self.rows = [row for block in self.blocks for row in block.rows]

    def read(self) -> FormResult:
        """给出记录和发现；说不清是谁的、没写金额单位的，整张不用。"""
        result = self.result
        result.rows_total = sum(block.totals for block in self.blocks)
        where = Where(self.file, self.sheet.name)
        result.findings.extend(wrong_date_findings(self.match, self.name or self.match.layout.title, where))
        self._say_all(self.funds.remarks)
        if self.name is None:
            title = self.match.layout.part_title(self.match.layout.name_field)
            place = self.match.anchors[self.match.layout.name_field].place
            self._say(Remark("D02", "error", f"{title}是空的，这张表没有使用", place))
        result.usable = self.name is not None and self.funds.usable
        if not result.usable:
            result.rows_rejected = 1 + len(self.rows)
            return result
        heads = [record for record in self._head_records() if record is not None]
        result.records = [(record, index == 0) for index, record in enumerate(heads)]
        result.rows_used, result.rows_rejected = (1, 0) if heads else (0, 1)
        for row in self.rows:
            self._say_all(row.remarks, row.values.get("level3"))
            result.records.append((self._indicator(row), True))
            result.rows_used += 1
        self._say_blocks()
        return result

    # 发现

    def _where(self, place: Place | None) -> Where:
        if place is None:
            place = self.match.anchors[self.match.layout.name_field].label
        return Where(self.file, self.sheet.name, f"{column_letters(place[1])}{place[0] + 1}")

    def _say(self, remark: Remark, subject: str | None = None) -> None:
        who = subject or self.name or self.match.layout.title
        self.result.findings.append(Finding(remark.code, remark.level, who, remark.message, self._where(remark.place)))

    def _say_all(self, remarks: Iterable[Remark], subject: str | None = None) -> None:
        for remark in remarks:
            self._say(remark, subject)

    def _say_blocks(self) -> None:
        match = self.match
        for block in self.blocks:
            self._say_all(block.remarks)
        if match.funds is None:
            self._say(Remark("D25", "warning", f"这张表{_NO_PROJECT[0]}，其余照常使用"))
        if match.unclear:
            place = (match.unclear[0].first, 0)
            self._say(Remark("D14", "warning", "左右两组指标分不清哪组是年度的，指标没有使用；请在表头上写明", place))
        elif not match.blocks:
            self._say(Remark("D25", "warning", f"这张表{_NO_PROJECT[1]}，其余照常使用"))
        elif not self.rows:
            place = (match.blocks[0].heads.first, 0)
            self._say(Remark("D25", "warning", "绩效指标这一块是空的，一条指标也没有", place))
        for head in match.skipped:
            self._say(Remark("D26", "hint", "长期（实施期）绩效指标不作年度指标，没有使用", (head.first, 0)))
        dropped = [row for block in self.blocks for row in block.placeholders]
        if dropped:
            shown = "、".join(map(str, dropped[:8])) + ("等" if len(dropped) > 8 else "")
            self._say(
                Remark(
                    "D26",
                    "hint",
                    f"有 {len(dropped)} 个没有填写的样张行（第 {shown} 行），没有使用",
                    (dropped[0] - 1, 0),
                )
            )

    # 谁的

    def _identity(self) -> dict[str, Any]:
        anchors = self.match.anchors
        name_field = self.match.layout.name_field
        said = self._text(anchors.get(name_field))
        code, name = fields.split_code_name(one_line(said)) if said else (None, None)
        name = None if name is None or _unfilled(name) else name
        own = anchors.get("project_code")
        stated = fields.code(own.value) if own else None
        if isinstance(stated, Problem) and own:
            self._say(Remark("D03", "warning", f"项目编码：{stated.message}；这一格按空白处理", own.place))
        department = name_field == "department_name"
        if department:
            self.cells["project_name"] = self.cells["budget_unit"] = self.cells[name_field]
        elif code and not isinstance(stated, str):
            self.cells["project_code"] = self.cells["project_name"]
        return {
            "project_code": None if department else stated if isinstance(stated, str) else code,
            "project_name": name,
            "department": self._named(anchors.get("department")),
            "budget_unit": name if department else self._named(anchors.get("budget_unit")),
        }

    def _text(self, anchor: Anchor | None) -> str | None:
        if anchor is None:
            return None
        value = fields.text(anchor.value)
        if isinstance(value, Problem):
            self._say(Remark("D03", "warning", f"{value.message}；这一格按空白处理", anchor.place))
            return None
        return value

    def _named(self, anchor: Anchor | None) -> str | None:
        said = self._text(anchor)
        return fields.split_code_name(one_line(said))[1] if said else None

    def _goal_text(self) -> str | None:
        anchor = self.match.anchors.get("annual_goal")
        if anchor is None:
            return None
        values = [value for value, _ in anchor.lines] or [anchor.value]
        texts = [text for value in values if isinstance(text := fields.text(value), str) and not _unfilled(text)]
        return "\n".join(dict.fromkeys(texts)) or None

    # 记录

    def _origin(
        self, names: Mapping[str, str], row: int | None = None, cells: Mapping[str, Place] | None = None
    ) -> Origin:
        """出处：names 是记录的字段 → 表单上的字段；row 缺省是“项目名称”那一行。"""
        held = {**self.cells, **self.funds.cells, **(cells or {})}
        places = {name: held[source] for name, source in names.items() if source in held}
        if row is None:
            row = self.match.anchors[self.match.layout.name_field].label[0]
        columns = {name: place[1] for name, place in places.items()}
        return Origin(self.file, self.sheet.name, row + 1, columns, self.form, places)

    def _build(self, model: type[Record], values: Mapping[str, Any], origin: Origin) -> Record:
        return model.trusted({**{name: values.get(name) for name in business_fields(model)}, "origin": origin})

    def _same(self, *names: str, **others: str) -> dict[str, str]:
        who = {name: name for name in ("project_code", "project_name", "department", "budget_unit", *names)}
        return {**who, **others}

    def _head_records(self) -> list[Record | None]:
        if self.form == "goal_form":
            return [self._goal("budget", "adjusted_budget", "initial_budget")]
        if self.form == "monitoring_form":
            return [self._execution(required=True)]
        score = self._execution_score()
        evaluation = self._evaluation()
        goal = self._goal("adjusted_budget", "initial_budget", "budget", required=False)
        if self.form == "department_form":
            return [evaluation, goal, score] if evaluation else [goal, score]
        return [evaluation, self._execution(required=False), goal, score]

    def _goal(self, *sources: str, required: bool = True) -> Record | None:
        funds = self.funds.values
        source = next((name for name in sources if name in funds), None)
        text = self._goal_text()
        if source is None or (not required and text is None):
            if required:
                place = next((self.funds.cells[name] for name in sources if name in self.funds.cells), None)
                self._say(Remark("D02", "error", "年度资金总额是空的，这个项目的目标没有使用", place))
            return None
        if text is None:
            anchor = self.match.anchors.get("annual_goal")
            what = "年度总体目标是空的" if anchor else "表上没有“年度总体目标”"
            self._say(Remark("D05", "warning", what, anchor.place if anchor else None))
        values = {**self.subject, "budget": funds[source], "annual_goal": text}
        return self._build(Goal, values, self._origin(self._same("annual_goal", budget=source)))

    def _execution(self, *, required: bool) -> Record | None:
        funds = self.funds
        source = next((name for name in ("adjusted_budget", "initial_budget") if name in funds.values), None)
        if source is None or "expenditure" not in funds.values or "expenditure" in funds.broken:
            if self.match.funds is not None:
                lacking = "全年预算数" if source is None else "执行数"
                place = funds.cells.get("adjusted_budget" if source is None else "expenditure")
                level = "error" if required else "warning"
                self._say(
                    Remark(
                        "D02",
                        "error" if level == "error" else "warning",
                        f"{lacking}是空的，这个项目的预算执行没有使用",
                        place,
                    )
                )
            return None
        if source == "initial_budget":
            text = "表上没有全年预算数（调整后预算数），预算用年初预算数"
            self._say(Remark("D04", "hint", text, funds.cells[source]))
        values = {
            **self.subject,
            "initial_budget": funds.values.get("initial_budget"),
            "adjusted_budget": funds.values[source],
            "expenditure": funds.values["expenditure"],
            "execution_rate": funds.values.get("execution_rate"),
            "reason": funds.values.get("reason"),
        }
        names = self._same("initial_budget", "expenditure", "execution_rate", "reason", adjusted_budget=source)
        return self._build(Execution, values, self._origin(names))

    def _execution_score(self) -> Record | None:
        values, source = self.funds.values, self._budget_source()
        if not {"weight", "self_score"} & values.keys():
            return None
        held = {
            **self.subject,
            "weight": values.get("weight"),
            "self_score": values.get("self_score"),
            "stated_rate": values.get("execution_rate"),
            "budget": values.get(source),
            "expenditure": values.get("expenditure"),
        }
        names = self._same("weight", "self_score", "expenditure", stated_rate="execution_rate", budget=source)
        return self._build(ExecutionScore, held, self._origin(names))

    def _budget_source(self) -> str:
        held = self.funds.values
        return next(
            (name for name in ("adjusted_budget", "initial_budget", "budget") if name in held), "adjusted_budget"
        )

    def _evaluation(self) -> Record | None:
        score, place = self._score()
        if score is None:
            return None
        department = self.form == "department_form"
        grade = self._text(self.match.anchors.get("grade"))
        source, funds = self._budget_source(), self.funds.values
        values = {
            **self.subject,
            "subject": self.name,
            "subject_kind": "部门整体" if department else "项目",
            "level": "单位自评",
            "amount": funds.get(source),
            "score": score,
            "grade": grade,
            "expenditure": funds.get("expenditure"),
            "execution_rate": funds.get("execution_rate"),
        }
        names = self._same(
            "grade", "expenditure", "execution_rate", subject="project_name", amount=source, score="score"
        )
        return self._build(Evaluation, values, self._origin(names, cells={"score": place} if place else None))

    def _score(self) -> tuple[Decimal | None, Place | None]:
        """总分行写的得分；没有写，各项都有得分时相加；不全就没有。"""
        stated = next((block for block in self.blocks if block.score is not None), None)
        if stated is not None:
            return stated.score, stated.score_place
        place = next((block.score_place for block in self.blocks if block.score_place), None)
        columns = [set(block.heads.columns) for block in self.match.blocks]
        if not any("self_score" in names for names in columns):
            if self.form == "self_evaluation_form" and columns:
                self._say(
                    Remark(
                        "D25", "warning", "指标块里没有“得分”列，没有自评得分", (self.match.blocks[0].heads.first, 0)
                    )
                )
            return None, None
        scores = [row.values.get("self_score") for row in self.rows]
        heads = self.match.funds.heads if self.match.funds else None
        if heads and "self_score" in heads.columns:
            scores.append(self.funds.values.get("self_score"))
        if self.rows and all(isinstance(score, Decimal) for score in scores):
            total = sum((score for score in scores if score is not None), Decimal(0))
            self._say(Remark("D04", "hint", f"总分没有填，按各项得分相加是 {total}", place))
            return total, place or self.rows[-1].cells.get("self_score")
        blank = "得分没有填全" if any(score is not None for score in scores) else "得分都是空的"
        self._say(Remark("D25", "warning", f"总分没有填，{blank}，没有自评得分", place))
        return None, None

    def _indicator(self, row: IndicatorRow) -> Record:
        names = {name: name for name in business_fields(Indicator)}
        cells = {**row.cells}
        origin = self._origin(
            {name: name for name in names if name in cells or name in ("project_code", "project_name", "budget_unit")},
            row.row,
            cells,
        )
        return self._build(Indicator, {**self.subject, **row.values}, origin)


def _unfilled(text: str) -> bool:
    """样张原样没填的目标：目标1：××、……。"""
    return all(letter in _PLACEHOLDER_GOALS for letter in squeeze(text))
