"""网页里的明细：每个环节一张表，行里只放数，重复的长文字（依据、文件与工作表）各列一份，行里记序号。"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pbm_cli.annexes import place
from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.columns import (
    COMMANDS,
    FINDING_COLUMNS,
    LEVEL_WORDS,
    Column,
    Document,
    Row,
    clean,
    columns,
    take,
    wan_value,
    words,
)
from pbm_cli.rules import RULES
from pbm_cli.text import half_up

_NOT_CELLS = frozenset({"indicators", "origin", "list"})
_FILTERED = frozenset(
    {"budget_unit", "light", "grade", "final_grade", "level", "subject_kind", "conclusion", "execution_light",
     "goal_light", "code"}
)  # fmt: skip
_MAIN: Mapping[str, frozenset[str]] = {
    "assess": frozenset(
        {"project_name", "budget_unit", "submitted_yuan", "approved_yuan", "reduction_yuan", "reduction_pct", "score",
         "conclusion"}
    ),
    "goals": frozenset({"project_name", "budget_unit", "grade", "score", "treatment", "review_comments",
                        "open_comments", "automatic_comments"}),
    "monitor": frozenset(
        {"project_name", "budget_unit", "budget_yuan", "expenditure_yuan", "execution_pct", "execution_light",
         "goal_light", "light", "previous_light", "action"}
    ),
    "evaluate": frozenset({"subject", "subject_kind", "level", "budget_unit", "amount_yuan", "final_score", "grade",
                           "proposal"}),
    "rollup": frozenset({"county", "monitor_projects", "budget_yuan", "execution_pct", "red", "yellow",
                         "reduction_yuan", "reduction_pct", "coverage_pct", "average_score", "errors", "error"}),
}  # fmt: skip
"""先显示的列；其余在“全部列”、每行的说明和导出的 CSV 里。"""
_NAMES = ("project_name", "subject", "county")
_LINE_RULES = ("M01", "M02", "M04")
"""灯的线来自这几条规则的参数：执行灯、指标灯、总灯。"""
_LONGEST_LINE = 60
_LIT = ("red", "yellow")


class Shelf:
    """重复的文字只存一份；number 给出它的序号。"""

    def __init__(self) -> None:
        self.items: dict[str, int] = {}

    def number(self, text: str) -> int:
        """这段文字的序号，没有就添上。"""
        return self.items.setdefault(text, len(self.items))


def page_rows(document: Document, rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """明细各表、依据、所在的清单；有灯的表放在最前，问题清单放在最后，没有行的表不列。"""
    bases, places = Shelf(), Shelf()
    lit = _LitFindings(document["findings"])
    order = sorted(rows, key=lambda stage: stage != "monitor")
    tables = [_table(stage, rows[stage], lit, bases, places) for stage in order]
    for table in tables:
        if table["stage"] == "monitor":
            table["lines"] = _lines(document.get("parameters") or [])
    tables.append(_findings(document["findings"]))
    return {
        "tables": [table for table in tables if table["rows"]],
        "bases": list(bases.items),
        "places": list(places.items),
    }


class _LitFindings:
    """红灯、黄灯的发现。项目会同名，所以名称、灯和道理都对上才算，同样的按次序各用一次。"""

    def __init__(self, findings: Iterable[Row]) -> None:
        self._waiting: dict[tuple[str, str], list[Row]] = {}
        for finding in findings:
            if finding["level"] in _LIT:
                self._waiting.setdefault((finding["subject"], finding["level"]), []).append(finding)

    def take(self, row: Row) -> Row | None:
        light = row.get("light")
        if light not in _LIT:
            return None
        waiting = self._waiting.get((row["project_name"], light), [])
        said = f"{LIGHT_WORDS[light]}：{'；'.join(row.get('reasons') or [])}"
        fitting = [finding for finding in waiting if said.startswith(finding["message"])]
        found = next((f for f in fitting if _same_row(f["where"], row.get("origin"))), fitting[0] if fitting else None)
        if found is not None:
            waiting.remove(found)
        return found


def _same_row(where: Row | None, origin: Row | None) -> bool:
    if not where or not origin:
        return False
    digits = re.sub(r"\D", "", where.get("cell") or "")
    return (where["file"], where["sheet"], digits) == (origin["file"], origin["sheet"], str(origin["row"]))


def _table(stage: str, rows: Sequence[Row], lit: _LitFindings, bases: Shelf, places: Shelf) -> dict[str, Any]:
    heads = [c for c in columns(stage, rows) if c.form not in _NOT_CELLS]
    main = _MAIN.get(stage)
    shown = [_head(c, main is None or c.key in main) for c in heads]
    lines = [_line(stage, row, heads, lit, bases, places) for row in rows]
    return {"stage": stage, "title": COMMANDS.get(stage, stage), "columns": shown, "rows": lines}


def _head(item: Column, main: bool) -> dict[str, Any]:
    return {
        "key": item.key, "title": item.title, "form": item.form, "filter": item.key in _FILTERED, "main": main,
        "name": item.key in _NAMES,
    }  # fmt: skip


def _line(
    stage: str, row: Row, heads: Sequence[Column], lit: _LitFindings, bases: Shelf, places: Shelf
) -> dict[str, Any]:
    """一行：c 是各格，w 是道理，b 是依据的序号，p 是文件与工作表的序号和行号，k 是单元格，n 是各灯的指标数。"""
    finding = lit.take(row) if stage == "monitor" else None
    basis = (finding or {}).get("basis") or row.get("proposal_basis")
    origin = row.get("origin")
    why = [clean(str(text)) for key in ("reasons", "comments", "proposal_reasons") for text in row.get(key) or []]
    line: dict[str, Any] = {"c": [_value(row, c) for c in heads]}
    if why:
        line["w"] = why
    if basis:
        line["b"] = bases.number(clean(str(basis)))
    if origin:
        line["p"] = [places.number(clean(f"{origin['file']}›{origin['sheet']}")), origin["row"]]
    if finding is not None and finding["where"]:
        line["k"] = clean(place(finding["where"]))
    if stage == "monitor":
        lights = [item.get("light") for item in row.get("indicators") or []]
        line["n"] = [lights.count(name) for name in LIGHT_WORDS]
    return line


def _value(row: Row, item: Column) -> Any:
    """一格：金额是万元两位小数的文字，灯是它的英文标识，其余数和文字原样。"""
    value = take(row, item.key)
    if item.form == "money":
        number = wan_value(value)
        return None if number is None else f"{half_up(number, 2):.2f}"
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if item.form == "light" and value in LIGHT_WORDS:
        return value
    return words(value, item.form)


def _lines(parameters: Iterable[Row]) -> list[dict[str, str]]:
    """判灯的线：名称、取值、依据。词语表之类太长的不列，页末的“判定依据”里有。"""
    names = {name for code in _LINE_RULES for name in RULES[code].parameters}
    return [
        {"label": item["label"], "value": f"{item['value']}{_unit(item)}", "basis": item["basis"]}
        for item in parameters
        if item["name"] in names and len(item["value"]) <= _LONGEST_LINE
    ]


def _unit(item: Row) -> str:
    return f"（{item['unit']}）" if item["unit"] else ""


def _findings(findings: Iterable[Row]) -> dict[str, Any]:
    """数据问题：错误、警告、提示；红灯黄灯已经在监控的表里。"""
    titles = {item.key: item.title for item in FINDING_COLUMNS}
    keys = ("level", "code", "subject", "message", "where", "basis")
    heads = [_head(Column(key, titles.get(key, "单元格")), main=True) | {"name": False} for key in keys]
    lines = [
        {
            "c": [
                LEVEL_WORDS[f["level"]], f["code"], clean(f["subject"]), clean(f["message"]), clean(place(f["where"])),
                clean(f["basis"] or ""),
            ]
        }
        for f in findings
        if f["level"] not in _LIT
    ]  # fmt: skip
    return {"stage": "findings", "title": "问题清单", "columns": heads, "rows": lines}
