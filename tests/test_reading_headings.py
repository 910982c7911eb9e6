"""表头一带：几层表头、单位写在哪里、栏次行、重复的表头、叠放和并排的表、年度与截止日。"""

from __future__ import annotations

import datetime as dt

import pytest

from pbm_cli.cells import Cell
from reading import WAN, YUAN, balance, cells, fields_of, load, of, page, read, records, report

HEAD: list[Cell] = ["项目名称", "调整后预算数", "累计支出"]
YI = 10_000_000_000


def spent(*rows: list[Cell], name: str = "Sheet1", unit: int | None = None) -> int | None:
    """第一条执行记录的累计支出（分）；没有用上时为 None。"""
    found = records(read(list(rows), name, unit=unit), "execution")
    return found[0]["expenditure"] if found else None


# 一、单位


@pytest.mark.parametrize(
    "line",
    [
        ["单位：万元"],
        ["单位:万元"],
        ["金额单位：人民币万元"],
        ["单位： 万元"],
        ["编制单位：甲县财政局", None, "单位：万元"],
        ["（万元）"],
        ["2023年执行表（单位：万元）"],
        ["单位：", "万元"],
        ["单位：万元、%"],
        ["单位：个、万元"],
        ["计量单位：万元"],
    ],
)
def test_the_unit_line(line: list[Cell]) -> None:
    assert spent(line, HEAD, ["甲", 2, 1]) == 1_000_000


@pytest.mark.parametrize(
    ("head", "fen"),
    [
        ("累计支出（元）", 100),
        ("累计支出(万元)", 1_000_000),
        ("累计支出（单位：亿元）", YI),
        ("累计支出\n（千元）", 100_000),
        ("累计支出", 1_000_000),
    ],
)
def test_the_heading_decides_before_the_line(head: str, fen: int) -> None:
    assert spent(WAN, ["项目名称", "调整后预算数", head], ["甲", 2, 1]) == fen


def test_yuan_beside_wan() -> None:
    loaded = read([["2023年"], ["项目名称", "调整后预算数（万元）", "累计支出（元）"], ["甲", 349.8, 3498000]])
    (record,) = records(loaded, "execution")
    assert record["adjusted_budget"] == record["expenditure"] == 349_800_000


def test_the_unit_of_a_group_heading() -> None:
    rows: list[list[Cell]] = [["项目名称", "执行情况（万元）", None], [None, "调整后预算数", "累计支出"], ["甲", 2, 1]]
    assert records(read(rows, merges=[(0, 0, 1, 0), (0, 1, 0, 2)]), "execution")[0]["expenditure"] == 1_000_000


def test_a_row_of_units_under_the_heading() -> None:
    assert spent(HEAD, [None, "（万元）", "（元）"], ["甲", 2, 15000]) == 1_500_000


@pytest.mark.parametrize("name", ["执行（万元）", "执行表-万元", "单位：万元"])
def test_the_unit_in_the_name_of_the_sheet(name: str) -> None:
    assert spent(HEAD, ["甲", 2, 1], name=name.replace("：", "：")) == 1_000_000


def test_the_unit_below_the_table() -> None:
    assert spent(HEAD, ["甲", 2, 1], [], [None, None, "单位：万元"]) == 1_000_000


def test_no_unit_anywhere() -> None:
    loaded = read([["2023年执行表"], HEAD, ["甲", 2, 1], ["合计", 2, 1]])
    (finding,) = of(loaded, "D11")
    assert finding.level == "error"
    assert "--unit 元|万元|亿元" in finding.message
    assert balance(loaded) == (2, 0, 1, 1)
    assert spent(HEAD, ["甲", 2, 1], unit=100) == 100


def test_the_given_unit_does_not_touch_a_stated_one() -> None:
    assert spent(WAN, HEAD, ["甲", 2, 1], unit=100) == 1_000_000


def test_two_units_above_one_table_are_refused() -> None:
    loaded = read([["单位：元"], ["单位：万元"], HEAD, ["甲", 2, 1]])
    assert [f.level for f in of(loaded, "D11")] == ["error"]
    assert balance(loaded) == (1, 0, 1, 0)


def test_the_name_of_the_office_is_not_a_unit_of_money() -> None:
    assert spent(["编制单位：元坝镇人民政府"], HEAD, ["甲", 2, 1]) is None


