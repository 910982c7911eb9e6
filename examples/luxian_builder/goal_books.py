"""项目支出绩效目标表与绩效指标表两个工作簿，以及埋下的毛病在哪一格。"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from luxian_builder.county import Project
from luxian_builder.execution import Planted
from luxian_builder.faults import Fault
from luxian_builder.grid import Grid, Value, address, figure, xlsx
from luxian_builder.ledgers import wan
from luxian_builder.plans import Plan, goal_money

GOALS: Final = "绩效目标/项目支出绩效目标表.xlsx"
INDICATORS: Final = "绩效目标/项目支出绩效指标表.xlsx"

_HEADS: Final = "序号 主管部门 预算单位 项目编码 项目名称 资金性质 编报阶段 预算金额（万元） 年度总体目标"
_INDICATOR_HEADS: Final = "序号 预算单位 项目编码 项目名称 一级指标 二级指标 三级指标 指标性质 指标值 度量单位 权重"
_COLUMNS: Final = {"level3": 6, "operator": 7, "target": 8, "measure": 9, "weight": 10}
_NAME, _TEXT = 4, 8


class GoalBooks:
    """逐表写，记住每个项目、每条指标在哪一行。"""

    def __init__(self) -> None:
        self.goal_rows: dict[int, tuple[str, int]] = {}
        self.item_rows: dict[int, tuple[str, int]] = {}
        self.first_rows: dict[int, tuple[str, int]] = {}

    def goal_sheet(self, stage: str, plans: Sequence[Plan], steps: str) -> Grid:
        """一张目标表；steps 是“五个同步”的五个字。"""
        plain = _HEADS.split()
        grid = Grid(stage, widths=(6, 24, 24, 24, 34, 16, 10, 12, 60, *[10] * 5), hidden=stage == "追加")
        grid.title(f"泸县2023年项目支出绩效目标表（{stage}）", 14)
        top = grid.head(*plain, "“五同步”落实情况", *[None] * 4)
        low = grid.head(*[None] * len(plain), "同步编制", "同步上会", "同步批复", "同步下达", "同步公开")
        for column in range(len(plain)):
            grid.merge(top, column, low, column)
        grid.merge(top, len(plain), top, len(plain) + 4)
        for number, plan in enumerate(plans, start=1):
            goal = plan.project
            row = grid.add(number, goal.unit.department, goal.unit.name, goal.code, goal.name, goal.lines[0].fund,
                           stage, wan(goal_money(goal)), plan.text, *steps)  # fmt: skip
            self.goal_rows[id(plan)] = stage, row
        grid.add(None, "合计", *[None] * 5, wan(sum(goal_money(plan.project) for plan in plans)))
        return grid

    def indicator_sheet(self, stage: str, plans: Sequence[Plan]) -> Grid:
        """一张指标表：系统导出的列，一条指标一行；没有完成值。"""
        grid = Grid(stage, widths=(6, 32, 24, 34, 12, 18, 36, 10, 16, 12, 8))
        grid.title(f"泸县2023年项目支出绩效指标表（{stage}）", 11)
        grid.head(*_INDICATOR_HEADS.split())
        number = 0
        for plan in plans:
            for item in plan.items:
                number += 1
                row = grid.add(number, *_lead(plan.project), item.level1, item.level2, item.level3, item.operator,
                               figure(item.target), item.measure or None, item.weight)  # fmt: skip
                self.item_rows[id(item)] = stage, row
                self.first_rows.setdefault(id(plan), (stage, row))
        return grid

    def place(self, fault: Fault) -> Planted:
        """这处毛病的文件、工作表、单元格。"""
        if fault.place in ("goal", "project"):
            sheet, row = self.goal_rows[id(fault.plan)]
            where = GOALS, sheet, address(row, _TEXT if fault.place == "goal" else _NAME)
        elif fault.place == "first":
            sheet, row = self.first_rows[id(fault.plan)]
            where = INDICATORS, sheet, address(row, 5)
        else:
            sheet, row = self.item_rows[id(fault.item)]
            where = INDICATORS, sheet, address(row, _COLUMNS[fault.place])
        project = fault.plan.project
        return Planted(*where, f"{project.unit.name}“{project.name}”（{project.code}）{fault.what}", fault.code)


def _lead(project: Project) -> list[Value]:
    return [f"{project.unit.code}-{project.unit.name}", project.code, project.name]


def build_goal_books(
    start: Sequence[Plan], added: Sequence[Plan], faults: Sequence[Fault]
) -> tuple[dict[str, bytes], list[Planted]]:
    """553 个项目：年初 505 个，执行中追加 48 个在隐藏的工作表里；指标表也分两张。"""
    books = GoalBooks()
    note = Grid("填报说明", widths=(80,))
    note.add("填报说明")
    note.add("年初编报的项目填在“年初”表；执行中追加的项目由县财政局相关股室审核后登记。")
    goals = [books.goal_sheet("年初", start, "是是是是是"), note, books.goal_sheet("追加", added, "是否是是否")]
    lines = [books.indicator_sheet("年初", start), books.indicator_sheet("追加", added)]
    return {GOALS: xlsx(goals), INDICATORS: xlsx(lines)}, [books.place(fault) for fault in faults]
