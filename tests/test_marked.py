"""标注副本：除了坏单元格的底色和批注、最后一页清单，副本与原件一模一样；原件不动。"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from conftest import RunPbm, WriteSheet
from marked_books import HEAD, PAGE, RED, YELLOW, accountant, marked, note, parts


@pytest.fixture
def pair(tmp_path: Path, run_pbm: RunPbm) -> tuple[Path, Path, dict[str, Any]]:
    """原件、副本、JSON。"""
    source = accountant(tmp_path / "in" / "执行.xlsx")
    document = marked(run_pbm, source, tmp_path / "out")
    return source, tmp_path / "out" / "执行.xlsx", document


def test_everything_but_the_bad_cells_is_as_it_was(pair: tuple[Path, Path, dict[str, Any]]) -> None:
    source, copy, document = pair
    bad = {f["where"]["cell"] for f in document["findings"] if f["level"] in ("error", "warning")}
    old, new = openpyxl.load_workbook(source), openpyxl.load_workbook(copy)
    assert new.sheetnames == [*old.sheetnames, "问题清单"]
    for name in old.sheetnames:
        before, after = old[name], new[name]
        assert before.dimensions == after.dimensions
        assert sorted(map(str, before.merged_cells.ranges)) == sorted(map(str, after.merged_cells.ranges))
        assert (before.freeze_panes, before.sheet_state) == (after.freeze_panes, after.sheet_state)
        assert before.auto_filter.ref == after.auto_filter.ref
        assert before.print_title_rows == after.print_title_rows
        assert before.page_setup.orientation == after.page_setup.orientation
        assert {k: v.width for k, v in before.column_dimensions.items()} == {
            k: v.width for k, v in after.column_dimensions.items()
        }
        assert {k: v.height for k, v in before.row_dimensions.items()} == {
            k: v.height for k, v in after.row_dimensions.items()
        }
        rules = [
            [(str(r.sqref), r.type, r.formula1) for r in p.data_validations.dataValidation] for p in (before, after)
        ]
        assert rules[0] == rules[1]
        formats = [
            [(str(r.sqref), [i.formula for i in r.rules]) for r in p.conditional_formatting] for p in (before, after)
        ]
        assert formats[0] == formats[1]
        assert len(before._charts) == len(after._charts)
        for row in before.iter_rows():
            for cell in row:
                twin = after[cell.coordinate]
                assert (twin.value, twin.data_type, twin.number_format) == (
                    cell.value,
                    cell.data_type,
                    cell.number_format,
                )
                assert repr((twin.font, twin.border, twin.alignment)) == repr((cell.font, cell.border, cell.alignment))
                if cell.coordinate not in bad or name != PAGE:
                    assert repr(twin.fill) == repr(cell.fill)
                    assert note(twin) == note(cell)


def test_bad_cells_are_filled_and_say_what_is_wrong(pair: tuple[Path, Path, dict[str, Any]]) -> None:
    _, copy, document = pair
    page = openpyxl.load_workbook(copy)[PAGE]
    levels = {f["where"]["cell"]: f["level"] for f in reversed(document["findings"])}
    assert {"E4", "B6", "D7", "F4"} <= levels.keys()
    for finding in (f for f in document["findings"] if f["where"]["cell"]):
        cell = page[finding["where"]["cell"]]
        assert finding["message"] in note(cell)
        colour = {"error": RED, "warning": YELLOW}.get(levels[cell.coordinate])
        if colour:
            assert cell.fill.fgColor.rgb == colour


def test_an_old_note_is_kept_and_written_on(pair: tuple[Path, Path, dict[str, Any]]) -> None:
    page = openpyxl.load_workbook(pair[1])[PAGE]
    assert note(page["D7"]).startswith("会计原来的批注\n【警告】")
    assert note(page["A4"]) == "编码没有问题"
    drawings = [data for name, data in parts(pair[1]).items() if name.endswith(".vml")]
    boxes = b"".join(drawings).count(b'ObjectType="Note"')
    assert boxes == sum(bool(cell.comment) for row in page.iter_rows() for cell in row)


def test_parts_that_were_not_touched_are_the_same_bytes(pair: tuple[Path, Path, dict[str, Any]]) -> None:
    old, new = parts(pair[0]), parts(pair[1])
    touched = ("[Content_Types].xml", "docProps/core.xml", "xl/styles.xml", "xl/workbook.xml")
    for name, data in old.items():
        if (
            name not in touched
            and "sheet1" not in name
            and not name.endswith((".rels", ".vml"))
            and "comment" not in name
        ):
            assert new[name] == data, name
    assert any("chart" in name for name in new)


def test_the_list_links_to_the_cells_and_has_a_state_to_choose(pair: tuple[Path, Path, dict[str, Any]]) -> None:
    _, copy, document = pair
    page = openpyxl.load_workbook(copy)["问题清单"]
    top = next(row for row in range(1, 20) if page.cell(row, 1).value == "序号")
    findings = document["findings"]
    listed = {page.cell(row, 6).value for row in range(top + 1, top + 1 + len(findings))}
    assert listed == {f["message"] for f in findings}
    for row in range(top + 1, top + 1 + len(findings)):
        name, cell = str(page.cell(row, 3).value).replace("'", "''"), page.cell(row, 4)
        assert cell.hyperlink.location == f"'{name}'!{'A1' if cell.value == '整张表' else cell.value}"
        assert page.cell(row, 8).value == "未处理"
    (rule,) = page.data_validations.dataValidation
    assert str(rule.sqref) == f"H{top + 1}:H{top + len(findings)}"
    assert "已改正" in rule.formula1
    assert page.freeze_panes == f"A{top + 1}"


def test_the_original_is_untouched_and_the_copy_is_never_an_input(tmp_path: Path, run_pbm: RunPbm) -> None:
    folder = tmp_path / "县"
    source = accountant(folder / "部门" / "执行.xlsx")
    before = source.read_bytes()
    first = marked(run_pbm, folder, folder / "标注副本")
    assert first["marked"] == [str(folder / "标注副本" / "部门" / "执行.xlsx")]
    assert source.read_bytes() == before
    again = marked(run_pbm, folder, folder / "标注副本")
    assert again["summary"] == first["summary"]


def test_the_same_bytes_twice(tmp_path: Path, run_pbm: RunPbm) -> None:
    source = accountant(tmp_path / "执行.xlsx")
    for name in ("a", "b"):
        marked(run_pbm, source, tmp_path / name)
    assert (tmp_path / "a" / "执行.xlsx").read_bytes() == (tmp_path / "b" / "执行.xlsx").read_bytes()


def test_a_copy_can_be_checked_by_name_and_says_the_same(
    pair: tuple[Path, Path, dict[str, Any]], run_pbm: RunPbm
) -> None:
    _, copy, document = pair
    again = json.loads(run_pbm("check", copy, "--json").out)
    assert again["summary"] == document["summary"] | {"sheets": again["summary"]["sheets"]}
    assert again["findings"] == document["findings"]


def test_writing_onto_an_input_is_refused_and_nothing_is_written(tmp_path: Path, run_pbm: RunPbm) -> None:
    source = accountant(tmp_path / "z" / "执行.xlsx")
    (tmp_path / "z" / "a.csv").write_bytes("单位：万元\n项目名称,调整后预算数,累计支出\n甲,100,x\n".encode("gbk"))
    before = source.read_bytes()
    result = run_pbm("check", tmp_path / "z", "--marked", tmp_path / "z")
    assert result.code == 2
    assert "输入文件" in result.err
    assert source.read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "z").iterdir()) == ["a.csv", "执行.xlsx"]


def test_a_clean_workbook_gets_no_copy_and_the_count_is_said(
    tmp_path: Path, run_pbm: RunPbm, sheet: WriteSheet
) -> None:
    """单位：万元

    单位：万元
    | 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |
    | '0001' | 甲 | 乙局 | 100 | 50 |
    """
    path = sheet()
    document = marked(run_pbm, path, tmp_path / "out", code=0)
    assert document["findings"] == []
    assert document["marked"] == []
    assert "1 个文件没有问题" in document["err"]
    assert not (tmp_path / "out").exists()


def test_blank_cells_that_do_not_exist_yet_are_made_where_they_belong(
    tmp_path: Path, run_pbm: RunPbm, sheet: WriteSheet
) -> None:
    """空单元格在文件里可能没有元素。

    单位：万元
    | 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |
    | '0001' | 甲 | 乙局 | 100 | |
    | | 丙 | 乙局 | | 20 |
    """
    document = marked(run_pbm, sheet(), tmp_path / "out")
    page = openpyxl.load_workbook(tmp_path / "out" / "表.xlsx")["Sheet1"]
    assert {f["where"]["cell"] for f in document["findings"]} == {"E3", "D4"}
    assert [page[cell].fill.fgColor.rgb for cell in ("E3", "D4")] == [RED, RED]
    assert [cell.value for cell in page[4]] == [None, "丙", "乙局", None, 20]


def test_a_cell_inside_a_merge_is_marked_at_its_corner(tmp_path: Path, run_pbm: RunPbm) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    for row in (["单位：万元"], HEAD[1:5], ["甲", "乙局", 100, 50], ["丙", "乙局", None, 20]):
        page.append(row)
    page.merge_cells("C3:C4")
    book.save(tmp_path / "合并.xlsx")
    document = marked(run_pbm, tmp_path / "合并.xlsx", tmp_path / "out")
    assert "C4" in {f["where"]["cell"] for f in document["findings"]}
    copy = openpyxl.load_workbook(tmp_path / "out" / "合并.xlsx").worksheets[0]
    assert copy["C3"].fill.fgColor.rgb == RED
    assert "（C4）" in note(copy["C3"])


def test_without_the_option_nothing_changes(tmp_path: Path, run_pbm: RunPbm) -> None:
    source = accountant(tmp_path / "执行.xlsx")
    assert "marked" not in json.loads(run_pbm("check", source, "--json").out)


def test_libreoffice_opens_the_copy_and_keeps_notes_and_colours(
    pair: tuple[Path, Path, dict[str, Any]], tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    office = [needs_tool("soffice"), "--headless", f"-env:UserInstallation={(tmp_path / 'lo').as_uri()}"]
    plain = tmp_path / "copy.xlsx"
    shutil.copy(pair[1], plain)
    target = tmp_path / "again"
    subprocess.run([*office, "--convert-to", "xlsx", "--outdir", str(target), str(plain)], check=True, timeout=120)
    book = openpyxl.load_workbook(target / "copy.xlsx")
    assert book.sheetnames[-1] == "问题清单"
    page = book[book.sheetnames[0]]
    assert "123O0" in note(page["E4"])
    assert page["E4"].fill.fgColor.rgb == RED
    assert "会计原来的批注" in note(page["D7"])
    assert io.BytesIO(plain.read_bytes()).read(2) == b"PK"
