# ruff: noqa: E501  一行行的样子，断开了反而看不清
"""说的每一句话：规则案例的全部结果、各种单元格读出来的值和话，与 tests/expected/ 里看过的一字不差。

有意改了话以后，运行 python tests/test_said.py 重写，看过差别再提交。
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import get_type_hints

import pytest

from pbm_cli import fields, rules
from pbm_cli.cells import Cell, ErrorCell, Percentage, UnvaluedCell
from pbm_cli.rules import RULES
from test_rules import CASES, STAGES, cases, positional, ruleset, sample

EXPECTED = CASES.parent / "expected"


def written(value: object) -> str:
    """一个结果写成一行文字：看得出是哪种数、哪一项。"""
    if value is None or isinstance(value, str | bool):
        return "无" if value is None else str(value)
    if hasattr(value, "tell"):
        return f"{value.light}：{value.sentence}"  # type: ignore[attr-defined]
    if hasattr(value, "_fields"):
        return "（" + "，".join(f"{name}={written(getattr(value, name))}" for name in value._fields) + "）"
    if isinstance(value, Mapping):
        return "{" + "，".join(f"{key}={written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + "；".join(map(written, value)) + "]"
    return f"{type(value).__name__} {value}" if isinstance(value, Fraction | Decimal | dt.date) else str(value)


# ---- 规则 ----


def said_of_cases() -> Iterator[str]:
    for param in cases():
        stage, case = param.values  # type: ignore[attr-defined]
        given, on = case["given"], case.get("on", dt.date(2025, 12, 31))
        on = given.get("on", on)
        bound = ruleset(str(case.get("ruleset", "national"))).at(on).with_values(case.get("with", {}))
        own = {rule.function.__name__: rule.function for rule in RULES.values() if rule.stage == stage}
        function = own.get(str(case["rule"])) or getattr(STAGES[stage], str(case["rule"]))
        yield f"{case['rule']} | {case['says']} | {written(bound.bind(function)(*positional(function, given)))}"


def said_of_samples() -> Iterator[str]:
    """每条规则用同一份样子的数据，在两个规则集、两个日子里说的话。"""
    for name in ("national", "sichuan-2025"):
        for on in (dt.date(2023, 7, 31), dt.date(2025, 8, 31)):
            bound = ruleset(name).at(on)
            for code, rule in sorted(RULES.items()):
                hints = get_type_hints(rule.function)
                data = [sample(key, hints[key]) for key in hints if key not in (*rule.parameters, "return")]
                yield f"{name} {on} {code} | {written(bound.bind(rule.function)(*data))}"


# ---- 单元格 ----

NUMBERS: tuple[Cell, ...] = (
    0, 1, -1, 12, 119, 120, 121, -119, -120, -121, 10**12 - 1, 10**12, 10**12 + 1, -(10**12) + 1, -(10**12),
    -(10**12) - 1, 11**12, 10**13 - 1, 10**13, 10**15 - 1, 10**15, -(10**15), 10**16, 10**18 - 1, 10**18, 10**20, 10**21,
    10**22, 0.5, -0.5, 1.5, 2.0, -2.0, 0.005, 0.015, 1.005, 0.1 + 0.2, 1e-7, 123456789.123456, 1e14, 1e15, 1e16, 1e21,
    1e300, -1e15, 4755.05, 19_999.0, 20_000.0, 20_000.5, 45_000.0, 45_000.75, 80_000.0, 80_000.5, 80_001.0, 19_999.5,
    float("nan"), float("inf"), float("-inf"), True, False,
    Percentage(0.98), Percentage(0.123456789), Percentage(float("nan")), Percentage(-0.5), Percentage(float("inf")),
    dt.date(2023, 12, 31), dt.datetime(2023, 12, 31), dt.datetime(2023, 12, 31, 8, 30, 15), dt.time(8, 30),
    dt.timedelta(hours=30), None, ErrorCell("#DIV/0!"), ErrorCell("#" + "长" * 60), UnvaluedCell("=A1"), UnvaluedCell(""),
)  # fmt: skip
TEXTS = (
    "", " ", "　", "/", "—", "……", "null", "NULL", "n/a", "N/A", "\\N", "无", " 无 ", "no", "No.1", "未提供",
    "#REF!", "#n/a", "####", "#", "#abc", "5", "-5", "+5", "+-5", "-+5", "--5", "5-", "+", "-", "1,234.50", "1,23.4", "12,345", "1 234",
    "1 2 3", "1. 5", "1..5", "1.2.3", "1O0", "l2", "5.", ".5", "0.005", "0.0051", "12345678901.123456", "1e5", "1E-3", "1.5e3", "e5",
    "９８．５", "(5)", "（5）", "(-5)", "((5))", "(5", "¥5", "￥1,234.5元", "RMB5", "人民币：5", "人民币人民币5", "△5", "-△5", "5元", "5圆",
    "5万", "5万元整", "(5万元)", "5（万元）", "5千元", "5百元", "5亿元", "5百万", "5千万元", "5万元元", "0.000001万元", "五万", "五万元",
    "9" * 15, "9" * 16, "9" * 20, "9" * 22, "9" * 40, "9" * 41, "9" * 80, "9" * 81, "8" * 200, " " * 100, "字" * 81, "字" * 801,
    "1e14", "1e15", "1e16", "1e20", "1e21", "1e99", "1e100", "-1e15", "9" * 12 + "%", "9" * 13 + "%", "9" * 14 + "%",
    "98%", "98.50%", "-98%", "+98%", "98％", "9.8‰", "-9.80‰", "98 %", "98%%", "%", "1.5e1%", "0.98", "+0.98", "-0.98", "98分", "98 分",
    "98次", "百分之五", "5/8", "3期", "三期", "十期", "二十五期", "一百零三人", "两千零三", "万", "一万二千", "334人次", "1.2万人次", "1.25万",
    "0.00001万人", "共3期", "共计 3 期", "合计三期", "3三", "3十", "3期十", "3.5期", "-3期", "3期第一批人", "3 0 期", "3,000人", "3,00人", "O5人",
    "1.2.3人", "3 . 5人", "第3期",
    "2023-12-31", "2023/1/5", "2023.1.5", "2023年1月5日", "2023 年 1 月 5 日", "2023年1月5号", "2023-1-5 08:30:00", "2023-1-5T8:30", "20230105",
    "20230105083000", "20230105083000123", "2023010508", "2023-13-01", "2023-00-01", "2023-02-29", "2024-02-29", "2023-2-0", "2023-1-32",
    "1899-12-31", "1900-1-1", "2100-12-31", "2101-1-1", "2023年2月", "2023-2", "202302", "202313", "2023.2", "2023年2月底", "2023/12", "2023",
    "2023年", "2023年度", "二〇二三年十二月三十一日", "二〇二三年十二月", "二○二三年一月十号", "二〇二三年十月三十二日", "二〇二三年二十日月", "12月31日",
    "12-31", "45000", "19999", "20000", "80000", "80001", "450000", "昨天", "2023-12-31" + " " * 300 + "x",
    "是", "否", "是。", "否；", "否;", "否.", "YES", " y ", "t", "√", "×", "☑", "新增", "新增项目", "延续", "延续性项目", "已完成", "未公开", "已整改", "不是", "部分",
    "是" * 39, "是" + " " * 50, "1", "0", "1.0", "TRUE",
    "000123", "00012A", "A", "ABC", "123-某局", "219001-某镇人民政府", "219001 某镇", "[219001]某镇", "【219001】某镇", "(219001)某镇", "(21900)某镇",
    "21900 某镇", "201001-某镇人民政府", "201001-办公楼", "2023年某项目", "2023-某项目", "G546线改造", "G546-线改造", "100-200亩", "12345 热线", "12345-热线",
    "123456 2023年某项目", "123456-2023年", "123456-1期某项目", "123456789-1期某项目", "123456789-100亩", "1234-年项目", "1234-目标", "12345-年项目", "AB1-某局",
    "AB12-某局", "AB123-某局", "510521198001011234", "5.10521E+17", "5.1E17", "5E+17", "5.1e17", "'000123", "‘000123", "000123'", "`0 0 1", "０００１２３", "9" * 59,
    "9" * 60, "9" * 61, "项目甲", "项 目  甲", "项目\n甲", "A项目", "项目甲 ", " 项目甲", "项目\u200b甲", "\u4e00", "\u9fff", "\u9fff甲", "ｱ",
    "金额（万元）", "金额（元）", "金额(万 元)", "预算数:万元", "支出额元", "单价元", "状元", "金额（万元）（元）", "（单位：万元）", "（金额单位：人民币元）", "万元/亩", "（亿元,%）",
    "单位：万元", "单 位： 万元", "单位万元", "单位：元", "单位元", "编制单位：万元", "度量单位：元", "单位：人民币万元", "单位：个、万元", "单位：万元/元", "单位：万元  单位：元", "单位：某局（万元）",
    "字" * 395 + "（万元）", "字" * 396 + "（万元）", "字" * 397 + "（万元）",
)  # fmt: skip
READERS: Mapping[str, Callable[[Cell], object]] = {
    "金额元": lambda cell: fields.money(cell, 100), "金额万": lambda cell: fields.money(cell, 1_000_000),
    "金额": lambda cell: fields.money(cell, None), "数": fields.number, "个数": fields.count, "比率": fields.rate,
    "日期": fields.day, "编码": fields.code, "文字": fields.text, "名称": fields.named, "是否": fields.yes_no,
    "照样": fields.spoken, "空": fields.blank,
}  # fmt: skip
LINE_READERS: Mapping[str, Callable[[str], object]] = {
    "表头单位": fields.unit_in_heading, "单位行": fields.unit_in_line, "拆编码": fields.split_code_name,
    "半角": fields.narrow, "中文数": fields.numeral,
}  # fmt: skip


def told(value: object) -> str:
    """读出来的：值照 repr；有毛病的写等级、话、怎么办，可用的还有值。"""
    if not isinstance(value, fields.Problem):
        return repr(value)
    kept = f"（可用：{value.value!r}）" if value.usable else f"（{value.value!r}）" if value.value is not None else ""
    return f"{value.level}：{value.message}；{value.hint}{kept}"


def shortly(cell: object) -> str:
    """看得出是什么单元格，太长的只写头尾和长短。"""
    line = repr(cell)
    return line if len(line) <= 60 else f"{line[:20]}…{line[-8:]}（{len(line)}）"


def said_of_cells() -> Iterator[str]:
    for cell in (*NUMBERS, *TEXTS):
        for name, reader in READERS.items():
            if (value := reader(cell)) not in (None, cell) or type(value) is not type(cell):
                yield f"{name} | {shortly(cell)} | {told(value)}"
    for line in TEXTS:
        for name, line_reader in LINE_READERS.items():
            if (value := line_reader(line)) not in (None, line, (None, line.strip())):
                yield f"{name} | {shortly(line)} | {told(value)}"


SAID: Mapping[str, Callable[[], Iterator[str]]] = {
    "规则案例.txt": said_of_cases, "规则样子.txt": said_of_samples, "单元格.txt": said_of_cells,
}  # fmt: skip


def lines_of(name: str) -> list[str]:
    return [line.replace("\n", "\\n") for line in SAID[name]()]


@pytest.mark.parametrize("name", SAID)
def test_every_word_is_as_it_was_read(name: str) -> None:
    expected = (EXPECTED / name).read_text(encoding="utf-8").split("\n")[:-1]
    found = lines_of(name)
    differing = [pair for pair in zip(expected, found, strict=False) if pair[0] != pair[1]]
    assert differing[:5] == []
    assert len(found) == len(expected)


def test_a_rule_is_registered_with_all_it_says() -> None:
    def judged(budget: int, *, bands: object, nodes: object) -> None:
        """预算不能为零。

        单位为分。
        """

    try:
        assert rules.rule("M990", "monitor", "warning")(judged) is judged
        held = RULES["M990"]
        assert (held.code, held.stage, held.level, held.function) == ("M990", "monitor", "warning", judged)
        assert (held.meaning, held.parameters) == ("预算不能为零。", ("bands", "nodes"))
    finally:
        RULES.pop("M990", None)


if __name__ == "__main__":
    EXPECTED.mkdir(exist_ok=True)
    for file in SAID:
        Path(EXPECTED / file).write_text("\n".join(lines_of(file)) + "\n", encoding="utf-8", newline="\n")
    sys.exit(0)
