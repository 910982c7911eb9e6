"""三份预算执行表：行政单位（xlsx，两级表头）、镇街（xls）、学校医院（GBK 的 csv，单位为元）。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Final

from luxian_builder.county import FundLine, Project
from luxian_builder.grid import Grid, Percent, Value, address, gbk_csv, xls, xlsx
from luxian_builder.ledgers import wan

BUREAUS: Final = "预算执行/行政单位项目支出预算执行情况.xlsx"
TOWNS: Final = "预算执行/镇街项目支出预算执行情况.xls"
SCHOOLS: Final = "预算执行/学校医院项目支出预算执行情况.csv"
WRONG_TOTAL: Final = 10_000_000
"""行政单位表的累计支出合计多写了 1000 万元。"""

_WIDE: Final = str.maketrans("0123456789.,", "０１２３４５６７８９．，")


@dataclass(frozen=True, slots=True)
class Column:
    """一列：money 不为 None 时 get 交回整数元，小计、合计逐列相加。"""

    heading: str
    get: Callable[[Project, FundLine], Value]
    money: Callable[[int], Value] | None = None
    group: str = ""
    field: str = ""

    def cell(self, project: Project, line: FundLine) -> Value:
        value = self.get(project, line)
        return self.money(value) if self.money is not None and isinstance(value, int) else value

    def total(self, projects: Sequence[Project], extra: int = 0) -> Value:
        if self.money is None:
            return None
        values = [self.get(project, line) for project in projects for line in project.lines]
        return self.money(extra + sum(value for value in values if isinstance(value, int)))


@dataclass(slots=True)
class Planted:
    """有意埋下的毛病：文件、工作表、单元格、是什么；code 是找出它的规则号。"""

    file: str
    sheet: str
    cell: str
    what: str
    code: str = ""


@dataclass(slots=True)
class Execution:
    """写好的三个文件与埋下的毛病。"""

    files: dict[str, bytes]
    planted: list[Planted] = field(default_factory=list)


def rate(line: FundLine) -> Percent | None:
    """执行率，四舍五入到 0.01 个百分点；预算为 0 时空着。"""
    if not line.budget:
        return None
    return Percent((Decimal(line.spent) * 100 / line.budget).quantize(Decimal("0.01"), ROUND_HALF_UP))


def rate_text(line: FundLine) -> str:
    shown = rate(line)
    return "/" if shown is None else f"{shown.value}%"


def rate_bare(line: FundLine) -> Value:
    shown = rate(line)
    return None if shown is None else shown.value


def wan_text(yuan: int) -> str:
    """万元，带千分位的文字；个别写成全角。"""
    text = f"{wan(yuan):,.4f}" if yuan % 100 else f"{wan(yuan):,.2f}"
    return text.translate(_WIDE) if yuan % 97 == 0 else text


def yuan_text(yuan: int) -> str:
    return f"{yuan:,}.00"


def _planted(file: str, body: _Body) -> list[Planted]:
    """超支的支出格与红灯项目空着的偏差原因格。"""
    grid = body.grid
    place = {column.field: number for number, column in enumerate(body.columns) if column.field}
    found = []
    for row, project in body.at.items():
        label = f"{project.unit.name}“{project.name}”（{project.code}）"
        if project.role == "over":
            cell = address(row, place["spent"])
            found.append(Planted(file, grid.name, cell, f"{label}累计支出大于调整后预算（超支）"))
        if project.role == "red" and not project.reason:
            found.append(Planted(file, grid.name, address(row, place["reason"]), f"{label}红灯而没有填偏差原因"))
    return found


class _Body:
    """逐行写数据，记住每行是哪个项目。"""

    def __init__(self, grid: Grid, columns: Sequence[Column]) -> None:
        self.grid, self.columns = grid, columns
        self.at: dict[int, Project] = {}
        self.number = 0

    def write(self, projects: Sequence[Project]) -> tuple[int, int]:
        """写一组项目，交回（首行, 末行）。"""
        first = len(self.grid.rows)
        for project in projects:
            for line in project.lines:
                self.number += 1
                cells = [self.number if c.heading == "序号" else c.cell(project, line) for c in self.columns]
                self.at[self.grid.add(*cells)] = project
        return first, len(self.grid.rows) - 1

    def sums(self, label: str, column: int, projects: Sequence[Project], wrong: str = "") -> int:
        """小计或合计行；wrong 是要写错的那一列。"""
        cells = [c.total(projects, WRONG_TOTAL if wrong and c.field == wrong else 0) for c in self.columns]
        cells[column] = label
        return self.grid.add(*cells)


def _bureau_columns() -> list[Column]:
    plan, done = "资金安排", "预算执行情况"
    return [
        Column("序号", lambda p, f: None),
        Column("主管部门", lambda p, f: p.unit.department),
        Column("单位名称", lambda p, f: p.unit.name),
        Column("项目编码", lambda p, f: p.code),
        Column("项目名称", lambda p, f: p.name),
        Column("资金性质", lambda p, f: f.fund),
        Column("项目类别", lambda p, f: p.category),
        Column("计划投入资金", lambda p, f: f.budget, wan, plan),
        Column("实际到位资金", lambda p, f: f.budget, wan, plan),
        Column("年初预算", lambda p, f: f.initial, wan, done),
        Column("年度预算调整", lambda p, f: f.budget - f.initial, wan, done),
        Column("调整后的预算", lambda p, f: f.budget, wan, done),
        Column("累计支出", lambda p, f: f.spent, wan, done, "spent"),
        Column("预算执行率", lambda p, f: rate(f), None, done),
        Column("项目指标结余", lambda p, f: f.budget - f.spent, wan, done),
        Column("偏差原因", lambda p, f: p.reason or None, field="reason"),
    ]


def _two_level_head(grid: Grid, columns: Sequence[Column]) -> None:
    """两级表头：有分组的横向合并，没有的纵向合并。"""
    top = grid.head(*[column.group or column.heading for column in columns])
    low = grid.head(*[column.heading if column.group else None for column in columns])
    start = 0
    for group, members in groupby(columns, key=lambda column: column.group):
        width = len(list(members))
        if group:
            grid.merge(top, start, top, start + width - 1)
            grid.rows[top][start + 1 : start + width] = [None] * (width - 1)
        else:
            for column in range(start, start + width):
                grid.merge(top, column, low, column)
        start += width


def _bureaus(projects: Sequence[Project]) -> tuple[bytes, list[Planted]]:
    columns = _bureau_columns()
    grid = Grid("执行情况", widths=(6, 26, 26, 24, 36, 16, 12, *[13] * 8, 24))
    grid.title("泸县2023年项目支出预算执行情况表（行政单位）", len(columns))
    grid.add("编制单位：泸县财政局", *[None] * (len(columns) - 2), "单位：万元")
    _two_level_head(grid, columns)
    body = _Body(grid, columns)
    for _, members in groupby(projects, key=lambda project: project.unit.code):
        group = list(members)
        first, last = body.write(group)
        for column in (1, 2):
            grid.merge(first, column, last, column)
            for row in range(first + 1, last + 1):
                grid.rows[row][column] = None
        body.sums("小计", 2, group)
    row = body.sums("合计", 1, projects, wrong="spent")
    grid.add("注：本表为监控处置前的口径，执行率＝累计支出÷调整后的预算。")
    grid.add("填表人：　　　　　　审核人：　　　　　　填报日期：2024年1月10日")
    spent = next(number for number, column in enumerate(columns) if column.field == "spent")
    wrong = Planted(BUREAUS, grid.name, address(row, spent), "累计支出合计比各行之和多 1000.00 万元")
    note = Grid("填报说明", widths=(80,))
    note.add("填报说明")
    note.add("1.本表由各预算单位从预算管理一体化系统导出后汇总。")
    note.add("2.一个项目有两种资金的，一种资金一行。")
    return xlsx([note, grid]), [wrong, *_planted(BUREAUS, body)]


def _town_columns() -> list[Column]:
    def blank(project: Project, line: FundLine) -> Value:
        return None

    return [
        Column("", blank),
        Column("序号", blank),
        Column("主管单位", lambda p, f: p.unit.department),
        Column("预算单位", lambda p, f: p.unit.name),
        Column("项目代码", lambda p, f: p.code),
        Column("项　目　名　称", lambda p, f: p.name),
        Column("资金性质", lambda p, f: f.fund),
        Column("项目类别", lambda p, f: p.category),
        Column("", blank),
        Column("年初批复数\n（万元）", lambda p, f: f.initial, wan),
        Column("变动后预算数\n（万元）", lambda p, f: f.budget, wan),
        Column("1-12月执行数\n（万元）", lambda p, f: f.spent, wan_text, field="spent"),
        Column("执行率", lambda p, f: rate_text(f)),
        Column("未完成原因分析", lambda p, f: p.reason or "/", field="reason"),
    ]


def _towns(projects: Sequence[Project]) -> tuple[bytes, list[Planted]]:
    columns = _town_columns()
    headings = [column.heading or None for column in columns]
    grid = Grid("镇街执行", widths=(3, 6, 24, 24, 24, 32, 16, 12, 3, 13, 13, 16, 10, 22))
    grid.title("泸县2023年镇（街道）项目支出预算执行情况表", len(columns) - 1, left=1)
    grid.add()
    grid.head(*headings)
    body = _Body(grid, columns)
    for number, (_, members) in enumerate(groupby(projects, key=lambda project: project.unit.code)):
        group = list(members)
        if number == 10:
            grid.head(*headings)
        if number in (5, 15):
            grid.add()
        first, last = body.write(group)
        grid.merge(first, 3, last, 3)
        for row in range(first + 1, last + 1):
            grid.rows[row][3] = None
        body.sums("小　计", 3, group)
    body.sums("合　计", 3, projects)
    grid.add()
    grid.add(None, "填表人：　　　　　　审核人：　　　　　　联系电话：")
    return xls([grid]), _planted(TOWNS, body)


def _school_columns() -> list[Column]:
    return [
        Column("序号", lambda p, f: None),
        Column("主管部门", lambda p, f: p.unit.department),
        Column("实施单位", lambda p, f: p.unit.name),
        Column("项目编号", lambda p, f: p.code),
        Column("项目名称", lambda p, f: p.name),
        Column("资金性质", lambda p, f: f.fund),
        Column("项目类别", lambda p, f: p.category),
        Column("年初预算数", lambda p, f: f.initial, yuan_text),
        Column("全年预算数", lambda p, f: f.budget, yuan_text),
        Column("全年执行数", lambda p, f: f.spent, yuan_text, field="spent"),
        Column("预算执行率%", lambda p, f: rate_bare(f)),
        Column("偏差原因分析", lambda p, f: p.reason or None, field="reason"),
    ]


def _schools(projects: Sequence[Project]) -> tuple[bytes, list[Planted]]:
    columns = _school_columns()
    grid = Grid(SCHOOLS.rpartition("/")[2].removesuffix(".csv"))
    grid.add("泸县2023年学校、医疗机构项目支出预算执行情况表")
    grid.add("编制单位：泸县财政局", *[None] * (len(columns) - 2), "单位：元")
    grid.head(*[column.heading for column in columns])
    body = _Body(grid, columns)
    for _, members in groupby(projects, key=lambda project: project.unit.department):
        group = list(members)
        body.write(group)
        body.sums("小计", 2, group)
    body.sums("合计", 2, projects)
    grid.add("填表人：　　　审核人：")
    return gbk_csv(grid), _planted(SCHOOLS, body)


def build_execution(projects: Sequence[Project]) -> Execution:
    """三个文件，单位互不重复。"""
    made = Execution({})
    for file, groups, writer in (
        (BUREAUS, ("行政",), _bureaus),
        (TOWNS, ("镇街",), _towns),
        (SCHOOLS, ("学校", "医院"), _schools),
    ):
        made.files[file], planted = writer([p for p in projects if p.unit.group in groups])
        made.planted += planted
    return made
