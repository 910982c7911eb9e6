"""单张表单的填报模板：空表和示例都不是数据，照示例填好的没有发现，读出来的与列表同样。"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from conftest import RunPbm
from pbm_cli.form_kinds import FORM_TITLES
from pbm_cli.outputs.template import template

KINDS = sorted(FORM_TITLES)


def filled(tmp_path: Path, kind: str) -> Path:
    """把示例抄到“填报”页，名字去掉“（示例）”。"""
    path = tmp_path / f"{kind}.xlsx"
    path.write_bytes(template(kind, year=2023))
    book = openpyxl.load_workbook(path)
    for row in book["填写示例"].iter_rows():
        for cell in row:
            value = cell.value.removeprefix("（示例）") if isinstance(cell.value, str) else cell.value
            if value is not None:
                book["填报"][cell.coordinate].value = value
    book.save(path)
    return path


def page(path: Path) -> Worksheet:
    found = openpyxl.load_workbook(path)["填报"]
    assert isinstance(found, Worksheet)
    return found


def run(run_pbm: RunPbm, *arguments: str | Path) -> dict[str, Any]:
    result = run_pbm(*arguments, "--json")
    assert result.code == 0, result.out + result.err
    document: dict[str, Any] = json.loads(result.out)
    return document


@pytest.mark.parametrize("kind", KINDS)
def test_an_untouched_form_is_recognised_and_is_not_data(kind: str, tmp_path: Path, run_pbm: RunPbm) -> None:
    out = tmp_path / "a.xlsx"
    assert run_pbm("template", kind, "-o", out).code == 0
    document = run(run_pbm, "check", out)
    assert document["findings"] == []
    assert [row["kind"] for row in document["rows"]] == [kind, kind]
    assert document["summary"]["rows_read"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_filled_form_goes_through_without_a_finding(kind: str, tmp_path: Path, run_pbm: RunPbm) -> None:
    document = run(run_pbm, "check", filled(tmp_path, kind))
    assert document["findings"] == []
    assert document["summary"]["rows_used"] > 3
    assert document["summary"]["rows_rejected"] == 0


def test_a_filled_goal_form_gives_the_project_and_its_indicators(tmp_path: Path, run_pbm: RunPbm) -> None:
    document = run(run_pbm, "goals", filled(tmp_path, "goal_form"))
    summary = document["summary"]
    assert (summary["projects"], summary["indicators"], summary["budget_yuan"]) == (1, 4, "4300000.00")
    (row,) = document["rows"]
    assert (row["project_name"], row["budget_unit"]) == ("农村饮水安全巩固提升", "水务局本级")


def test_a_filled_monitoring_form_gives_the_light_of_its_month(tmp_path: Path, run_pbm: RunPbm) -> None:
    document = run(run_pbm, "monitor", filled(tmp_path, "monitoring_form"), "--fail-on", "never")
    assert document["on"] == "2023-07-31"
    (row,) = document["rows"]
    assert (row["budget_yuan"], row["expenditure_yuan"]) == ("4800000.00", "3360000.00")
    assert len(row["indicators"]) == 3


def test_a_filled_self_evaluation_form_gives_the_score(tmp_path: Path, run_pbm: RunPbm) -> None:
    document = run(run_pbm, "evaluate", filled(tmp_path, "self_evaluation_form"), "--fail-on", "never")
    (row,) = document["rows"]
    assert (row["subject"], row["level"], row["score"]) == ("农村饮水安全巩固提升", "单位自评", "99.50")


def test_one_filled_cell_is_enough_to_be_data(tmp_path: Path, run_pbm: RunPbm) -> None:
    """只填了金额、没写项目名称的，是坏数据，不是空表。"""
    path = filled(tmp_path, "goal_form")
    book = openpyxl.load_workbook(path)
    book["填报"]["B3"].value = None
    book.save(path)
    result = run_pbm("check", path, "--json")
    assert result.code == 1
    assert any(f["where"]["cell"] == "B3" for f in json.loads(result.out)["findings"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_is_built_as_promised(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(template(kind))
    book = openpyxl.load_workbook(path)
    assert template(kind) == path.read_bytes()
    assert book.sheetnames[:3] == ["填表说明", "填报", "填写示例"]
    assert book.properties.creator == "pbm template"
    form = page(path)
    assert not form.merged_cells.ranges
    lists = [rule for rule in form.data_validations.dataValidation if rule.type == "list"]
    assert {rule.formula1.lstrip("=") for rule in lists} <= set(book.defined_names)
    assert len(lists) >= 3
    assert any(rule.promptTitle for rule in form.data_validations.dataValidation)
    assert any(str(cell.value).endswith("*") for row in form.iter_rows() for cell in row)
