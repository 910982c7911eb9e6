"""自评表的工作簿：40 个项目（28 张在一个工作簿里，12 个各一个文件）与 12 个部门。"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from luxian_builder import form_sheets, names
from luxian_builder.county import SEED, Project, Unit
from luxian_builder.execution import Planted
from luxian_builder.form_sheets import FormSheet
from luxian_builder.grid import address, xls, xlsx
from luxian_builder.indicators import Line
from luxian_builder.ledgers import Evaluated
from luxian_builder.plans import Item, Plan, Style, build_plan
from luxian_builder.selfeval import INFLATION, Form, SelfEvaluation, contradict, evaluate, half_up, inflated

BOOK: Final = "绩效评价/项目自评表.xlsx"
FOLDER: Final = "绩效评价/自评表"
DEPARTMENTS: Final = "绩效评价/部门整体自评表.xlsx"
IN_BOOK: Final = 28
AS_XLS: Final = 33
"""第几个项目的单个文件是 xls。"""
DEPARTMENT_NAMES: Final = (
    "泸县民政局", "泸县司法局", "泸县应急管理局", "泸县审计局", "泸县医疗保障局", "泸县卫生健康局", names.EDUCATION,
    "泸县人力资源和社会保障局", "泸县文化广播电视和旅游局", "泸县统计局", "泸县总工会", "泸县档案馆",
)  # fmt: skip
RESULTS: Final = "绩效评价/绩效评价结果.xlsx"
RESULT_SHEET: Final = "评价结果"
INFLATED: Final = "泸县应急管理局"
"""这个部门自评与财政重点评价相差 10 分以上。"""

_TURNS: Final[tuple[Form, ...]] = ("四川", "财政部", "云南", "四川", "财政部")


@dataclass(slots=True)
class Forms:
    """写好的文件、各项目的自评分（按项目的 id）与埋下的毛病。"""

    files: dict[str, bytes]
    scores: dict[int, Decimal]
    planted: list[Planted]
    totals: dict[int, Planted]
    """项目的 id → 自评表总分的格子。"""


def _form_of(number: int, planned: bool) -> Form:
    """目标表里有的项目用四川的表；其余四川、财政部式、三列式间着来。"""
    if planned:
        return "四川"
    return _TURNS[number % len(_TURNS)]


def _sheet_name(number: int, project: Project) -> str:
    return re.sub(r"[\[\]:*?/\\]", "", f"{number:02d}{project.name}")[:31]


def _projects(
    rows: Sequence[Evaluated], plans: Mapping[int, Plan], lines: Mapping[tuple[str, str], Sequence[Line]]
) -> list[SelfEvaluation]:
    """40 个项目的自评表；目标表里有的项目用同一套目标。"""
    made = []
    for number, row in enumerate(rows):
        project = row.project
        if project is None:
            continue
        plan = plans.get(id(project))
        form = _form_of(number, plan is not None)
        style: Style = "cost" if form == "四川" else "plain"
        if plan is None:
            plan = build_plan(project, lines[project.unit.name, project.code], style)
        money = project.initial, project.budget, project.spent
        one = evaluate(project.unit, project, form, money, plan.text, plan.items, style)
        one.planned = id(project) in plans
        made.append(one)
    return made


def _department_items(rng: Random, unit: Unit) -> list[Item]:
    """部门整体的指标：产出 50、效益 30、满意度 10。"""
    rows = [
        ("产出指标", "数量指标", f"{topic}重点任务完成数量", "≥", str(rng.randint(20, 90)), "项", 10)
        for topic in unit.topics[:3]
    ]
    rows += [
        ("产出指标", "质量指标", "年度重点任务验收合格率", "≥", "95", "%", 50 - 10 * len(rows) - 10),
        ("产出指标", "时效指标", "重点任务按期完成率", "≥", "95", "%", 10),
        ("效益指标", "社会效益指标", "服务群众人数", "≥", str(rng.randint(20, 90) * 100), "人次", 15),
        ("效益指标", "社会效益指标", "群众诉求响应率", "≥", "92", "%", 15),
        ("满意度指标", "服务对象满意度指标", "服务对象满意度", "≥", "90", "%", 10),
    ]
    return [Item(*row[:6], Decimal(row[6])) for row in rows]


def _department_sheet(unit: Unit, projects: Sequence[Project], finance: Mapping[str, Decimal]) -> FormSheet:
    """一个部门：任务按业务主题归并；有财政重点评价的，自评高出不超过 3 分，只有一个高出 10 分以上。"""
    rng = Random(f"{SEED}/department/{unit.code}")
    own = [p for p in projects if p.unit is unit]
    tasks = []
    for topic in (*unit.topics[:4], "其他履职任务"):
        group = [p for p in own if p.topic == topic or (topic == "其他履职任务" and p.topic not in unit.topics[:4])]
        tasks.append((topic, *[sum(getattr(p, name) for p in group) for name in ("initial", "budget", "spent")]))
    money = tuple(sum(task[n] for task in tasks) for n in (1, 2, 3))
    text = f"围绕{'、'.join(unit.topics[:3])}等重点任务，年内完成批复的各项指标，部门整体支出按季度均衡执行。"
    form = evaluate(unit, None, "四川", money, text, _department_items(rng, unit), "plain", "department")
    if unit.name in finance:
        share = Decimal(form.spent) / form.budget
        most = 10 * share + 90 * share / INFLATION - Decimal("0.4")
        _settle(form, min(finance[unit.name] + (13 if unit.name == INFLATED else 2), most))
        if unit.name == INFLATED:
            form.marks.append(("V09", "", f"自评 {form.stated} 分，财政重点评价 {finance[unit.name]} 分", -1))
    return form_sheets.department(unit.name, form, [task for task in tasks if task[2]])


def _settle(form: SelfEvaluation, wanted: Decimal) -> None:
    """把各条指标的完成值调到总分大致是 wanted。"""
    for row in form.rows:
        row.score = row.item.weight
    for row in form.rows:
        gap = form.total - wanted
        target = Decimal(row.item.target)
        share = min(Decimal("0.14"), max(gap / row.item.weight, Decimal(0)))
        row.actual = str(int(target * (1 - share)))
        row.score = half_up(min(Decimal(row.actual) / target, Decimal(1)) * row.item.weight)
        row.reason = "部分任务跨年度实施，剩余工作量列入下年计划" if row.score < row.item.weight else ""


def _planted(file: str, sheet: FormSheet, result: str) -> list[Planted]:
    """毛病所在的格子；total（总分）与空的，pbm 指到评价结果表的得分格 result。"""
    label = f"{sheet.form.unit.name}“{sheet.form.project.name if sheet.form.project else '部门整体'}”"
    found = []
    for code, place, what, item in sheet.form.marks:
        if place in ("", "total"):
            also = f"（自评表“{sheet.grid.name}”的 {sheet.total} 也这样写）" if place else ""
            found.append(Planted(RESULTS, RESULT_SHEET, result, label + what + also, code))
        else:
            found.append(Planted(file, sheet.grid.name, sheet.cell(place, item), label + what, code))
    return found


def build_forms(
    rows: Sequence[Evaluated],
    plans: Mapping[int, Plan],
    lines: Mapping[tuple[str, str], Sequence[Line]],
    units: Sequence[Unit],
    projects: Sequence[Project],
) -> Forms:
    """rows 是评价结果里的 40 条单位自评与财政重点评价；交回自评表与各项目的自评分。"""
    own = [row for row in rows if row.level == "单位自评"]
    forms = _projects(own, plans, lines)
    place = {id(row.project): address(rows.index(row) + 2, 9) for row in own}
    if wrong := [form.own.name for form in forms if inflated(form)]:
        raise ValueError(f"这些自评表本来就虚高：{wrong}")
    contradict(forms)
    made = Forms({}, {id(form.project): form.stated for form in forms}, [], {})
    sheets = []
    for number, form in enumerate(forms, start=1):
        writer = form_sheets.sichuan if form.form == "四川" else form_sheets.ministry
        sheet = writer(_sheet_name(number, form.own) if number <= IN_BOOK else "自评表", form)
        if number <= IN_BOOK:
            sheets.append(sheet)
            made.totals[id(form.project)] = Planted(BOOK, sheet.grid.name, sheet.total, "")
            made.planted += _planted(BOOK, sheet, place[id(form.project)])
            continue
        old = number == AS_XLS
        file = f"{FOLDER}/{number:02d} {form.unit.name}-{form.own.name}.{'xls' if old else 'xlsx'}"
        made.files[file] = (xls if old else xlsx)([sheet.grid])
        made.planted += _planted(file, sheet, place[id(form.project)])
    made.files[BOOK] = xlsx([sheet.grid for sheet in sheets])
    finance = {row.unit: row.score for row in rows if row.level == "财政重点评价" and row.kind == "部门整体"}
    known = {unit.name: unit for unit in units}
    whole = [_department_sheet(known[name], projects, finance) for name in DEPARTMENT_NAMES]
    judged = {
        row.unit: address(n + 2, 9) for n, row in enumerate(rows) if row.unit in finance and row.kind == "部门整体"
    }
    for sheet in whole:
        made.planted += _planted(DEPARTMENTS, sheet, judged.get(sheet.form.unit.name, ""))
    made.files[DEPARTMENTS] = xlsx([sheet.grid for sheet in whole])
    return made
