"""年度总结：数字、文字、灯跟着单元格走；缺什么就不写什么；公文里没有难看的字。"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import RunPbm, WriteSheet
from test_contract_json import SHEETS

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "luxian-2023"
UGLY = re.compile(
    r"None|nan\b|Undefined|——%|——万元|（）|《》|“”|\{\{|\}\}|[，、；：。]{2}|，（|（[，、。]|[，、]）"
    r"|共共|[\u4e00-\u9fff] +\d|\d +[\u4e00-\u9fff]|(?<![\d.优良中差])0个[，、。]|-\d+\.\d\d万元"
)


def prose(text: str) -> str:
    """正文：附件与表格之外的段落。"""
    body = text.partition("\n# 附件")[0]
    return "\n".join(line for line in body.splitlines() if not line.startswith(("|", "- ", "> ")))


def section(text: str, title: str) -> str:
    """某一节的正文；没有这一节为空串。"""
    found = re.search(rf"## [一二三四五六七八九十]+、{title}\n(.*?)(?=\n## |\n# |\n> |\Z)", text, re.DOTALL)
    return found[1].strip() if found else ""


def told(run_pbm: RunPbm, command: str, *arguments: str | Path, folder: Path) -> tuple[str, dict[str, Any]]:
    """写出的 Markdown 与 JSON。"""
    target = folder / "总结.md"
    result = run_pbm(command, *arguments, "--json", "--fail-on", "never", "-o", target)
    assert result.code == 0, result.err
    document = json.loads(result.out)
    assert isinstance(document, dict)
    return target.read_text(encoding="utf-8"), document


def county(sheet: WriteSheet, folder: Path, files: dict[str, str]) -> Path:
    """一个县的年度文件夹。"""
    for file, text in files.items():
        sheet(text, file=f"县/{file}")
    (folder / "县" / "pbm.toml").write_text(
        '[county]\nname = "甲县"\nissuer = "甲县财政局"\nyear = 2023\n[run]\non = 2023-12-31\n', encoding="utf-8"
    )
    return folder / "县"


EXECUTION = "单位：万元\n| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |\n"
ASSESS = "单位：万元\n| 项目名称 | 项目单位 | 申报金额 | 审定金额 | 评估结论 |\n"
SCENARIOS: dict[str, dict[str, str]] = {
    "全部": SHEETS,
    **{f"只有{Path(file).stem}": {file: text} for file, text in SHEETS.items() if file not in ("意见.xlsx",)},
    "没有评价": {file: text for file, text in SHEETS.items() if file not in ("评价.xlsx", "镇街.xlsx")},
    "没有监控": {
        file: text for file, text in SHEETS.items() if file not in ("执行.xlsx", "指标.xlsx", "登记.xlsx", "台账.xlsx")
    },
    "没有红灯": {"执行.xlsx": f"{EXECUTION}| 'P1' | 甲 | 某局 | 100 | 95 |\n| 'P2' | 乙 | 某局 | 100 | 70 |"},
    "没有红黄灯": {"执行.xlsx": f"{EXECUTION}| 'P1' | 甲 | 某局 | 100 | 95 |"},
    "全是红灯": {"执行.xlsx": f"{EXECUTION}| 'P1' | 甲 | 某局 | 100 | 5 |\n| 'P2' | 乙 | 某局 | 100 | 7 |"},
    "全无预算": {"执行.xlsx": f"{EXECUTION}| 'P1' | 甲 | 某局 | 0 | 0 |"},
    "一个评估项目": {"评估.xlsx": f"{ASSESS}| 甲 | 某局 | 100 | 90 | 调整后支持 |"},
    "一个核增项目": {"评估.xlsx": f"{ASSESS}| 甲 | 某局 | 100 | 120 | 予以支持 |"},
    "两个项目净核增": {"评估.xlsx": f"{ASSESS}| 甲 | 某局 | 100 | 120 | |\n| 乙 | 某局 | 100 | 95 | |"},
    "没有评减": {"评估.xlsx": f"{ASSESS}| 甲 | 某局 | 100 | 100 | 支持 |\n| 乙 | 某局 | 0 | 0 | 支持 |"},
    "核增很多": {"评估.xlsx": ASSESS + "\n".join(f"| 项目{n}号 | 某局 | 100 | 10{n} | |" for n in range(1, 6))},
    "无人报送": {
        "执行.xlsx": f"{EXECUTION}| 'P1' | 甲 | 某局 | 100 | 95 |",
        "登记.xlsx": "| 预算单位 | 报送日期 | 公开日期 |\n| 某局 | | |",
    },
    "有坏格": {"执行.xlsx": f"{EXECUTION}| 'P1' | 甲 | 某局 | 1OO | 95 |\n| 'P2' | 乙 | 某局 | 100 | 95 |"},
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_kind_of_year_reads_well(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, name: str) -> None:
    text, document = told(run_pbm, "report", county(sheet, tmp_path, SCENARIOS[name]), folder=tmp_path)
    body = prose(text)
    assert [found[0] for found in UGLY.finditer(body)] == [], body
    assert text.startswith("# 甲县2023年预算绩效管理工作总结")
    numerals = re.findall(r"^## ([一二三四五六七八九十]+)、", text, re.MULTILINE)
    assert numerals == ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"][: len(numerals)]
    for stage, title in (("assess", "开展事前绩效评估"), ("monitor", "开展绩效运行监控"), ("evaluate", "开展绩效评价")):
        if stage not in document["summary"]:
            assert section(text, title) == ""
    assert not re.search(r"^#+ .*\n+(?=#|\Z)", text, re.MULTILINE), "有空的章节"


@pytest.mark.parametrize("name", ["全部", "两个项目净核增", "全是红灯"])
def test_every_amount_in_the_text_is_in_the_json(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, name: str) -> None:
    text, document = told(run_pbm, "report", county(sheet, tmp_path, SCENARIOS[name]), folder=tmp_path)
    amounts, percents = set(), set()
    for key, value in leaves(document):
        if key.endswith("_yuan") and isinstance(value, str):
            amounts.add(f"{abs(Decimal(value)) / 10000:.2f}")
        if key.endswith("_pct") and isinstance(value, str):
            percents.add(value.removeprefix("-"))
    body = "\n".join(section(text, title) for title in ("开展事前绩效评估", "开展绩效运行监控", "强化绩效目标管理"))
    shown = re.findall(r"(\d+\.\d\d)万元", body)
    assert shown
    assert set(shown) <= amounts
    assert set(re.findall(r"(\d+\.\d\d)%", body)) <= percents


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, key)
    else:
        yield key, value


def test_everything_absent_is_two(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    folder = county(sheet, tmp_path, {"通讯录.xlsx": "| 姓名 | 电话 |\n| 某甲 | 0830 |"})
    result = run_pbm("report", folder, "--json")
    assert result.code == 2
    assert json.loads(result.out)["findings"]
    assert "项目支出预算执行表" in result.err


def test_the_signature_and_the_title_follow_pbm_toml(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    folder = county(sheet, tmp_path, {"评估.xlsx": SHEETS["评估.xlsx"]})
    assert "> 甲县财政局" in told(run_pbm, "report", folder, folder=tmp_path)[0]
    (folder / "pbm.toml").unlink()
    text, _ = told(run_pbm, "report", folder, "--on", "2023-12-31", folder=tmp_path)
    assert "财政局" not in text
    assert [found[0] for found in UGLY.finditer(prose(text))] == []
    assert text.startswith("# 2023年预算绩效管理工作总结")


@pytest.mark.parametrize(
    ("command", "file"),
    [("assess", "评估.xlsx"), ("goals", "目标.xlsx"), ("monitor", "执行.xlsx"), ("evaluate", "评价.xlsx")],
)
def test_a_single_stage_tells_its_own_story(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, command: str, file: str
) -> None:
    path = sheet(SHEETS[file], file=file)
    text, _ = told(run_pbm, command, path, "--on", "2023-06-30", folder=tmp_path)
    assert [found[0] for found in UGLY.finditer(prose(text))] == [], prose(text)
    assert "工作总结" not in text


# 泸县的一年


@pytest.fixture
def luxian(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "泸县", ignore=shutil.ignore_patterns("expected")))


def test_the_figures_of_the_seed(run_pbm: RunPbm) -> None:
    result = run_pbm("report", EXAMPLE, "--json")
    assert result.code == 0, result.err
    summary = json.loads(result.out)["summary"]
    assert [summary["assess"][k] for k in ("projects", "submitted_yuan", "reduction_yuan", "reduction_pct")] == [
        12, "47550500.00", "5461800.00", "11.49",
    ]  # fmt: skip
    monitor = summary["monitor"]
    assert (monitor["projects"], monitor["lights"]["red"]) == (1795, 52)
    assert (monitor["units_due"], monitor["units_reported"]) == (84, 84)
    assert (monitor["adjusted_projects"], monitor["adjusted_yuan"]) == (28, "126027500.00")
    assert (summary["goals"]["projects"], summary["goals"]["comments"]) == (553, 312)
    assert (summary["evaluate"]["key_departments"], summary["evaluate"]["key_projects"]) == (5, 15)
    assert list(summary["mechanism"].values())[:3] == [5, 3, 334]


def changed(folder: Path, file: str, finds: Callable[[Any], bool], column: str, value: object) -> str:
    """改 file 里某一行某一列的一格；返回“工作表!地址”。表头按文字找。"""
    book = openpyxl.load_workbook(folder / file)
    for page in book:
        heads = {
            str(cell.value).replace("\n", ""): cell for row in page.iter_rows(max_row=6) for cell in row if cell.value
        }
        if column not in heads:
            continue
        for row in page.iter_rows(min_row=heads[column].row + 1):
            if any(finds(cell.value) for cell in row):
                cell = page.cell(row[0].row, heads[column].column)
                cell.value = value
                book.save(folder / file)
                return f"{page.title}!{cell.coordinate}"
    raise AssertionError(f"{file} 里没有这一格")


def test_an_amount_changes_and_everything_follows(run_pbm: RunPbm, luxian: Path, tmp_path: Path) -> None:
    """一个项目的审定金额改成 0：评减额、评减率、文字跟着变，合计行、评减额列、评减率列各说不符。"""
    before = json.loads(run_pbm("report", luxian, "--json").out)
    row = next(r for r in before["rows"] if r["stage"] == "assess" and r["reduction_yuan"] == "0.00")
    place = changed(luxian, "事前绩效评估结果.xlsx", lambda v: v == row["project_name"], "审定金额", 0)
    text, after = told(run_pbm, "report", luxian, folder=tmp_path)
    expected = Decimal(before["summary"]["assess"]["reduction_yuan"]) + Decimal(row["submitted_yuan"])
    assert Decimal(after["summary"]["assess"]["reduction_yuan"]) == expected
    assert f"评减{expected / 10000:.2f}万元" in text
    assert f"评减率{after['summary']['assess']['reduction_pct']}%" in text
    codes = {f["code"] for f in after["findings"] if f["where"] and f["where"]["file"] == "事前绩效评估结果.xlsx"}
    assert {"E02", "D10"} <= codes
    assert place.endswith(tuple("0123456789"))
    assert run_pbm("report", luxian, "--quiet").code == 1


def test_an_executed_sum_changes_the_light(run_pbm: RunPbm, luxian: Path, tmp_path: Path) -> None:
    """把一个绿灯项目的累计支出改成 0：多一个红灯，附件里有它。"""
    file = "预算执行/行政单位项目支出预算执行情况.xlsx"
    before = json.loads(run_pbm("monitor", luxian, "--json").out)
    row = next(r for r in before["rows"] if r["light"] == "green" and r["origin"]["file"] == file and r["indicators"])
    changed(luxian, file, lambda v: v == row["project_code"], "累计支出", 0)
    text, after = told(run_pbm, "report", luxian, folder=tmp_path)
    assert after["summary"]["monitor"]["lights"]["red"] == before["summary"]["lights"]["red"] + 1
    assert "红灯项目53个" in text
    assert row["project_code"] in text.partition("红灯项目清单")[2]


def test_a_conclusion_changes_the_counts(run_pbm: RunPbm, luxian: Path, tmp_path: Path) -> None:
    changed(luxian, "事前绩效评估结果.xlsx", lambda v: v == "调整完善后支持", "评估结论", "予以支持")
    text, after = told(run_pbm, "report", luxian, folder=tmp_path)
    assert after["summary"]["assess"]["by_conclusion"] == {"予以支持": 4, "调整完善后支持": 7, "不予支持": 1}
    assert "予以支持4个" in text


def test_a_broken_cell_is_named_and_the_run_says_one(run_pbm: RunPbm, luxian: Path, tmp_path: Path) -> None:
    place = changed(luxian, "事前绩效评估结果.xlsx", lambda v: v == "予以支持", "送审金额", "12O.5")
    result = run_pbm("report", luxian, "--json", "-o", tmp_path / "总结.md")
    assert result.code == 1
    found = [f for f in json.loads(result.out)["findings"] if f["level"] == "error"]
    assert [f"{f['where']['sheet']}!{f['where']['cell']}" for f in found] == [place]
    assert f"{place}：" in (tmp_path / "总结.md").read_text(encoding="utf-8")
    shown = run_pbm("report", luxian, "--quiet")
    assert place in shown.err
    assert "12O.5" in shown.err
