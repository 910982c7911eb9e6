"""生成一个项目支出预算执行表：N 行 × 20 列，两层表头。同样的行数和种子，得到同样的内容。

用法：python benchmarks/generate.py 执行表.xlsx --rows 1795
加 --formulas 时，调整后预算、结余、执行率、灯和合计写成没有结果的公式，给 LibreOffice 重算用。
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

GROUPS = (
    ("项目基本情况", ("项目编码", "项目名称", "主管部门", "预算单位", "资金性质", "项目类别", "功能分类科目",
                      "政府经济分类科目", "指标文号", "开始日期", "完成日期")),
    ("预算安排", ("年初预算数", "年度预算调整", "调整后预算数")),
    ("执行情况", ("累计支出", "预算结余", "执行率")),
    ("偏差与说明", ("偏差原因", "备注")),
)  # fmt: skip
HEADINGS = ("序号", *(title for _, titles in GROUPS for title in titles))
FIRST_ROW = 4
MONEY_COLUMNS = tuple(
    HEADINGS.index(title) for title in ("年初预算数", "年度预算调整", "调整后预算数", "累计支出", "预算结余")
)
DEPARTMENTS = ("县教育局", "县卫生健康局", "县农业农村局", "县交通运输局", "县水务局", "县民政局", "县住房城乡建设局")
FUNDS = ("一般公共预算", "政府性基金预算", "国有资本经营预算")
CATEGORIES = ("运转类", "特定目标类")
PLACES = ("城东", "城西", "河口", "龙桥", "青龙", "石坝", "云顶", "双河")
WORKS = (
    "农村公路养护",
    "中小学校舍维修",
    "高标准农田建设",
    "城乡居民医疗补助",
    "污水管网改造",
    "困难群众救助",
    "小型水库除险加固",
)
REASONS = ("", "", "", "招标推迟，工期顺延。", "上级资金到位较晚。", "据实结算，节约资金。")
YEAR = 2023

Row = tuple[str | int | dt.date | None, ...]


def project(number: int, dice: random.Random) -> Row:
    """一个项目一行；金额是整数分。约三成执行偏慢，少数没有预算。"""
    department = dice.randrange(len(DEPARTMENTS))
    unit = dice.randrange(12)
    initial = 0 if dice.random() < 0.005 else dice.randrange(1_000_000, 900_000_000)
    change = 0 if not initial or dice.random() < 0.8 else dice.randrange(-initial // 4, initial // 2)
    budget = initial + change
    share = dice.randrange(2_000, 8_500) if dice.random() < 0.3 else dice.randrange(8_500, 10_001)
    spent = budget * share // 10_000
    begin = dt.date(YEAR, 1, 1) + dt.timedelta(days=dice.randrange(120))
    end = begin + dt.timedelta(days=dice.randrange(60, 240))
    place, work = dice.choice(PLACES), dice.choice(WORKS)
    rate = f"{(2 * spent * 10_000 + budget) // (2 * budget) / 100:.2f}%" if budget else None
    return (
        number,
        f"510000{YEAR % 100}T{number:012d}",
        f"{YEAR}年{place}片区{work}项目（第{number}期）",
        DEPARTMENTS[department],
        f"{department + 101}{unit + 1:03d}-{DEPARTMENTS[department]}下属{unit + 1}所",
        dice.choice(FUNDS),
        dice.choice(CATEGORIES),
        f"{dice.randrange(201, 222)}{dice.randrange(1, 12):02d}{dice.randrange(1, 99):02d}",
        f"{dice.randrange(501, 513)}01",
        f"县财预〔{YEAR}〕{dice.randrange(1, 400)}号",
        begin,
        end,
        initial,
        change,
        budget,
        spent,
        budget - spent,
        rate,
        dice.choice(REASONS),
        None,
    )


def projects(rows: int, seed: int = YEAR) -> Iterator[Row]:
    """rows 个项目。"""
    dice = random.Random(seed)
    for number in range(1, rows + 1):
        yield project(number, dice)


def write(path: Path, rows: int) -> None:
    """写成 xlsx：标题、单位行、两层表头、数据、合计。"""
    totals = dict.fromkeys(MONEY_COLUMNS, 0)
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": dt.datetime(YEAR, 12, 31)})
        money = book.add_format({"num_format": "#,##0.00"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        page = book.add_worksheet("执行")
        page.write_string(0, 0, f"{YEAR}年项目支出预算执行情况表")
        page.write_string(1, 0, "单位：元")
        write_headings(page)
        for number, row in enumerate(projects(rows), FIRST_ROW):
            for column, value in enumerate(row):
                if column in totals and isinstance(value, int):
                    totals[column] += value
                    page.write_number(number, column, value / 100, money)
                elif isinstance(value, dt.date):
                    page.write_datetime(number, column, value, day)
                elif isinstance(value, int):
                    page.write_number(number, column, value)
                elif value:
                    page.write_string(number, column, value)
        page.write_string(FIRST_ROW + rows, 0, "合计")
        for column, total in totals.items():
            page.write_number(FIRST_ROW + rows, column, total / 100, money)


def write_formulas(path: Path, rows: int) -> None:
    """同一张表，能算的都写成公式，结果留给打开它的程序算；灯写在最后一列，各色灯数在合计行右边。"""
    lights = len(HEADINGS)
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": dt.datetime(YEAR, 12, 31)})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        percent = book.add_format({"num_format": "0.00%"})
        page = book.add_worksheet("执行")
        page.write_string(0, 0, f"{YEAR}年项目支出预算执行情况表")
        page.write_string(1, 0, "单位：元")
        write_headings(page)
        page.write_string(3, lights, "灯")
        for number, row in enumerate(projects(rows), FIRST_ROW):
            line = number + 1
            for column, value in enumerate(row):
                if isinstance(value, dt.date):
                    page.write_datetime(number, column, value, day)
                elif isinstance(value, int):
                    page.write_number(number, column, value / 100 if column in MONEY_COLUMNS else value)
                elif value:
                    page.write_string(number, column, value)
            page.write_formula(number, 14, f"=M{line}+N{line}", None, "")
            page.write_formula(number, 16, f"=O{line}-P{line}", None, "")
            page.write_formula(number, 17, f'=IF(O{line}=0,"",P{line}/O{line})', percent, "")
            light = f'=IF(R{line}="","none",IF(R{line}<0.6,"red",IF(R{line}<0.8,"yellow","green")))'
            page.write_formula(number, lights, light, None, "")
        last, total = FIRST_ROW + rows, FIRST_ROW + rows + 1
        page.write_string(last, 0, "合计")
        for column in MONEY_COLUMNS:
            letter = chr(ord("A") + column)
            page.write_formula(last, column, f"=SUM({letter}{FIRST_ROW + 1}:{letter}{total - 1})", None, "")
        for place, name in enumerate(("red", "yellow", "green", "none")):
            page.write_formula(last, lights + place, f'=COUNTIF(U{FIRST_ROW + 1}:U{total - 1},"{name}")', None, "")


def write_headings(page: xlsxwriter.worksheet.Worksheet) -> None:
    """两层表头：上层横向合并，“序号”纵向合并。"""
    column = 1
    page.merge_range(2, 0, 3, 0, HEADINGS[0])
    for title, below in GROUPS:
        page.merge_range(2, column, 2, column + len(below) - 1, title)
        column += len(below)
    for column, title in enumerate(HEADINGS[1:], 1):
        page.write_string(3, column, title)


def main() -> None:
    parser = argparse.ArgumentParser(description="生成项目支出预算执行表")
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=1795)
    parser.add_argument("--formulas", action="store_true", help="能算的都写成没有结果的公式")
    arguments = parser.parse_args()
    (write_formulas if arguments.formulas else write)(arguments.path, arguments.rows)


if __name__ == "__main__":
    main()
