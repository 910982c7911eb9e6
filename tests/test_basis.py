"""判定说的依据：只引用真正看的线；日历上没有的截止日不作数；单位写的原因与 pbm 的话分开；标识和规则号带着中文。"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import RunPbm, WriteSheet
from pbm_cli.rules import RULES

EXECUTION = """
2025年项目支出预算执行表
单位：万元
| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 | 偏差原因 |
| '51052125T000000000001' | 河堤加固 | 甲局 | 100 | 10 | 招标推迟 |
| '51052125T000000000002' | 乡村道路 | 乙局 | 100 | 95 | |
| '51052125T000000000003' | 文化下乡 | 丙局 | 100 | 95 | 设备到货晚 |
"""
INDICATORS = """
2025年绩效指标完成情况
| 项目编码 | 项目名称 | 预算单位 | 一级指标 | 二级指标 | 三级指标 | 指标性质 | 指标值 | 度量单位 | 完成值 |
| '51052125T000000000002' | 乡村道路 | 乙局 | 产出指标 | 数量指标 | 新建里程 | '>=' | 100 | 公里 | 10 |
| '51052125T000000000003' | 文化下乡 | 丙局 | 产出指标 | 数量指标 | 事故数 | '<=' | 5 | 起 | 9 |
"""
RATIO = "执行率与序时进度之比"


def monitored(sheet: WriteSheet, run_pbm: RunPbm, ruleset: str, *more: str | Path) -> dict[str, Any]:
    first, second = sheet(EXECUTION, file="执行.xlsx"), sheet(INDICATORS, file="指标.xlsx")
    result = run_pbm("monitor", first, second, "--on", "2025-12-31", "--ruleset", ruleset, "--json", *more)
    assert result.code in (0, 1), result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


# ---- 依据 ----


def names_of(document: dict[str, Any]) -> set[str]:
    return {item["name"] for item in document["parameters"]}


@pytest.mark.parametrize(
    ("ruleset", "used", "idle"),
    [
        ("national", {"execution_bands"}, {"execution_nodes", "overall_table"}),
        ("sichuan-2025", {"execution_nodes", "gap_limit"}, {"execution_bands", "overall_table"}),
        ("hefei-2x2", {"overall_table"}, {"execution_bands", "execution_nodes"}),
    ],
)
def test_only_the_lines_of_the_chosen_method_are_listed(
    ruleset: str, used: set[str], idle: set[str], sheet: WriteSheet, run_pbm: RunPbm
) -> None:
    names = names_of(monitored(sheet, run_pbm, ruleset))
    assert used <= names
    assert not idle & names


def test_a_red_light_cites_only_what_it_was_judged_by(sheet: WriteSheet, run_pbm: RunPbm) -> None:
    document = monitored(sheet, run_pbm, "sichuan-2025")
    said = {item["name"]: item["basis"] for item in document["parameters"]}
    found = {(f["subject"], f["code"]): f["basis"] for f in document["findings"] if f["level"] in ("red", "yellow")}
    river, road, culture = (
        found["河堤加固", "M01"], found["乡村道路", "M02"], found["文化下乡", "M02"],
    )  # fmt: skip
    assert river == f"依据：{said['execution_method']}；{said['execution_nodes']}"
    assert road == f"依据：{said['positive_bands']}"
    assert culture == f"依据：{said['overall_method']}"
    assert "预算管理一体化绩效模块" not in river


# ---- 偏差原因 ----


def test_the_reason_of_the_unit_is_only_what_it_wrote(sheet: WriteSheet, run_pbm: RunPbm, tmp_path: Path) -> None:
    book, flat = tmp_path / "结果.xlsx", tmp_path / "结果.csv"
    document = monitored(sheet, run_pbm, "national", "-o", book, "-o", flat)
    rows = {row["project_name"]: row for row in document["rows"]}
    assert rows["河堤加固"]["stated_reasons"] == ["招标推迟"]
    assert rows["乡村道路"]["stated_reasons"] == []
    assert rows["文化下乡"]["stated_reasons"] == ["设备到货晚"]
    for row in rows.values():
        assert row["reasons"] == row["light_reasons"] + row["stated_reasons"]
        assert row["light_reasons"]
    with flat.open(encoding="utf-8-sig", newline="") as file:
        lines = {line["项目名称"]: line for line in csv.DictReader(file)}
    page = openpyxl.load_workbook(book)["明细"]
    heads = next(row for row in page.iter_rows(values_only=True) if "偏差原因" in row)
    cells = {str(row[heads.index("项目名称")]): row for row in page.iter_rows(values_only=True)}
    for name, row in rows.items():
        stated, judged = "；".join(row["stated_reasons"]), "；".join(row["light_reasons"])
        assert (lines[name]["偏差原因"], lines[name]["判灯依据"]) == (stated, judged)
        assert (cells[name][heads.index("偏差原因")] or "") == stated
        assert "红灯" in str(cells[name][heads.index("判灯依据")])


# ---- 日历上没有的截止日 ----

LEAP = """
| 泸县项目支出预算执行表 |
| 单位：万元 | 截至 2023年2月{}日 |
| 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |
| 河堤加固 | 甲局 | 100 | 20 |
"""


def test_a_cutoff_that_is_not_in_the_calendar_is_not_used(sheet: WriteSheet, run_pbm: RunPbm) -> None:
    wrong = sheet(LEAP.format(30), name="执行")
    refused = run_pbm("monitor", wrong, "--json")
    assert refused.code == 2
    assert "表.xlsx›执行!B2：写的“截至2023年2月30日”在日历上没有这一天" in refused.err + refused.out
    told = run_pbm("monitor", wrong, "--on", "2023-02-28", "--json")
    assert told.code in (0, 1)
    document = json.loads(told.out)
    found = [f for f in document["findings"] if f["code"] == "D30"]
    assert [(f["level"], f["where"]) for f in found] == [
        ("warning", {"file": "表.xlsx", "sheet": "执行", "cell": "B2"})
    ]
    assert document["on"] == "2023-02-28"


def test_a_cutoff_in_the_calendar_is_used_without_a_word(sheet: WriteSheet, run_pbm: RunPbm) -> None:
    result = run_pbm("monitor", sheet(LEAP.format(15), name="执行"), "--json")
    document = json.loads(result.out)
    assert (result.code, document["on"]) == (0, "2023-02-15")
    assert [f["code"] for f in document["findings"] if f["code"] == "D30"] == []


def test_a_sheet_named_with_such_a_date_says_the_sheet(sheet: WriteSheet, run_pbm: RunPbm) -> None:
    text = LEAP.replace("截至 2023年2月{}日", "")
    result = run_pbm("monitor", sheet(text, name="截至2023年6月31日"), "--on", "2023-06-30", "--json")
    found = [f for f in json.loads(result.out)["findings"] if f["code"] == "D30"]
    assert [f["where"] for f in found] == [{"file": "表.xlsx", "sheet": "截至2023年6月31日", "cell": None}]


FORM = """
| 项目支出绩效目标执行监控表 |
| （2023年度） | 截至2023年6月31日 |
| 项目名称 | 河堤加固 |
| 主管部门及代码 | 甲局 | 实施单位 | 甲局 |
| 项目资金（万元） | | 年初预算数 | 1-6月执行数 | 1-6月执行率 | 全年预计执行数 |
| | 年度资金总额 | 100 | 20 | '20%' | 100 |
| 一级指标 | 二级指标 | 三级指标 | 年度指标值 | 1-6月执行情况 | 全年预计完成情况 |
| 产出指标 | 数量指标 | 加固长度 | ≥10公里 | 5 | 10 |
"""


def test_a_form_with_such_a_date_says_its_cell(sheet: WriteSheet, run_pbm: RunPbm) -> None:
    result = run_pbm("monitor", sheet(FORM, name="监控"), "--json")
    document = json.loads(result.out)
    found = [f for f in document["findings"] if f["code"] == "D30"]
    assert [f["where"]["cell"] for f in found] == ["B2"]
    assert document["on"] == "2023-06-30"  # 从“1-6月执行数”读的，不是从 6 月 31 日


# ---- 给人看的都有中文 ----


def test_a_value_written_as_a_mark_has_its_meaning_beside_it(run_pbm: RunPbm) -> None:
    said = run_pbm("params", "reverse_method").out
    assert "2015-01-01 起：linear2x（超出多少比例扣多少，超一倍为零分）" in said


def test_advice_is_counted_by_the_name_of_its_rule(run_pbm: RunPbm, tmp_path: Path) -> None:
    folder = Path(__file__).resolve().parents[1] / "examples" / "luxian-2023" / "绩效目标"
    written = tmp_path / "目标.xlsx"
    result = run_pbm("goals", folder, "--json", "-o", written)
    counted = json.loads(result.out)["summary"]["by_rule"]
    cells = {
        str(row[n]): row[n + 1]
        for row in openpyxl.load_workbook(written)["汇总"].iter_rows(values_only=True) for n in range(len(row) - 1)
    }  # fmt: skip
    assert counted
    for code, count in counted.items():
        assert cells[f"{code} {RULES[code].title}"] == count
