"""金样：泸县一年的总结与汇总同 expected/ 里的一样。改了以后用 python make.py golden 重做，看过差别再提交。"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import RunPbm

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "luxian-2023"
EXPECTED = EXAMPLE / "expected"


@pytest.fixture
def made(run_pbm: RunPbm, tmp_path: Path) -> dict[str, str]:
    out, target = run_pbm("report", EXAMPLE, "--json", "-o", tmp_path / "年度总结.md"), tmp_path / "年度总结.md"
    assert out.code == 0, out.err
    summary = json.dumps(json.loads(out.out)["summary"], ensure_ascii=False, indent=1) + "\n"
    return {"年度总结.md": target.read_text(encoding="utf-8"), "汇总.json": summary}


def test_the_golden_year(made: dict[str, str]) -> None:
    for name, text in made.items():
        expected = (EXPECTED / name).read_text(encoding="utf-8").splitlines()
        assert text.splitlines() == expected, f"{name} 变了；若是有意的，运行 python make.py golden 重做"


def test_no_stale_file(made: dict[str, str]) -> None:
    assert {path.name for path in EXPECTED.iterdir()} == set(made)
