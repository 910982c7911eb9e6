"""生成目标与指标列表（每个项目十条指标）、项目支出绩效自评表（一本多张，或一份一个文件）。

用法：python benchmarks/generate_lists.py 目标 目标与指标.xlsx --count 1795
      python benchmarks/generate_lists.py 自评表 自评表.xlsx --count 40
      python benchmarks/generate_lists.py 自评表多份 文件夹 --count 300
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import generate
import xlsxwriter

Cell = str | float | None
YEAR = generate.YEAR
GOAL_HEADINGS = ("序号", "主管部门", "预算单位", "项目编码", "项目名称", "预算金额（万元）", "年度总体目标")
INDICATOR_HEADINGS = (
    "序号", "预算单位", "项目编码", "项目名称", "一级指标", "二级指标", "三级指标", "指标性质", "指标值", "度量单位",
    "权重",
)  # fmt: skip
INDICATORS: tuple[tuple[str, str, str, str, str, int], ...] = (
    ("产出指标", "数量指标", "{work}完成数量", "≥", "处", 10),
    ("产出指标", "数量指标", "{work}涉及村（社区）数", "≥", "个", 5),
    ("产出指标", "质量指标", "{work}验收合格率", "≥", "%", 10),
    ("产出指标", "质量指标", "{work}资料归档率", "≥", "%", 5),
    ("产出指标", "时效指标", "{work}办理时限", "≤", "天", 10),
    ("成本指标", "经济成本指标", "{work}单位成本", "≤", "元/处", 20),
    ("效益指标", "社会效益指标", "{place}片区受益人数", "≥", "人", 10),
    ("效益指标", "社会效益指标", "{place}片区问题办结率", "≥", "%", 5),
    ("效益指标", "可持续影响指标", "{work}管护制度健全率", "≥", "%", 5),
    ("满意度指标", "服务对象满意度指标", "{place}片区群众满意度", "≥", "%", 10),
)


def indicators(number: int, dice: random.Random) -> Iterator[tuple[str, str, str, str, int, str, int]]:
    """一个项目的十条指标：一级、二级、三级、性质、值、单位、权重。"""
    place, work = dice.choice(generate.PLACES), dice.choice(generate.WORKS)
    for first, second, third, sign, unit, weight in INDICATORS:
        value = dice.randrange(85, 101) if unit == "%" else dice.randrange(2, 5000)
        yield first, second, third.format(work=f"{work}{number % 50}期", place=place), sign, value, unit, weight


def write_goals(path: Path, count: int) -> None:
    """目标表、指标表各一张，每个项目一个目标、十条指标。"""
    dice = random.Random(YEAR)
    with xlsxwriter.Workbook(str(path)) as book:
        goals, lists = book.add_worksheet("目标"), book.add_worksheet("指标")
        goals.write_string(0, 0, f"{YEAR}年项目支出绩效目标表")
        lists.write_string(0, 0, f"{YEAR}年项目支出绩效指标表")
        goals.write_row(1, 0, GOAL_HEADINGS)
        lists.write_row(1, 0, INDICATOR_HEADINGS)
        line = itertools.count(1)
        for number, row in enumerate(generate.projects(count), 1):
            _, code, name, department, unit, *_ = row
            found = list(indicators(number, dice))
            goal = "；".join(f"{third}{sign}{value}{measure}" for _, _, third, sign, value, measure, _ in found[:4])
            goals.write_row(number + 1, 0, (number, department, unit, code, name, (row[14] or 0) / 1_000_000, goal))  # type: ignore[operator]
            for indicator in found:
                place = next(line)
                lists.write_row(place + 1, 0, (place, unit, code, name, *indicator))


def form(number: int, dice: random.Random) -> list[Sequence[Cell]]:
    """一份项目支出绩效自评表，按常见表样；项目和数都是编的。"""
    budget = dice.randrange(10, 900)
    spent = budget * dice.randrange(60, 101) // 100
    department = dice.choice(generate.DEPARTMENTS)
    work = dice.choice(generate.WORKS)
    points = round(10 * spent / budget, 2)
    rows: list[Sequence[Cell]] = [
        ("附件",),
        ("项目支出绩效自评表",),
        (f"（{YEAR}年度）",),
        ("项目名称", f"{work}（第{number}期）"),
        ("主管部门", department, None, None, None, "实施单位", f"{department}下属{number % 9 + 1}所"),
        ("项目资金", None, None, "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"),
        ("（万元）", "年度资金总额：", None, budget, budget, spent, 10, f"{100 * spent / budget:.2f}%", points),
        (None, "其中：当年财政拨款", None, budget, budget, spent, "/", "/", "/"),
        (None, "上年结转资金", None, 0, 0, 0, "/", "/", "/"),
        (None, "其他资金", None, 0, 0, 0, "/", "/", "/"),
        ("年度总体目标", "预期目标", None, None, None, "实际完成情况"),
        (None, f"完成{work}，年底前验收。", None, None, None, "已完成并验收。"),
        ("绩效指标", "一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分",
         "偏差原因分析及改进措施"),
    ]  # fmt: skip
    total = points
    for first, second, third, sign, value, unit, weight in indicators(number, dice):
        got = weight if dice.random() < 0.8 else weight - 1
        total += got
        done = value if got == weight else value - 1
        reason = None if got == weight else "部分工作跨年度实施，下年继续。"
        rows.append((None, first, second, third, f"{sign}{value}{unit}", f"{done}{unit}", weight, got, reason))
    rows.append((None, "总分", None, None, None, None, 100, round(total, 2)))
    return rows


def write_forms(path: Path, numbers: Sequence[int]) -> None:
    """一本工作簿，每份自评表一张工作表。"""
    with xlsxwriter.Workbook(str(path)) as book:
        for number in numbers:
            page = book.add_worksheet(f"自评表{number}")
            for line, row in enumerate(form(number, random.Random(YEAR + number))):
                for column, value in enumerate(row):
                    if value is not None:
                        page.write(line, column, value)


def write_form_files(folder: Path, count: int) -> None:
    """每份自评表一个文件。"""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        write_forms(folder / f"自评表{number:04d}.xlsx", [number])


def main() -> None:
    parser = argparse.ArgumentParser(description="生成目标与指标列表、自评表")
    parser.add_argument("kind", choices=("目标", "自评表", "自评表多份"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--count", type=int, default=40)
    arguments = parser.parse_args()
    if arguments.kind == "目标":
        write_goals(arguments.path, arguments.count)
    elif arguments.kind == "自评表":
        write_forms(arguments.path, range(1, arguments.count + 1))
    else:
        write_form_files(arguments.path, arguments.count)


if __name__ == "__main__":
    main()
