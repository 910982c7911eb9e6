"""合计是要证明的话：范围、容差的上下边界、比率、个数、分数；错了是警告，从不是错误。"""

from __future__ import annotations

import pytest

from pbm_cli.cells import Cell, Percentage
from reading import WAN, YUAN, balance, cells, of, read

HEAD: list[Cell] = ["单位名称", "项目名称", "调整后预算数", "累计支出"]


def row(name: str, budget: Cell, spent: Cell = 0, unit: str = "甲局") -> list[Cell]:
    return [unit, name, budget, spent]


@pytest.mark.parametrize(("stated", "found"), [("100.01", []), ("100.02", ["C6"]), ("99.99", []), ("99.98", ["C6"])])
def test_the_boundary_of_the_tolerance(stated: str, found: list[str]) -> None:
    loaded = read(
        [WAN, HEAD, *(row(f"项目{n}", x) for n, x in enumerate(["33.33", "33.33", "33.34"])), row("合计", stated)]
    )
    assert cells(loaded, "D10") == found
    for finding in of(loaded, "D10"):
        assert finding.level == "warning"
        assert "容差 0.015万元" in finding.message
        assert "3 行" in finding.message


def test_a_total_printed_with_fewer_digits() -> None:
    rows = [WAN, HEAD, row("甲", 1.236, 1), row("乙", 2.451, 1)]
    assert cells(read([*rows, ["合计", None, 3.69, 2]]), "D10") == []
    assert cells(read([*rows, ["合计", None, 3.7, 2]]), "D10") == []
    assert cells(read([*rows, ["合计", None, 3.6, 2]]), "D10") == ["C5"]


def test_float_noise_is_not_a_difference() -> None:
    loaded = read([WAN, HEAD, row("甲", 0.1), row("乙", 0.2), ["合计", None, 0.1 + 0.2, 0]])
    assert of(loaded, "D10") == []


@pytest.mark.parametrize(
    "word",
    [
        "小计",
        "合计",
        "总计",
        "合  计",
        "合　计：",
        "小 计",
        "共计",
        "甲局小计",
        "本页小计",
        "合计（2个项目）",
        "累计",
        "甲局 汇总",
    ],
)
@pytest.mark.parametrize("column", [0, 1, 2])
def test_totals_with_the_label_in_any_column(word: str, column: int) -> None:
    label: list[Cell] = [None, None, None]
    label[column] = word
    head: list[Cell] = ["序号", "单位名称", "项目名称", "调整后预算数"]
    rows: list[list[Cell]] = [
        WAN,
        [*head, "累计支出"],
        [1, "甲局", "甲", 2, 1],
        [2, "甲局", "乙", 3, 1],
        [*label, 5, 2],
    ]
    loaded = read(rows)
    assert balance(loaded) == (3, 2, 0, 1)
    assert of(loaded, "D10") == []
    rows[-1][-1] = 9
    assert cells(read(rows), "D10") == ["E5"]


def test_totals_at_the_top_by_group_and_at_the_bottom() -> None:
    rows = [
        WAN,
        HEAD,
        ["合计", None, 15, 0],
        ["甲局", "小计", 5, 0],
        row("甲", 2),
        row("乙", 3),
        ["乙局", "小计", 10, 0],
        row("丙", 4, unit="乙局"),
        row("丁", 6, unit="乙局"),
    ]
    assert of(read(rows), "D10") == []
    below = [
        WAN,
        HEAD,
        row("甲", 2),
        row("乙", 3),
        ["小计", None, 5, 0],
        row("丙", 10, unit="乙局"),
        ["小计", None, 10, 0],
        ["总计", None, 15, 0],
    ]
    assert of(read(below), "D10") == []
    below[4] = ["小计", None, 9, 0]
    assert cells(read(below), "D10") == ["C5"]


