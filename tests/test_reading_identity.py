"""谁是谁：重复的行、同一键的行、编码的毛病、一单位一表。"""

from __future__ import annotations

import pytest

from pbm_cli.cells import Cell
from reading import WAN, balance, cells, load, of, page, read, records

HEAD: list[Cell] = ["项目编码", "项目名称", "单位名称", "资金性质", "调整后预算数", "累计支出", "偏差原因"]
LONG = "51000021R000000019951"


def row(code: Cell = LONG, name: str = "甲", unit: str = "甲局", fund: str = "一般", spent: Cell = 1) -> list[Cell]:
    return [code, name, unit, fund, 2, spent, None]


def test_rows_alike_in_every_field() -> None:
    loaded = read([WAN, HEAD, row(), row(), row()])
    assert balance(loaded) == (3, 1, 2, 0)
    assert cells(loaded, "D06") == ["A4", "A5"]
    assert of(loaded, "D07") == []


def test_rows_alike_in_two_files_of_the_same_run() -> None:
    loaded = load(page([WAN, HEAD, row()], "一"), page([WAN, HEAD, row()], "二"))
    assert [s.rows_used for s in loaded.files[0].sheets] == [1, 0]
    assert [f.where.sheet for f in of(loaded, "D06") if f.where] == ["二"]


def test_the_same_key_with_other_figures() -> None:
    loaded = read([WAN, HEAD, row(), row(spent=2), row(fund="基金", spent=2)])
    assert balance(loaded) == (3, 3, 0, 0)
    (finding,) = of(loaded, "D07")
    assert finding.level == "error"
    assert "数字不同" in finding.message
    assert "A3" in finding.message
    assert "A4" in finding.message


def test_the_same_figures_with_another_text_are_not_called_other_figures() -> None:
    loaded = read([WAN, HEAD, row(), [*row()[:-1], "雨季"]])
    (finding,) = of(loaded, "D07")
    assert "文字不同" in finding.message
    assert balance(loaded) == (2, 2, 0, 0)


def test_one_code_with_two_names_and_in_two_units() -> None:
    loaded = read([WAN, HEAD, row(fund="一般"), row(name="乙", fund="基金"), row(unit="乙局")])
    assert [f.level for f in of(loaded, "D08")] == ["warning"]
    assert [f.level for f in of(loaded, "D09")] == ["hint"]
    assert balance(loaded) == (3, 3, 0, 0)


@pytest.mark.parametrize("code", [LONG, f"'{LONG}", f" {LONG} ", f"{LONG}-工资性支出", "５１００００２１R000000019951"])
def test_codes_are_text(code: str) -> None:
    assert records(read([WAN, HEAD, row(code)]), "execution")[0]["project_code"] == LONG


@pytest.mark.parametrize(
    ("code", "text"), [("000123", "000123"), (51052123.0, "51052123"), (123456789012345.0, "123456789012345")]
)
def test_zeros_stay_and_numbers_lose_their_point(code: Cell, text: str) -> None:
    assert records(read([WAN, HEAD, row(code)]), "execution")[0]["project_code"] == text


@pytest.mark.parametrize("code", ["5.1E+20", "5.1e+20", 5.1e20, 510000210000000019951.0, 10**15])
def test_codes_that_excel_has_eaten(code: Cell) -> None:
    loaded = read([WAN, HEAD, row(code)])
    assert cells(loaded, "D03") == ["A3"]
    assert "project_code" not in records(loaded, "execution")[0]
    assert balance(loaded) == (1, 1, 0, 0)


def test_codes_glued_to_names_are_split() -> None:
    head: list[Cell] = ["预算单位", "项目", "预算数", "支出数"]
    (record,) = records(read([WAN, head, ["219001-某镇人民政府", f"{LONG}-工资性支出", 2, 1]]), "execution")
    assert (record["budget_unit"], record["project_code"], record["project_name"]) == (
        "某镇人民政府",
        LONG,
        "工资性支出",
    )


# 一单位一表

BARE: list[Cell] = ["项目名称", "调整后预算数", "累计支出"]


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("编制单位：甲县农业农村局", "甲县农业农村局"),
        ("填报单位（盖章）：甲县水务局      单位：万元", "甲县水务局"),
        ("预算单位：219001-某镇人民政府", "某镇人民政府"),
        ("单位名称：甲县财政局", "甲县财政局"),
        ("编制单位：甲县财政局", None),
        ("填报单位：", None),
        ("填报单位：      单位：万元", None),
        ("编制单位：××县财政局", None),
        ("填报单位：2023年8月", None),
    ],
)
def test_the_unit_stated_above_the_table(line: str, unit: str | None) -> None:
    loaded = read([[line], WAN, BARE, ["甲", 2, 1]])
    assert records(loaded, "execution")[0].get("budget_unit") == unit
    assert [f.level for f in of(loaded, "D20")] == (["hint"] if unit else [])


def test_a_column_of_units_wins_over_the_line_above() -> None:
    loaded = read([["编制单位：甲县农业农村局"], WAN, HEAD, row(unit="乙局")])
    assert records(loaded, "execution")[0]["budget_unit"] == "乙局"
    assert of(loaded, "D20") == []


def test_the_same_small_project_in_two_units_is_not_a_duplicate() -> None:
    loaded = load(
        *(
            page([[f"填报单位：{unit}"], WAN, BARE, ["办公费", 2, 1]], f"表{unit}")
            for unit in ("甲县水务局", "甲县林业局")
        )
    )
    assert [r["budget_unit"] for r in records(loaded, "execution")] == ["甲县水务局", "甲县林业局"]
    assert of(loaded, "D06") == []


def test_sheets_named_after_units() -> None:
    loaded = load(*(page([WAN, BARE, ["办公费", 2, 1]], unit) for unit in ("水务局", "林业局")))
    assert [r["budget_unit"] for r in records(loaded, "execution")] == ["水务局", "林业局"]
    assert len(of(loaded, "D20")) == 2


def test_short_names_become_the_only_full_name_that_fits() -> None:
    full = page(
        [WAN, HEAD, row(unit="甲县水务局"), row("A0002", "乙", "甲县林业局"), row("A0003", "丙", "乙县林业局")], "全县"
    )
    loaded = load(full, page([WAN, BARE, ["办公费", 2, 1]], "水务局"), page([WAN, BARE, ["办公费", 2, 1]], "林业局"))
    units = [r.get("budget_unit") for r in records(loaded, "execution")][3:]
    assert units == ["甲县水务局", None]


@pytest.mark.parametrize("name", ["Sheet1", "执行", "全部", "预算执行局", "汇总", "1"])
def test_other_sheet_names_are_not_units(name: str) -> None:
    loaded = load(page([WAN, BARE, ["甲", 2, 1]], name), page([WAN, BARE, ["乙", 2, 1]], f"{name}2"))
    assert of(loaded, "D20") == []
