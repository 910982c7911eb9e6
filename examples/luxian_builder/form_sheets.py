"""自评表的版面：四川 0013zp、财政部式与三列指标值的一种、部门整体。单元格位置随写随记，供列出埋下的毛病。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from luxian_builder import selfeval
from luxian_builder.grid import Grid, Percent, Value, address, figure
from luxian_builder.ledgers import grade, wan
from luxian_builder.selfeval import Scored, SelfEvaluation, half_up

_SICHUAN_HEADS = "一级指标 二级指标 三级指标 指标性质 指标值 度量单位 完成值 权重 得分 未完成原因分析"
_TASK_HEADS = (
    "任务名称 完成情况 年初预算数 全年预算数 其中：财政拨款 全年执行数 其中：财政拨款 预算执行率% 分值 自评得分"
)
_POINTS = {
    "cost": {"成本指标": 20, "产出指标": 40, "效益指标": 20, "满意度指标": 10},
    "plain": {"产出指标": 50, "效益指标": 30, "满意度指标": 10},
}


@dataclass(frozen=True, slots=True)
class Columns:
    """指标块各列的位置（从 0 数）。"""

    target: int
    actual: int
    weight: int
    score: int
    reason: int


@dataclass(slots=True)
class FormSheet:
    """一张写好的自评表与各处的地址；first 是第一条指标的行号。"""

    grid: Grid
    form: SelfEvaluation
    columns: Columns
    first: int = 0
    total: str = ""
    execution: str = ""
    money: dict[str, str] = field(default_factory=dict)
    grade: str = ""

    def cell(self, place: str, item: int) -> str:
        """埋毛病的那一格。"""
        if item < 0:
            return {"total": self.total, "execution": self.execution, "grade": self.grade, **self.money}[place]
        column = {"score": self.columns.score, "actual": self.columns.actual, "operator": self.columns.target}[place]
        return address(self.first + item, column)


class _Writer:
    """按（列, 值, 到哪一列合并）写一行。"""

    def __init__(self, name: str, width: int, widths: Sequence[int]) -> None:
        self.grid = Grid(name, widths=widths, frozen=False)
        self.width = width

    def row(self, *cells: tuple[int, Value, int], head: bool = False) -> int:
        values: list[Value] = [None] * self.width
        for column, value, _ in cells:
            values[column] = value
        number = self.grid.head(*values) if head else self.grid.add(*values)
        for column, _, last in cells:
            self.grid.merge(number, column, number, last)
        return number

    def down(self, column: int, first: int) -> None:
        self.grid.merge(first, column, len(self.grid.rows) - 1, column)


def _rate(spent: int, budget: int) -> Percent:
    return Percent(half_up(Decimal(spent) * 100 / budget) if budget else Decimal("0.00"))


def _levels(writer: _Writer, rows: Sequence[Scored], first: int, points: dict[str, int] | None) -> None:
    """一级、二级指标相同的几行合并；财政部式的一级指标写明分值。"""
    for column, name in ((1, "level1"), (2, "level2")):
        start = 0
        for place in range(1, len(rows) + 1):
            here = getattr(rows[start].item, name), rows[start].item.level1
            if place < len(rows) and (getattr(rows[place].item, name), rows[place].item.level1) == here:
                continue
            label = here[0]
            if name == "level1" and points:
                label = f"{label}\n({points[label]}分)"
            writer.grid.rows[first + start][column] = label
            writer.grid.merge(first + start, column, first + place - 1, column)
            start = place


def _figure_of(row: Scored, text: str) -> Value:
    return figure(text) if row.item.operator != "定性" else text


def _closing(form: SelfEvaluation) -> tuple[str, str, str]:
    rng = Random(f"closing/{form.unit.code}/{form.project.code if form.project else ''}")
    met = sum(row.score >= row.item.weight for row in form.rows)
    said = f"共 {len(form.rows)} 条指标，其中 {met} 条得满分，其余按完成情况得分。"
    return said, rng.choice(selfeval.PROBLEMS), rng.choice(selfeval.MEASURES)


def sichuan(name: str, form: SelfEvaluation) -> FormSheet:
    """部门预算项目支出绩效自评表（报表编号 510000_0013zp）：预算执行 10 分，绩效指标 90 分。"""
    writer = _Writer(name, 11, (14, 13, 20, 34, 12, 14, 12, 16, 8, 8, 26))
    sheet = FormSheet(writer.grid, form, Columns(5, 7, 8, 9, 10))
    done, problem, measure = _closing(form)
    writer.row((0, "报表编号：510000_0013zp", 0))
    writer.grid.title("部门预算项目支出绩效自评表（2023年度）", 11)
    writer.row((0, "项目名称", 0), (1, f"{form.own.code}-{form.own.name}", 10))
    writer.row((0, "主管部门", 0), (1, form.unit.department, 4), (5, "实施单位（盖章）", 6), (7, form.unit.name, 10))
    first = writer.row((0, "项目基本情况", 0), (1, "1.项目年度目标完成情况", 2), (3, "项目年度目标", 6),
                       (7, "年度目标完成情况", 10))  # fmt: skip
    writer.row((3, form.text, 6), (7, done, 10))
    writer.row((1, "2.项目实施内容及过程概述", 2), (3, f"由{form.unit.name}按批复组织实施，按月调度进度。", 10))
    writer.down(0, first)
    _sichuan_money(writer, sheet)
    _sichuan_items(writer, sheet)
    total = writer.row((0, "合计", 7), (8, 100, 8), (9, form.stated, 9))
    sheet.total = address(total, 9)
    writer.row((0, "评价结论", 0), (1, f"自评得分{form.stated}分。{done}", 10))
    writer.row((0, "存在问题", 0), (1, problem, 10))
    writer.row((0, "改进措施", 0), (1, measure, 10))
    writer.row((0, "项目负责人：", 4), (5, "财务负责人：", 10))
    for note in ("注：1.预算执行率＝预算执行数÷调整后预算数。", "2.预算执行率未达到90%的，在“原因”栏说明。",
                 "3.没有的内容填“/”。"):  # fmt: skip
        writer.row((0, note, 10))
    return sheet


def _sichuan_money(writer: _Writer, sheet: FormSheet) -> None:
    form = sheet.form
    top = writer.row((0, "预算执行情况\n（10分）", 0), (1, "年度预算数（万元）", 3), (4, "年初预算", 4),
                     (5, "调整后预算数", 5), (6, "预算执行数", 6), (7, "预算执行率", 7), (8, "权重", 8), (9, "得分", 9),
                     (10, "原因", 10), head=True)  # fmt: skip
    own = form.own.lines[0].fund == "单位资金"
    for label in ("总额", "其中：财政资金", "财政专户管理资金", "单位资金", "其他资金"):
        here = label in ("总额", "单位资金" if own else "其中：财政资金")
        money = (form.initial, form.budget, form.spent) if here else (0, 0, 0)
        total = label == "总额"
        row = writer.row(
            (1, label, 3), *[(4 + n, wan(yuan), 4 + n) for n, yuan in enumerate(money)],
            (7, _rate(money[2], money[1]), 7), (8, 10 if total else "/", 8),
            (9, form.execution_score if total else "/", 9), (10, form.execution_reason or None if total else "/", 10),
        )  # fmt: skip
        if total:
            sheet.execution = address(row, 9)
    writer.down(0, top)


def _sichuan_items(writer: _Writer, sheet: FormSheet) -> None:
    heads = _SICHUAN_HEADS.split()
    top = writer.row((0, "绩效指标\n（90分）", 0), *[(n, head, n) for n, head in enumerate(heads, start=1)], head=True)
    sheet.first = top + 1
    for row in sheet.form.rows:
        item = row.item
        writer.row(
            (3, item.level3, 3), (4, item.operator, 4), (5, _figure_of(row, item.target), 5),
            (6, item.measure or "/", 6), (7, _figure_of(row, row.actual), 7), (8, item.weight, 8), (9, row.score, 9),
            (10, row.reason or None, 10),
        )  # fmt: skip
    _levels(writer, sheet.form.rows, sheet.first, None)
    writer.down(0, top)


def ministry(name: str, form: SelfEvaluation) -> FormSheet:
    """项目支出绩效自评表：执行 10、产出 50、效益 30、满意度 10；“云南”式的指标值拆成三列。"""
    split = form.form == "云南"
    width = 11 if split else 9
    writer = _Writer(name, width, (12, 14, 16, 34, *([10, 10, 10] if split else [16]), 16, 8, 9, 28))
    last = width - 1
    sheet = FormSheet(writer.grid, form, Columns(5 if split else 4, last - 3, last - 2, last - 1, last))
    code = form.unit.code
    writer.row((0, "附件", 0))
    writer.grid.title("项目支出绩效自评表", width)
    writer.grid.title("（2023年度）", width)
    writer.row((0, "项目名称", 0), (1, f"{form.own.code}-{form.own.name}", last))
    writer.row((0, "主管部门", 0), (1, f"{code[:3]}-{form.unit.department}", 3), (4, "实施单位", 4),
               (5, f"{code}-{form.unit.name}", last))  # fmt: skip
    _ministry_money(writer, sheet)
    half = last - 3
    done, _, _ = _closing(form)
    goals = writer.row((0, "年度总体目标", 0), (1, "预期目标", half - 1), (half, "实际完成情况", last))
    writer.row((1, form.text, half - 1), (half, done, last))
    writer.down(0, goals)
    _ministry_items(writer, sheet, split)
    total = writer.row((1, "总分", last - 3), (last - 2, 100, last - 2), (last - 1, form.stated, last - 1))
    sheet.total = address(total, last - 1)
    sheet.grade = address(writer.row((0, "自评等级", 0), (1, form.grade or grade(form.stated), last)), 1)
    writer.row((0, "填报人：", 3), (4, "联系电话：", last))
    return sheet


def _ministry_money(writer: _Writer, sheet: FormSheet) -> None:
    form, last = sheet.form, writer.width - 1
    at = [3, 4, 5, last - 2, last - 1, last]
    heads = ["年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"]
    top = writer.row(
        (0, "项目资金\n（万元）", 0), *[(n, head, n) for n, head in zip(at, heads, strict=True)], head=True
    )
    fund = "其他资金" if form.own.lines[0].fund == "单位资金" else "当年财政拨款"
    own = "上年结转资金" if "上年结转" in form.own.name else fund
    for label, name in (("年度资金总额：", ""), ("其中：当年财政拨款", "当年财政拨款"),
                        ("上年结转资金", "上年结转资金"), ("其他资金", "其他资金")):  # fmt: skip
        total = not name
        money = (form.initial, form.budget, form.spent) if total or name == own else (0, 0, 0)
        shown = (0, 0, 0) if total and form.zero_total else money
        rate = _rate(money[2], money[1]) if money[1] else "/"
        cells: list[Value] = [*[wan(yuan) for yuan in shown], 10 if total else "/", rate,
                              form.execution_score if total else "/"]  # fmt: skip
        row = writer.row((1, label, 2), *[(n, value, n) for n, value in zip(at, cells, strict=True)])
        if total:
            sheet.execution = address(row, last)
            sheet.money = {f"money{n}": address(row, 3 + n) for n in range(3)}
    writer.down(0, top)


def _ministry_items(writer: _Writer, sheet: FormSheet, split: bool) -> None:
    target = "指标性质 指标值 度量单位" if split else "年度指标值"
    heads = f"一级指标 二级指标 三级指标 {target} 实际完成值 分值 得分 偏差原因分析及改进措施".split()
    top = writer.row((0, "绩效指标", 0), *[(n, head, n) for n, head in enumerate(heads, start=1)], head=True)
    sheet.first = top + 1
    for row in sheet.form.rows:
        item, qualitative = row.item, row.item.operator == "定性"
        joined = item.target if qualitative else f"{item.operator}{item.target}{item.measure}"
        goal: list[Value] = [item.operator, _figure_of(row, item.target), item.measure or "/"] if split else [joined]
        cells = [item.level3, *goal, _figure_of(row, row.actual), item.weight, row.score, row.reason or None]
        writer.row(*[(n, value, n) for n, value in enumerate(cells, start=3)])
    _levels(writer, sheet.form.rows, sheet.first, _POINTS[sheet.form.style])
    writer.down(0, top)


def department(name: str, form: SelfEvaluation, tasks: Sequence[tuple[str, int, int, int]]) -> FormSheet:
    """部门（单位）整体支出绩效自评表；tasks 是（任务名称, 年初, 全年预算, 执行）。"""
    writer = _Writer(name, 11, (14, 30, 26, 30, 14, 14, 14, 14, 14, 8, 9))
    sheet = FormSheet(writer.grid, form, Columns(4, 5, 6, 7, 8))
    writer.grid.title("部门（单位）整体支出绩效自评表（2023年度）", 11)
    writer.row((9, "单位：万元", 10))
    writer.row((0, "部门名称", 0), (1, form.unit.name, 10))
    heads = _TASK_HEADS.split()
    top = writer.row((0, "年度主要任务", 0), *[(n, head, n) for n, head in enumerate(heads, start=1)], head=True)
    for task, initial, budget, spent in tasks:
        writer.row((1, task, 1), (2, "已按计划完成", 2), (3, wan(initial), 3), (4, wan(budget), 4), (5, wan(budget), 5),
                   (6, wan(spent), 6), (7, wan(spent), 7), (8, _rate(spent, budget).value, 8), (9, "/", 9),
                   (10, "/", 10))  # fmt: skip
    row = writer.row((1, "金额合计", 2), (3, wan(form.initial), 3), (4, wan(form.budget), 4), (5, wan(form.budget), 5),
                     (6, wan(form.spent), 6), (7, wan(form.spent), 7), (8, _rate(form.spent, form.budget).value, 8),
                     (9, 10, 9), (10, form.execution_score, 10))  # fmt: skip
    sheet.execution = address(row, 10)
    writer.down(0, top)
    goals = writer.row((0, "年度总体目标", 0), (1, "预期目标", 4), (5, "实际完成情况", 10))
    writer.row((1, form.text, 4), (5, _closing(form)[0], 10))
    writer.down(0, goals)
    _department_items(writer, sheet)
    total = writer.row((1, "总分", 5), (6, 100, 6), (7, form.stated, 7))
    sheet.total = address(total, 7)
    return sheet


def _department_items(writer: _Writer, sheet: FormSheet) -> None:
    heads = ["一级指标", "二级指标", "三级指标", "指标值", "实际完成值", "分值", "得分", "未完成原因分析"]
    top = writer.row((0, "绩效指标", 0), *[(n, head, n) for n, head in enumerate(heads, start=1)], head=True)
    sheet.first = top + 1
    for row in sheet.form.rows:
        item = row.item
        joined = item.target if item.operator == "定性" else f"{item.operator}{item.target}{item.measure}"
        actual: Value = row.actual if item.operator == "定性" else f"{row.actual}{item.measure}"
        cells = [item.level3, joined, actual, item.weight, row.score, row.reason or None]
        writer.row(*[(n, value, n) for n, value in enumerate(cells, start=3)])
    _levels(writer, sheet.form.rows, sheet.first, None)
    writer.down(0, top)