# 二、几层表头


TWO: list[list[Cell]] = [
    ["项目名称", "预算执行情况", None, None, None],
    [None, "年初预算", "调整后的预算", "累计支出", "执行率"],
]


@pytest.mark.parametrize("merges", [[], [(1, 0, 2, 0), (1, 1, 1, 4)]])
def test_two_levels_with_and_without_merges(merges: list[tuple[int, int, int, int]]) -> None:
    loaded = read([WAN, *TWO, ["甲", 1, 2, 1, 0.5]], merges=merges)
    assert list(fields_of(loaded, TWO[1]).items())[1:] == [
        ("initial_budget", "年初预算"),
        ("adjusted_budget", "调整后的预算"),
        ("expenditure", "累计支出"),
        ("execution_rate", "执行率"),
    ]
    assert balance(loaded) == (1, 1, 0, 0)


def test_three_levels() -> None:
    rows: list[list[Cell]] = [
        WAN,
        ["项目信息", None, "预算执行情况", None, None, None],
        ["项目编码", "项目名称", "预算数", None, "执行", None],
        [None, None, "年初", "调整后", "1-7月执行数", "执行率"],
        ["A0001", "甲", 3, 2, 1, "50%"],
    ]
    merges = [(1, 0, 1, 1), (1, 2, 1, 5), (2, 0, 3, 0), (2, 1, 3, 1), (2, 2, 2, 3), (2, 4, 2, 5)]
    (record,) = records(read(rows, merges=merges), "execution")
    assert (record["initial_budget"], record["adjusted_budget"], record["expenditure"]) == (
        3_000_000,
        2_000_000,
        1_000_000,
    )


def test_the_parts_beside_the_sum_are_left_aside() -> None:
    rows: list[list[Cell]] = [
        WAN,
        ["项目名称", "全年预算数", None, "全年执行数", None],
        [None, "小计", "其中：财政拨款", "小计", "其中：财政拨款"],
        ["甲", 10, 9, 5, 4],
    ]
    (record,) = records(read(rows, merges=[(1, 0, 2, 0), (1, 1, 1, 2), (1, 3, 1, 4)]), "execution")
    assert (record["adjusted_budget"], record["expenditure"]) == (10_000_000, 5_000_000)


def test_the_same_headings_under_a_sum_and_a_fund() -> None:
    rows: list[list[Cell]] = [
        WAN,
        ["项目名称", "合计", None, "一般公共预算", None],
        [None, "调整后预算数", "累计支出", "调整后预算数", "累计支出"],
        ["甲", 10, 5, 6, 3],
    ]
    (record,) = records(read(rows, merges=[(1, 0, 2, 0), (1, 1, 1, 2), (1, 3, 1, 4)]), "execution")
    assert (record["adjusted_budget"], record["expenditure"]) == (10_000_000, 5_000_000)


@pytest.mark.parametrize(
    "numbers",
    [
        ["1", "2", "3"],
        [1.0, 2.0, 3.0],
        ["（1）", "（2）", "（3）=（2）/（1）"],
        ["①", "②", "③=②/①"],
        ["栏次", "1", "2"],
        ["A", "B", "C=B/A"],
    ],
)
def test_a_row_of_column_numbers_is_part_of_the_heading(numbers: list[Cell]) -> None:
    extra = ["3"] if numbers[0] == "栏次" else []
    head = [*HEAD, "执行率"] if extra else HEAD
    assert balance(read([WAN, head, [*numbers, *extra], ["甲", 2, 1]])) == (1, 1, 0, 0)


def test_small_figures_are_not_column_numbers() -> None:
    assert balance(read([WAN, HEAD, ["甲", 1, 2], ["乙", 3, 1]])) == (2, 2, 0, 0)


# 三、重复、叠放、并排


def test_a_repeated_heading_with_its_title_is_neither_data_nor_another_table() -> None:
    again = [["2023年执行表"], WAN, HEAD]
    loaded = read([*again, ["甲", 2, 1], *again, ["乙", 3, 1], ["续表"], HEAD, ["合计", 5, 2]])
    assert of(loaded, "D02") == []
    only = loaded.files[0].sheets[0]
    assert (only.rows_used, only.rows_rejected) == (2, 0)