def test_subtotals_named_after_units_that_are_not_together() -> None:
    rows = [
        WAN,
        HEAD,
        row("甲", 2),
        row("丙", 4, unit="乙局"),
        row("乙", 3),
        ["甲局小计", None, 5, 0],
        ["乙局小计", None, 4, 0],
    ]
    assert of(read(rows), "D10") == []
    rows[-1] = ["乙局小计", None, 5, 0]
    assert cells(read(rows), "D10") == ["C7"]


def test_the_execution_rate_of_the_total_is_recomputed() -> None:
    head: list[Cell] = ["项目名称", "调整后预算数", "累计支出", "执行率"]
    rows: list[list[Cell]] = [WAN, head, ["甲", 100, 50, "50%"], ["乙", 300, 50, 0.1667]]
    for right in ("25%", "25.00%", 0.25, 25, Percentage(0.25)):
        assert of(read([*rows, ["合计", 400, 100, right]]), "D10") == []
    for wrong in ("33.33%", 0.3333, 33.33, Percentage(0.3333), "26%"):
        assert cells(read([*rows, ["合计", 400, 100, wrong]]), "D10") == ["D5"]


def test_the_reduction_rate_of_the_total_is_recomputed() -> None:
    head: list[Cell] = ["项目名称", "申报金额", "审定金额", "评减额", "评减率"]
    rows: list[list[Cell]] = [WAN, head, ["甲", 4755.05, 4208.87, 546.18, "11.49%"]]
    assert of(read([*rows, ["合计", 4755.05, 4208.87, 546.18, "11.49%"]]), "D10") == []
    assert cells(read([*rows, ["合计", 4755.05, 4208.87, 546.18, "11.51%"]]), "D10") == ["E4"]


def test_people_and_points_have_totals_too() -> None:
    training: list[list[Cell]] = [["培训名称", "期数", "人次"], ["甲", 1, "120人次"], ["乙", "2期", 214]]
    assert of(read([*training, ["合计", 3, "334人次"]]), "D10") == []
    assert cells(read([*training, ["合计", 3, "335人次"]]), "D10") == ["C4"]
    towns: list[list[Cell]] = [
        ["乡镇", "三级指标", "分值", "得分"],
        ["甲镇", "收入", 60, 50.5],
        ["甲镇", "支出", 40, 40],
    ]
    assert of(read([*towns, ["甲镇小计", None, 100, 90.5]]), "D10") == []
    assert cells(read([*towns, ["甲镇小计", None, 100, 91.5]]), "D10") == ["D4"]


def test_rows_left_out_are_mentioned() -> None:
    loaded = read([WAN, HEAD, row("甲", 2), row("", 3), ["合计", None, 9, 0]])
    (finding,) = of(loaded, "D10")
    assert "第 4 行" in finding.message
    assert of(read([WAN, HEAD, row("甲", 2), row("", 3), ["合计", None, 5, 0]]), "D10") == []


def test_an_unreadable_total_is_a_warning() -> None:
    loaded = read([YUAN, HEAD, row("甲", 2), ["合计", None, "2O", 0]])
    assert [(f.level, f.where.cell) for f in of(loaded, "D10") if f.where] == [("warning", "C4")]


def test_averages_are_not_sums() -> None:
    head: list[Cell] = ["评价对象", "对象类型", "评价层次", "评价得分"]
    loaded = read(
        [head, ["甲", "项目", "财政重点评价", 80], ["乙", "项目", "财政重点评价", 90], ["平均得分", None, None, 85]]
    )
    assert balance(loaded) == (3, 2, 0, 1)
    assert of(loaded, "D10") == []


def test_hundreds_of_wrong_subtotals_are_all_named() -> None:
    rows: list[list[Cell]] = [WAN, HEAD]
    for group in range(200):
        rows += [row(f"项目{group}", 2), row(f"工程{group}", 3), ["小计", None, 9, 0]]
    assert len(of(read(rows), "D10")) == 200
