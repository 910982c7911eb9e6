"""新建县年度文件夹：能用、不覆盖、空着也能运行。"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import openpyxl
import pytest

from conftest import RunPbm
from pbm_cli.form_kinds import FORM_TITLES
from pbm_cli.models import RECORD_TYPES


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_has_settings_a_readme_and_one_workbook_a_kind(tmp_path: Path, run_pbm: RunPbm) -> None:
    folder = tmp_path / "某某"
    result = run_pbm("init", folder, "--county", "泸县", "--year", "2024")
    assert (result.code, result.out) == (0, "")
    assert "下一步" in result.err
    settings = tomllib.loads((folder / "pbm.toml").read_text("utf-8"))
    assert settings["county"] == {"name": "泸县", "issuer": "泸县财政局", "year": 2024}
    assert settings["run"]["on"].isoformat() == "2024-12-31"
    readme = (folder / "README.txt").read_bytes().decode("utf-8-sig")
    assert "pbm report" in readme
    assert "\r\n" in readme
    assert all(book.name in readme for book in folder.rglob("*.xlsx"))
    assert len(list(folder.glob("*/*.xlsx"))) == len(FORM_TITLES)
    books = sorted(folder.glob("*.xlsx"))
    titles = [openpyxl.load_workbook(book).worksheets[1]["A1"].value for book in books]
    assert sorted(titles) == sorted(f"2024年{model.sheet_title}" for model in RECORD_TYPES.values())


@pytest.mark.parametrize(
    ("name", "county", "year"),
    [("泸县2023", "泸县", 2023), ("2024年青神县", None, 2024), ("江阳区", "江阳区", None), ("abc", None, None)],
)
def test_county_and_year_are_read_from_the_name_of_the_folder(
    name: str, county: str | None, year: int | None, tmp_path: Path, run_pbm: RunPbm
) -> None:
    assert run_pbm("init", tmp_path / name).code == 0
    settings = tomllib.loads((tmp_path / name / "pbm.toml").read_text("utf-8"))
    assert settings["county"].get("name") == county
    assert settings["county"].get("year") == year
    assert ("on" in settings["run"]) is (year is not None)


def test_every_workbook_is_recognised_and_nothing_is_complained_of(tmp_path: Path, run_pbm: RunPbm) -> None:
    run_pbm("init", tmp_path / "泸县2023")
    document = json.loads(run_pbm("check", tmp_path / "泸县2023", "--json").out)
    assert document["findings"] == []
    assert {row["kind"] for row in document["rows"]} == {*RECORD_TYPES, *FORM_TITLES}
    assert (document["county"], document["year"], document["on"]) == ("泸县", 2023, "2023-12-31")


@pytest.mark.parametrize("command", ["report", "assess", "goals", "monitor", "evaluate", "check"])
def test_an_empty_year_ends_with_a_message_not_a_crash(command: str, tmp_path: Path, run_pbm: RunPbm) -> None:
    run_pbm("init", tmp_path / "泸县2023")
    result = run_pbm(command, tmp_path / "泸县2023")
    assert result.code == 0
    assert "一行数据也没有" in result.err


def test_an_empty_year_can_be_written_out_in_every_form(tmp_path: Path, run_pbm: RunPbm) -> None:
    run_pbm("init", tmp_path / "泸县2023")
    outs = [tmp_path / f"总结{suffix}" for suffix in (".docx", ".xlsx", ".md", ".json", ".csv")]
    result = run_pbm("report", tmp_path / "泸县2023", *(part for out in outs for part in ("-o", out)))
    assert result.code == 0, result.err
    assert all(out.stat().st_size for out in outs)


def test_without_a_date_the_report_asks_for_one(tmp_path: Path, run_pbm: RunPbm) -> None:
    made = run_pbm("init", tmp_path / "abc")
    assert "年度" in made.err
    result = run_pbm("report", tmp_path / "abc")
    assert result.code == 2
    assert "--on" in result.err


@pytest.mark.parametrize("taken", ["pbm.toml", "README.txt", "10-工作机制-培训台账.xlsx"])
def test_nothing_is_overwritten_and_nothing_is_half_written(taken: str, tmp_path: Path, run_pbm: RunPbm) -> None:
    folder = tmp_path / "泸县2023"
    folder.mkdir()
    (folder / taken).write_bytes(b"mine")
    result = run_pbm("init", folder)
    assert result.code == 2
    assert taken in result.err
    assert contents(folder) == {taken: b"mine"}


@pytest.mark.parametrize(
    "options", [["--county", '坏"名'], ["--county", " "], ["--year", "23"], ["--year", "x"]], ids=" ".join
)
def test_wrong_options_are_explained(options: list[str], tmp_path: Path, run_pbm: RunPbm) -> None:
    result = run_pbm("init", tmp_path / "新", *options)
    assert result.code == 2
    assert options[0] in result.err
    assert not (tmp_path / "新").exists()


def test_the_same_bytes_in_another_place(tmp_path: Path, run_pbm: RunPbm) -> None:
    for place in ("a", "b"):
        run_pbm("init", tmp_path / place / "泸县2023")
    assert contents(tmp_path / "a" / "泸县2023") == contents(tmp_path / "b" / "泸县2023")


def test_system_exports_can_lie_beside_the_empty_templates(tmp_path: Path, run_pbm: RunPbm) -> None:
    folder = tmp_path / "泸县2023"
    run_pbm("init", folder)
    text = "单位：万元\n项目编码,项目名称,预算单位,调整后预算数,累计支出\n0001,甲,乙局,100,90\n"
    (folder / "导出.csv").write_text(text, "utf-8")
    document = json.loads(run_pbm("report", folder, "--json").out)
    assert document["summary"]["monitor"]["projects"] == 1
