"""pbm evaluate：自评逐条重算，与自评分比，差在哪里、差多少。"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm, WriteSheet

HEADS = (
    "| 项目名称 | 预算单位 | 一级指标 | 二级指标 | 三级指标 | 指标性质 | 指标值 | 度量单位 | 完成值 "
    "| 权重 | 得分 | 偏差原因 |"
)
SCORES = """
| 评价对象 | 对象类型 | 评价层次 | 预算单位 | 评价得分 | 评价等级 |
|---|---|---|---|---|---|
"""


def evaluated(run_pbm: RunPbm, *args: str | Path) -> dict[str, Any]:
    result = run_pbm("evaluate", *args, "--json")
    assert result.code == 0, result.err
    made: dict[str, Any] = json.loads(result.out)
    return made


def indicators(sheet: WriteSheet, *lines: str, file: str = "自评指标.xlsx") -> Path:
    rows = [f"| 甲项目 | 某局 | {line} |" for line in lines]
    return sheet("\n".join(["2023年度自评", HEADS, *rows]), file=file)


def said(made: dict[str, Any], code: str) -> list[str]:
    return [f["message"] for f in made["findings"] if f["code"] == code]


def test_a_plain_indicator_list_is_scored_without_any_evaluation_list(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = indicators(
        sheet,
        "产出指标 | 数量指标 | 培训人数 | ≥ | 100 | 人 | 100 | 50 | 50 |",
        "效益指标 | 社会效益指标 | 就业率 | ≥ | 80 | % | 60 | 40 | 40 |",
        "满意度指标 | 服务对象满意度 | 满意度 | ≥ | 90 | % | 95 | 10 | 10 |",
    )
    made = evaluated(run_pbm, path)
    (row,) = made["rows"]
    assert (row["subject"], row["subject_kind"], row["level"]) == ("甲项目", "项目", "单位自评")
    assert (row["score"], row["recomputed_score"], row["self_gap"]) == ("100.00", "90.00", "10.00")
    assert row["indicators"][1] | {"sentence": ""} == {
        "level1": "效益指标", "level2": "社会效益指标", "level3": "就业率", "operator": ">=", "target": "80",
        "measure": "%", "actual": "60", "weight": "40", "self_score": "40.00", "score": "30.00", "sentence": "",
    }  # fmt: skip
    assert row["profile"] == {
        "output": {"weight": "50.00", "self": "50.00", "recomputed": "50.00"},
        "benefit": {"weight": "40.00", "self": "40.00", "recomputed": "30.00"},
        "satisfaction": {"weight": "10.00", "self": "10.00", "recomputed": "10.00"},
    }
    assert made["summary"]["subjects"] == made["summary"]["rechecked"] == made["summary"]["self_gaps"] == 1
    (finding,) = [f for f in made["findings"] if f["code"] == "V15"]
    assert finding["where"]["cell"] == "K4"
    assert "没有完成却得满分" in finding["message"]
    assert "多 10 分" in finding["message"]


@pytest.mark.parametrize(
    ("line", "score"),
    [
        ("产出 | 数量 | 覆盖率 | ≥ | 100 | 百分比 | 100 | 8 | 8 |", "8.00"),
        ("产出 | 数量 | 覆盖率 | ﹦ | 100 | % | 100 | 20 | 20 |", "20.00"),
        ("产出 | 成本 | 单位成本 | ≤ | 100 | 元 | 150 | 10 | 5 |", "5.00"),
        ("产出 | 成本 | 单位成本 | ≤ | 100 | 元 | 200 | 10 | 0 |", "0.00"),
        ("产出 | 质量 | 事故数 | ≤ | 0 | 起 | 0 | 10 | 10 |", "10.00"),
        ("产出 | 质量 | 事故数 | ≤ | 0 | 起 | 2 | 10 | 0 |", "0.00"),
        ("产出 | 质量 | 变质比例 |  | 0 |  | 0 | 10 | 10 |", "10.00"),
        ("效益 | 生态 | 森林火灾受害率 |  | 0.9 | % | 0 | 10 | 10 |", "10.00"),
        ("效益 | 生态 | 森林火灾受害率 |  | 0.9 | % | 1.35 | 10 | 5 |", "5.00"),
        ("产出 | 数量 | 供养人员控制率 |  | 100 | % | 92 | 2 | 2 |", "2.00"),
        ("产出 | 数量 | 企业数 | ≥ | 21 | 家 | 85 | 10 | 10 |", "10.00"),
    ],
)
def test_real_lines_get_the_score_the_formula_gives(run_pbm: RunPbm, sheet: WriteSheet, line: str, score: str) -> None:
    made = evaluated(run_pbm, indicators(sheet, line))
    assert made["rows"][0]["indicators"][0]["score"] == score
    assert [f for f in made["findings"] if f["code"] in ("V15", "V16")] == []


def test_lost_marks_for_a_met_goal_need_a_reason(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = indicators(
        sheet,
        "产出 | 数量 | 发放率 | = | 100 | % | 100 | 20 | 19 |",
        "产出 | 数量 | 建设率 | = | 100 | % | 100 | 20 | 19 | 质量抽检扣 1 分",
    )
    (message,) = said(evaluated(run_pbm, path), "V15")
    assert "完成了却扣分，又没有写原因" in message
    assert "应得 20 分，自评 19 分，少 1 分" in message


def test_a_goal_set_far_too_low_is_said(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = indicators(sheet, "产出 | 数量 | 监管企业数 | ≥ | 21 | 家 | 85 | 10 | 10 |")
    (message,) = said(evaluated(run_pbm, path), "V10")
    assert "404.76%" in message


def test_a_direction_written_the_wrong_way_round_is_said_with_its_cell(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    made = evaluated(run_pbm, indicators(sheet, "效益 | 生态 | 病虫害成灾率 | ≥ | 0.4 | % | 0.1 | 10 | 10 |"))
    (finding,) = [f for f in made["findings"] if f["code"] == "V16"]
    assert (finding["level"], finding["where"]["cell"]) == ("warning", "G3")
    assert made["rows"][0]["indicators"][0]["score"] == "10.00"
    assert "方向可能写反" in made["rows"][0]["indicators"][0]["sentence"]
    assert said(made, "V15") == []


def test_a_qualitative_score_is_kept_inside_its_band_and_moved_to_its_edge_outside(
    run_pbm: RunPbm, sheet: WriteSheet
) -> None:
    path = indicators(
        sheet,
        "效益 | 社会效益 | 保障水平 | 定性 | 显著提高 |  | 达成预期指标 | 10 | 8.5 |",
        "效益 | 社会效益 | 管理水平 | 定性 | 显著提高 |  | 达成预期指标 | 10 | 7.9 |",
        "效益 | 社会效益 | 服务水平 | 定性 | 显著提高 |  | 部分达成预期指标并具有一定效果 | 10 | 9 |",
        "效益 | 社会效益 | 宣传效果 | 定性 | 显著提高 |  | 已经做了 | 10 | 9 |",
    )
    made = evaluated(run_pbm, path)
    (row,) = made["rows"]
    assert [item["score"] for item in row["indicators"]] == ["8.50", "8.00", "7.99", "9.00"]
    assert len(said(made, "V07")) == 2
    assert "1 条指标机器不能重算" in row["recompute_note"]


def test_indicators_not_applicable_are_left_out_and_the_rest_rescaled(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = indicators(
        sheet,
        "产出 | 数量 | 甲 | ≥ | 10 | 个 | 9 | 80 | 72 |",
        "产出 | 数量 | 乙 | ≥ | 10 | 个 | 不适用 | 20 |  |",
    )
    (row,) = evaluated(run_pbm, path)["rows"]
    assert row["recomputed_score"] == "90.00"
    assert row["indicators"][1]["score"] is None
    assert "不适用指标 20 分" in row["recompute_note"]


@pytest.mark.parametrize("written", ["/", "／", " / ", "不适用"])
def test_a_slash_for_an_actual_is_not_applicable(written: str, run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = indicators(
        sheet,
        "产出 | 数量 | 甲 | ≥ | 10 | 个 | 9 | 80 | 72 |",
        f"产出 | 数量 | 乙 | ≥ | 10 | 个 | {written} | 20 |  |",
    )
    made = evaluated(run_pbm, path)
    assert made["rows"][0]["recomputed_score"] == "90.00"
    assert "不适用指标 20 分" in made["rows"][0]["recompute_note"]
    assert said(made, "V42") == []


def test_what_does_not_apply_has_no_score(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    made = evaluated(run_pbm, indicators(sheet, "产出 | 数量 | 甲 | ≥ | 10 | 个 | / | 50 | 50 |"))
    (message,) = said(made, "V42")
    assert "完成值写不适用，却自评 50 分" in message


def test_a_score_without_an_actual_has_no_ground_and_a_blank_is_not_zero(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = indicators(
        sheet, "产出 | 数量 | 甲 | ≥ | 10 | 个 |  | 50 | 50 |", "产出 | 数量 | 乙 | ≥ | 10 | 个 |  | 50 |  |"
    )
    made = evaluated(run_pbm, path)
    (message,) = said(made, "V42")
    assert "没有完成值，却自评 50 分" in message
    assert [item["score"] for item in made["rows"][0]["indicators"]] == ["50.00", None]
    assert made["rows"][0]["recomputed_score"] is None
    assert made["rows"][0]["score"] is None


def test_execution_counts_ten_beside_indicators_of_ninety(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    indicators(
        sheet,
        "产出 | 数量 | 甲 | ≥ | 10 | 个 | 10 | 60 | 60 |",
        "效益 | 社会效益 | 乙 | ≥ | 10 | 个 | 10 | 30 | 30 |",
        file="年/指标.xlsx",
    )
    sheet(
        "单位：万元\n| 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |\n| 甲项目 | 某局 | 43.2 | 37.24 |",
        file="年/执行.xlsx",
    )
    sheet(SCORES + "| 甲项目 | 项目 | 单位自评 | 某局 | 99 | 优 |", file="年/评价.xlsx")
    (row,) = evaluated(run_pbm, tmp_path / "年")["rows"]
    assert row["profile"]["execution"] == {"weight": "10.00", "self": "9.00", "recomputed": "8.62"}
    assert (row["score"], row["recomputed_score"], row["full_score"]) == ("99.00", "98.62", "100.00")


def test_with_ninety_marks_and_no_execution_there_is_no_grade(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    (row,) = evaluated(run_pbm, indicators(sheet, "产出 | 数量 | 甲 | ≥ | 10 | 个 | 10 | 90 | 90 |"))["rows"]
    assert (row["score"], row["recomputed_score"], row["full_score"]) == ("90.00", "90.00", "90.00")
    assert row["grade"] is None
    assert "不是满分" in row["recompute_note"]


def test_four_weights_of_22_5_are_ninety_and_not_wrong(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    lines = [f"产出 | 数量 | {name} | ≥ | 10 | 个 | 10 | 22.5 | 22.5 |" for name in "甲乙丙丁"]
    assert said(evaluated(run_pbm, indicators(sheet, *lines)), "V11") == []
    assert said(evaluated(run_pbm, indicators(sheet, *lines[:3])), "V11") != []


def test_a_total_that_is_not_the_sum_of_its_parts_and_a_grade_that_does_not_fit(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path
) -> None:
    indicators(
        sheet,
        "产出 | 数量 | 甲 | ≥ | 10 | 个 | 10 | 60 | 60 |",
        "效益 | 社会效益 | 乙 | ≥ | 10 | 个 | 7 | 40 | 28 | 进度慢",
        file="年/指标.xlsx",
    )
    sheet(SCORES + "| 甲项目 | 项目 | 单位自评 | 某局 | 92 | 良 |", file="年/评价.xlsx")
    made = evaluated(run_pbm, tmp_path / "年")
    assert "自评总分写 92，各项得分之和是 88，相差 4 分" in said(made, "V17")[0]
    assert "应为“优”" in said(made, "V02")[0]
    assert "自评高 4 分" in said(made, "V22")[0]
    assert "按重算 88 分为“良”" in said(made, "V25")[0]


def test_monitoring_indicators_do_not_become_self_scores(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    sheet(
        "| 项目名称 | 一级指标 | 二级指标 | 三级指标 | 指标值 | 完成值 | 权重 |\n"
        "| 甲项目 | 产出 | 数量 | 甲 | ≥10个 | 5 | 50 |",
        file="年/监控指标.xlsx",
    )
    sheet(SCORES + "| 甲项目 | 项目 | 单位自评 | 某局 | 92 | 优 |", file="年/评价.xlsx")
    (row,) = evaluated(run_pbm, tmp_path / "年")["rows"]
    assert row["indicators"] == []
    assert row["recomputed_score"] is None


def test_the_system_list_of_self_evaluations_is_known_and_inflated_scores_are_red(
    run_pbm: RunPbm, sheet: WriteSheet
) -> None:
    """一体化系统导出的自评结果列表（业务处室、自评预警不用）。

    单位：万元
    | 项目编码 | 项目名称 | 预算单位 | 业务处室 | 调整后预算数 | 全年执行数 | 预算执行率 | 得分 | 自评结论 |
    |---|---|---|---|---|---|---|---|---|
    | '510521230001' | 甲项目 | 001-县教育局 | 教科文股 | 120 | 60 | 50% | 95 | 优 |
    | '510521230002' | 乙项目 | 001-县教育局 | 教科文股 | 100 | 99 | 99% | 88 | 良 |
    """
    made = evaluated(run_pbm, sheet())
    assert [(r["level"], r["subject_kind"], r["budget_unit"], r["grade"]) for r in made["rows"]] == [
        ("单位自评", "项目", "县教育局", "优"), ("单位自评", "项目", "县教育局", "良"),
    ]  # fmt: skip
    assert made["rows"][0]["budget_yuan"] == "1200000.00"
    assert [(f["subject"], f["level"]) for f in made["findings"] if f["code"] == "V08"] == [("甲项目", "red")]
    assert [f["code"] for f in made["findings"] if f["level"] in ("error", "warning")] == []


def test_a_unit_whose_projects_all_have_full_marks_is_named(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = ["甲", "乙"]
    full = SCORES + "\n".join(f"| {name}项目 | 项目 | 单位自评 | 某局 | 100 | 优 |" for name in rows)
    made = evaluated(run_pbm, sheet(full + "\n| 丙项目 | 项目 | 单位自评 | 另一局 | 100 | 优 |"))
    assert made["summary"]["full_mark_units"] == ["某局"]
    assert "2 个项目" in said(made, "V21")[0]
