"""pbm monitor 的约定：几套规则的线、合并、对应、覆盖、台账、与上次比。"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm, WriteSheet

HEAD = "单位：万元\n| 项目编码 | 项目名称 | 预算单位 | 资金性质 | 调整后预算数 | 累计支出 | 偏差原因 |\n"
INDICATORS = "| 项目编码 | 项目名称 | 预算单位 | 一级指标 | 二级指标 | 三级指标 | 指标值 | 完成值 |\n"


def monitor(run_pbm: RunPbm, *arguments: str | Path, on: str = "2023-12-31", code: int = 0) -> dict[str, Any]:
    result = run_pbm("monitor", *arguments, "--on", on, "--json")
    assert result.code == code, result.out[-3000:] + result.err
    document = json.loads(result.out)
    assert isinstance(document, dict)
    return document


def found(document: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [item for item in document["findings"] if item["code"] == code]


def one(document: dict[str, Any]) -> dict[str, Any]:
    row = document["rows"][0]
    assert isinstance(row, dict)
    return row


# 一、执行灯


@pytest.mark.parametrize(
    ("on", "spent", "light"),
    [
        ("2023-07-31", "34.99", "red"), ("2023-07-31", "35", "yellow"), ("2023-07-31", "46.66", "yellow"),
        ("2023-07-31", "46.67", "green"), ("2023-12-31", "59.99", "red"), ("2023-12-31", "60", "yellow"),
        ("2023-12-31", "79.99", "yellow"), ("2023-12-31", "80", "green"), ("2023-12-31", "130", "green"),
        ("2023-12-31", "0", "red"), ("2023-07-15", "32.41", "red"), ("2023-07-15", "32.42", "yellow"),
    ],
)  # fmt: skip
def test_national_execution_light(run_pbm: RunPbm, sheet: WriteSheet, on: str, spent: str, light: str) -> None:
    """7 月 15 日的序时进度是 (6 + 15/31) ÷ 12 = 54.03%，红线 32.42%。"""
    document = monitor(run_pbm, sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | {spent} | 征地 |"), on=on)
    row = one(document)
    assert (row["execution_light"], row["goal_light"], row["light"]) == (light, "none", light)
    assert bool(found(document, "M01")) == (light in ("red", "yellow"))


@pytest.mark.parametrize(
    ("on", "spent", "light"),
    [
        ("2025-03-31", "0", "none"), ("2025-04-29", "0", "none"), ("2025-04-30", "24.99", "red"),
        ("2025-04-30", "25", "green"), ("2025-05-31", "24.99", "red"), ("2025-05-31", "25", "green"),
        ("2025-06-30", "39.99", "red"), ("2025-06-30", "40", "green"), ("2025-07-31", "40", "green"),
        ("2025-08-31", "59.99", "red"), ("2025-08-31", "60", "green"), ("2025-09-30", "60", "green"),
        ("2025-10-30", "79.99", "green"), ("2025-10-31", "79.99", "red"), ("2025-10-31", "80", "green"),
        ("2025-11-30", "79.99", "red"), ("2025-12-31", "80", "green"),
    ],
)  # fmt: skip
def test_sichuan_months(run_pbm: RunPbm, sheet: WriteSheet, on: str, spent: str, light: str) -> None:
    path = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | {spent} | 征地 |")
    assert one(monitor(run_pbm, path, "--ruleset", "sichuan-2025", on=on))["execution_light"] == light


@pytest.mark.parametrize(
    ("done", "light"), [("50", "green"), ("60", "green"), ("60.01", "yellow"), ("39.99", "yellow")]
)
def test_sichuan_gap_of_more_than_ten_points(run_pbm: RunPbm, sheet: WriteSheet, done: str, light: str) -> None:
    """6 月底执行 50%；目标完成率 60% 差恰好 10 个百分点不算，多一点就是黄灯。"""
    path = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 50 | |", file="执行.xlsx")
    goals = sheet(f"{INDICATORS}| 'P1' | 甲 | 某局 | 产出 | 数量 | 件数 | ≥100件 | {done} |", file="指标.xlsx")
    row = one(monitor(run_pbm, path, goals, "--ruleset", "sichuan-2025", on="2025-06-30"))
    assert (row["execution_light"], row["light"]) == ("green", light)


@pytest.mark.parametrize(
    ("spent", "done", "light"),
    [("50", "50", "green"), ("50", "30", "yellow"), ("49.99", "50", "red"), ("49.99", "10", "red")],
)
def test_hefei_two_by_two(run_pbm: RunPbm, sheet: WriteSheet, spent: str, done: str, light: str) -> None:
    path = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | {spent} | |", file="执行.xlsx")
    goals = sheet(f"{INDICATORS}| 'P1' | 甲 | 某局 | 产出 | 数量 | 件数 | ≥100件 | {done} |", file="指标.xlsx")
    assert one(monitor(run_pbm, path, goals, "--ruleset", "hefei-2x2", on="2023-06-30"))["light"] == light


def test_a_ruleset_chosen_by_name_holds_for_earlier_data_and_says_so(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """四川的节点自 2025 年起；2023 年的数据点名用四川规则集的，照它判，并提示施行日期在后。"""
    document = monitor(run_pbm, sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 79.99 | |"), "--ruleset", "sichuan-2025")
    row = one(document)
    assert row["light"] == "red"
    assert any("1–10 月的预警线 80%" in text for text in row["reasons"])
    hints = [f["message"] for f in document["findings"] if f["code"] == "D28"]
    assert len(hints) == 1
    assert "2025-01-01" in hints[0]


# 二、零预算、超支、两种资金、原因


def test_zero_and_blank_budget(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "| 'P1' | 甲 | 某局 | | 0 | 0 | |\n| 'P2' | 乙 | 某局 | | 0 | 3 | |\n| 'P3' | 丙 | 某局 | | | 3 | |"
    document = monitor(run_pbm, sheet(HEAD + rows), code=1)
    assert [(row["light"], row["execution_pct"], row["action"]) for row in document["rows"]] == [
        ("none", None, None)
    ] * 2
    assert document["summary"]["execution_pct"] is None
    assert [f["where"]["cell"] for f in found(document, "D02")] == ["E5"]
    assert [f["subject"] for f in found(document, "M15")] == ["乙"]


def test_overspend_is_a_finding_and_still_green(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    document = monitor(run_pbm, sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 100.0001 | |"))
    assert one(document)["light"] == "green"
    assert "1.00 元" in found(document, "M06")[0]["message"]


def test_a_project_of_two_funds_is_judged_once(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """两种资金：40 与 80 合起来 60%，黄灯；没有编码的按单位内的名称合。"""
    rows = "| 'P1' | 甲 | 某局 | 一般 | 50 | 20 | 征地 |\n| 'P1' | 甲 | 某局 | 基金 | 50 | 40 | |\n"
    rows += "| | 乙 | 某局 | 一般 | 50 | 20 | |\n| | 乙 | 某局 | 基金 | 50 | 50 | |\n| | 乙 | 另局 | 一般 | 50 | 10 | |"
    document = monitor(run_pbm, sheet(HEAD + rows))
    assert [(r["budget_yuan"], r["execution_pct"], r["light"]) for r in document["rows"]] == [
        ("1000000.00", "60.00", "yellow"),
        ("1000000.00", "70.00", "yellow"),
        ("500000.00", "20.00", "red"),
    ]
    assert document["summary"]["projects"] == 3
    assert found(document, "D07") == []


def test_a_red_light_needs_a_reason(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "| 'P1' | 甲 | 某局 | | 100 | 20 | |\n| 'P2' | 乙 | 某局 | | 100 | 20 | 无 |\n"
    rows += "| 'P3' | 丙 | 某局 | | 100 | 20 | 政策变化，暂缓 |\n| 'P4' | 丁 | 某局 | | 100 | 95 | |"
    document = monitor(run_pbm, sheet(HEAD + rows), on="2023-08-31")
    assert [f["subject"] for f in found(document, "M07")] == ["甲", "乙"]
    assert document["summary"]["by_reason"] == {"政策变化，暂缓": 1}
    third = document["rows"][2]
    assert third["action"] == "调减并调整目标"
    assert "政策变化，暂缓" in third["reasons"]


def test_treatments_and_working_days(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "| 'P1' | 甲 | 某局 | | 100 | 95 | |\n| 'P2' | 乙 | 某局 | | 100 | 70 | 慢 |\n"
    rows += "| 'P3' | 丙 | 某局 | | 100 | 20 | 慢 |\n| 'P4' | 丁 | 某局 | | 100 | 0 | 慢 |"
    path = sheet(HEAD + rows)
    actions = [row["action"] for row in monitor(run_pbm, path)["rows"]]
    assert actions == ["继续执行", "限期整改", "调减并调整目标", "收回"]
    rows_2025 = monitor(run_pbm, path, "--ruleset", "sichuan-2025", on="2025-08-31")["rows"]
    assert [row["response_days"] for row in rows_2025] == [None, None, 10, 10]
    assert "10 个工作日" in rows_2025[2]["action_reason"]


# 三、指标灯


@pytest.mark.parametrize(
    ("target", "actual", "light"),
    [
        ("≥100件", "59.99", "red"), ("≥100件", "60", "yellow"), ("≥100件", "79.99", "yellow"),
        ("≥100件", "80", "green"),
        ("≥100件", "119.99", "green"), ("≥100件", "120", "blue"), ("=100%", "100%", "green"),
        ("=100%", "130%", "green"),
        ("≤100万元", "100", "green"), ("≤100万元", "100.01", "red"), ("<100", "100", "red"), ("<100", "99.99", "green"),
        ("≤0起", "0", "green"), ("=0起", "2", "red"), ("≤0起", "2", "red"), ("按时完成", "按时完成", "green"),
        ("按时完成", "部分完成", "yellow"), ("按时完成", "未完成", "red"), ("按时完成", "", "none"),
    ],
)  # fmt: skip
def test_indicator_lights(run_pbm: RunPbm, sheet: WriteSheet, target: str, actual: str, light: str) -> None:
    path = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 95 | |", file="执行.xlsx")
    goals = sheet(f"{INDICATORS}| 'P1' | 甲 | 某局 | 产出 | 数量 | 件数 | {target} | '{actual}' |", file="指标.xlsx")
    row = one(monitor(run_pbm, path, goals))
    assert row["indicators"][0]["light"] == row["goal_light"] == light


def test_the_worst_indicator_counts_and_blue_is_not_worse(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 95 | |\n| 'P2' | 乙 | 某局 | | 100 | 95 | |", file="执行.xlsx")
    goals = INDICATORS + "| 'P1' | 甲 | 某局 | 产出 | 数量 | 件数 | ≥100件 | 200 |\n"
    goals += "| 'P2' | 乙 | 某局 | 产出 | 数量 | 件数 | ≥100件 | 200 |\n"
    goals += "| 'P2' | 乙 | 某局 | 效益 | 社会 | 人数 | ≥100人 | 10 |"
    document = monitor(run_pbm, path, sheet(goals, file="指标.xlsx"))
    assert [(r["execution_light"], r["goal_light"], r["light"]) for r in document["rows"]] == [
        ("green", "blue", "green"),
        ("green", "red", "red"),
    ]
    assert document["summary"]["goal_lights"] == {"red": 1, "yellow": 0, "green": 0, "blue": 1, "none": 0}
    red = next(f for f in document["findings"] if f["level"] == "red")
    assert (red["code"], red["where"]["file"], red["where"]["cell"]) == ("M02", "指标.xlsx", "H4")


# 四、表与表的对应


def test_indicators_join_by_code_and_unit_by_code_and_by_name(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """同码两单位按单位；没写单位的按唯一的码；没写码的按单位内的名称，再按唯一的名称。"""
    rows = "| 'P1' | 甲 | 某局 | | 100 | 95 | |\n| 'P1' | 甲 | 另局 | | 100 | 95 | |\n"
    rows += (
        "| 'P2' | 乙 | 某局 | | 100 | 95 | |\n| 'P3' | 丙 | 某局 | | 100 | 95 | |\n| 'P4' | 丙 | 另局 | | 100 | 95 | |"
    )
    path = sheet(HEAD + rows, file="执行.xlsx")
    items = ["| 'P1' | 甲 | 另局 |", "| 'P2' | 改了名 | |", "| | 丙 | 另局 |", "| | 乙 | |"]
    goals = INDICATORS + "\n".join(f"{item} 产出 | 数量 | 第{n}条 | ≥10件 | 10 |" for n, item in enumerate(items, 1))
    document = monitor(run_pbm, path, sheet(goals, file="指标.xlsx"))
    joined = {
        (row["project_code"], row["budget_unit"]): [item["level3"] for item in row["indicators"]]
        for row in document["rows"]
    }
    assert joined == {
        ("P1", "某局"): [], ("P1", "另局"): ["第1条"], ("P2", "某局"): ["第2条", "第4条"],
        ("P3", "某局"): [], ("P4", "另局"): ["第3条"],
    }  # fmt: skip
    assert found(document, "D18") + found(document, "D22") == []


def test_an_ambiguous_or_missing_join_is_a_finding(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "| 'P1' | 甲 | 某局 | | 100 | 95 | |\n| 'P1' | 甲 | 另局 | | 100 | 95 | |"
    path = sheet(HEAD + rows, file="执行.xlsx")
    goals = INDICATORS + "| 'P1' | 甲 | | 产出 | 数量 | 一 | ≥10件 | 1 |\n| | 甲 | | 产出 | 数量 | 二 | ≥10件 | 1 |\n"
    goals += "| 'P9' | 癸 | 某局 | 产出 | 数量 | 三 | ≥10件 | 1 |"
    document = monitor(run_pbm, path, sheet(goals, file="指标.xlsx"))
    assert [row["indicators"] for row in document["rows"]] == [[], []]
    assert [f["where"]["cell"] for f in found(document, "D18")] == ["A2", "B3"]
    assert [f["where"]["cell"] for f in found(document, "D22")] == ["A4"]
    assert {f["level"] for f in found(document, "D18")} <= {"warning", "error"}


def test_indicators_alone_are_enough(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    goals = sheet(f"{INDICATORS}| 'P1' | 甲 | 某局 | 产出 | 数量 | 件数 | ≥100件 | 30 |")
    document = monitor(run_pbm, goals)
    row = one(document)
    assert (row["budget_yuan"], row["expenditure_yuan"], row["execution_light"], row["light"]) == (
        None, None, "none", "red",
    )  # fmt: skip
    assert document["summary"]["budget_yuan"] == "0.00"


# 五、单位报告


def test_coverage_names_the_missing_units(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = (
        "| 'P1' | 甲 | 某局 | | 100 | 95 | |\n| 'P2' | 乙 | 另局 | | 100 | 95 | |\n| 'P3' | 丙 | 又局 | | 100 | 95 | |"
    )
    path = sheet(HEAD + rows, file="执行.xlsx")
    register = "| 预算单位 | 报送日期 | 公开日期 |\n| 某局 | 2023-08-05 | 2023-09-01 |\n| 另局 | 2023-08-06 | |\n"
    register += "| 外局 | 2023-08-06 | |\n| 又局 | | |"
    document = monitor(run_pbm, path, sheet(register, file="登记.xlsx"))
    summary = document["summary"]
    assert [summary[key] for key in ("units_due", "units_reported", "units_published", "coverage_pct")] == [
        3, 2, 1, "66.67",
    ]  # fmt: skip
    assert [f["subject"] for f in found(document, "M11")] == ["又局"]
    assert "外局" in found(document, "D22")[0]["message"]


def test_without_executions_the_register_says_who_is_due(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    document = monitor(run_pbm, sheet("| 预算单位 | 报送日期 |\n| 某局 | 2023-08-05 |\n| 另局 | |"))
    summary = document["summary"]
    assert [summary[key] for key in ("projects", "units_due", "units_reported", "coverage_pct")] == [0, 2, 1, "50.00"]


# 六、处置台账

LEDGER = "单位：万元\n| 项目编码 | 项目名称 | 预算单位 | 监控方式 | 调整前预算 | 调整后预算 | 调整金额 | 处置措施 |\n"


@pytest.mark.parametrize(
    ("cells", "cut", "added", "absolute"),
    [
        ("100 | 60 | -40 | 调减", "400000.00", "0.00", "400000.00"),
        ("100 | 60 | 40 | 调减", "400000.00", "0.00", "400000.00"),
        ("100 | 60 | | 调减", "400000.00", "0.00", "400000.00"),
        ("| | -40 | ", "400000.00", "0.00", "400000.00"),
        ("| | (40) | ", "400000.00", "0.00", "400000.00"),
        ("| | −40 | ", "400000.00", "0.00", "400000.00"),
        ("| | 40 | 调减预算并调整目标", "400000.00", "0.00", "400000.00"),
        ("| | 40 | 收回结余", "400000.00", "0.00", "400000.00"),
        ("| | 40 | 追加", "0.00", "400000.00", "400000.00"),
        ("100 | 140 | 40 | 调增", "0.00", "400000.00", "400000.00"),
        ("100 | 100 | 0 | 限期整改", "0.00", "0.00", "0.00"),
        ("| | 40 | 其他", "0.00", "0.00", "400000.00"),
    ],
)
def test_ledger_amounts(run_pbm: RunPbm, sheet: WriteSheet, cells: str, cut: str, added: str, absolute: str) -> None:
    document = monitor(run_pbm, sheet(f"{LEDGER}| 'P1' | 甲 | 某局 | 财政重点监控 | {cells} |"))
    summary = document["summary"]
    assert summary["adjusted_projects"] == 1
    assert [summary[f"adjusted_{key}"] for key in ("cut_yuan", "added_yuan", "yuan")] == [cut, added, absolute]
    assert len(found(document, "D23")) == cells.endswith("其他")


@pytest.mark.parametrize(("amount", "code"), [("-40", 0), ("-40.01", 0), ("-40.02", 1), ("30", 1), ("40", 0)])
def test_a_ledger_row_that_contradicts_itself(run_pbm: RunPbm, sheet: WriteSheet, amount: str, code: int) -> None:
    """调整前 100、调整后 60：调整金额应是 -40（写成 40 也认）；不是的话是错误，仍按后减前。"""
    path = sheet(f"{LEDGER}| 'P1' | 甲 | 某局 | | 100 | 60 | {amount} | 调减 |")
    document = monitor(run_pbm, path, code=code)
    assert document["summary"]["adjusted_cut_yuan"] == "400000.00"
    assert [(f["level"], f["where"]["cell"]) for f in found(document, "M13")] == [("error", "G3")] * code


def test_ledger_counts_projects_and_keeps_them_apart(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """红灯、调减、调整分开数；同一项目调两次是一个项目。"""
    rows = "| 'P1' | 甲 | 某局 | | 100 | 20 | 慢 |\n| 'P2' | 乙 | 某局 | | 100 | 20 | 慢 |\n"
    rows += "| 'P3' | 丙 | 某局 | | 100 | 95 | |"
    path = sheet(HEAD + rows, file="执行.xlsx")
    ledger = LEDGER + "| 'P1' | 甲 | 某局 | | 100 | 60 | | 调减 |\n| 'P1' | 甲 | 某局 | | 60 | 50 | | 调减 |\n"
    ledger += "| 'P3' | 丙 | 某局 | | 100 | 130 | | 调增 |\n| 'P9' | 外 | 某局 | | 10 | 5 | | 调减 |"
    document = monitor(run_pbm, path, sheet(ledger, file="台账.xlsx"))
    summary = document["summary"]
    assert (summary["lights"]["red"], summary["reduced_projects"], summary["adjusted_projects"]) == (2, 2, 3)
    assert summary["adjusted_yuan"] == "850000.00"
    assert summary["by_action"] == {"调减": 3, "调增": 1}
    assert [f["subject"] for f in found(document, "D22")] == ["外"]
    assert found(document, "M12") == []


# 七、与上次比


def test_lights_that_changed_since_a_json_or_a_folder(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    before = "| 'P1' | 甲 | 某局 | | 100 | 20 | 慢 |\n| 'P2' | 乙 | 某局 | | 100 | 95 | |\n"
    before += "| 'P3' | 丙 | 某局 | | 100 | 95 | |"
    after = before.replace("20 | 慢", "90 | ").replace("'P3' | 丙", "'P4' | 丁")
    old, new = (
        sheet(f"截至2023年6月30日\n{HEAD}{before}", file="上/执行.xlsx"),
        sheet(HEAD + after, file="下/执行.xlsx"),
    )
    assert run_pbm("monitor", old, "--on", "2023-12-31", "-o", tmp_path / "上次.json").code == 0
    for previous in (tmp_path / "上次.json", old.parent):
        document = monitor(run_pbm, new, "--previous", previous)
        changed = document["summary"]["lights_changed"]
        assert [(c["project_code"], c["old"], c["new"]) for c in changed] == [("P1", "red", "green")]
        assert (document["summary"]["appeared"], document["summary"]["vanished"]) == (1, 1)
    shown = run_pbm(
        "monitor", new, "--on", "2023-12-31", "--previous", tmp_path / "上次.json", "-o", tmp_path / "新.md"
    )
    assert "与上次" in (tmp_path / "新.md").read_text(encoding="utf-8")
    assert "甲" in shown.out


def test_previous_without_a_date_of_its_own(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """上次的文件夹没有写截止日：说明缺的是上次的截止日。"""
    old = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 20 | 慢 |", file="上/执行.xlsx")
    new = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 20 | 慢 |", file="下/执行.xlsx")
    result = run_pbm("monitor", new, "--on", "2023-12-31", "--previous", old.parent)
    assert result.code == 2
    assert "--previous" in result.err


@pytest.mark.parametrize(
    "text", ["[]", "{}", "not json", '{"pbm": "1", "rows": [{"subject": "x"}]}', '{"pbm":"1","rows":[{"light":"red"}]}']
)
def test_a_previous_that_is_not_ours(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, text: str) -> None:
    (tmp_path / "上次.json").write_text(text, encoding="utf-8")
    path = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 20 | 慢 |")
    result = run_pbm("monitor", path, "--on", "2023-12-31", "--previous", tmp_path / "上次.json")
    assert result.code in (0, 2)
    assert "Traceback" not in result.err
    if result.code == 2:
        assert "上次.json" in result.err
