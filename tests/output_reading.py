"""把写出的各种形式读回来，与 --json 的文档逐个数比较；交回不同之处。值的写法在这里另写一遍，不用程序里的函数。"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import docx
import openpyxl
import pytest
from lxml import html
from python_calamine import CalamineWorkbook

from pbm_cli.outputs.columns import Column, columns, rows_by_stage
from pbm_cli.outputs.summary import apart, figures, stages, tables

Document = dict[str, Any]
Grid = list[list[Any]]
ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("assess", "goals", "monitor", "evaluate", "report")
SUFFIXES = (".xlsx", ".csv", ".md", ".html", ".docx")
WORDS = {"red": "红灯", "yellow": "黄灯", "green": "绿灯", "blue": "蓝灯", "none": "无灯"}
STAGE_WORDS = {"assess": "事前评估", "goals": "目标审核", "monitor": "运行监控", "evaluate": "绩效评价"}
CENT = Decimal("0.01")


class Ran(NamedTuple):
    """一个命令：JSON 文档、各种形式的字节。"""

    document: Document
    files: dict[str, bytes]


@cache
def ran(command: str) -> Ran:
    """在本进程里运行一次，写出五种形式。"""
    from pbm_cli.cli import main

    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True))
        paths = [Path(name) / f"结果{suffix}" for suffix in SUFFIXES]
        written = [part for path in paths for part in ("-o", str(path))]
        assert main([command, str(ROOT / "examples" / "luxian-2023"), "--json", "--quiet", *written]) in (0, 1)
        return Ran(json.loads(out.getvalue()), {path.suffix: path.read_bytes() for path in paths})


# ---- 值应当怎样写（另写一遍，不用程序里的函数） ----


def half_up(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def wan(yuan: str) -> Decimal:
    return Decimal(yuan) / 10_000


def said(value: Any, form: str) -> str:
    """文字类的值应当怎样写。"""
    if value is None:
        return ""
    if form in ("light", "level"):
        return WORDS.get(value, str(value))
    if form == "origin":
        return f"{value['file']}›{value['sheet']} 第{value['row']}行"
    if isinstance(value, dict):
        return "；".join(f"{key} {inner}" for key, inner in value.items())
    if isinstance(value, bool):
        return "是" if value else "否"
    return "；".join(map(str, value)) if isinstance(value, list) else str(value)


def agrees(cell: Any, value: Any, form: str) -> bool:
    """工作簿里的一格与 JSON 的值一样：金额到分，比率、得分到两位。"""
    if isinstance(value, list) and form in ("count", "indicators"):
        value, form = len(value), "count"
    numeric = form in ("money", "percent", "score", "count", "number")
    if value is None or (not numeric and said(value, form) == ""):
        return cell in (None, "")
    if numeric and re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        scale = {"money": 10_000, "percent": 100}.get(form, 1)
        exact = Decimal(str(value)) / scale
        return isinstance(cell, int | float) and round(Decimal(repr(cell)), 8) == round(exact, 8)
    return " ".join(str(cell).split()) == " ".join(said(value, form).split())


def differ(where: str, cell: Any, value: Any, form: str) -> Iterator[str]:
    if not agrees(cell, value, form):
        yield f"{where}：写的是 {cell!r}，JSON 是 {value!r}"


# ---- Excel：两个读的库各读一遍 ----


def by_openpyxl(data: bytes) -> dict[str, Grid]:
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, read_only=True)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def by_calamine(data: bytes) -> dict[str, Grid]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


READERS = {"openpyxl": by_openpyxl, "calamine": by_calamine}


def heading(item: Column) -> str:
    title = "指标数" if item.form == "indicators" else item.title
    return f"{title}（万元）" if item.form == "money" else title


def sheet_rows(document: Document, sheets: dict[str, Grid]) -> Iterator[str]:
    """明细的每一行每一栏。"""
    groups = rows_by_stage(document)
    for stage, rows in groups:
        name = f"明细-{STAGE_WORDS[stage]}" if document["command"] == "report" else "明细"
        heads, *body = sheets[name][2:]
        if len(body) != len(rows):
            yield f"{name} 有 {len(body)} 行，JSON 有 {len(rows)} 行"
        items = {heading(item): item for item in columns(stage, rows)}
        shown = [(index, items[head]) for index, head in enumerate(heads) if head in items]
        missing = {item.key for item in items.values()} - {item.key for _, item in shown}
        if any(row.get(key) not in (None, "", []) for row in rows for key in missing):
            yield f"{name} 少了 {missing}"
        for number, (cells, row) in enumerate(zip(body, rows, strict=False), 4):
            for index, item in shown:
                yield from differ(f"{name} 第 {number} 行 {item.title}", cells[index], row.get(item.key), item.form)


def beside(grid: Grid, start: int, word: str, column: int, count: int) -> list[Any] | None:
    """汇总页里从第 start 行起，column 列写着 word 的那一行，右边的各格。"""
    for row in grid[start:]:
        cells = [*row, *[None] * 8]
        if cells[column] == word:
            return cells[column + 1 : column + 1 + count]
    return None


def summary_page(document: Document, sheets: dict[str, Grid]) -> Iterator[str]:
    """汇总页的每一个主要数字和每一张小表。"""
    grid = [[*row, *[None] * 8] for row in sheets["汇总"]]
    found = stages(document)
    bands = [next(n for n, row in enumerate(grid) if row[0] == word and row[1] in (None, "")) for _, word, _ in found]
    for (stage, word, summary), start, end in zip(found, bands, [*bands[1:], len(grid)], strict=True):
        part = grid[start:end]
        for index, item in enumerate(figures(stage, summary)):
            cells = beside(part, 1 + index // 2, item.title, 4 * (index % 2), 1) or ["没有这一行"]
            yield from differ(f"{word} {item.title}", cells[0], item.value, item.form)
        for table in tables(stage, summary):
            if not apart(table):
                yield from small_table(part, word, table)


def small_table(part: Grid, word: str, table: Any) -> Iterator[str]:
    head = heading(table.columns[0])
    spots = ((n, c) for n, row in enumerate(part[:-1]) for c in (0, 4) if row[c] == table.title)
    spot = next(((n, c) for n, c in spots if part[n + 1][c] == head), None)
    if spot is None:
        yield f"{word} 没有小表 {table.title}"
        return
    line, left = spot
    for offset, row in enumerate(table.rows):
        for index, item in enumerate(table.columns):
            where = f"{word} {table.title} {row.get(table.columns[0].key)} {item.title}"
            yield from differ(where, part[line + 2 + offset][left + index], row.get(item.key), item.form)


def xlsx_differences(document: Document, data: bytes, reader: Callable[[bytes], dict[str, Grid]]) -> list[str]:
    sheets = reader(data)
    return [*summary_page(document, sheets), *sheet_rows(document, sheets)]


# ---- CSV ----


def csv_differences(document: Document, data: bytes) -> list[str]:
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    heads, body = lines[0], lines[1:]
    rows = [(stage, row) for stage, found in rows_by_stage(document) for row in found]
    wrong = [] if len(body) == len(rows) else [f"CSV 有 {len(body)} 行，JSON 有 {len(rows)} 行"]
    items = {stage: columns(stage, found) for stage, found in rows_by_stage(document)}
    units = {"money": "（元）", "percent": "（%）"}
    for number, (cells, (stage, row)) in enumerate(zip(body, rows, strict=False), 2):
        line = dict(zip(heads, cells, strict=True))
        for item in items[stage]:
            if item.form in ("indicators", "origin"):
                continue
            value, cell = row.get(item.key), line.get(item.title + units.get(item.form, ""), "没有这一栏")
            shown = said(value, item.form)
            if cell.removeprefix("'") != shown:
                wrong.append(f"CSV 第 {number} 行 {item.title}：写的是 {cell!r}，JSON 是 {value!r}")
    return wrong


# ---- 网页：页里的数据，和最上面的几个数 ----


def html_differences(document: Document, data: bytes) -> list[str]:
    page = html.fromstring(data.decode("utf-8"))
    found = json.loads(page.get_element_by_id("data").text)
    shown = {table["stage"]: table for table in found["tables"]}
    wrong = []
    for stage, rows in rows_by_stage(document):
        table = shown.get(stage, {"columns": [], "rows": []})
        if len(table["rows"]) != len(rows):
            wrong.append(f"网页 {stage} 有 {len(table['rows'])} 行，JSON 有 {len(rows)} 行")
        for line, row in zip(table["rows"], rows, strict=False):
            for head, cell in zip(table["columns"], line["c"], strict=True):
                value = row.get(head["key"])
                if head["form"] == "money" and value is not None:
                    value = f"{half_up(wan(value)):.2f}"
                elif isinstance(value, bool | list | dict):
                    value = said(value, head["form"])
                if (cell or None) != (value or None) and cell != value:
                    wrong.append(f"网页 {stage} {head['title']}：写的是 {cell!r}，JSON 是 {value!r}")
    text = re.sub(r"\s", "", page.text_content())
    return wrong + [f"网页没有 {what}{number}" for what, number in cards(document) if f"{what}{number}" not in text]


def cards(document: Document) -> Iterator[tuple[str, str]]:
    """网页最上面的数：名称与写法。"""
    own = {stage: summary for stage, word, summary in stages(document) if word != "综合"}
    if monitor := own.get("monitor"):
        yield "红灯项目", f"{monitor['lights']['red']}个"
        yield "预算执行率", f"{monitor['execution_pct']}%"
        yield "监控调整", f"{half_up(wan(monitor['adjusted_yuan'])):,.2f}万元"
    if assess := own.get("assess"):
        yield "事前评减", f"{half_up(wan(assess['reduction_yuan'])):,.2f}万元"
    if evaluate := own.get("evaluate"):
        yield "评价平均得分", f"{evaluate['average_score']}分"
    if document["command"] == "goals":
        yield "审核绩效目标", f"{own['goals']['projects']}个"


# ---- Markdown 与 Word：叙述里的数，附件表的每一行 ----


def told(document: Document) -> Iterator[tuple[str, str]]:
    """叙述里应当有的数：前面的词与写法。"""
    own = {stage: summary for stage, word, summary in stages(document) if word != "综合"}
    if summary := own.get("assess"):
        for word, key in (("涉及金额", "submitted_yuan"), ("审定", "approved_yuan"), ("评减", "reduction_yuan")):
            yield word, f"{half_up(wan(summary[key]))}万元"
        yield "评减率", f"{summary['reduction_pct']}%"
        yield from ((name, f"{count}个") for name, count in summary["by_conclusion"].items())
    if summary := own.get("monitor"):
        yield "项目", f"{summary['projects']}个"
        for word, key in (("预算", "budget_yuan"), ("累计支出", "expenditure_yuan"), ("涉及金额", "adjusted_yuan"),
                          ("调减", "adjusted_cut_yuan"), ("调增", "adjusted_added_yuan")):  # fmt: skip
            yield word, f"{half_up(wan(summary[key]))}万元"
        yield "执行率", f"{summary['execution_pct']}%"
        yield "红灯项目", f"{summary['lights']['red']}个"
        yield "黄灯项目", f"{summary['lights']['yellow']}个"
        yield "调整项目", f"{summary['adjusted_projects']}个"
    if summary := own.get("goals"):
        yield "对", f"{summary['projects']}个"
        yield "预算", f"{half_up(wan(summary['budget_yuan']))}万元"
        yield "修改意见", f"{summary['comments']}条"
        yield from ((f"“{name}”的", f"{count}个") for name, count in summary["by_grade"].items() if count)
    if summary := own.get("evaluate"):
        yield "平均得分", f"{summary['average_score']}分"
        yield from ((name, f"{count}个") for name, count in summary["by_grade"].items() if count)
        yield from ((name, f"{count}项") for name, count in summary["by_level"].items())


HEADS = {
    "调整后预算": ("budget_yuan", "money"), "累计支出": ("expenditure_yuan", "money"),
    "执行率": ("execution_pct", "percent"), "执行灯": ("execution_light", "light"), "目标灯": ("goal_light", "light"),
    "建议处置": ("action", "text"), "项目编码": ("project_code", "text"), "预算单位": ("budget_unit", "text"),
    "项目单位": ("budget_unit", "text"), "项目名称": ("project_name", "text"), "申报": ("submitted_yuan", "money"),
    "审定": ("approved_yuan", "money"), "评减": ("reduction_yuan", "money"), "评减率": ("reduction_pct", "percent"),
    "得分": ("score", "score"), "结论": ("conclusion", "text"), "评价对象": ("subject", "text"),
    "对象类型": ("subject_kind", "text"), "评价层次": ("level", "text"), "资金": ("fund", "text"),
    "结果应用建议": ("proposal", "text"),
}  # fmt: skip
"""附件表的表头（去掉单位）→ 键与类型。"""
ANNEXES = {"红灯项目清单": "monitor", "事前绩效评估结果表": "assess", "绩效评价结果表": "evaluate"}


def annex_cell(value: Any, form: str) -> str:
    if form == "money" and value is not None:
        return f"{half_up(wan(value)):,.2f}"
    return said(value, form)


def annex_differences(document: Document, annexes: Sequence[tuple[str, Grid]]) -> Iterator[str]:
    """附件表的每一行都找得到一模一样的 JSON 行；红灯清单一个不少。"""
    rows = dict(rows_by_stage(document))
    for title, grid in annexes:
        stage = ANNEXES.get(re.sub(r"[#\s]|附件\d*", "", title))
        if stage not in rows:
            continue
        heads = [re.sub(r"（.*）", "", str(head)) for head in grid[0]]
        known = [(index, *HEADS[head]) for index, head in enumerate(heads) if head in HEADS]
        lines = {tuple(annex_cell(row.get(key), form) for _, key, form in known) for row in rows[stage]}
        body = [line for line in grid[1:] if "合计" not in line]
        for line in body:
            if tuple(line[index] for index, _, _ in known) not in lines:
                yield f"{title}：JSON 里没有这一行 {line}"
        expected = [row for row in rows[stage] if stage != "monitor" or row["light"] == "red"]
        if len(body) != len(expected):
            yield f"{title} 有 {len(body)} 行，JSON 有 {len(expected)} 行"
        for line in [line for line in grid[1:] if "合计" in line and stage == "assess"]:
            total = next(summary for name, _, summary in stages(document) if name == stage)
            yield from (
                f"{title}：合计 {line}"
                for index, key, form in known
                if form in ("money", "percent") and line[index] != annex_cell(total[key], form)
            )


def prose_differences(document: Document, text: str, annexes: Sequence[tuple[str, Grid]]) -> list[str]:
    flat = re.sub(r"[\s\u2060\u00a0]", "", text)
    wrong = [
        f"叙述里没有 {word}…{number}"
        for word, number in told(document)
        if not re.search(rf"{re.escape(word)}[^。；\d]{{0,14}}{re.escape(number)}", flat)
    ]
    return [*wrong, *annex_differences(document, annexes)]


def markdown_differences(document: Document, data: bytes) -> list[str]:
    text = data.decode("utf-8")
    annexes: list[tuple[str, Grid]] = []
    title = ""
    for line in text.splitlines():
        if line.startswith("#"):
            title = line
            annexes.append((title, []))
        elif line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line) and annexes:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            annexes[-1][1].append([re.sub(r"\\(.)", r"\1", cell).strip() for cell in cells])
    return prose_differences(document, text, [annex for annex in annexes if annex[1]])


def docx_differences(document: Document, data: bytes) -> list[str]:
    word = docx.Document(io.BytesIO(data))
    annexes: list[tuple[str, Grid]] = []
    text, title = [], ""
    for block in word.element.body:
        if block.tag.endswith("}p"):
            said_here = "".join(node.text or "" for node in block.iter() if node.tag.endswith("}t"))
            text.append(said_here)
            title = said_here or title
        elif block.tag.endswith("}tbl"):
            annexes.append((title, docx_table(block)))
    return prose_differences(document, "\n".join(text), annexes)


def docx_table(block: Any) -> Grid:
    return [
        [
            re.sub(r"[\u2060\u00a0]", "", "".join(node.text or "" for node in cell.iter() if node.tag.endswith("}t")))
            for cell in row
            if cell.tag.endswith("}tc")
        ]
        for row in block
        if row.tag.endswith("}tr")
    ]
