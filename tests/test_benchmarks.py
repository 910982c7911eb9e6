"""比快慢用的生成器与对照：生成的表 pbm 读得全，各对照算出的数与 pbm 一样。"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import RunPbm

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"
ROWS = 60


@pytest.fixture(scope="module")
def load() -> Iterator[Callable[[str], ModuleType]]:
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module
    sys.path.remove(str(FOLDER))


def output(script: str, *arguments: Path) -> Any:
    command = [sys.executable, str(FOLDER / script), *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.fixture
def source(load: Callable[[str], ModuleType], tmp_path: Path) -> Path:
    path = tmp_path / "执行表.xlsx"
    load("generate").write(path, ROWS)
    return path


@pytest.mark.parametrize("script", ["peer_script.py", "peer_better.py"])
def test_scripts_find_what_pbm_finds(
    script: str, load: Callable[[str], ModuleType], source: Path, tmp_path: Path, run_pbm: RunPbm
) -> None:
    pytest.importorskip("pandas")
    result = run_pbm("monitor", str(source), "--on", "2023-12-31", "--json")
    stated = load("bench").stated
    script_output = json.dumps(output(script, source, tmp_path / "结果.xlsx")).encode()
    assert stated("", script_output) == stated("", result.out.encode())


def test_goals_and_forms_are_read_completely(
    load: Callable[[str], ModuleType], tmp_path: Path, run_pbm: RunPbm
) -> None:
    lists = load("generate_lists")
    lists.write_goals(tmp_path / "目标.xlsx", 7)
    lists.write_forms(tmp_path / "自评表.xlsx", range(1, 4))
    lists.write_form_files(tmp_path / "多份", 3)
    goals = json.loads(run_pbm("goals", str(tmp_path / "目标.xlsx"), "--json").out)
    assert (goals["summary"]["projects"], goals["summary"]["indicators"]) == (7, 70)
    for forms in ("自评表.xlsx", "多份"):
        summary = json.loads(run_pbm("evaluate", str(tmp_path / forms), "--json").out)["summary"]
        assert summary["subjects"] == 3
    assert output("peer_raw.py", tmp_path / "自评表.xlsx", tmp_path / "多份")["files"] == 4


def test_formulas_carry_no_results(load: Callable[[str], ModuleType], tmp_path: Path, run_pbm: RunPbm) -> None:
    """没有结果的公式要由 LibreOffice 算；pbm 直接读时要指出来，不能当作零。"""
    path = tmp_path / "公式.xlsx"
    load("generate").write_formulas(path, 5)
    document = json.loads(run_pbm("monitor", str(path), "--on", "2023-12-31", "--json").out)
    assert any("公式" in finding["message"] for finding in document["findings"])
