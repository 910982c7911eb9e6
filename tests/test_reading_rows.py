"""一行是什么：数据不会被当成合计、页脚、标题丢掉，别的也不会当成数据；坏单元格的地址一个不多一个不少。"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbm_cli.cells import Cell, ErrorCell, UnvaluedCell
from reading import WAN, balance, cells, of, read, records

HEAD: list[Cell] = ["序号", "单位名称", "项目编码", "项目名称", "调整后预算数", "累计支出", "执行率"]


def row(number: int, name: str = "", unit: str = "甲局") -> list[Cell]:
    return [float(number), unit, f"51052123Y{number:012d}", name or f"项目{number}", 2.0, 1.0, "50%"]


# 一、像合计的真项目，像数据的合计


@pytest.mark.parametrize(
    "name", ["工资合计", "津补贴小计", "全县村级运转经费总计", "在职人员工资汇总", "平均", "合计制度建设"]
)
def test_a_project_whose_name_ends_like_a_total(name: str) -> None:
    if name == "平均":  # 单是一个词，还是合计一类
        assert balance(read([WAN, HEAD, row(1), [None, None, None, name, 2, 1, None]])) == (2, 1, 0, 1)
        return
    assert balance(read([WAN, HEAD, row(1), row(2, name)])) == (2, 2, 0, 0)


@pytest.mark.parametrize(
    ("head", "project", "total"),
    [
        (["序号", "项目名称", "预算数", "支出数"], [2, "工资合计", 3, 1], [None, "工资类小计", 5, 2]),
        (["项目编码", "项目名称", "预算数", "支出数"], ["A0002", "工资合计", 3, 1], [None, "工资类小计", 5, 2]),
        (["项目名称", "预算数", "支出数", "备注"], ["工资合计", 3, 1, None], ["工资类小计", 5, 2, None]),
        (["单位名称", "项目名称", "预算数", "支出数"], ["甲局", "工资合计", 3, 1], ["甲局", "甲局小计", 5, 2]),
    ],
)
def test_how_a_named_total_is_told_from_a_project(head: list[Cell], project: list[Cell], total: list[Cell]) -> None:
    first = [*project]
    first[head.index("项目名称")] = "办公费"
    first[head.index("预算数")], first[head.index("支出数")] = 2, 1
    if head[0] == "项目编码":
        first[0] = "A0001"
    loaded = read([WAN, head, first, project, total])
    assert [r["project_name"] for r in records(loaded, "execution")] == ["办公费", "工资合计"]
    assert balance(loaded) == (3, 2, 0, 1)
    assert of(loaded, "D10") == []


def test_remarks_never_turn_a_project_into_a_total() -> None:
    head = [*HEAD, "说明", "备注"]
    rows = [[*row(1), "其中：省级资金", "含各项合计"], [*row(2), "合计", "小计"], [*row(3), "经费总计", "其中"]]
    assert balance(read([WAN, head, *rows])) == (3, 3, 0, 0)


def test_indicators_about_totals_are_indicators() -> None:
    head = ["项目名称", "一级指标", "二级指标", "三级指标", "指标值", "权重"]
    rows: list[list[Cell]] = [
        ["甲", "产出", "数量", "发放人数合计", "≥50人", 50],
        ["甲", "产出", "数量", "村庄总计", "≥5个", 40],
    ]
    loaded = read([head, *rows, ["甲", "合计", None, None, None, 90], [None, None, None, "总分", None, 90]])
    assert balance(loaded) == (4, 2, 0, 2)


def test_the_funds_of_a_project_with_and_without_their_sum() -> None:
    head = ["项目名称", "资金性质", "调整后预算数", "累计支出"]
    summed: list[list[Cell]] = [
        ["甲", "合计", 10, 5],
        ["甲", "其中：一般公共预算", 6, 3],
        ["甲", "其中：政府性基金", 4, 2],
    ]
    assert [r["adjusted_budget"] for r in records(read([WAN, head, *summed]), "execution")] == [6_000_000, 4_000_000]
    parts: list[list[Cell]] = [["甲", "年度资金总额", 10, 5], ["甲", "其中：一般公共预算", 6, 3]]
    assert [r["adjusted_budget"] for r in records(read([WAN, head, *parts]), "execution")] == [10_000_000]


# 二、页脚、标题、空行


@pytest.mark.parametrize(
    "tail",
    [
        ["填表人：某", "审核人：某", None, None, "联系电话：", "0830-12345"],
        ["填表人：某", None, None, "联系电话：12345678"],
        ["注：1.执行率＝累计支出÷调整后预算数。"],
        [None, None, None, "2.数据截至2023年7月31日，由各单位自行填报。"],
        ["单位负责人（签字）：", None, None, "财务负责人："],
        [None, None, None, None, None, "2023年8月5日"],
        ["第1页，共3页"],
        [None, None, None, "※ 此表一式两份"],
        ["备注", None],
        [None, "备注：含结转 20 万元"],
        ["填报日期", None, None, None, None, 45000.0],
        [None, None, None, "附件1"],
        ["审核人"],
        [None, None, None, "续表"],
        [None, "乙局"],
        [3.0],
        [3.0, None, None, None, "-", "/"],
    ],
)
def test_what_is_below_the_rows_is_not_data(tail: list[Cell]) -> None:
    loaded = read([WAN, HEAD, row(1), row(2), tail])
    assert balance(loaded) == (2, 2, 0, 0)
    assert cells(loaded, "D01", "D02", "D03") == []


def test_the_seal_and_the_date_below_a_table_without_numbers_column() -> None:
    head: list[Cell] = ["项目名称", "预算数", "支出数"]
    assert balance(read([WAN, head, ["甲", 2, 1], ["甲县财政局"], ["2023年8月5日"]])) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    "bad",
    [
        [3.0, "甲局", "51052123Y000000000003", "注重实效补助", None, None],
        [None, None, None, "说明会经费", 2.0, None],
        [None, None, None, "一个没有金额的项目"],
        [None, None, "51052123Y000000000003"],
        [3.0, "负责人：某", None, "项目三", "x", 1.0],
    ],
)
def test_a_broken_row_is_reported_not_dropped(bad: list[Cell]) -> None:
    loaded = read([WAN, HEAD, row(1), row(2), bad])
    assert balance(loaded) == (3, 2, 1, 0)
    assert any(cell.endswith("5") for cell in cells(loaded, "D01", "D02"))


def test_group_headings_numbered_rows_and_blank_rows() -> None:
    loaded = read(
        [WAN, HEAD, ["一、农业"], row(1), [], [None, None, None, "（二）水利"], row(2), [None, " ", "\u3000"]]
    )
    assert balance(loaded) == (2, 2, 0, 0)
    assert "3、6" in of(loaded, "D19")[0].message


def test_merged_cells_fill_text_and_never_money() -> None:
    rows: list[list[Cell]] = [
        WAN,
        HEAD,
        row(1),
        [2.0, None, None, None, None, 3.0, None],
        [3.0, None, "A0003", "丙", 4.0, 1.0, "25%"],
    ]
    merges = [(2, 1, 4, 1), (2, 2, 3, 2), (2, 3, 3, 3), (2, 4, 3, 4)]
    loaded = read(rows, merges=merges)
    assert balance(loaded) == (3, 2, 1, 0)
    assert cells(loaded, "D02") == ["E4"]
    assert [r["budget_unit"] for r in records(loaded, "execution")] == ["甲局", "甲局"]


def test_blank_is_not_zero() -> None:
    blank, zero = row(1), row(2)
    blank[5], zero[5] = None, 0.0
    loaded = read([WAN, HEAD, blank, zero])
    assert [r["expenditure"] for r in records(loaded, "execution")] == [0]
    assert cells(loaded, "D02") == ["F3"]


# 三、任意的脏表

GOOD: st.SearchStrategy[Cell] = st.sampled_from([2.0, 3.5, 0.0, "1，234.50", "￥12", "（3.00）", "－4", 7])
BAD: st.SearchStrategy[Cell] = st.sampled_from(
    [None, "12O", "约3", ErrorCell("#REF!"), UnvaluedCell("A1"), "-", True, "1.2.3"]
)
DIRT = st.sampled_from(["blank", "total", "subtotal", "footer", "label", "heading", "serial", "page"])


DIRTY_ROWS: dict[str | None, list[list[Cell]]] = {
    None: [],
    "blank": [[]],
    "total": [[None, "合 计", None, None, 1.0, 1.0, None]],
    "subtotal": [[None, None, None, "甲局小计", 1.0, 1.0, None]],
    "footer": [["填表人：某", None, None, "审核人：某"]],
    "label": [["二、其他"]],
    "heading": [["2023年执行表"], WAN, HEAD],
    "serial": [[99.0]],
    "page": [["第2页，共9页"]],
}


@st.composite
def dirty_tables(draw: st.DrawFn) -> tuple[list[list[Cell]], int, set[str], int]:
    """一张脏表：（各行，该用的行数，该指出的坏单元格，合计行数）。"""
    rows: list[list[Cell]] = [["2023年执行表"], WAN, HEAD]
    used, totals = 0, 0
    bad: set[str] = set()
    for number in range(1, draw(st.integers(1, 12)) + 1):
        budget, spent = draw(st.one_of(GOOD, GOOD, BAD)), draw(st.one_of(GOOD, GOOD, BAD))
        name = draw(
            st.sampled_from(["办公费", "工资合计", "其中路工程", "说明会", "续建项目", "附属设施", "一二三", "", None])
        )
        rows.append([float(number), "甲局", f"A{number:05d}", name and f"{name}", budget, spent, None])
        line = len(rows)
        wrong = [
            c
            for c, v in (("E", budget), ("F", spent))
            if isinstance(v, (ErrorCell, UnvaluedCell, bool, type(None))) or v in ("12O", "约3", "-", "1.2.3")
        ]
        wrong += [] if name else ["D"]
        bad |= {f"{column}{line}" for column in wrong}
        used += not wrong
        kind = draw(st.one_of(st.none(), DIRT))
        total = kind in ("total", "subtotal")
        totals += total
        rows += DIRTY_ROWS[kind]
    return rows, used, bad, totals


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dirty_tables())
def test_every_row_is_accounted_for(table: tuple[list[list[Cell]], int, set[str], int]) -> None:
    rows, used, bad, totals = table
    loaded = read(rows)
    only = loaded.files[0].sheets[0]
    assert only.rows_read == only.rows_used + only.rows_rejected + only.rows_total
    assert (only.rows_used, only.rows_total) == (used, totals)
    assert only.rows_rejected == len({cell[1:] for cell in bad})
    assert set(cells(loaded, "D01", "D02")) == bad
    assert len(loaded.records.get("execution", [])) == used
