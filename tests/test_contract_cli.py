"""从外面看得见的约定：选项、退出码、标准输出与标准错误、输入不动。"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, RunPbm, WriteSheet

ROOT = Path(__file__).resolve().parents[1]
EXECUTION = """
项目支出预算执行情况表（2023年1-12月）
单位：万元
| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |
| 'P1' | 河道治理 | 水务局 | 100 | 95 |
| 'P2' | 老旧小区改造 | 住建局 | 200 | 20 |
| 'P3' | 校园安防 | 教体局 | 50 | 35 |
"""
ASSESSMENT = """
2023年事前绩效评估结果汇总表
单位：万元
| 项目名称 | 项目单位 | 申报金额 | 审定金额 | 评估结论 |
| 河道治理 | 水务局 | 100 | 90 | 调整后支持 |
"""
STAGES = ("assess", "goals", "monitor", "evaluate", "report", "check")
COMMANDS = (*STAGES, "layouts", "rules", "params", "rulesets", "demo")


def document(result: Result) -> dict[str, Any]:
    """标准输出整个就是一份 JSON 文档。"""
    made = json.loads(result.out)
    assert isinstance(made, dict)
    return made


@pytest.fixture
def book(sheet: WriteSheet) -> Path:
    return sheet(EXECUTION, file="执行.xlsx")


# 一、帮助与用法


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_chinese_and_names_the_options(run_pbm: RunPbm, command: str) -> None:
    result = run_pbm(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert "用法" in result.out
    assert re.findall(r"Usage|Options:|Show this|\[default", result.out) == []
    wanted = ["--debug"]
    if command in STAGES:
        wanted += ["-o", "--out", "--json", "--on", "--ruleset", "--unit", "--overlay", "--fail-on", "--quiet"]
    assert [name for name in wanted if name not in result.out] == []


def test_the_first_help_lists_every_command(run_pbm: RunPbm) -> None:
    out = run_pbm("--help").out
    assert [name for name in COMMANDS if not re.search(rf"^\s+{name}\b", out, re.MULTILINE)] == []


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("没有的命令",), "没有命令"),
        (("monitor",), "缺少"),
        (("monitor", "--wrong", "x"), "--wrong"),
        (("monitor", "没有这个文件.xlsx"), "没有这个文件.xlsx"),
        (("monitor", "{book}", "--on"), "--on"),
        (("monitor", "{book}", "--on", "2023-02-30"), "2023-02-30"),
        (("monitor", "{book}", "--on", "今天"), "今天"),
        (("monitor", "{book}", "--unit", "角"), "元、"),
        (("monitor", "{book}", "--ruleset", "guangdong"), "guangdong"),
        (("monitor", "{book}", "--fail-on", "sometimes"), "never"),
        (("monitor", "{book}", "-o", "结果.pdf"), ".xlsx"),
        (("monitor", "{book}", "-o", "结果"), ".xlsx"),
        (("monitor", "{book}", "--overlay", "没有的文件夹"), "没有的文件夹"),
        (("monitor", "{book}", "--previous", "没有的结果.json"), "没有的结果.json"),
        (("rules", "X99"), "X99"),
        (("rules", "--on", "昨天"), "昨天"),
        (("params", "no_such"), "no_such"),
        (("rules", "--ruleset", "nowhere"), "nowhere"),
    ],
)
def test_wrong_usage_is_two_and_says_what(
    run_pbm: RunPbm, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_pbm(*(part.format(book=book) for part in arguments))
    assert result.code == 2
    assert result.out == ""
    assert word in result.err
    assert "Traceback" not in result.err
    result.err.encode("gbk")


@pytest.mark.parametrize(
    "arguments",
    [("monitor",), ("monitor", "没有.xlsx", "--json"), ("nothing", "--json"), ("monitor", "--json", "--oops")],
)
def test_unusable_with_json_still_prints_a_document(run_pbm: RunPbm, arguments: tuple[str, ...]) -> None:
    result = run_pbm(*arguments, "--json") if "--json" not in arguments else run_pbm(*arguments)
    assert result.code == 2
    findings = document(result)["findings"]
    assert findings
    assert {"code", "level", "subject", "message", "where", "basis"} <= findings[0].keys()
    assert findings[0]["level"] == "error"


def test_a_bug_is_seventy(run_pbm: RunPbm, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("演习")

    monkeypatch.setattr("pbm_cli.run.document", broken)
    quiet = run_pbm("monitor", book)
    assert quiet.code == 70
    assert "--debug" in quiet.err
    assert "Traceback" not in quiet.err
    loud = run_pbm("monitor", book, "--debug")
    assert loud.code == 70
    assert "Traceback" in loud.err


def test_interrupted_is_one_hundred_and_thirty(run_pbm: RunPbm, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pbm_cli.run.document", stopped)
    result = run_pbm("monitor", book)
    assert result.code == 130
    assert "Traceback" not in result.err


# 二、标准输出只有结果


@pytest.mark.parametrize("command", ["monitor", "check"])
def test_json_is_alone_on_standard_output(run_pbm: RunPbm, book: Path, tmp_path: Path, command: str) -> None:
    result = run_pbm(command, book, "--json", "-o", tmp_path / "出.xlsx")
    assert result.code == 0
    assert document(result)["command"] == command
    assert result.out.startswith("{")
    assert result.out.endswith("}\n")


@pytest.mark.parametrize("command", ["monitor", "check", "layouts"])
def test_the_table_goes_out_and_words_go_to_error(run_pbm: RunPbm, book: Path, command: str) -> None:
    result = run_pbm(command, book)
    assert result.code == 0
    assert result.out.strip()
    assert "下一步" not in result.out
    if command != "layouts":
        assert "下一步" in result.err
    (result.out + result.err).encode("gbk")


def test_lights_are_words(run_pbm: RunPbm, book: Path) -> None:
    out = run_pbm("monitor", book).out
    assert "红灯" in out
    assert "黄灯" in out
    assert "\x1b" not in out


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}])
def test_no_colour_codes_in_a_pipe(
    run_pbm: RunPbm, book: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = run_pbm("monitor", book)
    assert "\x1b" not in result.out + result.err


def test_characters_outside_gbk_are_replaced_on_the_terminal_not_in_json(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = sheet(EXECUTION.replace("老旧小区", "𠮷小区✓"), file="生僻.xlsx")
    shown = run_pbm("monitor", path)
    (shown.out + shown.err).encode("gbk")
    assert "𠮷小区✓改造" in {row["project_name"] for row in document(run_pbm("monitor", path, "--json"))["rows"]}


def test_a_gbk_console_does_not_break(book: Path) -> None:
    """代码页 936 的终端：PYTHONIOENCODING=gbk。JSON 仍是 UTF-8 的字节。"""
    environment = {**os.environ, "PYTHONIOENCODING": "gbk", "PYTHONUTF8": "0", "COLUMNS": "80"}
    for arguments in (["monitor", str(book)], ["monitor", str(book), "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "pbm_cli", *arguments], capture_output=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr.decode("gbk", "replace")
        done.stderr.decode("gbk")
        if "--json" in arguments:
            assert json.loads(done.stdout.decode("utf-8"))["command"] == "monitor"
        else:
            assert "红灯" in done.stdout.decode("gbk")


# 三、输出文件


def test_every_suffix_in_one_run(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    outs = [tmp_path / "出" / f"结果{suffix}" for suffix in (".xlsx", ".docx", ".md", ".json", ".csv")]
    result = run_pbm("monitor", book, *(part for path in outs for part in ("-o", path)))
    assert result.code == 0
    assert [path.name for path in outs if not path.stat().st_size] == []
    for path in outs[:2]:
        assert zipfile.ZipFile(path).testzip() is None
    assert outs[2].read_text(encoding="utf-8").startswith("# ")
    made = json.loads(outs[3].read_text(encoding="utf-8"))
    assert made == document(run_pbm("monitor", book, "--json"))
    assert outs[4].read_bytes().startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(outs[4].read_text(encoding="utf-8-sig"))))
    assert len(table) == 1 + 3
    assert [path.name in result.err for path in outs] == [True] * 5


def test_upper_case_suffix_and_new_folder(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    target = tmp_path / "新" / "文件夹" / "结果.JSON"
    assert run_pbm("monitor", book, "-o", target).code == 0
    assert json.loads(target.read_text(encoding="utf-8"))["command"] == "monitor"


def test_output_on_an_input_is_refused(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    before = book.read_bytes()
    link = tmp_path / "链接.xlsx"
    link.symlink_to(book)
    for target in (book, book.parent / "." / book.name, link):
        result = run_pbm("monitor", book, "-o", target)
        assert result.code == 2
        assert "输入" in result.err
        assert book.read_bytes() == before


def test_output_on_pbm_toml_is_refused_and_so_is_a_folder(run_pbm: RunPbm, book: Path) -> None:
    settings = book.parent / "pbm.toml"
    settings.write_text('[county]\nname = "甲县"\n', encoding="utf-8")
    assert run_pbm("report", book.parent, "-o", book.parent).code == 2
    os.link(settings, book.parent / "别名.json")
    assert run_pbm("report", book.parent, "-o", book.parent / "别名.json").code == 2
    assert settings.read_text(encoding="utf-8") == '[county]\nname = "甲县"\n'


def test_inputs_stay_as_they_were(run_pbm: RunPbm, book: Path, sheet: WriteSheet, tmp_path: Path) -> None:
    sheet(ASSESSMENT, file="评估.xlsx")

    def state() -> dict[str, tuple[str, int]]:
        return {
            path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for path in tmp_path.glob("*.xlsx")
        }

    before = state()
    for command in STAGES:
        run_pbm(command, tmp_path, "--on", "2023-12-31")
    assert state() == before


def test_own_outputs_are_not_read_again(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    (tmp_path / "~$执行.xlsx").write_bytes(b"lock")
    (tmp_path / ".~执行.xlsx").write_bytes(b"lock")
    for suffix in (".xlsx", ".csv", ".md", ".json", ".docx"):
        assert run_pbm("monitor", tmp_path, "-o", tmp_path / f"结果{suffix}").code == 0
    made = document(run_pbm("monitor", tmp_path, "--json"))
    assert [item["file"] for item in made["inputs"]] == ["执行.xlsx"]


def test_demo_runs_anywhere_and_does_not_overwrite(run_pbm: RunPbm, tmp_path: Path) -> None:
    target = tmp_path / "示例"
    result = run_pbm("demo", target)
    assert result.code == 0
    assert "4,755.05" in result.out
    assert [(target / f"年度总结{s}").stat().st_size > 0 for s in (".docx", ".xlsx", ".md", ".json")] == [True] * 4
    assert not (target / "expected").exists()
    (target / "pbm.toml").write_text('[county]\nname = "别的县"\n', encoding="utf-8")
    assert run_pbm("demo", target).code == 2


# 四、几个输入，有的不能用


def test_one_bad_file_does_not_stop_the_others(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    bad = tmp_path / "坏.xlsx"
    bad.write_bytes(b"PK\x03\x04 truncated")
    result = run_pbm("monitor", bad, book, "--json")
    assert result.code == 1
    made = document(result)
    assert made["summary"]["projects"] == 3
    assert any(f["level"] == "error" and f["where"]["file"] == "坏.xlsx" for f in made["findings"])
    assert {item["file"]: bool(item["error"]) for item in made["inputs"]} == {"坏.xlsx": True, "执行.xlsx": False}
    shown = run_pbm("monitor", bad, book)
    assert shown.code == 1
    assert "坏.xlsx" in shown.err
    assert run_pbm("monitor", bad, book, "--fail-on", "never").code == 0


def test_a_missing_file_among_others_is_reported(run_pbm: RunPbm, book: Path) -> None:
    result = run_pbm("monitor", "没有.xlsx", book, "--json")
    assert result.code == 1
    made = document(result)
    assert made["summary"]["projects"] == 3
    assert any(f["level"] == "error" and "没有.xlsx" in f["where"]["file"] for f in made["findings"])


def test_all_bad_is_two(run_pbm: RunPbm, tmp_path: Path) -> None:
    paths = []
    for name in ("坏一.xlsx", "坏二.xls"):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(b"\x00\x01nothing")
    result = run_pbm("monitor", *paths, "--json")
    assert result.code == 2
    made = document(result)
    assert set(made) <= {"pbm", "command", "findings"}
    assert {f["where"]["file"] for f in made["findings"] if f["where"]} == {"坏一.xlsx", "坏二.xls"}
    assert result.err


@pytest.mark.parametrize("command", ["goals", "evaluate", "assess"])
def test_the_wrong_kind_of_sheet_is_two(run_pbm: RunPbm, book: Path, command: str) -> None:
    result = run_pbm(command, book)
    assert result.code == 2
    assert "pbm layouts" in result.err


def test_an_empty_folder_is_two(run_pbm: RunPbm, tmp_path: Path) -> None:
    for command in STAGES:
        result = run_pbm(command, tmp_path)
        assert result.code == 2
        assert "没有找到工作簿" in result.err


def test_a_file_given_as_report_folder_is_understood(run_pbm: RunPbm, book: Path) -> None:
    result = run_pbm("report", book, "--json")
    assert result.code in (0, 2)
    if result.code == 0:
        assert document(result)["summary"]["monitor"]["projects"] == 3


# 五、--fail-on


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ("| 'P1' | 甲 | 某局 | 100 | 95 |", {"never": 0, "error": 0, "red": 0, "yellow": 0}),
        ("| 'P1' | 甲 | 某局 | 100 | 70 |", {"never": 0, "error": 0, "red": 0, "yellow": 1}),
        ("| 'P1' | 甲 | 某局 | 100 | 20 |", {"never": 0, "error": 0, "red": 1, "yellow": 1}),
        (
            "| 'P1' | 甲 | 某局 | 100 | 95 |\n| 'P2' | 乙 | 某局 | 1OO | 95 |",
            {"never": 0, "error": 1, "red": 1, "yellow": 1},
        ),
        (
            "| 'P1' | 甲 | 某局 | 100 | 95 |\n| '' | 合计 | | 900 | 95 |",
            {"never": 0, "error": 0, "red": 0, "yellow": 0},
        ),
        (
            "| 'P1' | 甲 | 某局 | 100 | 95 |\n| 'P1' | 甲 | 某局 | 101 | 95 |",
            {"never": 0, "error": 1, "red": 1, "yellow": 1},
        ),
    ],
    ids=["绿", "黄", "红", "坏格", "合计错", "同键矛盾"],
)
def test_fail_on_levels(run_pbm: RunPbm, sheet: WriteSheet, rows: str, codes: dict[str, int]) -> None:
    head = "1-12月\n单位：万元\n| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |\n"
    path = sheet(f"2023年{head}{rows}")
    found = {level: run_pbm("monitor", path, "--fail-on", level).code for level in codes}
    assert found == codes
    assert run_pbm("monitor", path).code == codes["error"]


# 六、截止日、单位、规则集、覆盖


def test_the_missing_date_says_how(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = sheet(EXECUTION.replace("（2023年1-12月）", ""))
    result = run_pbm("monitor", path)
    assert result.code == 2
    assert "--on" in result.err
    assert "pbm.toml" in result.err
    assert run_pbm("monitor", path, "--on", "2023-12-31").code == 0
    folder = path.parent
    (folder / "pbm.toml").write_text("[run]\non = 2023-06-30\n", encoding="utf-8")
    made = document(run_pbm("monitor", folder, "--json"))
    assert (made["on"], made["summary"]["time_progress_pct"]) == ("2023-06-30", "50.00")
    assert document(run_pbm("monitor", folder, "--json", "--on", "2023-09-30"))["on"] == "2023-09-30"


@pytest.mark.parametrize("written", ["2023-07-31", "2023/7/31", "2023.7.31", "2023年7月31日", "20230731"])
def test_the_date_may_be_written_in_many_ways(run_pbm: RunPbm, book: Path, written: str) -> None:
    assert document(run_pbm("monitor", book, "--json", "--on", written))["on"] == "2023-07-31"


def test_the_date_comes_from_the_sheet(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = sheet(EXECUTION.replace("1-12月", "1-7月"))
    made = document(run_pbm("monitor", path, "--json"))
    assert (made["on"], made["year"]) == ("2023-07-31", 2023)
    assert made["summary"]["time_progress_pct"] == "58.33"


def test_the_unit_option_only_fills_what_is_not_stated(run_pbm: RunPbm, sheet: WriteSheet, book: Path) -> None:
    bare = sheet(EXECUTION.replace("单位：万元", ""), file="无单位.xlsx")
    refused = run_pbm("monitor", bare)
    assert refused.code == 2
    assert "--unit" in refused.err
    for unit, total in (("元", "350.00"), ("万元", "3500000.00"), ("亿元", "35000000000.00")):
        assert document(run_pbm("monitor", bare, "--json", "--unit", unit))["summary"]["budget_yuan"] == total
        assert document(run_pbm("monitor", book, "--json", "--unit", unit))["summary"]["budget_yuan"] == "3500000.00"
    (bare.parent / "pbm.toml").write_text('[run]\nunit = "元"\n', encoding="utf-8")
    book.unlink()
    assert document(run_pbm("monitor", bare.parent, "--json"))["summary"]["budget_yuan"] == "350.00"


def test_rulesets_by_name_and_by_folder(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    for name in ("national", "sichuan-2025", "hefei-2x2"):
        made = document(run_pbm("monitor", book, "--json", "--ruleset", name, "--on", "2025-12-31"))
        assert made["ruleset"] == name
    folder = tmp_path / "本市规则"
    folder.mkdir()
    (folder / "ruleset.toml").write_text(
        'name = "本市规则"\ntitle = "本市"\ndescription = "试验"\nbuilds_on = "national"\n', encoding="utf-8"
    )
    (folder / "monitor.toml").write_text(
        "[[execution_bands.values]]\neffective = 2020-01-01\nvalue = { green = 99, yellow = 96, red = 0 }\n"
        '[execution_bands.values.basis]\ntitle = "本市办法"\nevidence = "original"\n',
        encoding="utf-8",
    )
    made = document(run_pbm("monitor", book, "--json", "--ruleset", folder))
    assert made["summary"]["lights"]["red"] == 3
    red = next(f for f in made["findings"] if f["level"] == "red")
    assert "本市办法" in red["basis"]


def test_an_overlay_carries_parameters_layouts_and_templates(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path
) -> None:
    path = sheet(EXECUTION.replace("累计支出", "花掉的钱"), file="年/执行.xlsx")
    assert run_pbm("monitor", path).code == 2
    overlay = tmp_path / "本县"
    for name, text in {
        "layouts/execution.toml": '[headings]\nexpenditure = ["花掉的钱"]\n',
        "monitor.toml": "[[execution_bands.values]]\neffective = 2020-01-01\n"
        "value = { green = 99, yellow = 96, red = 0 }\n"
        '[execution_bands.values.basis]\ntitle = "本县办法"\nevidence = "original"\n',
        "templates/report/40_monitor.md.j2": "## 本县的监控\n\n红灯{{ monitor.lights.red }}个。\n",
    }.items():
        (overlay / name).parent.mkdir(parents=True, exist_ok=True)
        (overlay / name).write_text(text, encoding="utf-8")
    target = tmp_path / "出.md"
    result = run_pbm("monitor", path, "--overlay", overlay, "--json", "-o", target)
    assert result.code == 0, result.err
    assert document(result)["summary"]["lights"]["red"] == 3
    text = target.read_text(encoding="utf-8")
    assert "本县的监控" in text
    assert "红灯3个。" in text
    (path.parent / "pbm.toml").write_text('[run]\noverlay = "../本县"\n', encoding="utf-8")
    assert document(run_pbm("monitor", path.parent, "--json"))["summary"]["lights"]["red"] == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[county]\nname = "甲县"\ncolour = "红"\n', ["colour", "3"]),
        ('[county]\nname = "甲县"\n\n[extra]\nx = 1\n', ["extra", "4"]),
        ('title = "x"\n', ["title", "1"]),
        ('[county]\nyear = "2023"\n', ["year", "2", "整数"]),
        ("[county]\nyear = true\n", ["year", "2", "整数"]),
        ("[county]\nname = 5\n", ["name", "2", "文字"]),
        ('[run]\non = "2023-12-31"\n', ["on", "2", "日期"]),
        ("[run]\non = 2023-12-31T08:00:00\n", ["on", "2", "日期"]),
        ('[run]\nunit = "角"\n', ["角", "2", "万元"]),
        ("[county\nname = 1\n", ["pbm.toml"]),
        ('[run]\nruleset = "火星"\n', ["火星"]),
        ('[run]\noverlay = "没有"\n', ["没有"]),
        ("county = 5\n", ["county", "1"]),
        ('[county]\nname = "甲县"\nname = "乙县"\n', ["pbm.toml"]),
    ],
)
def test_a_wrong_pbm_toml_names_key_and_line(run_pbm: RunPbm, book: Path, text: str, words: list[str]) -> None:
    (book.parent / "pbm.toml").write_text(text, encoding="utf-8")
    result = run_pbm("monitor", book.parent, "--json")
    assert result.code == 2
    assert [word for word in words if word not in result.err] == []
    assert document(result)["findings"]


def test_a_bom_in_pbm_toml_is_fine_and_gbk_is_explained(run_pbm: RunPbm, book: Path) -> None:
    text = '[county]\nname = "甲县"\nissuer = "甲县财政局"\nyear = 2023\n[run]\non = 2023-12-31\nruleset = "national"\n'
    (book.parent / "pbm.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    made = document(run_pbm("monitor", book.parent, "--json"))
    assert (made["county"], made["year"], made["on"]) == ("甲县", 2023, "2023-12-31")
    (book.parent / "pbm.toml").write_bytes(text.encode("gbk"))
    result = run_pbm("monitor", book.parent)
    assert result.code == 2
    assert "UTF-8" in result.err


# 七、程序说明自己


def test_rules_params_rulesets_and_layouts_explain(run_pbm: RunPbm) -> None:
    rule = run_pbm("rules", "m01")
    assert rule.code == 0
    assert "execution_bands" in rule.out
    assert "通行做法" in rule.out
    everything = run_pbm("rules").out
    assert [c for c in ("E01", "T01", "M01", "V01", "D07") if c not in everything] == []
    one = run_pbm("params", "grade_floors")
    assert "财预〔2020〕10号" in one.out
    assert "2020-02-25" in one.out
    assert "二手" in one.out
    assert "execution_bands" in run_pbm("params").out
    names = run_pbm("rulesets").out
    assert [n for n in ("national", "sichuan-2025", "hefei-2x2") if n not in names] == []
    assert "调整后预算数" in run_pbm("layouts").out
    assert run_pbm("rules", "D07").code == 0


def test_layouts_tell_each_column(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    path = sheet(EXECUTION.replace("预算单位", "编外信息"))
    out = run_pbm("layouts", path).out
    assert "编外信息" in out
    assert "不认识" in out
    assert "累计支出" in out
    other = run_pbm("layouts", sheet("| 项目名称 | 累计支出 |\n| 甲 | 5 |", file="残.xlsx")).out
    assert "还缺" in other
    assert "调整后预算数" in other


# 八、同样的输入，同样的字节


def test_the_same_bytes_whatever_the_surroundings(book: Path, sheet: WriteSheet, tmp_path: Path) -> None:
    sheet(ASSESSMENT, file="评估.xlsx")
    year = tmp_path / "年"
    year.mkdir()
    for path in tmp_path.glob("*.xlsx"):
        shutil.move(path, year / path.name)
    (year / "pbm.toml").write_text('[county]\nname = "甲县"\nissuer = "甲县财政局"\nyear = 2023\n', encoding="utf-8")
    suffixes = (".xlsx", ".docx", ".md", ".json", ".csv")
    found = []
    for number, (where, variables) in enumerate(
        [
            (tmp_path, {"TZ": "UTC", "PYTHONHASHSEED": "1", "LANG": "C.UTF-8"}),
            (year, {"TZ": "Asia/Shanghai", "PYTHONHASHSEED": "77", "LANG": "C", "LC_ALL": "C"}),
        ]
    ):
        out = tmp_path / f"出{number}"
        outs = [part for s in suffixes for part in ("-o", str(out / f"总结{s}"))]
        command = [sys.executable, "-m", "pbm_cli", "report", str(year), "--on", "2023-12-31", "--json", *outs]
        done = subprocess.run(command, cwd=where, env={**os.environ, **variables}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        found.append([done.stdout, *((out / f"总结{s}").read_bytes() for s in suffixes)])
    assert [one == other for one, other in zip(*found, strict=True)] == [True] * 6


@pytest.mark.skipif(sys.platform == "win32", reason="Windows 上没有 SIGINT")
def test_ctrl_c_leaves_nothing_half(book: Path, tmp_path: Path) -> None:
    """启动后立刻按 Ctrl-C：退出码 130（或者已经做完），没有半个文件。"""
    target = tmp_path / "出.json"
    command = [sys.executable, "-m", "pbm_cli", "monitor", str(book), "-o", str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as run:
        try:
            run.wait(0.4)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
    assert run.returncode in (0, 130, -signal.SIGINT, 1)
    assert not target.exists() or json.loads(target.read_text(encoding="utf-8"))
    assert not list(tmp_path.glob(".pbm-*"))
    assert b"Error" not in err
