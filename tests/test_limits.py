"""上限：pbm.toml 的 [limits]，pbm limits，各命令都按它；读文件的子进程死、慢、乱说话时接着读下一个。"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from conftest import RunPbm, WriteSheet
from pbm_cli.config import config_for, load_config
from pbm_cli.errors import ConfigError, InputError
from pbm_cli.workbook import Limits, Reader
from pbm_cli.workbook.limits import GIB, MIB, SETTINGS, LimitError, limits_from

TABLE = """
    | 项目名称 | 申报金额（万元） | 审定金额（万元） |
    |---|---|---|
    | 甲渠 | 100 | 80 |
    | 乙路 | 50 | 50 |
"""


def settings(folder: Path, text: str) -> Path:
    """folder/pbm.toml。"""
    (folder / "pbm.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        ('file = "200 MB"', "file_bytes", 200 * MIB),
        ('file = "1.5 GB"', "file_bytes", GIB * 3 // 2),
        ('file = "512KB"', "file_bytes", 512 * 1024),
        ("file = 104857600", "file_bytes", 100 * MIB),
        ('unpacked = "1 GiB"', "unpacked_bytes", GIB),
        ('cells = "3000 万"', "cells", 30_000_000),
        ('cells = "3000 万个"', "cells", 30_000_000),
        ("columns = 1024", "columns", 1024),
        ('seconds = "90 秒"', "seconds", 90.0),
        ("seconds = 90", "seconds", 90.0),
        ('memory = "2 GB"', "memory_bytes", 2 * GIB),
        ('template = "1 MB"', "template_bytes", MIB),
        ("template_seconds = 5", "template_seconds", 5.0),
    ],
)
def test_a_limit_can_be_set(tmp_path: Path, written: str, field: str, value: float) -> None:
    limits = load_config(settings(tmp_path, f"[limits]\n{written}\n")).limits
    assert getattr(limits, field) == value
    assert type(getattr(limits, field)) is type(getattr(Limits(), field))


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        ("size = 5", "size", "不认识的键“size”"),
        ("file = true", "file", "应当是带单位的文字"),
        ('file = "很大"', "file", "应当是带单位的文字"),
        ('file = "100"', "file", "应当是带单位的文字"),
        ('file = "100 秒"', "file", "应当是带单位的文字"),
        ("file = 100", "file", "64 KB 到 2048 MB 之间"),
        ('file = "-5 MB"', "file", "应当是带单位的文字"),
        ("columns = -1", "columns", "30 列 到 16,384 列 之间"),
        ("columns = 2.5", "columns", "应当是整数"),
        ('columns = "5 MB"', "columns", "应当是整数"),
        ("cells = 99999999999999999999", "cells", "之间"),
        ("seconds = 0", "seconds", "1 秒 到 3,600 秒 之间"),
        ("memory = []", "memory", "应当是带单位的文字"),
        ("[limits.file]", "file", "应当是带单位的文字"),
    ],
)
def test_a_wrong_limit_is_named_with_its_line(tmp_path: Path, written: str, key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load_config(settings(tmp_path, f"[limits]\nsheets = 9\n{written}\n"))
    assert caught.value.where == f"pbm.toml›limits.{key}"
    assert "第 3 行" in caught.value.message
    assert caught.value.hint


def test_limits_must_be_a_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"第 1 行.*\[limits\]"):
        load_config(settings(tmp_path, "limits = 5\n"))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_limit_has_an_example_that_can_be_written(tmp_path: Path, setting: object) -> None:
    written = getattr(setting, "example", "")
    assert load_config(settings(tmp_path, f"[limits]\n{written}\n")).limits == Limits()
    for edge in ("least", "most"):
        limits_from({getattr(setting, "key", ""): getattr(setting, edge)})


def test_every_field_has_a_setting() -> None:
    assert {setting.field for setting in SETTINGS} == set(Limits.__dataclass_fields__)
    with pytest.raises(LimitError):
        limits_from({"file_bytes": 5})


def test_limits_show_what_is_in_force_and_where_it_was_set(run_pbm: RunPbm, tmp_path: Path) -> None:
    settings(tmp_path, '[county]\nname = "某县"\n\n[limits]\nfile = "7 MB"\n')
    result = run_pbm("limits", tmp_path)
    assert result.code == 0
    (line,) = [line for line in result.out.splitlines() if "7 MB" in line and "第 5 行" in line]
    assert "一个文件的大小" in line
    plain = run_pbm("limits")
    assert "100 MB" in plain.out
    assert "第 5 行" not in plain.out
    assert run_pbm("limits", tmp_path / "没有").code == 2


@pytest.mark.parametrize("command", ["check", "assess", "report", "layouts", "diff", "explain"])
def test_every_command_reads_the_folder_by_its_limits(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, command: str
) -> None:
    sheet(TABLE, file="县/表.xlsx")
    folder = tmp_path / "县"
    on = ["--on", "2023-12-31"]
    needs: dict[str, list[str]] = {"diff": [str(folder)], "explain": ["甲渠", *on], "report": on}
    more = needs.get(command, [])
    settings(folder, "[limits]\nunpacked = 1048576\nfile = 65536\nparts = 20\ncells = 1000\n")
    assert run_pbm(command, folder, *more).code == 0
    (folder / "宽.csv").write_text(",".join("甲" * 40) + "\n" + ",".join("乙" * 40) + "\n", encoding="utf-8")
    settings(folder, "[limits]\ncolumns = 30\n")
    result = run_pbm(command, folder, *more)
    if command == "explain":  # 它只说来源，不说别的文件：看有没有按上限去读就够了
        assert run_pbm("explain", folder, "宽", *on).code == 2
    else:
        assert "30 列" in result.out + result.err


def test_only_the_given_folder_counts(sheet: WriteSheet, tmp_path: Path) -> None:
    path = sheet(TABLE, file="县/表.xlsx")
    settings(path.parent, "[limits]\ncolumns = 30\n")
    assert config_for([path.parent]).limits.columns == 30
    assert config_for([path]).limits == Limits()
    assert config_for([tmp_path]).limits == Limits()
    assert config_for([path.parent, path.parent]).limits == Limits()


def test_a_wrong_limit_stops_the_command(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    folder = settings(sheet(TABLE).parent, "[limits]\nseconds = -1\n")
    result = run_pbm("check", folder, "--json")
    assert result.code == 2
    assert "第 2 行" in json.loads(result.out)["findings"][0]["message"]


def test_the_marked_copy_obeys_the_limits(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    folder = sheet(TABLE.replace("80", "八十"), file="县/表.xlsx").parent
    settings(folder, "[limits]\nsheets = 1\n")
    assert run_pbm("check", folder, "--marked", tmp_path / "副本").code == 1
    assert (tmp_path / "副本" / "表.xlsx").is_file()


def test_templates_obey_the_limits(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    folder = sheet(TABLE, file="县/表.xlsx").parent
    place = folder / "本县" / "templates" / "report"
    place.mkdir(parents=True)
    (place / "01_甲.md.j2").write_text("{# " + "长" * 40_000 + " #}字", encoding="utf-8")
    settings(folder, '[run]\noverlay = "本县"\n')
    assert run_pbm("assess", folder, "-o", tmp_path / "甲.md").code == 0
    settings(folder, '[run]\noverlay = "本县"\n[limits]\ntemplate = "64 KB"\n')
    result = run_pbm("assess", folder, "-o", tmp_path / "乙.md")
    assert (result.code, "超过 64 KB" in result.err) == (2, True)
    assert not (tmp_path / "乙.md").exists()


# ---- 子进程 ----

SCRIPT = """
import sys, os, struct, json, time
from pbm_cli.workbook.protocol import read_frame, write_frame
source, target = sys.stdin.buffer, sys.stdout.buffer
read_frame(source)
write_frame(target, b'{"kind": "ready"}')
while (asked := read_frame(source)) is not None:
    name = os.path.basename(json.loads(asked)["path"])
    write_frame(target, b'{"kind": "sheet", "name": "a"}')
    if name == "坏.csv":
        {fault}
    end = {"kind": "end", "hidden": False, "merges": [], "hidden_rows": [], "hidden_columns": []}
    write_frame(target, json.dumps(end).encode())
    write_frame(target, b'{"kind": "done", "sha256": "0", "format": "csv", "remarks": []}')
