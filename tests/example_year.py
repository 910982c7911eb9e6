"""示例县年的另一种读法：openpyxl、pandas 与 csv，不用生成器，也不用 pbm 的读入与规则。"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pandas as pd
from openpyxl.worksheet.worksheet import Worksheet

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "luxian-2023"

BUREAUS = "预算执行/行政单位项目支出预算执行情况.xlsx"
TOWNS = "预算执行/镇街项目支出预算执行情况.xls"
SCHOOLS = "预算执行/学校医院项目支出预算执行情况.csv"
COUNTY_INDICATORS = "绩效监控/指标完成情况（县级单位，一单位一表）.xlsx"
TOWN_INDICATORS = "绩效监控/指标完成情况（镇街）.xlsx"
WAN, YUAN = 1_000_000, 100

Row = dict[str, object]
Key = tuple[str, str]


def text(value: object) -> str:
    """半角、无空白；空与占位符为空串。"""
    shown = "" if value is None else re.sub(r"\s", "", unicodedata.normalize("NFKC", str(value)))
    return "" if shown in ("/", "—", "nan") else shown


def fen(value: object, per_unit: int) -> int:
    """金额格 → 分；不是整数分就出错。"""
    amount = Decimal(text(value).replace(",", "")) * per_unit
    assert amount == int(amount), value
    return int(amount)


def filled(sheet: Worksheet) -> list[list[object]]:
    rows: list[list[object]] = [[cell.value for cell in row] for row in sheet.iter_rows()]
    for area in sheet.merged_cells.ranges:
        value = rows[area.min_row - 1][area.min_col - 1]
        for row in range(area.min_row, area.max_row + 1):
            rows[row - 1][area.min_col - 1 : area.max_col] = [value] * (area.max_col - area.min_col + 1)
    return rows


@lru_cache(maxsize=1)
def cells() -> dict[str, dict[str, list[list[object]]]]:
    """文件 → 工作表 → 填好合并区域的各行。"""
    found: dict[str, dict[str, list[list[object]]]] = {}
    for path in sorted(EXAMPLE.rglob("*.xlsx")):
        book = openpyxl.load_workbook(path)
        found[path.relative_to(EXAMPLE).as_posix()] = {sheet.title: filled(sheet) for sheet in book.worksheets}
    frame = pd.read_excel(EXAMPLE / TOWNS, header=None, dtype=object, engine="calamine")
    rows: list[list[object]] = frame.to_numpy().tolist()
    for number, row in enumerate(rows):
        if text(row[1]).isdigit() and not text(row[3]):  # 单位列向下合并
            row[3] = rows[number - 1][3]
    found[TOWNS] = {"镇街执行": rows}
    decoded = (EXAMPLE / SCHOOLS).read_bytes().decode("gbk")
    found[SCHOOLS] = {Path(SCHOOLS).stem: [list(line) for line in csv.reader(io.StringIO(decoded))]}
    return found


def table(file: str, sheet: str, must: str) -> Iterator[Row]:
    """含 must 的行是表头（两级表头的下一级，合并的已填好），其后逐行给出；“#”是 Excel 行号。"""
    heads: list[str] = []
    for number, row in enumerate(cells()[file][sheet], start=1):
        names = [re.sub(r"\((万元|元)\)$", "", text(value)) for value in row]
        if must in names:
            heads = names
        elif heads:
            yield {"#": number} | {name: value for name, value in zip(heads, row, strict=True) if name}


class Line(NamedTuple):
    """一行执行数据，金额为分。"""

    file: str
    row: int
    unit: str
    department: str
    code: str
    name: str
    fund: str
    category: str
    initial: int
    budget: int
    spent: int
    rate: str
    reason: str


# 文件、表、主管部门、单位、编码、年初、预算、支出、执行率、原因、每单位多少分
EXECUTION = (
    (BUREAUS, "执行情况", "主管部门", "单位名称", "项目编码", "年初预算", "调整后的预算", "累计支出", "预算执行率",
     "偏差原因", WAN),
    (TOWNS, "镇街执行", "主管单位", "预算单位", "项目代码", "年初批复数", "变动后预算数", "1-12月执行数", "执行率",
     "未完成原因分析", WAN),
    (SCHOOLS, Path(SCHOOLS).stem, "主管部门", "实施单位", "项目编号", "年初预算数", "全年预算数", "全年执行数",
     "预算执行率%", "偏差原因分析", YUAN),
)  # fmt: skip


