"""pbm explain：数与项目的由来——算式带数，单元格是原文，参数带依据；问错了列出可以问的。"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import RunPbm, WriteSheet
from pbm_cli.facts.explanation import explain as explained
from pbm_cli.facts.explanation import figures
from pbm_cli.facts.sources import Sources
from pbm_cli.pipeline import Options, judged, read, ruleset_of

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "luxian-2023"
SHEETS = {
    "执行.xlsx": "单位：万元\n| 项目编码 | 项目名称 | 预算单位 | 资金性质 | 调整后预算数 | 累计支出 | 偏差原因 |\n"
    "| 'P1' | 校舍维修 | 甲局 | 一般 | 60 | 20 | 征地 |\n| 'P1' | 校舍维修 | 甲局 | 专项 | 40 | 10 | |\n"
    "| 'P2' | 运行维护 | 甲局 | 一般 | 100 | 90 | |\n| 'P3' | 运行维护 | 乙局 | 一般 | 50.005 | 50 | |",
    "指标.xlsx": "| 项目编码 | 项目名称 | 预算单位 | 一级指标 | 二级指标 | 三级指标 | 指标值 | 完成值 |\n"
    "| 'P1' | 校舍维修 | 甲局 | 产出指标 | 数量指标 | 维修面积 | ≥1000平方米 | 700 |",
    "评估.xlsx": "单位：万元\n| 项目编码 | 项目名称 | 项目单位 | 申报金额 | 审定金额 | 评估结论 |\n"
    "| 'P1' | 校舍维修 | 甲局 | 120 | 100 | 调整完善后支持 |\n| 'P9' | 新建 | 甲局 | 80 | 80 | 予以支持 |",
    "台账.xlsx": "单位：万元\n| 项目编码 | 项目名称 | 预算单位 | 调整前预算 | 调整后预算 | 处置措施 | 原因 |\n"
    "| 'P1' | 校舍维修 | 甲局 | 130 | 100 | 调减 | 征地 |\n| 'P2' | 运行维护 | 甲局 | 90 | 100 | 调增 | 缺口 |",
    "评价.xlsx": "| 项目编码 | 评价对象 | 对象类型 | 评价层次 | 预算单位 | 评价得分 |\n"
    "| 'P1' | 校舍维修 | 项目 | 财政重点评价 | 甲局 | 79.5 |\n| 'P2' | 运行维护 | 项目 | 单位自评 | 甲局 | 95 |",
    "培训.xlsx": "| 培训名称 | 培训时间 | 期数 | 人次 |\n| 甲班 | 3月 | 2 | 120 |\n| 乙班 | 4月 | | 80 |",
}


@pytest.fixture
def year(sheet: WriteSheet, tmp_path: Path) -> Path:
    """一个小的县年度。"""
    for file, text in SHEETS.items():
        sheet(text, file=f"年/{file}")
    (tmp_path / "年" / "pbm.toml").write_text(
        '[county]\nname = "某县"\nyear = 2023\n[run]\non = 2023-12-31\n', encoding="utf-8"
    )
    return tmp_path / "年"


def explain(run_pbm: RunPbm, year: Path, subject: str) -> dict[str, Any]:
    result = run_pbm("explain", year, subject, "--json")
    assert result.code == 0, result.out + result.err
    made = json.loads(result.out)
    assert isinstance(made, dict)
    return made


def sources(made: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(item["file"], item["cell"], item["text"]) for item in made["cells"]]


def test_a_ratio_with_its_numbers_and_cells(run_pbm: RunPbm, year: Path) -> None:
    made = explain(run_pbm, year, "assess.reduction_pct")
    assert (made["subject"], made["value"], made["command"]) == ("assess.reduction_pct", "10.00", "explain")
    assert "summary" not in made
    for part in ("200000.00 元", "2000000.00 元", "10.00%", "先汇总后相除"):
        assert part in made["formula"]
    assert sources(made) == [
        ("评估.xlsx", "D3", "120"), ("评估.xlsx", "D4", "80"), ("评估.xlsx", "E3", "100"), ("评估.xlsx", "E4", "80"),
    ]  # fmt: skip
    assert {item["sheet"] for item in made["cells"]} == {"Sheet1"}


def test_raw_text_is_what_stands_in_the_cell(run_pbm: RunPbm, year: Path) -> None:
    """万元表上的 50.005 照写，不换算成元。"""
    made = explain(run_pbm, year, "monitor.budget_yuan")
    assert made["value"] == "2500050.00"
    assert [text for _, _, text in sources(made)] == ["60", "40", "100", "50.005"]
    assert "500050.00" in made["formula"]


def test_a_count_of_lights_has_the_deciding_cells_and_the_line(run_pbm: RunPbm, year: Path) -> None:
    made = explain(run_pbm, year, "monitor.lights.red")
    assert made["value"] == 1
    assert "3 个项目" in made["formula"]
    assert "1 个" in made["formula"]
    assert {(file, cell) for file, cell, _ in sources(made)} == {
        ("执行.xlsx", "E3"), ("执行.xlsx", "F3"), ("执行.xlsx", "E4"), ("执行.xlsx", "F4"),
    }  # fmt: skip
    bands = next(item for item in made["parameters"] if item["name"] == "execution_bands")
    assert bands.keys() >= {"name", "value", "effective", "basis", "evidence"}
    assert "60" in bands["value"]
    assert bands["evidence"] in ("original", "secondary", "practice", "tool-default")


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("monitor.adjusted_yuan", "400000.00", ("300000.00", "100000.00")),
        ("monitor.adjusted_cut_yuan", "300000.00", ("300000.00",)),
        ("evaluate.average_score", "87.25", ("174.5", "÷ 2", "87.25")),
        ("mechanism.training_attendances", 200, ("120 + 80 = 200",)),
        ("mechanism.training_sessions", 3, ("2 + 1 = 3",)),
        ("monitor.time_progress_pct", "100.00", ("2023-12-31", "11 ÷ 12")),
        ("evaluate.by_grade.中", 1, ("“中”", "1 个")),
    ],
)
def test_figures(run_pbm: RunPbm, year: Path, name: str, value: object, parts: tuple[str, ...]) -> None:
    made = explain(run_pbm, year, name)
    assert made["value"] == value
    assert [part for part in parts if part not in made["formula"]] == []


@pytest.mark.parametrize("subject", ["P1", "校舍维修", "校舍 维修", "甲局/校舍维修", "甲局/P1"])
def test_a_project_from_end_to_end(run_pbm: RunPbm, year: Path, subject: str) -> None:
    """执行率 30%：红灯；维修面积 700/1000：黄灯；取较差者；两项资金合起来算。"""
    made = explain(run_pbm, year, subject)
    assert (made["subject"], made["value"]) == ("校舍维修", "red")
    assert "执行率 30.00%" in made["formula"]
    assert "取较差者" in made["formula"]
    steps = {row["step"]: row for row in made["rows"]}
    assert [steps[name]["value"] for name in ("执行灯", "指标灯·维修面积", "目标灯", "总灯")] == [
        "red", "yellow", "yellow", "red",
    ]  # fmt: skip
    assert "700" in steps["指标灯·维修面积"]["sentence"]
    assert "70.00%" in steps["指标灯·维修面积"]["sentence"]
    assert steps["执行灯"]["rules"] == ["M01"]
    assert steps["执行灯"]["basis"]
    assert "处置建议" in steps
    assert "评减 200000.00 元" in steps["事前评估"]["sentence"]
    assert "16.67%" in steps["事前评估"]["sentence"]
    assert steps["财政重点评价"]["sentence"] == "得分 79.50，等级“中”"
    places = sources(made)
    for one in [
        ("执行.xlsx", "E3", "60"), ("执行.xlsx", "E4", "40"), ("执行.xlsx", "F4", "10"), ("指标.xlsx", "H2", "700"),
        ("评估.xlsx", "D3", "120"), ("台账.xlsx", "D3", "130"), ("评价.xlsx", "F2", "79.5"),
    ]:  # fmt: skip
        assert one in places
    assert not any(cell.endswith("5") and file == "执行.xlsx" for file, cell, _ in places)
    assert {"execution_bands", "grade_floors", "treatments"} <= {item["name"] for item in made["parameters"]}
    assert len(places) == len(set(places))


def test_the_same_lights_as_monitor_says(run_pbm: RunPbm, year: Path) -> None:
    rows = json.loads(run_pbm("monitor", year, "--json").out)["rows"]
    assert len(rows) == 3
    for row in rows:
        made = explain(run_pbm, year, row["project_code"])
        steps = {step["step"]: step["value"] for step in made["rows"]}
        assert [steps[word] for word in ("执行灯", "目标灯", "总灯", "处置建议")] == [
            row["execution_light"], row["goal_light"], row["light"], row["action"],
        ]  # fmt: skip


def test_the_ruleset_decides(run_pbm: RunPbm, year: Path) -> None:
    result = run_pbm("explain", year, "P2", "--ruleset", "sichuan-2025", "--on", "2025-12-31", "--json")
    made = json.loads(result.out)
    assert (made["ruleset"], made["on"]) == ("sichuan-2025", "2025-12-31")
    assert "预警线" in made["formula"]


def test_an_ambiguous_name_lists_the_candidates(run_pbm: RunPbm, year: Path) -> None:
    result = run_pbm("explain", year, "运行维护")
    assert (result.code, result.out) == (2, "")
    for part in ("2 个项目", "P2 甲局/运行维护", "P3 乙局/运行维护"):
        assert part in result.err
    assert explain(run_pbm, year, "乙局/运行维护")["value"] == "green"


@pytest.mark.parametrize("subject", ["monitor.nothing", "没有这个项目", "assess.", "goals.comments"])
def test_the_unknown_is_refused_with_what_can_be_asked(run_pbm: RunPbm, year: Path, subject: str) -> None:
    result = run_pbm("explain", year, subject, "--json")
    assert result.code == 2
    said = json.loads(result.out)["findings"][0]["message"]
    assert "可以追溯的" in said
    stage = subject.partition(".")[0]
    assert ("assess.reduction_pct" if stage in ("assess", "goals", "没有这个项目") else "monitor.lights.（red") in said


def test_near_names_are_offered(run_pbm: RunPbm, year: Path) -> None:
    assert "校舍维修" in run_pbm("explain", year, "校舍").err


def test_the_screen(run_pbm: RunPbm, year: Path) -> None:
    result = run_pbm("explain", year, "P1")
    assert result.code == 0
    for part in ("校舍维修：红灯", "执行.xlsx>Sheet1!E3", "个单元格，列出 10 个", "execution_bands"):
        assert part in result.out
    result.out.encode("gbk")
    assert "评减率 10.00%" in run_pbm("explain", year, "assess.reduction_pct").out
    assert run_pbm("explain", year / "没有", "P1").code == 2


def test_same_bytes_twice(run_pbm: RunPbm, year: Path) -> None:
    assert run_pbm("explain", year, "P1", "--json").out == run_pbm("explain", year, "P1", "--json").out


def test_every_figure_of_the_example_says_its_own_value() -> None:
    """示例里每个能追溯的数：算式里有这个数；不是 0 的（序时进度除外）有来源单元格，都在读过的文件里。"""
    run = read([EXAMPLE], Options())
    facts = judged("report", run)
    held = Sources(facts, run.loaded, ruleset_of(run).at(facts.on or pytest.fail("示例没有截止日")))
    files = {report.file for report in facts.files}
    known = figures(held)
    assert len(known) > 100
    wrong = []
    for name, value in known.items():
        made = explained(name, held)
        if str(value) not in made.formula or {where.file for where in made.places} - files:
            wrong.append(name)
        if not made.places and value != 0 and name != "monitor.time_progress_pct":
            wrong.append(f"{name} 没有来源")
    assert wrong == []


def test_the_cells_of_the_example_add_up(run_pbm: RunPbm) -> None:
    """追溯给出的单元格，用 openpyxl 另读一遍，按算式重算。"""
    made = explain(run_pbm, EXAMPLE, "assess.reduction_pct")
    book = openpyxl.load_workbook(EXAMPLE / "事前绩效评估结果.xlsx", data_only=True)
    sums: dict[str, Fraction] = {}
    for item in made["cells"]:
        value = book[item["sheet"]][item["cell"]].value
        assert float(item["text"]) == value
        sums[item["cell"][0]] = sums.get(item["cell"][0], Fraction(0)) + Fraction(str(value))
    submitted, approved = sums.values()
    assert f"{float((submitted - approved) / submitted * 100):.2f}" == made["value"] == "11.49"
