"""JSON 的每一个键：有没有、是什么类型、空的时候怎样。"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm, WriteSheet

MONEY, PERCENT, COUNT, TEXT, SCORE = "money", "percent", "count", "text", "score"
PATTERNS = {MONEY: r"-?\d+\.\d\d", PERCENT: r"-?\d+\.\d\d", SCORE: r"-?\d+\.\d\d"}
LIGHTS = {"red", "yellow", "green", "blue", "none"}

SHEETS = {
    "评估.xlsx": """
        2023年事前绩效评估结果汇总表
        单位：万元
        | 项目编码 | 项目名称 | 项目单位 | 资金性质 | 申报金额 | 审定金额 | 评估得分 | 评估结论 |
        | 'A1' | 河道治理 | 水务局 | 一般公共预算 | 100 | 88.51 | 89.5 | 调整后支持 |
        | 'A2' | 老旧小区改造 | 住建局 | 一般公共预算 | 0 | 0 | | |
    """,
    "目标.xlsx": """
        单位：万元
        | 项目编码 | 项目名称 | 预算单位 | 预算金额 | 年度总体目标 | 编报阶段 | 同步编制 |
        | 'A1' | 河道治理 | 水务局 | 88.51 | 完成河道清淤三十公里，防洪达标 | 年初 | 是 |
        | 'A3' | 校园安防 | 教体局 | 5 | | 追加 | 否 |
    """,
    "意见.xlsx": """
        | 单位编码 | 单位名称 | 项目编码 | 项目名称 | 修改意见 |
        | '219001' | 水务局 | 'A1' | 河道治理 | 补充满意度指标 |
    """,
    "执行.xlsx": """
        2023年1-6月项目支出预算执行表
        单位：万元
        | 项目编码 | 项目名称 | 预算单位 | 主管部门 | 调整后预算数 | 累计支出 | 偏差原因 |
        | 'A1' | 河道治理 | 水务局 | 水务局 | 88.51 | 5.5 | 政策变化 |
        | 'A2' | 老旧小区改造 | 住建局 | | 0 | 0 | |
    """,
    "指标.xlsx": """
        | 项目编码 | 项目名称 | 预算单位 | 一级指标 | 二级指标 | 三级指标 | 指标性质 | 指标值 | 度量单位 | 完成值 |
        | 'A1' | 河道治理 | 水务局 | 产出指标 | 数量指标 | 清淤土方 | ≥ | 6 | 万立方米 | 4 |
        | 'A1' | 河道治理 | 水务局 | 产出指标 | 时效指标 | 完工时间 | | 2023年底 | | 未完成 |
    """,
    "登记.xlsx": """
        | 预算单位 | 报送日期 | 公开日期 |
        | 水务局 | 2023-07-10 | 2023-08-01 |
    """,
    "台账.xlsx": """
        单位：万元
        | 项目编码 | 项目名称 | 预算单位 | 调整前预算 | 调整后预算 | 调整金额 | 处置措施 | 是否同步调整绩效目标 |
        | 'A1' | 河道治理 | 水务局 | 90 | 88.51 | -1.49 | 调减 | 是 |
    """,
    "评价.xlsx": """
        单位：万元
        | 评价对象 | 对象类型 | 评价层次 | 预算单位 | 四本预算 | 评价得分 | 本年预算 | 下年预算安排 | 是否整改 |
        | 河道治理 | 项目 | 财政重点评价 | 水务局 | 一般公共预算 | 91.5 | 88.51 | 90 | 是 |
        | 水务局 | 部门整体 | 财政重点评价 | 水务局 | | 59.995 | | | |
    """,
    "镇街.xlsx": """
        | 乡镇 | 一级指标 | 三级指标 | 分值 | 得分 |
        | 玉蟾街道 | 收支管理 | 收入完成率 | 60 | 55 |
        | 玉蟾街道 | 债务风险 | 暂付款占比 | 40 | 36.5 |
    """,
    "培训.xlsx": "| 培训名称 | 培训时间 | 期数 | 人次 |\n| 业务培训 | 2023年5月 | 2 | 60 |",
    "制度.xlsx": "| 文件名称 | 文号 | 印发日期 |\n| 绩效目标管理办法 | 甲财〔2023〕1号 | 2023-03-01 |",
}
SUMMARY: dict[str, dict[str, Any]] = {
    "assess": {
        "projects": COUNT, "submitted_yuan": MONEY, "approved_yuan": MONEY, "reduction_yuan": MONEY,
        "reduction_pct": PERCENT, "by_conclusion": {}, "mandatory_missing": COUNT,
        "by_unit": [{
            "budget_unit": TEXT, "projects": COUNT, "submitted_yuan": MONEY, "approved_yuan": MONEY,
            "reduction_yuan": MONEY, "reduction_pct": PERCENT,
        }],
    },
    "goals": {
        "projects": COUNT, "indicators": COUNT, "comments": COUNT, "automatic_comments": COUNT,
        "projects_with_comments": COUNT, "budget_yuan": MONEY,
        "by_grade": {"优": COUNT, "良": COUNT, "中": COUNT, "差": COUNT},
        "synchronised": {}, "added_projects": COUNT,
    },
    "monitor": {
        "projects": COUNT, "budget_yuan": MONEY, "expenditure_yuan": MONEY, "execution_pct": PERCENT,
        "time_progress_pct": PERCENT, "lights": dict.fromkeys(LIGHTS, COUNT),
        "execution_lights": dict.fromkeys(LIGHTS, COUNT), "goal_lights": dict.fromkeys(LIGHTS, COUNT),
        "units_due": COUNT, "units_reported": COUNT, "units_published": COUNT, "coverage_pct": PERCENT,
        "adjusted_projects": COUNT, "adjusted_yuan": MONEY, "adjusted_cut_yuan": MONEY, "adjusted_added_yuan": MONEY,
        "by_action": {}, "by_reason": {}, "by_unit": [{"budget_unit": TEXT, "projects": COUNT}],
    },
    "evaluate": {
        "subjects": COUNT, "by_grade": {}, "by_level": {}, "by_subject_kind": {}, "by_fund": {},
        "key_departments": COUNT, "key_projects": COUNT, "average_score": SCORE, "deviations": COUNT,
        "townships": [{"township": TEXT, "score": SCORE, "grade": TEXT}],
    },
    "mechanism": {"documents": COUNT, "training_sessions": COUNT, "training_attendances": COUNT},
    "check": dict.fromkeys(
        ("files", "sheets", "rows_read", "rows_used", "rows_rejected", "errors", "warnings", "hints"), COUNT
    ),
}  # fmt: skip
ORIGIN = {"file": TEXT, "sheet": TEXT, "row": COUNT}
ROWS: dict[str, dict[str, Any]] = {
    "assess": {
        "project_code": TEXT, "project_name": TEXT, "budget_unit": TEXT, "submitted_yuan": MONEY,
        "approved_yuan": MONEY, "reduction_yuan": MONEY, "reduction_pct": PERCENT, "score": SCORE,
        "conclusion": TEXT, "origin": ORIGIN,
    },
    "goals": {
        "project_code": TEXT, "project_name": TEXT, "budget_unit": TEXT, "indicators": COUNT, "grade": TEXT,
        "score": SCORE, "comments": [TEXT], "origin": ORIGIN,
    },
    "monitor": {
        "project_code": TEXT, "project_name": TEXT, "budget_unit": TEXT, "department": TEXT, "budget_yuan": MONEY,
        "expenditure_yuan": MONEY, "execution_pct": PERCENT, "progress_ratio_pct": PERCENT, "execution_light": TEXT,
        "goal_light": TEXT, "light": TEXT, "action": TEXT, "reasons": [TEXT], "origin": ORIGIN,
        "indicators": [{
            "level1": TEXT, "level2": TEXT, "level3": TEXT, "operator": TEXT, "target": TEXT, "measure": TEXT,
            "actual": TEXT, "completion_pct": PERCENT, "light": TEXT,
        }],
    },
    "evaluate": {
        "subject": TEXT, "subject_kind": TEXT, "level": TEXT, "department": TEXT, "budget_unit": TEXT, "score": SCORE,
        "recomputed_score": SCORE, "final_score": SCORE, "grade": TEXT, "proposal": TEXT, "origin": ORIGIN,
        "indicators": [dict.fromkeys((
            "level1", "level2", "level3", "operator", "target", "measure", "actual", "weight", "self_score", "score",
        ), TEXT)],
    },
}  # fmt: skip
NEVER_NULL = {COUNT, MONEY}


def wrong(value: Any, shape: Any, path: str) -> list[str]:
    """值与约定的样子不合的地方。"""
    if isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            return [f"{path} 不是对象：{value!r}"]
        found = [f"{path}.{key} 没有" for key in shape if key not in value]
        for key, item in value.items():
            found += wrong(item, shape.get(key, COUNT if not shape else None), f"{path}.{key}")
        return found
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{path} 不是数组：{value!r}"]
        return [said for number, item in enumerate(value) for said in wrong(item, shape[0], f"{path}[{number}]")]
    if shape is None:
        return []
    if value is None:
        allowed = shape not in NEVER_NULL or path.endswith(("mandatory_missing", "budget_yuan", "expenditure_yuan"))
        return [] if allowed else [f"{path} 是 null"]
    if shape == COUNT:
        return [] if type(value) is int else [f"{path} 不是整数：{value!r}"]
    if not isinstance(value, str):
        return [f"{path} 不是文字：{value!r}"]
    return [] if shape not in PATTERNS or re.fullmatch(PATTERNS[shape], value) else [f"{path} 写法不对：{value!r}"]


@pytest.fixture
def year(sheet: WriteSheet, tmp_path: Path) -> Path:
    """一个县的一年，每种表各一张。"""
    for file, text in SHEETS.items():
        sheet(text, file=f"年/{file}")
    (tmp_path / "年" / "pbm.toml").write_text(
        '[county]\nname = "甲县"\nissuer = "甲县财政局"\nyear = 2023\n[run]\non = 2023-06-30\n', encoding="utf-8"
    )
    return tmp_path / "年"


def made(run_pbm: RunPbm, *arguments: str | Path) -> dict[str, Any]:
    result = run_pbm(*arguments, "--json", "--fail-on", "never")
    assert result.code == 0, result.err
    document = json.loads(result.out)
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("command", ["assess", "goals", "monitor", "evaluate", "report", "check"])
def test_every_key_of_the_document(run_pbm: RunPbm, year: Path, command: str) -> None:
    document = made(run_pbm, command, year)
    wanted = ("pbm", "command", "county", "year", "ruleset", "on", "inputs", "summary", "rows", "findings")
    assert [key for key in wanted if key not in document] == []
    head = {key: document[key] for key in wanted[1:6]}
    assert head == {"command": command, "county": "甲县", "year": 2023, "ruleset": "national", "on": "2023-06-30"}
    for item in document["inputs"]:
        assert re.fullmatch(r"[0-9a-f]{64}", item["sha256"])
        for sheet in item["sheets"]:
            assert sheet["kind"]
            assert sheet["rows_read"] == sheet["rows_used"] + sheet["rows_rejected"] + sheet["rows_total"] > 0
    for finding in document["findings"]:
        assert set(finding) >= {"code", "level", "subject", "message", "where", "basis"}
        assert finding["level"] in {"error", "warning", "hint", "red", "yellow"}
        assert finding["where"] is None or {"file", "sheet", "cell"} <= finding["where"].keys()
        assert isinstance(finding["message"], str)
        assert "None" not in finding["message"]
    expected = {name: SUMMARY[name] for name in ROWS} | {"mechanism": SUMMARY["mechanism"]}
    assert wrong(document["summary"], expected if command == "report" else SUMMARY[command], "summary") == []
    if command in ROWS:
        assert document["rows"]
        assert wrong(document["rows"], [ROWS[command]], "rows") == []


def test_the_figures_of_the_small_year(run_pbm: RunPbm, year: Path) -> None:
    summary = made(run_pbm, "report", year)["summary"]
    assess = summary["assess"]
    assert (assess["projects"], assess["submitted_yuan"], assess["approved_yuan"]) == (2, "1000000.00", "885100.00")
    assert (assess["reduction_yuan"], assess["reduction_pct"]) == ("114900.00", "11.49")
    units = {item["budget_unit"]: item["reduction_pct"] for item in assess["by_unit"]}
    assert units == {"水务局": "11.49", "住建局": None}
    assert (summary["goals"]["comments"], summary["goals"]["added_projects"]) == (1, 1)
    monitor = summary["monitor"]
    assert (monitor["execution_pct"], monitor["time_progress_pct"]) == ("6.21", "50.00")
    assert monitor["lights"] == {"red": 1, "yellow": 0, "green": 0, "blue": 0, "none": 1}
    assert (monitor["units_due"], monitor["units_reported"], monitor["coverage_pct"]) == (2, 1, "50.00")
    assert (monitor["adjusted_yuan"], monitor["adjusted_cut_yuan"]) == ("14900.00", "14900.00")
    assert monitor["by_reason"] == {"政策变化": 1}
    evaluate = summary["evaluate"]
    assert (evaluate["key_departments"], evaluate["key_projects"]) == (1, 1)
    assert evaluate["by_fund"] == {"一般公共预算": 1}
    assert (
        evaluate["townships"][0] | {"township": "玉蟾街道", "score": "91.50", "grade": "优"} == evaluate["townships"][0]
    )
    assert (
        summary["mechanism"] | {"documents": 1, "training_sessions": 2, "training_attendances": 60}
        == summary["mechanism"]
    )


def test_monitor_rows_of_the_small_year(run_pbm: RunPbm, year: Path) -> None:
    rows = {row["project_code"]: row for row in made(run_pbm, "monitor", year)["rows"]}
    river, houses = rows["A1"], rows["A2"]
    assert (river["execution_light"], river["light"]) == ("red", "red")
    assert river["action"]
    assert "政策变化" in river["reasons"]
    volume, deadline = river["indicators"]
    assert (volume["operator"], volume["target"], volume["measure"], volume["actual"]) == (
        ">=", "60000", "立方米", "40000",
    )  # fmt: skip
    assert (volume["completion_pct"], volume["light"]) == ("66.67", "blue")
    assert (deadline["operator"], deadline["target"], deadline["actual"]) == ("qualitative", "2023年底", "未完成")
    assert (houses["execution_pct"], houses["progress_ratio_pct"], houses["light"]) == (None, None, "none")
    assert houses["budget_yuan"] == "0.00"
    assert river["origin"] == {"file": "执行.xlsx", "sheet": "Sheet1", "row": 4}


def test_a_grade_is_given_before_rounding(run_pbm: RunPbm, year: Path) -> None:
    """59.995 分显示为 60.00，等级仍是差。"""
    rows = {row["subject"]: row for row in made(run_pbm, "evaluate", year)["rows"]}
    assert (rows["水务局"]["score"], rows["水务局"]["grade"]) == ("60.00", "差")


EMPTY = {
    "assess": "单位：万元\n| 项目名称 | 申报金额 | 审定金额 |\n| 合计 | 0 | 0 |",
    "goals": "单位：万元\n| 项目名称 | 预算金额 | 年度总体目标 |\n| 合计 | 0 | |",
    "monitor": "单位：万元\n| 项目名称 | 调整后预算数 | 累计支出 |\n| 合计 | 0 | 0 |",
    "evaluate": "| 评价对象 | 对象类型 | 评价层次 | 评价得分 |",
}


@pytest.mark.parametrize("command", EMPTY)
def test_empty_sheets_keep_every_key(run_pbm: RunPbm, sheet: WriteSheet, command: str) -> None:
    """只有表头的表：各键都在，数为 0，比率为 null。"""
    path = sheet(EMPTY[command])
    result = run_pbm(command, path, "--json", "--on", "2023-12-31")
    if result.code == 2:  # 没有数据的表也可以说不能用，但要说明白
        assert "没有" in result.err
        return
    document = json.loads(result.out)
    assert wrong(document["summary"], SUMMARY[command], "summary") == []
    assert document["rows"] == []
    ratios = {key: value for key, value in document["summary"].items() if key in ("reduction_pct", "execution_pct")}
    assert set(ratios.values()) <= {None}


def test_codes_stay_text_and_names_stay_whole(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """前导零、21 位编码、公式样的名称。

    单位：万元
    | 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |
    | '00123' | =SUM(A1) | '219001-某局' | 1 | 1 |
    | '51000021R000000019951' | @甲<script> | 某局 | 2 | 1.5 |
    """
    rows = made(run_pbm, "monitor", sheet(), "--on", "2023-12-31")["rows"]
    assert [(row["project_code"], row["project_name"], row["budget_unit"]) for row in rows] == [
        ("00123", "=SUM(A1)", "某局"),
        ("51000021R000000019951", "@甲<script>", "某局"),
    ]
    assert rows[0]["execution_pct"] == "100.00"


@pytest.mark.parametrize(
    ("spent", "shown"),
    [("0.005", "0.01"), ("0.0049", "0.00"), ("33.335", "33.34"), ("1.005", "1.01"), ("2.675", "2.68")],
)
def test_percents_are_rounded_half_up(run_pbm: RunPbm, sheet: WriteSheet, spent: str, shown: str) -> None:
    path = sheet(f"单位：亿元\n| 项目名称 | 调整后预算数 | 累计支出 |\n| 甲 | 1 | '{float(spent) / 100:.9f}' |")
    row = made(run_pbm, "monitor", path, "--on", "2023-12-31")["rows"][0]
    assert row["execution_pct"] == shown