@lru_cache(maxsize=1)
def execution() -> list[Line]:
    lines = []
    for file, sheet, department, unit, code, initial, budget, spent, rate, reason, scale in EXECUTION:
        for row in table(file, sheet, spent):
            if not text(row[code]):
                continue
            shown = text(row[rate])
            percent = str(Decimal(shown) * 100) if shown and file == BUREAUS else shown
            lines.append(
                Line(file, int(str(row["#"])), text(row[unit]), text(row[department]), text(row[code]),
                     text(row["项目名称"]), text(row["资金性质"]), text(row["项目类别"]), fen(row[initial], scale),
                     fen(row[budget], scale), fen(row[spent], scale), percent, text(row[reason]))
            )  # fmt: skip
    return lines


@lru_cache(maxsize=1)
def money() -> dict[Key, tuple[int, int]]:
    """（单位, 编码）→（预算, 支出），各种资金合计。"""
    sums: dict[Key, tuple[int, int]] = {}
    for line in execution():
        budget, spent = sums.get((line.unit, line.code), (0, 0))
        sums[line.unit, line.code] = budget + line.budget, spent + line.spent
    return sums


def execution_light(budget: int, spent: int) -> str:
    """截止日是年底，序时进度 100%。"""
    if not budget:
        return "none"
    ratio = Fraction(spent * 100, budget)
    return "red" if ratio < 60 else "yellow" if ratio < 80 else "green"


class Goal(NamedTuple):
    """一条指标。"""

    levels: tuple[str, str, str]
    operator: str
    target: str
    actual: str
    forecast: str
    weight: int
    possibility: str
    reason: str


@lru_cache(maxsize=1)
def indicators() -> dict[Key, list[Goal]]:
    found: dict[Key, list[Goal]] = defaultdict(list)
    for sheet in cells()[COUNTY_INDICATORS]:
        for row in table(COUNTY_INDICATORS, sheet, "三级指标"):
            if not text(row["项目编码"]):
                continue
            unit = text(row["预算单位"])
            assert re.fullmatch(rf"\d{{6}}-{sheet}", unit)
            found[sheet, text(row["项目编码"])].append(
                goal(row, text(row["计算符号"]), text(row["目标值"]), ("权重", "当前完成值", "偏差原因分析"))
            )
    for row in table(TOWN_INDICATORS, "镇街指标", "三级指标"):
        glued = re.fullmatch(r"([≥≤=><])([0-9.]+)(\D*)", text(row["年度指标值"]))
        operator, target = (glued[1], glued[2]) if glued else ("定性", text(row["年度指标值"]))
        key = text(row["项目实施单位"]), text(row["项目代码"])
        found[key].append(goal(row, operator, target, ("分值", "实际完成值", "偏差原因分析及改进措施")))
    return found


def goal(row: Row, operator: str, target: str, headings: tuple[str, str, str]) -> Goal:
    weight, actual, reason = headings
    levels = text(row["一级指标"]), text(row["二级指标"]), text(row["三级指标"])
    return Goal(levels, operator, target, text(row[actual]), text(row["全年预计完成"]), int(str(row[weight])),
                text(row["完成目标可能性"]), text(row[reason]))  # fmt: skip


def indicator_light(item: Goal) -> str:
    if item.operator == "定性":
        words = {
            "达成预期指标": "green",
            "部分达成预期指标并具有一定效果": "yellow",
            "未达成预期指标且效果较差": "red",
        }
        return words[item.actual]
    target = Fraction(item.target)
    number = re.match(r"[0-9.]+", item.actual)
    assert number is not None, item
    actual = Fraction(number[0])
    if target == 0 or item.operator == "≤":
        return "green" if actual <= target else "red"
    ratio = actual / target * 100
    if item.operator == ">":
        assert actual > target or ratio < 80, item
    if ratio < 60:
        return "red"
    return "yellow" if ratio < 80 else "blue" if ratio >= 120 and item.operator != "=" else "green"


def worst(lights: list[str]) -> str:
    return next((light for light in ("red", "yellow", "green", "blue") if light in lights), "none")


@lru_cache(maxsize=1)
def lights() -> dict[Key, tuple[str, str, str]]:
    """（单位, 编码）→（执行灯, 目标灯, 总灯）；蓝不比绿差，无灯不参与。"""
    found = {}
    for key, (budget, spent) in money().items():
        first = execution_light(budget, spent)
        second = worst([indicator_light(item) for item in indicators()[key]])
        found[key] = first, second, worst([first, second])
    return found


def adjustment_rows() -> list[Row]:
    rows = table("绩效监控/监控处置台账.xlsx", "处置台账", "调整金额")
    return [row for row in rows if text(row["项目编码"])]
