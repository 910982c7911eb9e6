"""内容不对的表：表头、数、编码、名称。都是一张小小的事前评估表，清单里写明改了哪里。"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

Value = str | int | float | bool
HEADS = ("项目编码", "项目名称", "项目单位", "申报金额", "审定金额")
ROWS: tuple[tuple[Value, ...], ...] = (("A0001", "甲渠", "水利局", 100, 80), ("A0002", "乙路", "交通局", 50, 50))
UNIT = "单位：万元"


def sheet(
    rows: Sequence[Sequence[Value]], merges: Sequence[str] = (), name: str = "评估", before: int = 0, formats: str = ""
) -> bytes:
    """一张表：各行照写，空串是空格子；merges 是合并区，before 是上面空几行，formats 是整张表的数字格式。"""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"strings_to_urls": False, "nan_inf_to_errors": True}) as book:
        page = book.add_worksheet(name)
        style = book.add_format({"num_format": formats}) if formats else None
        for number, row in enumerate(rows, before):
            for column, value in enumerate(row):
                if isinstance(value, str) and value:
                    page.write_string(number, column, value, style)
                elif not isinstance(value, str):
                    page.write(number, column, value, style)
        for area in merges:
            left, top = area.split(":")[0][0], int(area.split(":")[0][1:])
            text = rows[top - 1][ord(left) - ord("A")]
            page.merge_range(area, text)
    return stream.getvalue()


def table(
    heads: Sequence[str] = HEADS, rows: Sequence[Sequence[Value]] = ROWS, unit: str = UNIT, formats: str = ""
) -> bytes:
    """单位行、表头、数据。"""
    return sheet([[unit], list(heads), *rows], formats=formats)


def headed(old: str, new: str, unit: str = UNIT) -> bytes:
    """好的表，一个表头换个写法。"""
    return table([new if head == old else head for head in HEADS], unit=unit)


def cell(head: str, value: Value, unit: str = UNIT, formats: str = "") -> bytes:
    """好的表，第一行数据的一格换个值；表头里没有的列加在最后。"""
    heads = [*HEADS] if head in HEADS else [*HEADS, head]
    rows = [[*row] + [""] * (len(heads) - len(HEADS)) for row in ROWS]
    rows[0][heads.index(head)] = value
    return table(heads, rows, unit, formats)


def written(folder: Path, file: str, name: str = "评估", project: str = "甲渠", nested: str = "") -> Path:
    """好的表，写成指定的文件名、表名、项目名。"""
    path = folder / nested / file
    path.parent.mkdir(parents=True, exist_ok=True)
    rows: list[list[Value]] = [
        [UNIT],
        [*HEADS],
        ["A0001", project, "水利局", 100, 80],
        ["A0002", "乙路", "交通局", 50, 50],
    ]
    path.write_bytes(sheet(rows, name=name))
    return path


def bytes_name(folder: Path) -> Path | None:
    """文件名的字节不是 UTF-8。"""
    path = Path(os.fsdecode(os.fsencode(folder) + b"/\xc4\xe3.xlsx"))
    path.write_bytes(table())
    return None


def spreadsheet(name: str) -> bytes:
    """XML 表格 2003：表名可以是 xlsx 里不许的。"""
    rows = [(UNIT,), HEADS, ("A1", "甲渠", "水利局", "1O0", "80")]
    cells = ("".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in row) for row in rows)
    lines = "".join(f"<Row>{row}</Row>" for row in cells)
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    head = f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}">'
    return f'{head}<Worksheet ss:Name="{name}"><Table>{lines}</Table></Worksheet></Workbook>'.encode()


def wide(count: int) -> bytes:
    """好的表右边还有许多不认识的列。"""
    heads = [*HEADS, *(f"备注{number}" for number in range(count - len(HEADS)))]
    return table(heads, [[*ROWS[0], *("无" for _ in heads[len(HEADS) :])]])


def tall(count: int) -> bytes:
    """许多行标题，没有表头。"""
    return sheet([[f"虚构县事前绩效评估情况（之{number}）"] for number in range(count)])


def digits(count: int, head: str = "申报金额") -> bytes:
    """一个很长的数。"""
    return cell(head, "9" * count)


def dated(value: Value) -> bytes:
    """监控报告登记表的一个报送日期。"""
    return sheet([["预算单位", "报送日期"], ["水利局", value], ["交通局", "2023-12-31"]], name="登记")


def keyed(first: Value, second: Value, third: Value) -> bytes:
    """名称、单位都一样的两行：两个编码，第二行的审定金额。"""
    return table(rows=[[first, "甲渠", "水利局", 200, 100], [second, "甲渠", "水利局", 200, third]])


def joined(rows: Sequence[Sequence[Value]], same: bool = False) -> bytes:
    """执行表和指标表：指标要按编码、单位、名称找项目。same：两个项目名称、单位都一样。"""
    heads = ("项目编码", "项目名称", "预算单位", "调整后预算数", "累计支出")
    wanted = ("项目编码", "项目名称", "预算单位", "指标值", "完成值", "一级指标", "二级指标", "三级指标")
    holder = "水利局" if same else "交通局"
    pages: dict[str, list[Sequence[Value]]] = {
        "执行": [(UNIT,), heads, ("A1", "甲渠", "水利局", 100, 90), ("A2", "甲渠", holder, 100, 90)],
        "指标": [wanted, *([*row, "产出指标", "数量指标", "新建渠道"] for row in rows)],
    }
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        for name, lines in pages.items():
            page = book.add_worksheet(name)
            for number, line in enumerate(lines):
                page.write_row(number, 0, line)
    return stream.getvalue()


def opinions(unit: str) -> bytes:
    """审核意见表：写 xlsx 时一个单位一张表。"""
    rows = [["单位名称", "项目编码", "项目名称", "修改意见", "审核结论"], [unit, "A1", "甲渠", "请细化指标", "修改"]]
    return sheet([*rows, ["交通局", "A2", "乙路", "请补依据", "修改"]], name="意见")


def long_project(count: int) -> bytes:
    """名称很长的项目。"""
    return cell("项目名称", "甲" * count)


def surrogate() -> bytes:
    """名称里有半个字：共享文字里的 _xD83D_ 读出来是孤立的代理字符。"""
    return cell("项目名称", "甲_xD83D_乙")
