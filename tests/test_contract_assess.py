"""pbm assess 的约定：合计、结论、核增、漏评、自相矛盾的行。"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm, WriteSheet

HEAD = """
2023年事前绩效评估结果汇总表
单位：万元
| 项目编码 | 项目名称 | 项目单位 | 资金性质 | 申报金额 | 审定金额 | 评减额 | 评减率 | 评估得分 | 评估结论 |
"""


def assess(run_pbm: RunPbm, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    result = run_pbm("assess", *arguments, "--json")
    assert result.code == code, result.out + result.err
    document = json.loads(result.out)
    assert isinstance(document, dict)
    return document


def found(document: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [item for item in document["findings"] if item["code"] == code]


def test_increase_is_a_negative_reduction(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "| 'A1' | 甲 | 某局 | | 100 | 120 | −20 | -20.00% | 92 | 予以支持 |\n"
    rows += "| 'A2' | 乙 | 某局 | | 100 | 90 | 10 | 10% | 80 | 调整后支持 |"
    document = assess(run_pbm, sheet(HEAD + rows))
    assert [(row["reduction_yuan"], row["reduction_pct"]) for row in document["rows"]] == [
        ("-200000.00", "-20.00"),
        ("100000.00", "10.00"),
    ]
    assert document["summary"]["reduction_yuan"] == "-100000.00"
    assert document["summary"]["reduction_pct"] == "-5.00"
    assert [f for f in document["findings"] if f["level"] in ("error", "warning")] == []


@pytest.mark.parametrize(
    ("cells", "approved", "reduction"),
    [
        ("| 100 | 90 | | |", "900000.00", "100000.00"),
        ("| 100 | | 10 | |", "900000.00", "100000.00"),
        ("| 100 | 0 | 100 | 100% |", "0.00", "1000000.00"),
        ("| 0 | 0 | 0 | |", "0.00", "0.00"),
        ("| 100 | | (10) | |", "1100000.00", "-100000.00"),
    ],
)
def test_approved_and_reduction_complete_each_other(
    run_pbm: RunPbm, sheet: WriteSheet, cells: str, approved: str, reduction: str
) -> None:
    document = assess(run_pbm, sheet(f"{HEAD}| 'A1' | 甲 | 某局 | {cells} | |"))
    row = document["rows"][0]
    assert (row["approved_yuan"], row["reduction_yuan"]) == (approved, reduction)


def test_a_row_without_either_is_not_used(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "| 'A1' | 甲 | 某局 | | 100 | | | | | |\n| 'A2' | 乙 | 某局 | | 100 | 90 | | | | |"
    document = assess(run_pbm, sheet(HEAD + rows), code=1)
    assert document["summary"]["projects"] == 1
    assert found(document, "D02")[0]["level"] == "error"
    assert document["inputs"][0]["sheets"][0]["rows_rejected"] == 1


@pytest.mark.parametrize(("reduction", "code"), [("10", 0), ("10.01", 0), ("10.02", 1), ("9.98", 1), ("-10", 1)])
def test_a_row_that_contradicts_itself_is_an_error(
    run_pbm: RunPbm, sheet: WriteSheet, reduction: str, code: int
) -> None:
    """申报 100 减审定 90 是 10；差 0.01 万元以内是四舍五入，超过就是错误，仍按申报减审定。"""
    document = assess(run_pbm, sheet(f"{HEAD}| 'A1' | 甲 | 某局 | | 100 | 90 | {reduction} | | | |"), code=code)
    assert document["rows"][0]["reduction_yuan"] == "100000.00"
    assert [(f["level"], f["where"]["cell"]) for f in found(document, "E02")] == [("error", "G4")] * code


@pytest.mark.parametrize(
    ("rate", "count"),
    [("11.49%", 0), ("0.1149", 0), ("11.48%", 0), ("11.50%", 1), ("11.51%", 1), ("11.5%", 0), ("12%", 1), ("11%", 0)],
)
def test_the_given_rate_is_recomputed(run_pbm: RunPbm, sheet: WriteSheet, rate: str, count: int) -> None:
    """546.18 ÷ 4755.05 = 11.4863%。"""
    document = assess(run_pbm, sheet(f"{HEAD}| 'A1' | 甲 | 某局 | | 4755.05 | 4208.87 | 546.18 | '{rate}' | | |"))
    assert document["rows"][0]["reduction_pct"] == "11.49"
    assert len(found(document, "E03")) == count


@pytest.mark.parametrize(
    ("score", "conclusion"),
    [
        ("100", "予以支持"), ("90", "予以支持"), ("89.99", "调整完善后支持"), ("89.5", "调整完善后支持"),
        ("70", "调整完善后支持"), ("69.99", "不予支持"), ("0", "不予支持"),
    ],
)  # fmt: skip
def test_the_conclusion_from_the_score(run_pbm: RunPbm, sheet: WriteSheet, score: str, conclusion: str) -> None:
    approved = "0" if conclusion == "不予支持" else "100"
    document = assess(run_pbm, sheet(f"{HEAD}| 'A1' | 甲 | 某局 | | 100 | {approved} | | | {score} | |"))
    assert document["rows"][0]["conclusion"] == conclusion
    assert document["summary"]["by_conclusion"] == {conclusion: 1}


@pytest.mark.parametrize(
    ("score", "given", "count"), [("90", "不予支持", 1), ("89.99", "建议调整后予以支持", 0), ("69.99", "调整后支持", 1)]
)
def test_a_conclusion_that_does_not_fit(run_pbm: RunPbm, sheet: WriteSheet, score: str, given: str, count: int) -> None:
    document = assess(run_pbm, sheet(f"{HEAD}| 'A1' | 甲 | 某局 | | 100 | 0 | | | {score} | {given} |"))
    assert len(found(document, "E05")) == count
    assert all(f["where"]["cell"] == "J4" and f["basis"] for f in found(document, "E05"))


def test_rejected_with_money_left(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    document = assess(run_pbm, sheet(f"{HEAD}| 'A1' | 甲 | 某局 | | 100 | 30 | 70 | 70% | 60 | 建议不予支持 |"))
    assert document["rows"][0]["conclusion"] == "不予支持"
    assert [f["where"]["cell"] for f in found(document, "E06")] == ["F4"]


def test_same_project_twice(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """完全相同的行用一行；数字不同的都用，是错误；两种资金是一个项目。"""
    same = "| 'A1' | 甲 | 某局 | 一般公共预算 | 100 | 90 | | | | |\n" * 2
    document = assess(run_pbm, sheet(HEAD + same, file="同.xlsx"))
    assert (document["summary"]["projects"], document["summary"]["submitted_yuan"]) == (1, "1000000.00")
    assert len(found(document, "D06")) == 1
    other = same.splitlines()[0] + "\n| 'A1' | 甲 | 某局 | 一般公共预算 | 50 | 40 | | | | |"
    document = assess(run_pbm, sheet(HEAD + other, file="异.xlsx"), code=1)
    assert (document["summary"]["projects"], document["summary"]["submitted_yuan"]) == (1, "1500000.00")
    assert [f["code"] for f in document["findings"] if f["level"] == "error"] == ["D07"]
    funds = same.splitlines()[0] + "\n| 'A1' | 甲 | 某局 | 政府性基金 | 50 | 40 | | | | |"
    document = assess(run_pbm, sheet(HEAD + funds, file="两资金.xlsx"))
    assert (document["summary"]["projects"], document["summary"]["submitted_yuan"]) == (1, "1500000.00")
    assert [item["fund"] for item in document["summary"]["by_fund"]] == ["一般公共预算", "政府性基金"]
    assert document["summary"]["by_unit"][0]["projects"] == 1


def test_groups_are_ratios_of_sums(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "| 'A1' | 甲 | 某局 | 甲类 | 100 | 50 | | | | |\n| 'A2' | 乙 | 某局 | 乙类 | 900 | 900 | | | | |\n"
    rows += "| 'A3' | 丙 | 另局 | 甲类 | 0 | 0 | | | | |"
    summary = assess(run_pbm, sheet(HEAD + rows))["summary"]
    assert {u["budget_unit"]: u["reduction_pct"] for u in summary["by_unit"]} == {"某局": "5.00", "另局": None}
    assert {u["fund"]: u["reduction_pct"] for u in summary["by_fund"]} == {"甲类": "50.00", "乙类": "0.00"}


def test_the_total_row_is_a_warning_when_wrong(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "| 'A1' | 甲 | 某局 | | 100 | 90 | 10 | 10% | | |\n| | 合计 | | | 200 | 90 | 10 | 10% | | |"
    document = assess(run_pbm, sheet(HEAD + rows))
    assert document["summary"]["submitted_yuan"] == "1000000.00"
    assert [(f["level"], f["where"]["cell"]) for f in found(document, "D10")] == [("warning", "E5")]


GOALS = """
单位：万元
| 项目编码 | 项目名称 | 预算单位 | 资金性质 | 预算金额 | 年度总体目标 |
| 'A1' | 甲 | 某局 | 一般 | 500 | 做完全年的事情一件不少 |
| 'A2' | 乙 | 某局 | 一般 | 199.99 | 做完全年的事情一件不少 |
| 'A3' | 丙 | 某局 | 一般 | 200 | 做完全年的事情一件不少 |
| 'A4' | 丁 | 某局 | 一般 | 150 | 做完全年的事情一件不少 |
| 'A4' | 丁 | 某局 | 基金 | 60 | 做完全年的事情一件不少 |
"""


def threshold(folder: Path) -> Path:
    folder.mkdir()
    (folder / "assess.toml").write_text(
        "[[mandatory_new_amount.values]]\neffective = 2020-01-01\nvalue = 2000000\n"
        '[mandatory_new_amount.values.basis]\ntitle = "本县办法"\nevidence = "original"\n',
        encoding="utf-8",
    )
    return folder


def test_mandatory_missing_is_counted_by_project(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    """起点 200 万元：甲已评估，乙不到，丙恰好到，丁两种资金合起来到。"""
    done = sheet(f"{HEAD}| 'A1' | 甲 | 某局 | | 500 | 490 | | | | |", file="评估.xlsx")
    goals = sheet(GOALS, file="目标.xlsx")
    assert assess(run_pbm, done, goals)["summary"]["mandatory_missing"] is None
    overlay = threshold(tmp_path / "本县")
    document = assess(run_pbm, done, goals, "--overlay", overlay)
    assert document["summary"]["mandatory_missing"] == 2
    assert [f["subject"] for f in found(document, "E07")] == ["丙", "丁"]
    assert all("本县办法" in f["basis"] and f["where"]["file"] == "目标.xlsx" for f in found(document, "E07"))


def test_mandatory_missing_needs_a_project_list(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    done = sheet(f"{HEAD}| 'A1' | 甲 | 某局 | | 500 | 490 | | | | |")
    assert assess(run_pbm, done, "--overlay", threshold(tmp_path / "本县"))["summary"]["mandatory_missing"] is None


def test_scores_by_dimension(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """五维都填、没有总分的，总分是五维之和；某维超过分值的是警告。

    单位：万元
    | 项目名称 | 申报金额 | 审定金额 | 必要性 | 投入经济性 | 绩效目标合理性 | 实施方案可行性 | 筹资合规性 | 评估得分 |
    | 甲 | 100 | 90 | 18 | 17.5 | 18 | 18 | 18 | |
    | 乙 | 100 | 90 | 20.01 | 17 | 17 | 17 | 17 | 88.01 |
    | 丙 | 100 | 90 | 18 | 18 | 18 | 18 | 18 | 80 |
    """
    document = assess(run_pbm, sheet())
    assert [row["score"] for row in document["rows"]] == ["89.50", "88.01", "80.00"]
    assert document["rows"][0]["conclusion"] == "调整完善后支持"
    assert [f["subject"] for f in found(document, "E04")] == ["乙", "丙"]