def test_the_next_table_may_count_in_yuan() -> None:
    loaded = read(
        [WAN, HEAD, ["甲", 2, 1], ["合计", 2, 1], [], YUAN, HEAD, ["乙", 20000, 10000], ["合计", 20000, 10000]]
    )
    assert [r["expenditure"] for r in records(loaded, "execution")] == [1_000_000, 1_000_000]
    assert of(loaded, "D10") == []


def test_tables_of_two_kinds_one_below_the_other() -> None:
    loaded = read(
        [
            ["表一"],
            WAN,
            HEAD,
            ["甲", 2, 1],
            ["合计", 2, 1],
            ["填表人：某某"],
            [],
            ["表二 处置台账"],
            YUAN,
            ["项目名称", "调整前预算", "调整后预算"],
            ["甲", 5, 3],
        ]
    )
    sheets = loaded.files[0].sheets
    assert [(s.kind, s.rows_used, s.rows_rejected, s.rows_total) for s in sheets] == [
        ("execution", 1, 0, 1),
        ("adjustment", 1, 0, 0),
    ]
    assert cells(loaded, "D01", "D02") == []


def test_one_unit_line_serves_the_whole_sheet() -> None:
    loaded = read([WAN, HEAD, ["甲", 2, 1], [], ["表二"], ["项目名称", "调整前预算", "调整后预算"], ["甲", 5, 3]])
    assert records(loaded, "adjustment")[0]["before"] == 5_000_000


def test_tables_side_by_side() -> None:
    loaded = read(
        [WAN, [*HEAD, None, *HEAD], ["甲", 2, 1, None, "乙", 3, 1], ["丙", 4, 1, None, "合计", 3, 1], ["合计", 6, 2]]
    )
    sheets = loaded.files[0].sheets
    assert [(s.rows_used, s.rows_rejected, s.rows_total) for s in sheets] == [(2, 0, 1), (1, 0, 1)]
    assert sorted(r["project_name"] for r in records(loaded, "execution")) == ["丙", "乙", "甲"]
    assert of(loaded, "D10") == []


def test_several_sheets_of_a_kind() -> None:
    loaded = load(*(page([WAN, HEAD, [f"项目{n}", 2, 1]], f"表{n}") for n in range(5)))
    assert len(loaded.records["execution"]) == 5


# 四、年度与截止日


@pytest.mark.parametrize(
    ("title", "head", "day"),
    [
        ("2023年1-7月预算执行情况表", "累计支出", dt.date(2023, 7, 31)),
        ("（2024年度）", "1-2月执行数", dt.date(2024, 2, 29)),
        ("2023年度", "截至8月底累计支出", dt.date(2023, 8, 31)),
        ("数据截至2023年9月15日", "累计支出", dt.date(2023, 9, 15)),
        ("2023年上半年执行情况", "累计支出", dt.date(2023, 6, 30)),
        ("2023年度执行情况", "累计支出", None),
    ],
)
def test_the_cut_off_day(title: str, head: str, day: dt.date | None) -> None:
    loaded = read([[title], WAN, ["项目名称", "调整后预算数", head], ["甲", 2, 1]])
    assert loaded.cutoffs == ([day] if day else [])


def test_the_year_is_not_taken_from_the_rows_or_the_day_of_filling() -> None:
    rows: list[list[Cell]] = [
        ["2023年度执行表"],
        ["填报日期：2024年1月5日"],
        WAN,
        HEAD,
        ["2021年续建工程", 2, 1],
        [],
        ["表二"],
        ["项目名称", "调整前预算", "调整后预算"],
        ["甲", 5, 3],
    ]
    assert read(rows).years == [2023]


def test_findings_of_the_second_table_have_their_own_addresses() -> None:
    loaded = read(
        [WAN, HEAD, ["甲", 2, 1], [], ["表二"], ["项目名称", "调整前预算", "调整后预算"], ["甲", "5O", 3], [None, 1, 2]]
    )
    assert cells(loaded, "D03") == ["B7"]
    assert cells(loaded, "D02") == ["A8", "B7"]


def test_the_sheet_is_named_in_every_report() -> None:
    assert report(read([WAN, HEAD, ["甲", 2, 1]], "一月")).name == "一月"
