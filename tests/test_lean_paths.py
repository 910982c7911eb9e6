"""求快的地方结果不变：预读、一段一段的 JSON、整数算的比率、同名很多的项目、一列里重复的文字。"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm
from pbm_cli import console
from pbm_cli.errors import InputError
from pbm_cli.figures import money
from pbm_cli.identity import ProjectIndex, ProjectKey
from pbm_cli.models import Execution, Origin
from pbm_cli.outputs import json as json_form
from pbm_cli.rules import band_of, share
from pbm_cli.text import wan_exactly
from pbm_cli.workbook import Reader

ORIGIN = Origin("表.xlsx", "执行", 5, {"project_name": 0})


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.csv" for name in ("甲", "乙", "丙")]
    for number, path in enumerate(paths):
        path.write_text(f"数,字\n{number},乙\n", encoding="utf-8")
    return paths


def first_value(reader: Reader, path: Path) -> object:
    return reader.read(path, path.name).sheets[0].rows[1][0]


def test_reading_ahead_gives_each_file_its_own_rows(files: list[Path]) -> None:
    with Reader() as reader:
        reader.begin(files)
        assert first_value(reader, files[0]) == "0"
        reader.ahead(files[1])
        assert first_value(reader, files[1]) == "1"
        reader.ahead(files[0])
        assert first_value(reader, files[2]) == "2", "预读了别的文件，也要读到点名的那个"
        assert first_value(reader, files[0]) == "0"


def test_a_bad_file_read_ahead_is_reported_when_it_is_read(files: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / "坏.xlsx"
    bad.write_bytes(b"PK\x03\x04 not a zip")
    with Reader() as reader:
        reader.ahead(bad)
        with pytest.raises(InputError) as caught:
            reader.read(bad, "坏.xlsx")
        assert caught.value.where == "坏.xlsx"
        assert first_value(reader, files[0]) == "0"


def test_a_child_that_dies_while_reading_ahead_costs_only_that_file(files: list[Path]) -> None:
    with Reader() as reader:
        assert first_value(reader, files[0]) == "0"
        reader.ahead(files[1])
        assert reader._child is not None
        reader._child.process.kill()
        reader._child.process.wait()
        assert first_value(reader, files[1]) == "1"


def test_a_child_that_cannot_start_is_reported_by_read(files: list[Path]) -> None:
    with Reader(_command=("/没有/这个程序",)) as reader:
        reader.begin(files)
        with pytest.raises(InputError, match="启动不了"):
            reader.read(files[0], "甲.csv")


def test_json_is_one_line_a_row_and_the_same_document() -> None:
    row = {"name": "甲", "list": [1, {"a": None}], "none": [], "map": {}}
    made = {"summary": {"monitor": {"lights": {"red": 1}, "by_unit": [row, row]}}, "rows": [row, row], "findings": []}
    text = json_form.text(made)
    assert json.loads(text) == made
    assert text.encode() == b"".join(json_form.pieces(made))
    line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    assert text.splitlines().count(f"    {line}") == 1, "最后一行没有逗号"
    assert text.splitlines().count(f"    {line},") == 1
    assert json.loads(json_form.text({"rows": [{"x": float("nan")}]}))["rows"] == [{"x": None}], "NaN 不是 JSON"


def test_json_on_the_screen_survives_a_lone_surrogate(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="gbk")
    monkeypatch.setattr(sys, "stdout", screen)
    console.emit(json_form.pieces({"name": "甲\udc80"}))
    assert json.loads(screen.buffer.getvalue())["name"] == "甲\udc80"


@pytest.mark.parametrize(
    ("ratio", "lines", "said"),
    [
        (Fraction(8, 10), (Decimal(80),), "80.00%"),
        (Fraction(79_999, 100_000), (Decimal(80),), "79.999%"),
        (Fraction(1, 10**9), (0,), "0.0000001%"),
        (Fraction(-1, 3), (), "-33.33%"),
        (Fraction(-1, 10**6), (), "0.00%"),
        (Fraction(2, 3), (Fraction(6667, 100),), "66.667%"),
    ],
)
def test_a_share_never_rounds_across_its_line(ratio: Fraction, lines: tuple[Decimal, ...], said: str) -> None:
    assert share(ratio, *lines) == said


def test_a_value_on_the_line_belongs_above_it() -> None:
    bands = {"green": Decimal("80.5"), "red": Decimal(0)}
    assert band_of(Fraction(161, 2), bands) == "green"
    assert band_of(Fraction(161, 2) - Fraction(1, 10**30), bands) == "red"
    assert band_of(Decimal("-1"), bands) == "red"


@pytest.mark.parametrize(
    ("cell", "unit", "fen"),
    [
        (0.1 + 0.2, 100, 30),
        (1234.56, 100, 123_456),
        (-0.01, 100, -1),
        (4755.05, 1_000_000, 4_755_050_000),
        (0.0, 100, 0),
    ],
)
def test_float_amounts_are_exact_fen(cell: float, unit: int, fen: int) -> None:
    assert money(cell, unit) == fen


def test_wan_exactly_keeps_every_fen() -> None:
    assert [wan_exactly(fen) for fen in (123_456, -1, 1_000_000, 0)] == ["0.123456", "-0.000001", "1", "0"]


def test_same_named_projects_are_found_within_their_unit() -> None:
    index = ProjectIndex()
    for number in range(3):
        assert index.place(ProjectKey(f"{number}局", "", "公用经费")) == number
    assert index.place(ProjectKey("", "", "公用经费")) == 3, "不知道是哪个单位的，有歧义，算新的"
    assert index.find(ProjectKey("1局", "", "公用经费")) == [1]
    assert index.find(ProjectKey("9局", "", "公用经费")) == [3], "没写单位的那个"
    assert index.find(ProjectKey("", "", "公用经费")) == [0, 1, 2, 3]
    assert index.place(ProjectKey("1局", "A1", "公用经费")) == 1, "编码只有一边有，按单位内的名称"
    assert index.place(ProjectKey("1局", "A1", "公用经费二")) == 4
    assert index.find(ProjectKey("1局", "A1", "随便")) == [4]


def test_a_trusted_record_is_a_record() -> None:
    values: dict[str, Any] = dict.fromkeys(Execution.model_fields) | {"project_name": "甲", "origin": ORIGIN}
    record, same = Execution.trusted(dict(values)), Execution.model_construct(None, **values)
    assert record == same
    assert record.model_copy(update={"budget_unit": "乙局"}).__dict__["budget_unit"] == "乙局"
    with pytest.raises(ValueError, match="frozen"):
        record.project_name = "乙"  # type: ignore[misc]


def test_a_repeated_bad_word_is_reported_in_every_row(run_pbm: RunPbm, tmp_path: Path) -> None:
    path = tmp_path / "表.csv"
    rows = "".join(f"{n}号项目,100,90,乱写\n" for n in range(3))
    path.write_text(f"项目名称,调整后预算数（元）,累计支出（元）,执行率\n{rows}", encoding="utf-8")
    out = run_pbm("monitor", path, "--on", "2023-12-31", "--json")
    cells = [f["where"]["cell"] for f in json.loads(out.out)["findings"] if "乱写" in f["message"]]
    assert cells == ["D2", "D3", "D4"]


def test_json_needs_no_screen_library(tmp_path: Path) -> None:
    path = tmp_path / "表.csv"
    path.write_text("项目名称,调整后预算数（元）,累计支出（元）\n甲,100,90\n", encoding="utf-8")
    code = (
        "import sys; from pbm_cli.cli import main; "
        "main(['monitor', sys.argv[1], '--on', '2023-12-31', '--json']); "
        "print(sorted({'rich', 'openpyxl', 'xlsxwriter', 'jinja2', 'docx'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stderr.strip() == "[]"