"""
FAULTS = {  # 读坏的那个文件时做什么；父进程该说什么
    "写到一半死去": ("target.write(struct.pack('>I', 900) + b'['); target.flush(); os.kill(os.getpid(), 9)", "不对"),
    "安静地退出": ("sys.exit(0)", "异常退出"),
    "带错退出": ("os._exit(3)", "异常退出"),
    "写乱七八糟的": ("target.write(b'\\0\\0\\0\\5hello'); target.flush(); time.sleep(9)", "不对"),
    "说自己很长": ("target.write(b'\\xff' * 4); target.flush(); time.sleep(9)", "不对"),
    "不认识的话": ('write_frame(target, b\'{"kind": "zz"}\'); time.sleep(9)', "不对"),
    "话里缺东西": ('write_frame(target, b\'{"kind": "end"}\'); time.sleep(9)', "不对"),
    "一个字一个字地挤": (
        "[(target.write(b'\\0\\0\\1\\0' if n == 0 else b' '), target.flush(), time.sleep(0.2)) for n in range(99)]",
        "1 秒",
    ),
    "关了输出还活着": ("os.close(1); time.sleep(9)", "异常退出"),
    "一声不响": ("time.sleep(9)", "1 秒"),
    "说个没完": (
        '[write_frame(target, b\'{"kind": "sheet", "name": "\' + b\'a\' * 9999 + b\'"}\') for _ in range(10**6)]',
        "不对|1 秒",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_child_does_not_stop_the_run(tmp_path: Path, fault: str) -> None:
    code, words = FAULTS[fault]
    for name in ("好.csv", "坏.csv", "后.csv"):
        (tmp_path / name).write_bytes(b"x")
    program = SCRIPT.replace("{fault}", code)
    limits = Limits(seconds=1.0, memory_bytes=4 * MIB, unpacked_bytes=MIB)
    with Reader(limits, _command=(sys.executable, "-X", "utf8", "-c", program)) as reader:
        reader.limit(Limits(seconds=30.0, memory_bytes=4 * MIB, unpacked_bytes=MIB))
        assert reader.read(tmp_path / "好.csv", "好.csv").format == "csv"
        reader.limit(limits)
        with pytest.raises(InputError, match=words) as caught:
            reader.read(tmp_path / "坏.csv", "坏.csv")
        assert caught.value.where == "坏.csv"
        assert caught.value.hint
        reader.limit(Limits(seconds=30.0))
        assert reader.read(tmp_path / "后.csv", "后.csv").format == "csv"
