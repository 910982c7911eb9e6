"""pbm evaluate：各层评价、结果应用、整改台账、抽评计划、先决定什么。"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import RunPbm, WriteSheet
from pbm_cli.facts.evaluate_subjects import gather_subjects
from pbm_cli.loading import Loaded
from pbm_cli.models import Evaluation, Origin
from pbm_cli.sampling import apportioned, drawn, stratified

HEADS = (
    "| 评价对象 | 对象类型 | 评价层次 | 预算单位 | 四本预算 | 涉及金额（万元） | 评价得分 "
    "| 本年预算（万元） | 下年预算安排（万元） | 是否整改 |"
)


def results(sheet: WriteSheet, *lines: str, file: str = "评价.xlsx") -> Path:
    return sheet("\n".join(["2023年度评价结果", HEADS, *(f"| {line} |" for line in lines)]), file=file)


def run(run_pbm: RunPbm, *args: str | Path) -> dict[str, Any]:
    result = run_pbm("evaluate", *args, "--json")
    assert result.code in (0, 1), result.err
    made: dict[str, Any] = json.loads(result.out)
    return made


def said(made: dict[str, Any], code: str) -> list[str]:
    return [f["message"] for f in made["findings"] if f["code"] == code]


# ---- 各层评价 ----


def test_levels_of_one_subject_are_joined_and_sichuan_discounts(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = results(
        sheet,
        "甲项目 | 项目 | 单位自评 | 某局 | 一般公共预算 | 100 | 96 | | |",
        "甲项目 | 项目 | 部门评价 | 某局 | 一般公共预算 | 100 | 92 | | |",
        "甲项目 | 项目 | 财政重点评价 | 某局 | 一般公共预算 | 100 | 78 | | |",
    )
    made = run(run_pbm, path, "--ruleset", "sichuan-2025", "--on", "2025-12-31")
    assert made["summary"]["subjects"] == 1
    assert [(r["level"], r["final_score"], r["final_grade"]) for r in made["rows"]] == [
        ("单位自评", "96.00", "优"), ("部门评价", "92.00", "优"), ("财政重点评价", "62.40", "差"),
    ]  # fmt: skip
    assert made["summary"]["deviations"] == 2
    assert [r.get("deviation_score") for r in made["rows"]] == ["18.00", "14.00", None]
    assert "部门评价 92 分，财政重点评价 78 分" in said(made, "V09")[1]
    assert made["summary"]["by_proposal"] == {"取消": 1}


def test_a_code_on_one_side_only_still_joins_by_name_within_the_unit(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """编码只有一边有。

    | 项目编码 | 评价对象 | 对象类型 | 评价层次 | 预算单位 | 评价得分 |
    |---|---|---|---|---|---|
    | '5105210001' | 甲项目 | 项目 | 单位自评 | 某局 | 90 |
    | | 甲项目 | 项目 | 财政抽评 | 某局 | 88 |
    | | 甲项目 | 项目 | 财政抽评 | 另一局 | 70 |
    | | 某局部门整体支出 | 部门整体 | 单位自评 | 某局 | 91 |
    | | 某局 | 部门整体 | 财政重点评价 | | 90 |
    """
    made = run(run_pbm, sheet())
    assert made["summary"]["subjects"] == 3
    assert [row["subject_no"] for row in made["rows"]] == [1, 1, 2, 3, 3]
    assert made["summary"]["key_departments"] == 1


def test_shares_of_the_grades_add_up_to_one_hundred(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    lines = [
        f"{n}项目 | 项目 | 单位自评 | 某局 | | | {score} | | |" for n, score in zip("甲乙丙", (95, 85, 70), strict=True)
    ]
    shares = run(run_pbm, results(sheet, *lines))["summary"]["grade_shares"]
    assert shares == {"优": "33.34", "良": "33.33", "中": "33.33", "差": "0.00"}
    assert sum(map(Decimal, shares.values())) == 100


def test_kinds_and_funds_are_covered_with_money_even_when_none(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = results(
        sheet,
        "甲项目 | 项目 | 单位自评 | 某局 | 一般公共预算 | 100 | 95 | | |",
        "乙债券 | 政府债券 | 财政抽评 | 某局 | 政府性基金预算 | 200.5 | 85 | | |",
    )
    summary = run(run_pbm, path)["summary"]
    kinds = {row["subject_kind"]: (row["subjects"], row["amount_yuan"]) for row in summary["coverage_kinds"]}
    assert len(kinds) == 8
    assert kinds["项目"] == (1, "1000000.00")
    assert kinds["政府债券"] == (1, "2005000.00")
    assert kinds["国有资产"] == (0, "0.00")
    assert {row["fund"]: row["amount_yuan"] for row in summary["coverage_funds"]} == {
        "一般公共预算": "1000000.00", "政府性基金预算": "2005000.00",
    }  # fmt: skip


def test_townships_show_their_weakest_indicator_and_their_weights_are_checked(
    run_pbm: RunPbm, sheet: WriteSheet
) -> None:
    """镇街。

    | 乡镇 | 一级指标 | 三级指标 | 分值 | 得分 |
    |---|---|---|---|---|
    | 甲镇 | 收支 | 收入完成率 | 60 | 57 |
    | 甲镇 | 风险 | 债务化解 | 40 | 20 |
    | 乙镇 | 收支 | 收入完成率 | 60 | 60 |
    | 乙镇 | 风险 | 债务化解 | 35 | 35 |
    """
    made = run(run_pbm, sheet())
    second, first = made["summary"]["townships"][1], made["summary"]["townships"][0]
    assert (first["township"], first["rank"], second["township"]) == ("乙镇", 1, "甲镇")
    assert second["lowest"][0] == {"level3": "债务化解", "weight": "40", "score": "20.00", "rate_pct": "50.00"}
    assert first["lowest"] == []
    assert second["profile"]["风险"] == {"weight": "40.00", "score": "20.00"}
    assert made["summary"]["township_weakest"][0] == {"level3": "债务化解", "rate_pct": "73.33"}
    assert [f["subject"] for f in made["findings"] if f["code"] == "V24"] == ["乙镇"]


# ---- 结果应用 ----


def test_what_was_applied_against_the_proposal_is_said(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = results(
        sheet,
        "甲项目 | 项目 | 财政抽评 | 某局 | | 100 | 55 | 100 | 120 |",
        "乙项目 | 项目 | 财政抽评 | 某局 | | 100 | 95 | 100 | 90 |",
        "丙项目 | 项目 | 财政抽评 | 某局 | | 100 | 55 | 100 | 80 |",
    )
    made = run(run_pbm, path)
    assert made["summary"]["applied_against"] == 2
    cells = [(f["subject"], f["where"]["cell"]) for f in made["findings"] if f["code"] == "V28"]
    assert cells == [("甲项目", "I3"), ("乙项目", "I4")]
    assert all(row["proposed_budget_yuan"] is None for row in made["rows"])
    assert "依据" in made["rows"][0]["proposal_basis"]


def test_money_is_proposed_only_with_the_county_s_own_factors(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path
) -> None:
    path = results(sheet, "甲项目 | 项目 | 财政抽评 | 某局 | | 100 | 55 | 33.33 | |")
    own = tmp_path / "本县"
    own.mkdir()
    (own / "evaluate.toml").write_text(
        '[grade_factors]\n[[grade_factors.values]]\neffective = 2020-01-01\nvalue = { "差" = 80 }\n'
        'basis = { title = "本县结果应用办法", evidence = "original" }\n',
        encoding="utf-8",
    )
    assert run(run_pbm, path, "--overlay", own)["rows"][0]["proposed_budget_yuan"] == "266640.00"


def test_the_light_and_the_assessment_join_the_proposal(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    results(sheet, "甲项目 | 项目 | 财政抽评 | 某局 | | 100 | 95 | | |", file="年/评价.xlsx")
    sheet(
        "单位：万元\n| 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |\n| 甲项目 | 某局 | 100 | 10 |",
        file="年/执行.xlsx",
    )
    (row,) = run(run_pbm, tmp_path / "年", "--on", "2023-12-31")["rows"]
    assert row["proposal"] == "调整预算"
    assert row["proposal_reasons"] == ["评价等级为“优”：适当增加预算", "监控为红灯：调整预算"]


def test_decisions_are_ranked_by_money_times_distance(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = results(
        sheet,
        "甲项目 | 项目 | 财政抽评 | 某局 | | 100 | 40 | | |",
        "乙项目 | 项目 | 财政抽评 | 某局 | | 1000 | 72 | | |",
        "丙项目 | 项目 | 财政抽评 | 某局 | | 9000 | 80 | | |",
    )
    found = run(run_pbm, path)["summary"]["decisions"]
    assert [(d["rank"], d["subject"], d["distance_pct"]) for d in found] == [
        (1, "乙项目", "10.00"), (2, "甲项目", "50.00"),
    ]  # fmt: skip


# ---- 整改台账 ----


def year_folder(sheet: WriteSheet, tmp_path: Path, year: int, *lines: str) -> Path:
    results(sheet, *lines, file=f"{year}/评价.xlsx")
    (tmp_path / str(year) / "pbm.toml").write_text(
        f'[county]\nname = "某县"\nissuer = "某县财政局"\nyear = {year}\n[run]\non = {year}-12-31\n', encoding="utf-8"
    )
    return tmp_path / str(year)


def test_last_year_s_open_items_are_carried_over_and_closed_when_done(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path
) -> None:
    before = year_folder(
        sheet, tmp_path, 2022,
        "甲项目 | 项目 | 财政抽评 | 某局 | | 100 | 55 | | | 否",
        "乙项目 | 项目 | 财政抽评 | 某局 | | 100 | 70 | | | 否",
        "丙项目 | 项目 | 财政抽评 | 某局 | | 100 | 95 | | | 是",
    )  # fmt: skip
    now = year_folder(
        sheet, tmp_path, 2023,
        "甲项目 | 项目 | 财政抽评 | 某局 | | 100 | 88 | | | 是",
        "丁项目 | 项目 | 财政抽评 | 某局 | | 100 | 58 | | |",
    )  # fmt: skip
    result = run_pbm("report", now, "--previous", before, "--json")
    assert result.code == 0, result.err
    summary = json.loads(result.out)["summary"]
    ledger = summary["evaluate"]["rectification"]
    assert [(i["subject"], i["year"], i["state"], i["carried"]) for i in ledger] == [
        ("甲项目", 2022, "已整改", True), ("乙项目", 2022, "待整改", True),
        ("甲项目", 2023, "已整改", False), ("丁项目", 2023, "未说明", False),
    ]  # fmt: skip
    assert len({item["id"] for item in ledger}) == 4
    assert summary["evaluate"]["carried_open"] == 1
    assert {"name": "平均得分", "old": "73.33", "new": "73.00"} in summary["evaluate"]["compared"]
    assert summary["decisions"][0]["subject"] == "丁项目"
    again = json.loads(run_pbm("report", now, "--previous", before, "--json").out)["summary"]["evaluate"]
    assert again["rectification"] == ledger
    text = run_pbm("report", now, "--previous", before, "-o", tmp_path / "总结.md")
    assert text.code == 0
    said_so = (tmp_path / "总结.md").read_text(encoding="utf-8")
    for part in ("上年结转尚未整改的1项", "乙项目", "需要先决定的事项", "平均得分由73.33分变为73.00分"):
        assert part in said_so


# ---- 抽评计划 ----


def reviewed(count: int, score: int) -> list[str]:
    return [f"项目{n:02d} | 项目 | 部门评价 | 单位{n:02d} | | {n + 1} | {score} | | |" for n in range(count)]


def plan(run_pbm: RunPbm, path: Path, *more: str | Path) -> dict[str, Any]:
    summary: dict[str, Any] = run(run_pbm, path, "--plan", *more)["summary"]
    return summary


def test_every_excellent_one_and_a_fifth_of_the_good_ones_are_planned(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    lines = [*reviewed(11, 85), "优一 | 项目 | 部门评价 | 某局 | | 5 | 90 | | |"]
    found = plan(run_pbm, results(sheet, *lines), "--ruleset", "sichuan-2025", "--on", "2025-12-31")["plan"]
    by_rule = {rule: [p["subject"] for p in found if p["rule"] == rule] for rule in ("V35", "V36", "V38")}
    assert by_rule["V35"] == ["优一"]
    assert len(by_rule["V36"]) == 3
    assert len(by_rule["V38"]) == 3
    assert all("川财绩〔2025〕5号" in p["basis"] for p in found)
    assert next(p["reason"] for p in found if p["rule"] == "V36").startswith("部门评价为“良”的 11 个里抽 3 个")


def test_the_plan_depends_on_the_seed_and_not_on_the_order_of_the_rows(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    lines = reviewed(40, 85)
    path, turned = results(sheet, *lines), results(sheet, *lines[::-1], file="倒过来.xlsx")
    first = plan(run_pbm, path)
    assert plan(run_pbm, path) == first
    assert plan(run_pbm, turned)["plan"] == first["plan"]
    other = plan(run_pbm, path, "--seed", "2")
    assert {p["subject"] for p in other["plan"]} != {p["subject"] for p in first["plan"]}
    assert (first["plan_seed"], other["plan_seed"]) == (1, 2)
    assert any("sichuan-2025" in note for note in first["plan_notes"])


def test_two_years_of_poor_grades_must_be_evaluated(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    poor = "{} | 项目 | 财政抽评 | 某局 | | 5 | {} | | |"
    results(sheet, poor.format("甲", 65), poor.format("乙", 85), file="上年/评价.xlsx")
    path = results(sheet, poor.format("甲", 75), poor.format("乙", 70))
    found = plan(run_pbm, path, "--previous", tmp_path / "上年")["plan"]
    assert [p["subject"] for p in found if "V37" in p["rule"]] == ["甲"]


def test_departments_evaluated_least_recently_come_first(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    whole = "{0}局部门整体支出 | 部门整体 | {1} | {0}局 | | 5 | 85 | | |"
    results(sheet, whole.format("乙", "财政重点评价"), file="上年/评价.xlsx")
    lines = [whole.format(n, "单位自评") for n in "甲乙丙丁"] + [whole.format("戊", "财政重点评价")]
    for seed in "1234":
        found = plan(run_pbm, results(sheet, *lines), "--previous", tmp_path / "上年", "--seed", seed)["plan"]
        (chosen,) = [p["subject"] for p in found if p["rule"] == "V38"]
        assert chosen[0] in "甲丙丁"


def test_the_terminal_shows_the_plan_and_the_workbook_has_it(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path
) -> None:
    path = results(sheet, "优一 | 项目 | 部门评价 | 某局 | | 5 | 95 | | |")
    out = tmp_path / "计划.xlsx"
    result = run_pbm("evaluate", path, "--plan", "-o", out)
    assert result.code == 0, result.err
    assert "抽评计划" in result.out
    assert "优一" in result.out
    cells = [str(c.value) for page in openpyxl.load_workbook(out) for row in page.iter_rows() for c in row if c.value]
    assert any("抽评计划" in cell for cell in cells)
    assert any("全部纳入财政评价" in cell for cell in cells)


# ---- 抽取与分配 ----


@pytest.mark.parametrize(
    ("weights", "total", "expected"),
    [
        ([1, 1, 1], 100, [34, 33, 33]),
        ([0, 0], 10, [0, 0]),
        ([5], 3, [3]),
        ([1, 3], 2, [1, 1]),
        ([2, 1, 1], 3, [1, 1, 1]),
    ],
)
def test_apportioned_parts_add_up(weights: list[int], total: int, expected: list[int]) -> None:
    assert apportioned(weights, total) == expected


def test_every_stratum_gives_its_share() -> None:
    sizes = [(f"甲{n}", 1000 - n) for n in range(9)]
    found = stratified(sizes, 3, 3, 7)
    assert [level for _, level in found] == [1, 2, 3]
    assert {name for name, _ in found if name in ("甲0", "甲1", "甲2")} != set()


def test_a_draw_is_without_replacement_and_the_same_for_any_order() -> None:
    names = [f"项目{n}" for n in range(20)]
    assert drawn(names, 5, 3) == drawn(names[::-1], 5, 3)
    assert len(set(drawn(names, 20, 3))) == 20
    assert drawn(names, 99, 3) == drawn(names, 20, 3)


def test_a_goal_list_is_not_a_self_evaluation(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = sheet("| 项目名称 | 一级指标 | 二级指标 | 三级指标 | 指标值 |\n| 甲项目 | 产出 | 数量 | 甲 | ≥10个 |")
    assert run_pbm("evaluate", path).code == 2


def test_a_list_and_a_form_of_the_same_level_are_one_evaluation() -> None:
    def row(score: str, form: str) -> Evaluation:
        values: dict[str, Any] = dict.fromkeys(Evaluation.model_fields)
        values.update(subject="甲", subject_kind="项目", level="单位自评", budget_unit="某局", score=Decimal(score))
        values["origin"] = Origin("表.xlsx", "表", 3, {"subject": 0, "score": 1}, form)
        return Evaluation.model_construct(None, **values)

    loaded = Loaded()
    loaded.records["evaluation"] = [row("95", "self_evaluation_form"), row("93", "")]
    (subject,) = gather_subjects(loaded, alone=False).all
    assert [str(r.score) for r in subject.rows] == ["93"]
    assert [(str(kept.score), str(other.score)) for kept, other in subject.twins] == [("93", "95")]
