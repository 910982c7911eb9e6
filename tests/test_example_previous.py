"""示例的上一年（2022）：两份表从单元格另查；与 2023 年比较能用；重新生成字节相同。"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import openpyxl

from conftest import RunPbm
from example_year import EXAMPLE, ROOT, WAN, execution, execution_light, fen, filled, lights, text
from test_example import content

PREVIOUS = ROOT / "examples" / "luxian-2022"


def rows_of(file: str, must: str) -> list[dict[str, object]]:
    rows = filled(openpyxl.load_workbook(PREVIOUS / file).worksheets[0])
    top = next(n for n, row in enumerate(rows) if must in map(text, row))
    heads = [text(value) for value in rows[top]]
    return [dict(zip(heads, row, strict=True)) for row in rows[top + 1 :]]


def test_sixty_projects() -> None:
    """60 个项目，52 个 2023 年还有；10 个红灯里 6 个两年都是红灯；没有编码列；合计是对的。"""
    *rows, total = rows_of("项目支出预算执行情况.xlsx", "全年执行数")
    assert "项目编码" not in rows[0]
    now = {(line.unit, line.name): (line.unit, line.code) for line in execution()}
    names = [(text(row["单位名称"]), text(row["项目名称"])) for row in rows]
    assert len(names) == len(set(names)) == 60
    assert sum(name in now for name in names) == 52
    reds = set()
    for name, row in zip(names, rows, strict=True):
        budget, spent = fen(row["调整后预算数"], WAN), fen(row["全年执行数"], WAN)
        light = execution_light(budget, spent)
        assert light in ("red", "green")
        assert (light == "red") == bool(text(row["偏差原因"]))
        if light == "red":
            reds.add(name)
    assert len(reds) == 10
    assert sum(lights()[now[name]][2] == "red" for name in reds) == 6
    for column in ("年初预算数", "调整后预算数", "全年执行数"):
        assert fen(total[column], WAN) == sum(fen(row[column], WAN) for row in rows)


def test_evaluations_with_open_items() -> None:
    rows = rows_of("绩效评价结果.xlsx", "评价得分")
    assert len(rows) == 24
    assert Counter(text(row["是否整改"]) or "/" for row in rows)["否"] == 7
    book = openpyxl.load_workbook(EXAMPLE / "绩效评价/绩效评价结果.xlsx")["评价结果"]
    now = {(str(row[6]), str(row[2])): str(row[10]) for row in book.iter_rows(min_row=3, values_only=True)}
    poor = ("中", "差")
    twice = [
        row for row in rows if row["评价等级"] in poor and now.get((str(row["预算单位"]), str(row["评价对象"]))) in poor
    ]
    assert len(twice) >= 3


def test_the_previous_year_runs_alone_and_as_previous(run_pbm: RunPbm) -> None:
    alone = run_pbm("report", PREVIOUS, "--json")
    assert alone.code == 0, alone.err
    summary = json.loads(alone.out)["summary"]
    assert (summary["monitor"]["projects"], summary["monitor"]["lights"]["red"]) == (60, 10)
    compared = run_pbm("report", EXAMPLE, "--previous", PREVIOUS, "--json")
    assert compared.code == 0, compared.err
    assert "previous_light" in compared.out
    assert json.loads(compared.out)["summary"]["monitor"]["vanished"] == 8


def test_regenerating_gives_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "build_luxian_2022.py"), "--out", str(tmp_path / "out")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONUTF8": "1"})
    assert content(tmp_path / "out") == content(PREVIOUS)
