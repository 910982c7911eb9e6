"""示例县年的目标、指标与自评表：直接从单元格读，不用生成器，也不用 pbm。"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pandas as pd

from example_year import EXAMPLE, Key, Row, cells, filled, table, text

GOALS = "绩效目标/项目支出绩效目标表.xlsx"
GOAL_INDICATORS = "绩效目标/项目支出绩效指标表.xlsx"
SHEETS = ("年初", "追加")
FORMS = "绩效评价/项目自评表.xlsx"
FOLDER = "绩效评价/自评表"
DEPARTMENTS = "绩效评价/部门整体自评表.xlsx"
MET = "达成预期指标"


class Aim(NamedTuple):
    """目标表里一条指标；cell 是（工作表, 行）。"""

    cell: tuple[str, int]
    levels: tuple[str, str, str]
    operator: str
    target: str
    measure: str
    weight: Decimal


class Listed(NamedTuple):
    """README 列出的一处毛病。"""

    file: str
    sheet: str
    cell: str
    code: str
    what: str


def listed(heading: str) -> list[Listed]:
    """README 某一节里逐格列出的毛病。"""
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    section = readme.partition(f"### {heading}")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (\S.*?) \| (.+?) \| ([A-Z]+\d+) \| ([A-Z]\d+) \| (.+?) \|$", section, re.M)
    return [Listed(*row) for row in rows]


@lru_cache(maxsize=1)
def goal_rows() -> dict[Key, tuple[str, Row]]:
    """（单位, 编码）→（工作表, 那一行）。"""
    return {
        (text(row["预算单位"]), text(row["项目编码"])): (sheet, row)
        for sheet in SHEETS
        for row in table(GOALS, sheet, "同步编制")
        if text(row["项目编码"])
    }


@lru_cache(maxsize=1)
def aims() -> dict[Key, list[Aim]]:
    """（单位, 编码）→ 目标表里的指标。"""
    found: dict[Key, list[Aim]] = defaultdict(list)
    for sheet in SHEETS:
        for row in table(GOAL_INDICATORS, sheet, "三级指标"):
            unit = text(row["预算单位"]).partition("-")[2]
            levels = text(row["一级指标"]), text(row["二级指标"]), text(row["三级指标"])
            found[unit, text(row["项目编码"])].append(
                Aim((sheet, int(str(row["#"]))), levels, text(row["指标性质"]), text(row["指标值"]),
                    text(row["度量单位"]), Decimal(text(row["权重"])))
            )  # fmt: skip
    return found


class Mark(NamedTuple):
    """自评表里一条指标；row 是 Excel 行号。"""

    row: int
    levels: tuple[str, str, str]
    operator: str
    target: str
    measure: str
    actual: str
    weight: Decimal
    score: Decimal
    reason: str


class Form(NamedTuple):
    """一张自评表；金额是表上的万元。at 是各处的地址。"""

    file: str
    sheet: str
    unit: str
    code: str
    name: str
    money: dict[str, tuple[Decimal, Decimal, Decimal]]
    execution: Decimal
    marks: list[Mark]
    total: Decimal
    grade: str
    columns: dict[str, str]
    at: dict[str, str]


def half_up(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def due(mark: Mark) -> tuple[Decimal, Decimal]:
    """这条指标该得的分：（最低, 最高）；定量的两个相同，定性的是一档。"""
    if mark.operator == "定性":
        share = (Decimal("0.8"), Decimal(1)) if mark.actual == MET else (Decimal("0.6"), Decimal("0.7999"))
        return mark.weight * share[0], mark.weight * share[1]
    target, actual = Decimal(mark.target), Decimal(mark.actual.rstrip("%"))
    over = max(actual - target, Decimal(0)) / target
    share_of = max(1 - over, Decimal(0)) if mark.operator == "≤" else min(actual / target, Decimal(1))
    score = half_up(share_of * mark.weight)
    return score, score


def sheets() -> Iterator[tuple[str, str, list[list[object]]]]:
    """（文件, 工作表, 填好合并区域的各行）：项目自评表。"""
    for sheet, rows in cells()[FORMS].items():
        yield FORMS, sheet, rows
    for path in sorted((EXAMPLE / FOLDER).iterdir()):
        file = f"{FOLDER}/{path.name}"
        if path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            yield file, book.sheetnames[0], filled(book.worksheets[0])
        else:
            frame = pd.read_excel(path, header=None, dtype=object, engine="calamine")
            yield file, "自评表", down(frame.to_numpy().tolist())


def down(rows: list[list[object]]) -> list[list[object]]:
    """xls 没有读出合并区域：前三列空的用上一行的。"""
    for above, row in pairwise(rows):
        for column in (1, 2):
            if not text(row[column]) and text(row[3]) and not text(row[0]) and text(above[column]).endswith("指标"):
                row[column] = above[column]
    return rows


def _letter(column: int) -> str:
    return chr(ord("A") + column)


def _find(rows: list[list[object]], *words: str) -> tuple[int, int]:
    """第一个文字等于（去掉括号说明）某个词的格子。"""
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if re.sub(r"\(.*?\)|[:：]", "", text(value)) in words:
                return number, column
    raise AssertionError(words)


def _value(rows: list[list[object]], *words: str) -> str:
    """标签右边第一个不同的文字。"""
    row, column = _find(rows, *words)
    label = text(rows[row][column])
    return next(text(value) for value in rows[row][column + 1 :] if text(value) not in ("", label))


def _named(value: str) -> str:
    return re.sub(r"^[0-9A-Z]+-", "", value)


def _money(rows: list[list[object]]) -> tuple[dict[str, tuple[Decimal, Decimal, Decimal]], Decimal, dict[str, str]]:
    top, first = _find(rows, "年初预算数", "年初预算")
    heads = {text(value): column for column, value in enumerate(rows[top])}
    score = heads["得分"]
    found = {}
    execution, at = Decimal(0), {}
    for number in range(top + 1, top + 6):
        label = text(rows[number][1])
        if not label or not re.fullmatch(r"[0-9.]+", text(rows[number][first])):
            break
        amounts = [Decimal(text(rows[number][column])) for column in range(first, first + 3)]
        name = re.sub(r"其中[:：]|[:：]", "", label)
        found[name] = amounts[0], amounts[1], amounts[2]
        if name in ("总额", "年度资金总额"):
            execution = Decimal(text(rows[number][score]))
            at = {"execution": f"{_letter(score)}{number + 1}", "money": f"{_letter(first + 1)}{number + 1}"}
    return found, execution, at


def _marks(rows: list[list[object]]) -> tuple[list[Mark], dict[str, str], int]:
    top, _ = _find(rows, "一级指标")
    heads = {text(value): column for column, value in enumerate(rows[top])}
    names = {
        "target": ("指标值", "年度指标值"), "actual": ("完成值", "实际完成值"), "weight": ("权重", "分值"),
        "score": ("得分",), "reason": ("未完成原因分析", "偏差原因分析及改进措施"),
    }  # fmt: skip
    at = {key: next(heads[word] for word in words if word in heads) for key, words in names.items()}
    marks = []
    number = top + 1
    while text(rows[number][3]) and re.fullmatch(r"[0-9.]+", text(rows[number][at["weight"]])):
        row = rows[number]
        if any(word in text(row[1]) + text(row[0]) for word in ("总分", "合计")):
            break
        target = text(row[at["target"]])
        if "指标性质" in heads:
            operator, measure = text(row[heads["指标性质"]]), text(row[heads["度量单位"]])
        elif glued := re.fullmatch(r"([≥≤=])([0-9.]+)(\D*)", target):
            operator, target, measure = glued.groups()
        else:
            operator, measure = "定性", ""
        actual = text(row[at["actual"]])
        if operator != "定性" and "指标性质" not in heads:
            actual = actual.removesuffix(measure)
        levels = re.sub(r"\(.*\)", "", text(row[1])), text(row[2]), text(row[3])
        marks.append(Mark(number + 1, levels, operator, target, measure, actual, Decimal(text(row[at["weight"]])),
                          Decimal(text(row[at["score"]])), text(row[at["reason"]])))  # fmt: skip
        number += 1
    return marks, {key: _letter(column) for key, column in at.items()}, number


@lru_cache(maxsize=1)
def forms() -> list[Form]:
    """40 张项目自评表。"""
    found = []
    for file, sheet, rows in sheets():
        code, _, name = _value(rows, "项目名称").partition("-")
        money, execution, at = _money(rows)
        marks, columns, last = _marks(rows)
        total = Decimal(text(rows[last][ord(columns["score"]) - ord("A")]))
        at["total"] = f"{columns['score']}{last + 1}"
        graded = [n for n, row in enumerate(rows) if text(row[0]) == "自评等级"]
        if graded:
            at["grade"] = f"B{graded[0] + 1}"
        unit = _named(_value(rows, "实施单位"))
        grade = text(rows[graded[0]][1]) if graded else ""
        found.append(Form(file, sheet, unit, code, name, money, execution, marks, total, grade, columns, at))
    return found


def path_of(file: str) -> Path:
    return EXAMPLE / file
