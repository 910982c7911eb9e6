"""同一张表，存成各种格式，经过命令读出来都一样。"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from conftest import RunPbm

ROWS: list[list[object]] = [
    ["2023年1-7月项目支出预算执行表"],
    ["编制单位：甲县财政局", None, None, "单位：万元"],
    ["项目编码", "项目名称", "预算单位", "调整后预算数", "累计支出"],
    ["51000021R000000019951", "渠系整治", "甲县水务局", "1,234.56", "600.00"],
    ["51000021R000000019952", "造林补助", "甲县林业局", "100.00", "0.00"],
    ["合计", None, None, "1,334.56", "600.00"],
    ["填表人：某", None, "审核人：某", None, None],
]


def text_file(encoding: str, comma: str = ",") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        quoted = (comma.join("" if v is None else f'"{v}"' for v in row) for row in ROWS)
        path.write_bytes("\r\n".join(quoted).encode(encoding))

    return write


def html(path: Path) -> None:
    rows = "".join("<tr>" + "".join(f"<td>{'' if v is None else v}</td>" for v in row) + "</tr>" for row in ROWS)
    path.write_bytes(f'<html><meta charset="gbk"><table border="1">{rows}</table></html>'.encode("gbk"))


def spreadsheetml(path: Path) -> None:
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    rows = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{v or ""}</Data></Cell>' for v in row) + "</Row>"
        for row in ROWS
    )
    page = f'<Worksheet ss:Name="执行"><Table>{rows}</Table></Worksheet>'
    book = f'<Workbook xmlns="{space}" xmlns:ss="{space}">{page}</Workbook>'
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>{book}', encoding="utf-8")


def xls(path: Path) -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("执行")
    for row, values in enumerate(ROWS):
        for column, value in enumerate(values):
            if value is not None:
                page.write(row, column, value)
    book.save(str(path))


def xlsx(path: Path, date_1904: bool = False) -> None:
    with xlsxwriter.Workbook(str(path), {"date_1904": date_1904}) as book:
        page = book.add_worksheet("执行")
        for row, values in enumerate(ROWS):
            for column, value in enumerate(values):
                if value is not None:
                    page.write_string(row, column, str(value))


def wrong_name(path: Path) -> None:
    xlsx(path)


WRITERS: dict[str, Callable[[Path], None]] = {
    "a.xlsx": xlsx,
    "b.xls": xls,
    "c.csv": text_file("utf-8"),
    "d.csv": text_file("utf-8-sig"),
    "e.csv": text_file("gbk"),
    "f.csv": text_file("gb18030"),
    "g.csv": text_file("utf-16"),
    "h.tsv": text_file("utf-8", "\t"),
    "i.csv": text_file("gbk", ";"),
    "j.xls": html,
    "k.xls": spreadsheetml,
    "l.xls": wrong_name,
    "m.csv": xls,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_figures(name: str, tmp_path: Path, run_pbm: RunPbm) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    result = run_pbm("monitor", path, "--json", "--fail-on", "never")
    assert result.code == 0, result.err
    document = json.loads(result.out)
    assert document["on"] == "2023-07-31"
    (sheet,) = document["inputs"][0]["sheets"]
    assert [sheet[k] for k in ("kind", "rows_read", "rows_used", "rows_rejected", "rows_total")] == [
        "execution",
        3,
        2,
        0,
        1,
    ]
    rows = [(r["project_code"], r["budget_unit"], r["budget_yuan"], r["expenditure_yuan"]) for r in document["rows"]]
    assert sorted(rows) == [
        ("51000021R000000019951", "甲县水务局", "12345600.00", "6000000.00"),
        ("51000021R000000019952", "甲县林业局", "1000000.00", "0.00"),
    ]


def test_no_unit_ends_with_the_word_to_give(tmp_path: Path, run_pbm: RunPbm) -> None:
    path = tmp_path / "表.csv"
    path.write_text("项目名称,调整后预算数,累计支出\n甲,2,1\n", encoding="utf-8")
    refused = run_pbm("monitor", path, "--on", "2023-07-31")
    assert refused.code == 2
    assert "--unit 元|万元|亿元" in refused.err
    given = run_pbm("monitor", path, "--on", "2023-07-31", "--unit", "万元", "--json")
    assert json.loads(given.out)["summary"]["budget_yuan"] == "20000.00"


def test_layouts_shows_each_column(tmp_path: Path, run_pbm: RunPbm) -> None:
    path = tmp_path / "a.xlsx"
    xlsx(path)
    shown = run_pbm("layouts", path).out
    assert "读 3 行：用 2，不用 0，合计行 1" in shown
    assert "预算单位" in shown
    assert "万元" in shown
