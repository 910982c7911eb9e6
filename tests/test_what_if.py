"""pbm monitor --what-if：换一个参数值再判一次，与现行规则并排；--previous 说出变灯的个数。"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import RunPbm, WriteSheet

EXECUTION = """
项目支出预算执行情况表（2023年1-12月）
单位：万元
| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |
| 'P1' | 河道治理 | 水务局 | 100 | 95 |
| 'P2' | 老旧小区改造 | 住建局 | 200 | 20 |
| 'P3' | 校园安防 | 教体局 | 50 | 35 |
| 'P4' | 公路养护 | 交通局 | 300 | 210 |
| 'P5' | 信息系统 | 教体局 | 0 | 0 |
"""
ON = ("--on", "2023-12-31")
RED_FROM_71 = ("--what-if", "execution_bands.黄灯=71")


@pytest.fixture
def book(sheet: WriteSheet) -> Path:
    return sheet(EXECUTION, file="执行.xlsx")


def monitor(run_pbm: RunPbm, *arguments: str | Path) -> dict[str, Any]:
    result = run_pbm("monitor", *arguments, *ON, "--json")
    assert result.code in (0, 1), result.err
    made = json.loads(result.out)
    assert isinstance(made, dict)
    return made


def test_both_results_stand_side_by_side(run_pbm: RunPbm, book: Path) -> None:
    trial = monitor(run_pbm, book, *RED_FROM_71)["what_if"]
    assert trial["lights_before"] == {"red": 1, "yellow": 2, "green": 1, "blue": 0, "none": 1}
    assert trial["lights_after"] == {"red": 3, "yellow": 0, "green": 1, "blue": 0, "none": 1}
    assert trial["execution_lights_after"] == trial["lights_after"]
    changed = [(row["project_name"], row["budget_unit"], row["from"], row["to"]) for row in trial["changed"]]
    assert changed == [("公路养护", "交通局", "yellow", "red"), ("校园安防", "教体局", "yellow", "red")]
    assert (trial["changed_projects"], trial["budget_yuan"], trial["unspent_yuan"]) == (2, "3500000.00", "1050000.00")
    assert trial["moves"] == [{"from": "yellow", "to": "red", "projects": 2, "budget_yuan": "3500000.00"}]
    assert trial["actions_changed"] == 2
    assert "不是规定" in trial["said"]


def test_the_present_value_comes_with_its_basis(run_pbm: RunPbm, book: Path) -> None:
    parameter = monitor(run_pbm, book, *RED_FROM_71)["what_if"]["parameters"][0]
    assert (parameter["name"], parameter["label"]) == ("execution_bands", "执行率与序时进度之比的灯色线")
    assert (parameter["value"], parameter["trial"]) == (
        "绿灯≥80，黄灯≥60，其余为红灯",
        "绿灯≥80，黄灯≥71，其余为红灯",
    )
    assert parameter["evidence"] == "practice"
    assert "通行做法" in parameter["basis"]


def test_the_main_result_stays_that_of_the_rules(run_pbm: RunPbm, book: Path) -> None:
    plain, tried = monitor(run_pbm, book), monitor(run_pbm, book, *RED_FROM_71)
    assert "what_if" not in plain
    del tried["what_if"]
    assert tried == plain


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        (("execution_bands.yellow=71",), (3, 0, 1)),
        (("execution_bands.黄灯=71%",), (3, 0, 1)),
        (("执行率与序时进度之比的灯色线.黄灯=71",), (3, 0, 1)),
        (("execution_bands＝绿灯：90，黄灯：71",), (3, 0, 1)),
        (("execution_bands=green:96,yellow:71,red:0",), (3, 1, 0)),
        (("execution_bands.绿灯=70",), (1, 0, 3)),
        (("execution_bands.绿灯=96", "execution_bands.黄灯=95.01"), (4, 0, 0)),
        (("execution_bands.黄灯=85", "execution_bands.绿灯=90"), (3, 0, 1)),
        (("execution_method=达到序时",), (4, 0, 0)),
        (("execution_method=分月节点", "execution_nodes=10:80"), (3, 0, 1)),
        (("execution_method=分月节点", "execution_nodes.10=50"), (1, 0, 3)),
    ],
)
def test_the_ways_to_write_a_value(
    run_pbm: RunPbm, book: Path, settings: tuple[str, ...], counts: tuple[int, ...]
) -> None:
    arguments = [part for text in settings for part in ("--what-if", text)]
    after = monitor(run_pbm, book, *arguments)["what_if"]["lights_after"]
    assert (after["red"], after["yellow"], after["green"]) == counts


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (("gap_limit",), ("参数名=值",)),
        (("=5",), ("参数名=值",)),
        (("gap_limit=",), ("参数名=值",)),
        (("exection_band.黄灯=70",), ("execution_bands", "是不是")),
        (("grade_floors.优=85",), ("grade_floors", "不是双监控")),
        (("notice_days=5",), ("notice_days", "不是双监控")),
        (("execution_bands=70",), ("execution_bands.绿灯=70",)),
        (("execution_bands.紫灯=70",), ("紫灯", "绿灯、黄灯、红灯")),
        (("execution_bands.红灯=70",), ("最低的一档", "execution_bands.黄灯=70")),
        (("execution_bands.黄灯=80",), ("从高到低", "绿灯 80、黄灯 80")),
        (("execution_bands.黄灯=高",), ("“高”不是数", "%")),
        (("execution_bands.黄灯=NaN",), ("不是数",)),
        (("gap_limit=1e99",), ("gap_limit",)),
        (("gap_limit.大=3",), ("gap_limit=值",)),
        (("execution_method=抽签",), ("进度比",)),
        (("execution_nodes.13=80",), ("13",)),
        (("gap_limit=5", "gap_limit=6"), ("写了两次",)),
        (("execution_bands.黄灯=50", "execution_bands=黄灯:55"), ("写了两次",)),
    ],
)
def test_a_wrong_value_says_how_to_write_it(
    run_pbm: RunPbm, book: Path, settings: tuple[str, ...], words: tuple[str, ...]
) -> None:
    result = run_pbm("monitor", book, *ON, *[part for text in settings for part in ("--what-if", text)])
    assert (result.code, result.out) == (2, "")
    assert [word for word in words if word not in result.err] == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("execution_bands.黄灯=0.7", "要 70% 请写 70"),
        ("execution_nodes.10=80", "execution_method=分月节点"),
        ("overall_table.是否=黄灯", "overall_method=二维表"),
    ],
)
def test_what_is_easily_mistaken_is_said(run_pbm: RunPbm, book: Path, text: str, word: str) -> None:
    assert any(word in note for note in monitor(run_pbm, book, "--what-if", text)["what_if"]["notes"])


def test_a_parameter_the_rules_leave_open_has_no_present_value(run_pbm: RunPbm, book: Path) -> None:
    trial = monitor(run_pbm, book, "--what-if", "gap_limit=10")["what_if"]
    assert (trial["parameters"][0]["value"], trial["parameters"][0]["basis"]) == (None, "现行规则没有规定")
    assert (trial["changed"], trial["budget_yuan"]) == ([], "0.00")


def test_the_screen_shows_both(run_pbm: RunPbm, book: Path) -> None:
    out = run_pbm("monitor", book, *ON, *RED_FROM_71).out
    assert "不是规定" in out
    assert "2 个项目的灯会变，涉及调整后预算 350.00 万元" in out
    assert [line.split() for line in out.splitlines() if line.startswith("红灯  ")][-1] == ["红灯", "1", "3", "+2"]
    assert "没有项目的灯会变" in run_pbm("monitor", book, *ON, "--what-if", "gap_limit=10").out


def test_the_files_show_both(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"试算{suffix}" for suffix in (".xlsx", ".md", ".json")]
    run_pbm("monitor", book, *ON, *RED_FROM_71, *[part for file in files for part in ("-o", file)])
    rows = [list(row) for row in openpyxl.load_workbook(files[0])["试算"].iter_rows(values_only=True)]
    assert ["红灯", 1, 3, 1, 3, 0, 0] in [row[:7] for row in rows]
    roads = next(row for row in rows if row[0] == "P4")
    assert [roads[1], roads[2], roads[3], roads[6], roads[7]] == ["公路养护", "交通局", 300, "黄灯", "红灯"]
    text = files[1].read_text(encoding="utf-8")
    assert "、试算（不是规定）" in text
    assert "| 公路养护 | 交通局 | 300.00 | 70.00 | 黄灯 | 红灯 |" in text
    assert json.loads(files[2].read_text(encoding="utf-8"))["what_if"]["changed_projects"] == 2


def test_without_it_nothing_is_added(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    run_pbm("monitor", book, *ON, "-o", tmp_path / "结果.xlsx", "-o", tmp_path / "结果.md")
    assert "试算" not in openpyxl.load_workbook(tmp_path / "结果.xlsx").sheetnames
    assert "试算" not in (tmp_path / "结果.md").read_text(encoding="utf-8")


def test_previous_counts_the_changed_lights(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    old = sheet(EXECUTION.replace("| 200 | 20 |", "| 200 | 190 |"), file="上次/执行.xlsx")
    new = sheet(EXECUTION.replace("'P1'", "'P9'").replace("河道治理", "堤防加固"), file="这次/执行.xlsx")
    files = [tmp_path / f"这次{suffix}" for suffix in (".xlsx", ".md")]
    run_pbm("monitor", old, *ON, "-o", tmp_path / "上次.json")
    result = run_pbm("monitor", new, *ON, "--previous", tmp_path / "上次.json", "-o", files[0], "-o", files[1])
    said = "与上次相比：1 个项目的灯变了（新变红灯 1 个），新出现 1 个，不再出现 1 个。"
    assert said in result.out
    assert "有1个项目的灯发生变化" in files[1].read_text(encoding="utf-8")
    cells = [list(row) for row in openpyxl.load_workbook(files[0])["汇总"].iter_rows(values_only=True)]
    assert any("灯有变化的项目" in row for row in cells)
    same = run_pbm("monitor", new, *ON, "--previous", new.parent)
    assert "与上次相比：各项目的灯没有变。" in same.out
