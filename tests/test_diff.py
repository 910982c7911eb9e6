"""pbm diff：按键比较、灯、合计怎样变过来、写出的几种形式、退出码。"""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import RunPbm, WriteSheet

HEAD = "单位：元\n| 项目编码 | 项目名称 | 预算单位 | 资金性质 | 调整后预算数 | 累计支出 | 偏差原因 |\n"
OLD = HEAD + "| 'P1' | 甲 | 某局 | 一般 | 100 | 90 | |\n| 'P2' | 乙 | 某局 | 一般 | 200 | 20 | 征地 |\n"


def diff(run_pbm: RunPbm, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    result = run_pbm("diff", *arguments, "--json")
    assert result.code == code, result.out[-2000:] + result.err
    made = json.loads(result.out)
    assert isinstance(made, dict)
    return made


def counts(made: dict[str, Any]) -> tuple[int, int, int, int | None]:
    summary = made["summary"]
    return summary["appeared"], summary["vanished"], summary["changed"], summary["lights_changed"]


def changes(made: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    rows = [row for row in made["rows"] if row["change"] == "changed"]
    return {f"{row['subject']}.{item['field']}": (item["old"], item["new"]) for row in rows for item in row["fields"]}


def test_appeared_vanished_changed_and_lights(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """P1 花得少了变红灯，P2 不见了，P3 是新的；改动写明旧值、新值和两边的单元格。"""
    old = sheet(OLD, file="旧.xlsx")
    new = sheet(
        f"{HEAD}| 'P3' | 丙 | 某局 | 一般 | 50 | 50 | |\n| 'P1' | 甲 | 某局 | 一般 | 100 | 30 | 征地 |", file="新.xlsx"
    )
    made = diff(run_pbm, old, new, "--on", "2023-12-31", "--old-on", "2023-12-31")
    assert counts(made) == (1, 1, 1, 1)
    assert changes(made) == {"甲.expenditure": ("90.00", "30.00"), "甲.reason": (None, "征地")}
    spent = next(row for row in made["rows"] if row["change"] == "changed")["fields"][0]
    assert (spent["old_cell"], spent["new_cell"]) == ("F3", "F4")
    light = next(row for row in made["rows"] if row["change"] == "light_changed")
    assert (light["subject"], light["fields"][0]["old"], light["fields"][0]["new"]) == ("甲", "green", "red")
    assert (light["old_origin"]["row"], light["new_origin"]["row"]) == (3, 4)
    assert {item["file"]: item["side"] for item in made["inputs"]} == {"旧.xlsx": "old", "新.xlsx": "new"}


def test_totals_are_a_bridge(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    old = sheet(OLD, file="旧.xlsx")
    new = sheet(
        f"{HEAD}| 'P3' | 丙 | 某局 | 一般 | 50 | 5 | |\n| 'P1' | 甲 | 某局 | 一般 | 130 | 90 | |", file="新.xlsx"
    )
    totals = diff(run_pbm, old, new)["summary"]["totals"]
    assert totals["execution.adjusted_budget_yuan"] | {"name": ""} == {
        "name": "", "old": "300.00", "new": "180.00", "change": "-120.00",
        "appeared_yuan": "50.00", "vanished_yuan": "200.00", "changed_yuan": "30.00",
    }  # fmt: skip
    for item in totals.values():
        steps = Decimal(item["appeared_yuan"]) - Decimal(item["vanished_yuan"]) + Decimal(item["changed_yuan"])
        assert Decimal(item["old"]) + steps == Decimal(item["new"])
        assert Decimal(item["change"]) == steps


@pytest.mark.parametrize(
    "new",
    [
        "| 'P2' | 乙 | 某局 | 一般 | 200 | 20 | 征地 |\n| 'P1' | 甲 | 某局 | 一般 | 100 | 90 | |",
        "| 'P1' | 甲 | 某 局 | 一般 | 100.00 | 90 | |\n| 'P2' | 乙　 | 某局 | 一般 | 200 | 20 | 征 地 |",
        "| | 甲 | 某局 | 一般 | 100 | 90 | |\n| | 乙 | 某局 | 一般 | 200 | 20 | 征地 |",  # 没有编码
    ],
)
def test_what_is_the_same_is_not_a_difference(run_pbm: RunPbm, sheet: WriteSheet, new: str) -> None:
    made = diff(run_pbm, sheet(OLD, file="旧.xlsx"), sheet(HEAD + new, file="新.xlsx"), "--exit-code")
    assert counts(made) == (0, 0, 0, None)


def test_rows_of_one_key_pair_with_their_equals(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """同一项目、同一资金的两行换了次序，不算改动；只有一行的资金改了名，是改动。"""
    old = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 100 | 1 | |\n| 'P1' | 甲 | 某局 | | 200 | 2 | |\n"
                "| 'P2' | 乙 | 某局 | 一般 | 7 | 7 | |", file="旧.xlsx")  # fmt: skip
    new = sheet(f"{HEAD}| 'P1' | 甲 | 某局 | | 200 | 2 | |\n| 'P1' | 甲 | 某局 | | 100 | 1 | |\n"
                "| 'P2' | 乙 | 某局 | 专项 | 7 | 7 | |", file="新.xlsx")  # fmt: skip
    made = diff(run_pbm, old, new)
    assert counts(made)[:3] == (0, 0, 1)
    assert changes(made) == {"乙.fund": ("一般", "专项")}


def test_a_column_of_one_side_is_not_compared(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """旧表没有“年初预算数”和“偏差原因”：不算改动，不算合计，说一句。"""
    old = sheet("单位：元\n| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |\n"
                "| 'P1' | 甲 | 某局 | 100 | 90 |", file="旧.xlsx")  # fmt: skip
    new = sheet("单位：元\n| 项目编码 | 项目名称 | 预算单位 | 年初预算数 | 调整后预算数 | 累计支出 | 偏差原因 |\n"
                "| 'P1' | 甲 | 某局 | 80 | 100 | 90 | 征地 |", file="新.xlsx")  # fmt: skip
    made = diff(run_pbm, old, new)
    assert counts(made)[:3] == (0, 0, 0)
    assert set(made["summary"]["totals"]) == {"execution.adjusted_budget_yuan", "execution.expenditure_yuan"}
    said = [f["message"] for f in made["findings"] if f["code"] == "D27"]
    assert any("“年初预算数”" in text and "“偏差原因”" in text for text in said)


def test_lights_need_both_dates(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    old, new = sheet(OLD, file="旧.xlsx"), sheet(OLD.replace("| 90 |", "| 9 |"), file="新.xlsx")
    made = diff(run_pbm, old, new, "--on", "2023-12-31")
    assert counts(made) == (0, 0, 1, None)
    assert any("--old-on" in f["message"] and "没有比较灯" in f["message"] for f in made["findings"])
    made = diff(run_pbm, old, new, "--on", "2023-12-31", "--old-on", "2023-06-30")
    assert counts(made) == (0, 0, 1, 1)


def test_dates_written_on_the_sheets_are_used(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    old = sheet(f"数据截至2023年6月30日\n{OLD}", file="旧.xlsx")
    new = sheet(f"数据截至2023年12月31日\n{OLD}", file="新.xlsx")
    made = diff(run_pbm, old, new)
    assert made["on"] == "2023-12-31"
    assert counts(made) == (0, 0, 0, 0)


def test_exit_codes(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    old, new = sheet(OLD, file="旧.xlsx"), sheet(OLD.replace("| 90 |", "| 91 |"), file="新.xlsx")
    assert run_pbm("diff", old, new).code == 0
    assert run_pbm("diff", old, new, "--exit-code").code == 1
    assert run_pbm("diff", old, old, "--exit-code").code == 0
    assert run_pbm("diff", old, tmp_path / "没有.xlsx").code == 2
    assert run_pbm("diff", old).code == 2
    assert run_pbm("diff", old, new, "-o", tmp_path / "比较.docx").code == 2
    missing = run_pbm("diff", tmp_path / "没有.xlsx", new, "--json")
    assert missing.code == 2
    assert json.loads(missing.out)["findings"]


def test_an_unreadable_file_of_several_is_not_silent(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    old = sheet(OLD, file="旧/表.xlsx")
    sheet(OLD, file="新/表.xlsx")
    (tmp_path / "新" / "坏.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    made = diff(run_pbm, old.parent, tmp_path / "新", code=1)
    assert any(f["level"] == "error" and "新的一边" in f["message"] for f in made["findings"])


def test_every_form_is_written(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    """表格里一个改动的字段一行；以 = 开头的名称仍是文字；同样的输入写出同样的字节。"""
    old = sheet(OLD + "| 'P4' | =丁 | 某局 | 一般 | 1 | 1 | |", file="旧.xlsx")
    new = sheet(OLD.replace("| 90 |", "| 30 |"), file="新.xlsx")
    outputs = [tmp_path / f"比较{suffix}" for suffix in (".xlsx", ".csv", ".md", ".json")]
    arguments = [part for path in outputs for part in ("-o", path)]
    assert run_pbm("diff", old, new, *arguments).code == 0
    rows = list(csv.DictReader(io.StringIO(outputs[1].read_text(encoding="utf-8-sig"))))
    assert [(r["变化"], r["项目或对象"], r["改动的栏"], r["旧值"], r["新值"]) for r in rows] == [
        ("改动", "甲", "累计支出", "90.00", "30.00"),
        ("不再出现", "'=丁", "", "", ""),
    ]
    assert rows[0]["旧的出处"] == "旧.xlsx›Sheet1!F3"
    book = openpyxl.load_workbook(outputs[0])
    assert any("累计支出" in [cell.value for cell in row] for row in book["明细"].iter_rows())
    assert "合计比较" in outputs[2].read_text(encoding="utf-8")
    assert json.loads(outputs[3].read_text(encoding="utf-8"))["rows"][0]["fields"]
    before = [path.read_bytes() for path in outputs]
    run_pbm("diff", old, new, *arguments)
    assert [path.read_bytes() for path in outputs] == before


def test_own_csv_is_not_read_back(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    old, new = sheet(OLD, file="旧/表.xlsx"), sheet(OLD.replace("| 90 |", "| 30 |"), file="新/表.xlsx")
    assert run_pbm("diff", old.parent, new.parent, "-o", tmp_path / "新" / "比较.csv").code == 0
    assert [item["file"] for item in diff(run_pbm, old.parent, new.parent)["inputs"]] == ["表.xlsx", "表.xlsx"]


def test_the_screen_says_changes_first_and_ends_with_the_bridge(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    old = sheet(OLD, file="旧.xlsx")
    new = sheet(
        f"{HEAD}| 'P3' | 丙 | 某局 | 一般 | 50 | 50 | |\n| 'P1' | 甲 | 某局 | 一般 | 100 | 30 | |", file="新.xlsx"
    )
    result = run_pbm("diff", old, new)
    places = [result.out.index(word) for word in ("改动 1 行", "90.00", "新出现  ", "不再出现  ", "= 新")]
    assert places == sorted(places)
    result.out.encode("gbk")
    assert "下一步" in result.err
