"""填报模板：每种表都有，不用改就没有发现，填了真数能原样读回来，示例行不作数据。"""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from conftest import RunPbm
from pbm_cli.fill import choices, fill_columns, is_sample
from pbm_cli.models import RECORD_TYPES, business_fields
from pbm_cli.outputs.template import heading, template
from pbm_cli.rules import RULES

KINDS = sorted(RECORD_TYPES)
HEAD, SAMPLE = 3, 4
STAGES = {
    "assessment": "assess", "goal": "goals", "execution": "monitor", "evaluation": "evaluate", "township": "evaluate",
}  # fmt: skip


def data_page(path: Path) -> tuple[openpyxl.Workbook, Worksheet]:
    book = openpyxl.load_workbook(path)
    return book, book.worksheets[1]


def written(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / f"{kind}.xlsx"
    path.write_bytes(template(kind))
    return path


def fill_in(path: Path, kind: str, *, keep_sample: bool = True) -> dict[str, Any]:
    """像会计那样填一行：照示例，名字换成真的。"""
    book, page = data_page(path)
    row = SAMPLE + 1 if keep_sample else SAMPLE
    values: dict[str, Any] = {}
    for number, item in enumerate(fill_columns(kind), 1):
        value = item.fill.example
        if isinstance(value, str):
            value = value.removeprefix("（示例）") or None
        values[item.field] = value
        page.cell(row, number, float(value) if isinstance(value, Decimal) else value)
    book.save(path)
    return values


def check(run_pbm: RunPbm, path: Path, code: int = 0) -> dict[str, Any]:
    result = run_pbm("check", path, "--json")
    assert result.code == code, result.out + result.err
    document: dict[str, Any] = json.loads(result.out)
    return document


@pytest.mark.parametrize("kind", KINDS)
def test_an_untouched_template_is_recognised_and_has_nothing_to_say(kind: str, tmp_path: Path, run_pbm: RunPbm) -> None:
    document = check(run_pbm, written(tmp_path, kind))
    assert document["findings"] == []
    assert [row["kind"] for row in document["rows"]] == [kind]
    assert document["summary"]["rows_read"] == 0


@pytest.mark.parametrize("keep_sample", [True, False], ids=["示例还在", "示例改成真的"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_filled_template_goes_through_without_a_finding(
    kind: str, keep_sample: bool, tmp_path: Path, run_pbm: RunPbm
) -> None:
    path = written(tmp_path, kind)
    fill_in(path, kind, keep_sample=keep_sample)
    document = check(run_pbm, path)
    assert document["findings"] == []
    assert (document["summary"]["rows_used"], document["summary"]["rows_rejected"]) == (1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_comes_back_as_it_was_filled_in(kind: str, tmp_path: Path) -> None:
    from pbm_cli.layouts import load_layouts
    from pbm_cli.loading import Loader
    from pbm_cli.workbook import Reader

    path = written(tmp_path, kind)
    values = fill_in(path, kind)
    loader = Loader(load_layouts())
    with Reader() as reader:
        loader.add(reader.read(path, path.name))
    (record,) = loader.finish().of(kind)
    for name, value in values.items():
        assert same(getattr(record, name), value), (name, value, getattr(record, name))


def same(read: Any, filled: Any) -> bool:
    """读回来的与填的是不是一回事：金额成了分，比率、指标值成了记录里的样子。"""
    if filled is None:
        return read is None
    if isinstance(read, bool):
        return read is (filled == "是")
    if isinstance(filled, Decimal) and isinstance(read, int):
        return bool(read == filled * 1_000_000)
    if isinstance(filled, (dt.date, int)):
        return bool(read == filled)
    if isinstance(filled, Decimal):
        return getattr(read, "number", read) in (filled, filled * 100)
    return filled in (str(getattr(read, "value", read)), str(getattr(read, "operator", read)), read) or read == ">="


@pytest.mark.parametrize("kind", sorted(STAGES))
def test_the_stage_command_has_no_complaint_about_the_example(kind: str, tmp_path: Path, run_pbm: RunPbm) -> None:
    path = written(tmp_path, kind)
    fill_in(path, kind)
    result = run_pbm(STAGES[kind], path, "--json", "--on", "2023-12-31")
    assert result.code == 0, result.err
    bad = [f for f in json.loads(result.out)["findings"] if f["level"] in ("error", "red", "yellow")]
    assert bad == []


def test_a_forgotten_sample_row_is_not_counted_but_said(tmp_path: Path, run_pbm: RunPbm) -> None:
    path = written(tmp_path, "assessment")
    fill_in(path, "assessment")
    result = run_pbm("assess", path, "--json")
    document = json.loads(result.out)
    assert document["summary"]["projects"] == 1
    assert document["summary"]["submitted_yuan"] == "5000000.00"
    assert "示例行" in result.err


@pytest.mark.parametrize(
    ("name", "sample"),
    [("（示例）某项目", True), ("(示例) 某项目", True), ("示例项目", False), ("某项目（示例）", False), ("", False)],
)
def test_only_a_name_that_begins_with_the_mark_is_a_sample(name: str, sample: bool) -> None:
    assert is_sample(name) is sample


@pytest.mark.parametrize("kind", KINDS)
def test_the_workbook_is_built_as_promised(kind: str, tmp_path: Path) -> None:
    book, page = data_page(written(tmp_path, kind))
    heads = fill_columns(kind)
    assert book.properties.creator == "pbm template"
    assert book.worksheets[0].title == "填表说明"
    assert not page.merged_cells.ranges
    assert page.freeze_panes is not None
    assert str(page.freeze_panes).endswith("4")
    assert page.page_setup.orientation == "landscape"
    assert str(page.page_setup.paperSize) == "9"
    for number, item in enumerate(heads, 1):
        cell = page.cell(HEAD, number)
        assert cell.value == heading(item)
        assert str(cell.value).endswith("*") is item.required
        assert cell.comment is not None
        assert item.fill.note in cell.comment.text
        sample = page.cell(SAMPLE, number)
        assert sample.font.italic
    shown = {str(page.cell(SAMPLE, n).value) for n in range(1, len(heads) + 1)}
    assert any(is_sample(text) for text in shown)


@pytest.mark.parametrize("kind", KINDS)
def test_drop_downs_come_from_named_ranges_on_a_hidden_sheet(kind: str, tmp_path: Path) -> None:
    book, page = data_page(written(tmp_path, kind))
    rules = {str(rule.sqref).split(":")[0].rstrip("0123456789"): rule for rule in page.data_validations.dataValidation}
    for number, item in enumerate(fill_columns(kind), 1):
        rule = rules[openpyxl.utils.get_column_letter(number)]
        if not item.fill.choice:
            assert rule.type in ("decimal", "whole", "date", "textLength")
            if rule.type == "decimal":
                assert (float(rule.formula1) < 0) is item.fill.negative
            continue
        assert rule.type == "list"
        name = book.defined_names[rule.formula1.lstrip("=")]
        sheet, cells = name.attr_text.split("!")
        listed = [cell[0].value for cell in book[sheet.strip("'")][cells.replace("$", "")]]
        assert listed == choices()[item.fill.choice]
        assert book[sheet.strip("'")].sheet_state == "hidden"


@pytest.mark.parametrize("kind", KINDS)
def test_codes_are_text_and_money_has_two_places(kind: str, tmp_path: Path) -> None:
    _, page = data_page(written(tmp_path, kind))
    formats = {"code": "@", "money": "#,##0.00", "rate": "0.00%", "date": "yyyy\\-mm\\-dd"}
    for number, item in enumerate(fill_columns(kind), 1):
        if item.kind in formats:
            found = page.cell(SAMPLE, number).number_format
            assert found.replace("\\", "") == formats[item.kind].replace("\\", "")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_twice_and_nothing_foreign_inside(kind: str) -> None:
    data = template(kind)
    assert data == template(kind)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = packed.namelist()
        relations = "".join(packed.read(n).decode() for n in names if n.endswith(".rels"))
    assert not [name for name in names if "vba" in name.lower() or "external" in name.lower()]
    assert 'TargetMode="External"' not in relations


def test_a_year_and_a_unit_stand_in_the_title(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(template("execution", year=2024, unit="某县财政局"))
    _, page = data_page(path)
    assert page["A1"].value == "2024年项目支出预算执行表"
    assert page["A2"].value == "编制单位：某县财政局"


def test_the_guide_names_only_real_columns_lists_and_rules() -> None:
    import tomllib

    from pbm_cli.resources import layouts_folder

    guide = tomllib.loads((layouts_folder() / "fill" / "fields.toml").read_text(encoding="utf-8"))
    assert guide.keys() - {"choices", "common"} <= RECORD_TYPES.keys()
    for kind in KINDS:
        assert set(guide.get(kind, {})) <= set(business_fields(RECORD_TYPES[kind]))
        for item in fill_columns(kind):
            assert item.fill.note, (kind, item.field)
            assert item.fill.choice is None or item.fill.choice in choices()
            assert set(item.fill.rules) <= RULES.keys()


def test_the_command_writes_and_says_what_next(tmp_path: Path, run_pbm: RunPbm) -> None:
    out = tmp_path / "新" / "评估.xlsx"
    result = run_pbm("template", "assessment", "-o", out)
    assert (result.code, result.out) == (0, "")
    assert "下一步" in result.err
    assert out.read_bytes() == template("assessment")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "-o", "a.xlsx"], "assessment"),
        (["assessment", "-o", "a.docx"], ".xlsx"),
        (["assessment"], "缺少"),
    ],
)
def test_wrong_usage_is_explained(
    arguments: list[str], words: str, tmp_path: Path, run_pbm: RunPbm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_pbm("template", *arguments)
    assert result.code == 2
    assert words in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_filled_template_is_never_overwritten(tmp_path: Path, run_pbm: RunPbm) -> None:
    path = written(tmp_path, "goal")
    fill_in(path, "goal")
    before = path.read_bytes()
    result = run_pbm("template", "goal", "-o", path)
    assert result.code == 2
    assert "没有覆盖" in result.err
    assert path.read_bytes() == before


def test_libreoffice_opens_it_without_losing_anything(
    tmp_path: Path, needs_tool: Callable[[str], str], run_pbm: RunPbm
) -> None:
    import subprocess

    path = written(tmp_path, "indicator")
    fill_in(path, "indicator")
    office = [needs_tool("soffice"), "--headless", f"-env:UserInstallation={(tmp_path / 'lo').as_uri()}"]
    subprocess.run([*office, "--convert-to", "ods", "--outdir", str(tmp_path), str(path)], check=True, timeout=120)
    document = check(run_pbm, tmp_path / "indicator.ods")
    assert (document["findings"], document["summary"]["rows_used"]) == ([], 1)
