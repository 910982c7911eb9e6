"""Excel 里看得见来历的公式：从明细一张表算出汇总的数。与 JSON 的数一分不差时才写，写时带着算好的值。"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.columns import STAGES, Column, Form, Row, decimal, label, wan_value, words
from pbm_cli.outputs.xlsx_rows import Ratio
from pbm_cli.text import FEN_PER_WAN, half_up

TOP = 2
"""明细的表头在第 3 行（从 0 数是 2），第 1 行标题，第 2 行说明和合计。"""
RATIOS: Mapping[str, tuple[str, str]] = {
    "execution_pct": ("expenditure_yuan", "budget_yuan"),
    "reduction_pct": ("reduction_yuan", "submitted_yuan"),
}
"""百分数 → 明细里哪一列 ÷ 哪一列。"""
_OWN_RATIOS: Mapping[str, tuple[str, str]] = {"coverage_pct": ("units_reported", "units_due")}
"""百分数 → 汇总里哪个数 ÷ 哪个数。"""
_SUMS: Mapping[tuple[str, str], str] = {
    ("goals", "indicators"): "indicators",
    ("goals", "comments"): "review_comments",
    ("goals", "open_comments"): "open_comments",
    ("goals", "automatic_comments"): "automatic_comments",
}
_COUNTED: Mapping[tuple[str, str], str] = {
    ("assess", "by_conclusion"): "conclusion",
    ("goals", "by_grade"): "grade",
    ("monitor", "lights"): "light",
    ("monitor", "execution_lights"): "execution_light",
    ("monitor", "goal_lights"): "goal_light",
    ("monitor", "by_proposal"): "action",
    ("evaluate", "by_level"): "level",
    ("evaluate", "by_grade"): "grade",
    ("evaluate", "by_subject_kind"): "subject_kind",
    ("evaluate", "by_proposal"): "proposal",
}
"""(阶段, 分组) → 数明细的哪一列。"""
_PLAIN_WORDS = re.compile(r"[\u4e00-\u9fff]{1,40}")
"""能放进 COUNTIF 的词：只有汉字，没有通配符和比较符号。"""
Formula = tuple[str, float]
"""公式、算好的值。"""


@dataclass(frozen=True, slots=True)
class Detail:
    """一张明细：工作表名、阶段、各列（打印的在前）、各行、打印前几列。"""

    sheet: str
    stage: str
    heads: Sequence[Column]
    rows: Sequence[Row]
    printed: int
    known: dict[str, Decimal | None] = field(default_factory=dict, compare=False)

    def total(self, item: Column) -> Decimal | None:
        """一列的合计，同 total；算过的不再算。"""
        if item.key not in self.known:
            self.known[item.key] = total(self.rows, item)
        return self.known[item.key]

    def ratios(self) -> list[Ratio]:
        """可以写成公式的百分数，各一列，在打印的各列之后。"""
        letters = {head.key: xl_col_to_name(index) for index, head in enumerate(self.heads)}
        return ratio_columns(self.heads, letters, self.printed)

    def area(self, key: str) -> str | None:
        """一列正文的绝对地址，带工作表名；没有这一列为 None。"""
        index = next((index for index, head in enumerate(self.heads) if head.key == key), None)
        if index is None or not self.rows:
            return None
        shift = len(self.ratios()) if index >= self.printed else 0
        letter = xl_col_to_name(index + shift)
        return f"'{self.sheet}'!${letter}${TOP + 2}:${letter}${TOP + 1 + len(self.rows)}"

    def totals(self, summary: Row) -> list[tuple[int, Form, str, float]]:
        """第 2 行的合计：（第几列，类型，公式，值）；只给与汇总一致的金额与比率。"""
        found: list[tuple[int, Form, str, float]] = []
        letters = {head.key: xl_col_to_name(index) for index, head in enumerate(self.heads[: self.printed])}
        for index, item in enumerate(self.heads[: self.printed]):
            value = summary.get(item.key)
            agreed = _sum(value, self, item.key) if item.form == "money" and value is not None else None
            if agreed:
                area = f"{letters[item.key]}{TOP + 2}:{letters[item.key]}{TOP + 1 + len(self.rows)}"
                found.append((index, "money", f"=ROUND(SUBTOTAL(109,{area}),6)", agreed[1]))
        for index, item in enumerate(self.heads[: self.printed]):
            top, bottom = RATIOS.get(item.key, ("", ""))
            agreed = figure_formula(self.stage, item.key, summary, self, {}) if {top, bottom} <= set(letters) else None
            if agreed:
                up, down = (f"{letters[key]}{TOP}" for key in (top, bottom))
                found.append((index, "percent", f'=IF({down}=0,"",ROUND({up}/{down},4))', agreed[1]))
        return found


def ratio_columns(heads: Sequence[Column], letters: Mapping[str, str], printed: int) -> list[Ratio]:
    """这些列里能写成公式的百分数；分子分母都要在插入处之前，插入后地址才不变。"""
    before = {head.key for head in heads[:printed]}
    return [
        Ratio(head.key, f"{head.title}（公式）", (top, letters[top]), (bottom, letters[bottom]))
        for head in heads
        for top, bottom in [RATIOS.get(head.key, ("", ""))]
        if {top, bottom} <= before
    ]


def figure_formula(
    stage: str, key: str, summary: Row, detail: Detail | None, cells: Mapping[str, str]
) -> Formula | None:
    """汇总里一个数的公式；cells 是汇总页上各数所在的单元格。与 JSON 不一致、写不出的为 None。"""
    value = summary.get(key)
    if value is None or stage not in STAGES:
        return None
    if key in _OWN_RATIOS:
        return _own_ratio(value, [(summary.get(name), cells.get(name)) for name in _OWN_RATIOS[key]])
    if detail is None or detail.stage != stage:
        return None
    if key in RATIOS:
        return _ratio(value, detail, RATIOS[key])
    if key == "projects":
        return _count(value, detail, "project_name")
    return _sum(value, detail, _SUMS.get((stage, key), key))


def count_formula(stage: str, group: str, name: str, value: Any, detail: Detail | None) -> Formula | None:
    """分组里一行的个数：数明细里等于这个词的格。"""
    key = _COUNTED.get((stage, group), "")
    area = detail.area(key) if detail is not None and detail.stage == stage else None
    if detail is None or area is None:
        return None
    word = LIGHT_WORDS.get(name, "") if group.endswith("lights") else label(name)
    found = sum(1 for row in detail.rows if row.get(key) == name)
    if found != value or not _PLAIN_WORDS.fullmatch(word):
        return None
    return f'=COUNTIF({area},"{word}")', float(found)


def total(rows: Sequence[Row], item: Column) -> Decimal | None:
    """一列数的合计：金额是万元；没有数为 None。"""
    if item.form == "money":
        fen = _fen_total([value for row in rows if (value := row.get(item.key)) is not None])
        if fen is not None:
            return Decimal(fen) / FEN_PER_WAN
    numbers = [number for row in rows if (number := _number(row.get(item.key), item)) is not None]
    return sum(numbers, Decimal(0)) if numbers else None


def _fen_total(values: Sequence[Any]) -> int | None:
    """全是两位小数的金额文字时的合计（分）；几万行也快。"""
    if not values or any(type(value) is not str or value[-3:-2] != "." for value in values):
        return None
    digits = [value.replace(".", "") for value in values]
    return sum(map(int, digits)) if all(text.lstrip("-").isdigit() for text in digits) else None


def _number(value: Any, item: Column) -> Decimal | None:
    if isinstance(value, list):
        return Decimal(len(value))
    return wan_value(value) if item.form == "money" else decimal(value)


def _sum(value: Any, detail: Detail, key: str) -> Formula | None:
    item = next((head for head in detail.heads if head.key == key and head.form in {"money", "count"}), None)
    area = detail.area(key)
    if item is None or area is None:
        return None
    found = detail.total(item)
    if found is None or found != _number(value, item):
        return None
    return (f"=ROUND(SUM({area}),6)" if item.form == "money" else f"=SUM({area})"), float(found)


def _count(value: Any, detail: Detail, key: str) -> Formula | None:
    area = detail.area(key)
    named = sum(1 for row in detail.rows if words(row.get(key), "text"))
    return (f"=COUNTA({area})", float(named)) if area and named == value else None


def _ratio(value: str, detail: Detail, keys: tuple[str, str]) -> Formula | None:
    heads = {head.key: head for head in detail.heads}
    areas = [detail.area(key) for key in keys]
    if not all(areas):
        return None
    top, bottom = (detail.total(heads[key]) for key in keys)
    if top is None or not bottom or not _same(value, top, bottom):
        return None
    return f'=IF(SUM({areas[1]})=0,"",ROUND(SUM({areas[0]})/SUM({areas[1]}),4))', float(Decimal(value) / 100)


def _own_ratio(value: str, parts: Sequence[tuple[Any, str | None]]) -> Formula | None:
    (top, above), (bottom, below) = parts
    if not bottom or top is None or not above or not below or not _same(value, Decimal(top), Decimal(bottom)):
        return None
    return f'=IF({below}=0,"",ROUND({above}/{below},4))', float(Decimal(value) / 100)


def _same(percent: str, top: Decimal, bottom: Decimal) -> bool:
    return bottom > 0 and half_up(Fraction(top) * 100 / Fraction(bottom), 2) == decimal(percent)
