"""求快的另一条路与原来逐格、逐行的路结果相同：一列一列地认、一眼看出的数据行、用到时才写的道理。"""

from __future__ import annotations

import datetime as dt
import re
import sys
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import product, zip_longest
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbm_cli import columns, fields, personal
from pbm_cli.cells import Cell, ErrorCell, Percentage, Sheet, UnvaluedCell, Workbook
from pbm_cli.columns import TargetReader, money_column, text_column
from pbm_cli.facts import Judge
from pbm_cli.identity import ProjectIndex, key_of
from pbm_cli.layouts import load_layouts
from pbm_cli.loading import Loader
from pbm_cli.models import LIGHT_WORDS, Light
from pbm_cli.parameters import Bound, load_ruleset
from pbm_cli.rows import RowReader
from pbm_cli.rules import Judgement
from pbm_cli.rules import monitor as rules
from pbm_cli.tables import Finder
from pbm_cli.targets import parse_target
from pbm_cli.text import _INVISIBLE, one_line, percent, percent_of, squeeze, visible

ODD: list[Cell] = [
    None, "", " ", "/", "—", "无", "null", "N/A", "n", "5万", "12.345", "1,234.50", "(3.20)", "１２", "123O0", "合计",
    "￥5", "\u200b", "名\n称", "两  空格", "2023年甲项目", "219001-甲镇人民政府", "A12 乙局", "尾空格 ", "98%", "0.98",
    "#REF!", "####", 0, 1, 1.0, True, False, -7, 10**16, 0.1 + 0.2, 33.333333333333336, -12.345, 1e-9, 1e15,
    5.1e20, float("nan"), float("inf"), Percentage(0.98), Percentage(1.0), ErrorCell("#N/A"),
    UnvaluedCell("SUM(A1:A3)"), dt.date(2023, 5, 1), dt.datetime(2023, 5, 1, 8), dt.time(8), dt.timedelta(hours=1),
]  # fmt: skip
"""各种单元格；1、1.0、TRUE、100% 作字典的键相等，读法不同。"""
PARSERS = (fields.text, fields.named, fields.code, fields.rate, fields.number, fields.count, fields.day, fields.yes_no)


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
def test_a_column_reads_as_its_cells_do(parse: Callable[[Cell], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [*ODD, *reversed(ODD)]
    expected = [None if cell is None else parse(cell) for cell in cells]
    assert text_column(cells, parse) == expected
    monkeypatch.setattr(columns, "_REMEMBERED", 2)
    assert text_column(cells, parse) == expected, "记满以后也一样"


@pytest.mark.parametrize(("unit", "sign"), list(product((None, 100, 1_000_000, 10**10), (None, 1, -1))))
def test_an_amount_column_reads_as_its_cells_do(unit: int | None, sign: int | None) -> None:
    expected = [None if cell is None else fields.money(cell, unit) for cell in ODD]
    if sign is not None:
        expected = [sign * abs(value) if type(value) is int else value for value in expected]
    assert money_column(ODD, unit, sign) == expected


def test_targets_equal_as_keys_are_still_read_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    values: list[Cell] = [1, True, 1.0, Percentage(1.0), "1", None, "≥95%", ErrorCell("#N/A"), dt.date(2023, 12, 31)]
    for most in (16_384, 3):
        monkeypatch.setattr(columns, "_REMEMBERED", most)
        reader = TargetReader()
        for value, operator, measure in [*product(values, (None, "≥", 1), ("个", None))] * 2:
            found, _ = reader.read((value, operator, measure), [("actual", value), ("forecast", 1)])
            bad = isinstance(value, ErrorCell)
            alone, _ = TargetReader().read((value, operator, measure), [("actual", value), ("forecast", 1)])
            assert found == alone
            assert found["target"] == parse_target(None if bad else value, operator, measure)


BATCHES: list[list[list[list[Cell]]]] = [
    [[["甲", 1], ["乙"], []]],
    [[["甲", 1]] * 60, [["乙", 2.5, "丙", None, "尾"]] * 3, [], [[None, ErrorCell("#N/A")], ["丁", 0]]],
    [[["甲"], [*[None] * 900, "远"], ["乙", UnvaluedCell("SUM(A1)")]], [["丙", True]] * 70],
]


@pytest.mark.parametrize("batches", BATCHES)
@pytest.mark.parametrize("turned", [True, False], ids=["送来时转好的", "逐行送来的"])
def test_columns_of_a_sheet_read_in_batches_are_those_of_its_rows(
    batches: list[list[list[Cell]]], turned: bool
) -> None:
    rows = [row for batch in batches for row in batch]
    grown, whole = Sheet("表", []), Sheet("表", rows)
    for batch in batches:
        grown.extend(list(batch), [(column, column) for column in zip_longest(*batch)] if turned else None)
    width = max(map(len, rows)) + 1
    expected = [[row[place] if place < len(row) else None for row in rows] for place in range(width)]
    for sheet in (grown, whole):
        assert sheet.rows == rows
        assert [list(sheet.column(place)) for place in [*range(width), 0]] == [*expected, expected[0]]
        found = [sheet.texts(place) for place in range(width)]
        assert found == [{cell for cell in column if type(cell) is str} for column in expected]


@given(st.text(alphabet="0123456789-- 05９，中aX.", min_size=5, max_size=40))
def test_the_quick_look_for_long_numbers_misses_none(text: str) -> None:
    assert personal._may_be_long(text) or not personal._SOME.search(text)


TITLES = ("甲项目", "2023年乙项目", "合计", "农业局小计", "其中：丙", "（示例）项目", "注：说明", "填表人：", None, " ",
          "/", "null", 5, "一、运转类", "培训计划（第3期）")  # fmt: skip


@pytest.mark.parametrize(
    "heads", [["序号", "项目编码", "项目名称"], ["项目编码", "项目名称"], ["项目名称"], ["备注", "项目名称"]]
)
def test_a_row_plain_at_a_glance_is_data_on_a_close_look(heads: list[str]) -> None:
    leads: tuple[Cell, ...] = (1, "1", "A001", "1/2", "第1页", "审核人：", None, " ", "合计", "县水务局")
    body: list[list[Cell]] = [
        [*[lead if head != "项目名称" else title for head in heads], unit, amount]
        for lead, title, unit, amount in product(
            leads, TITLES, ("水务局", "水务局汇总", None), (100.0, "100", "年", None)
        )
    ]
    sheet = Sheet("执行", [["2023年预算执行表（单位：元）"], [*heads, "预算单位", "累计支出"], *body])
    sheet.rows[1].append("调整后预算数")
    (table,) = Finder(load_layouts(None)).find(sheet).tables
    reader = RowReader(sheet, table)
    plain = reader.plain_rows()
    assert any(plain)
    assert {reader.kind(index) for index, sure in zip(table.rows, plain, strict=True) if sure} == {"data"}


def test_records_read_by_columns_pass_full_validation() -> None:
    data: list[list[Cell]] = [
        [f"A{n}", f"第{n}号项目", "101001-县水务局", 100.25 * n, n, "12.5%", None] for n in range(1, 30)
    ]
    rows: list[list[Cell]] = [
        ["2023年项目支出预算执行表", None, "单位：元"],
        ["项目编码", "项目名称", "预算单位", "调整后预算数", "累计支出", "执行率", "偏差原因"],
        *data,
    ]
    loader = Loader(load_layouts(None))
    loader.add(Workbook("表.xlsx", "0" * 64, "xlsx", [Sheet("执行", rows)]))
    records = loader.finish().records["execution"]
    assert len(records) == 29
    for record in records:
        checked = type(record)(**record.__dict__)
        assert checked == record
        assert checked.model_fields_set == record.model_fields_set


def test_the_short_cuts_of_texts_change_nothing() -> None:
    """逐个字符核对：可以原样交回的文字，与逐个去掉再并空白的结果一样。"""
    spaces = re.compile(r"\s+")
    for code in range(sys.maxunicode + 1):
        text = f" 甲{chr(code)} 乙"
        seen = _INVISIBLE.sub("", text)
        assert visible(text) == seen, hex(code)
        assert one_line(text) == spaces.sub(" ", seen).strip(), hex(code)
        if code < 0x3000 or 0xFE00 <= code <= 0x10000 or 0xE0000 <= code < 0xE0100:
            narrow = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
            assert squeeze.__wrapped__(text) == spaces.sub("", narrow), hex(code)


@given(st.text(alphabet="（），：()甲ａ２\u0301\u3099\u309a ｶ", max_size=8))
def test_wide_marks_changed_beforehand_make_no_difference(text: str) -> None:
    narrow = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    assert squeeze.__wrapped__(text) == re.sub(r"\s+", "", narrow)


UNITS = (None, "", "甲局", "乙局")
CODES = (None, "A1", "A2")
NAMES = ("渠", "路", "（渠）", "(渠)")


@given(st.lists(st.tuples(st.sampled_from(UNITS), st.sampled_from(CODES), st.sampled_from(NAMES)), max_size=12))
def test_projects_are_placed_the_same_by_the_short_way(rows: list[tuple[str | None, str | None, str]]) -> None:
    short, long = ProjectIndex(), ProjectIndex()
    for unit, code, name in rows:
        record = SimpleNamespace(budget_unit=unit, project_code=code, project_name=name)
        assert short.place_of(record) == long.place(key_of(record))
    assert short.size == long.size
    for unit, code, name in product(UNITS, CODES, NAMES):
        key = key_of(SimpleNamespace(budget_unit=unit, project_code=code, project_name=name))
        assert short.find(key) == long.find(key)


@pytest.mark.parametrize(
    ("part", "whole"), [(1, 3), (200, 300), (-5, 8), (0, 7), (10**15 + 1, 3 * 10**15), (1, 8 * 10**4)]
)
def test_a_percent_needs_no_reduced_fraction(part: int, whole: int) -> None:
    assert percent_of(part, whole) == percent(Fraction(part, whole)) == percent_of(part * 6, whole * 6)
    assert percent_of(part, 0) is percent_of(part, -whole) is percent_of(part, None) is None


@pytest.fixture(scope="module", params=["national", "sichuan-2025", "hefei-2x2"])
def bound(request: pytest.FixtureRequest) -> Bound:
    return load_ruleset(request.param).at(dt.date(2026, 8, 31))


def test_the_sentence_is_the_same_whenever_it_is_asked_for(bound: Bound) -> None:
    judged = Judge(bound)(rules.execution_light)(10_000, 4_000, dt.date(2026, 8, 31))
    assert judged.sentence == judged.sentence
    assert judged.sentence.endswith(LIGHT_WORDS[judged.light])
    assert Judgement("red", "一句话").sentence == Judgement("red", lambda: "一句话").sentence == "一句话"


def test_a_treatment_looks_at_money_only_where_nothing_was_spent(bound: Bound) -> None:
    """判灯时有支出的项目，灯和原因都相同的只判一次；处置与花了多少无关时才可以这样。"""
    advise = partial(Judge(bound)(rules.treatment), impossible=False, on=dt.date(2026, 12, 31))
    lights: tuple[Light, ...] = ("red", "yellow", "green", "blue", "none")
    for three in product(lights, lights, lights):
        for reasons in ((), ("招标推迟",), ("政策调整，不再实施",)):
            answers = {
                advise(*three, reasons, budget, spent) for budget, spent in ((1, 1), (10**9, 5), (None, 7), (0, 9))
            }
            assert len(answers) == 1
