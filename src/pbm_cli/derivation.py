"""追溯的流程：读一个县年度文件夹、算出全年、说明一个数或一个项目，再回到工作簿取来源单元格的原文。"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pbm_cli.cells import Cell, Percentage, UnvaluedCell, Workbook
from pbm_cli.config import config_for
from pbm_cli.errors import InputError, UsageError
from pbm_cli.facts import Row
from pbm_cli.facts.document import document
from pbm_cli.facts.explanation import explain
from pbm_cli.facts.sources import Sources
from pbm_cli.fields import decimal_of
from pbm_cli.models import Where
from pbm_cli.pipeline import Options, Progress, judged, read, ruleset_of
from pbm_cli.text import one_line, plain, storable
from pbm_cli.workbook import Reader, find_workbooks

_ADDRESS = re.compile(r"([A-Z]+)([0-9]+)")
_LETTERS = 26


def derive(folder: Path, subject: str, options: Options, progress: Progress | None = None) -> dict[str, Any]:
    """追溯的 JSON 文档：summary 的位置是 subject、value、formula、cells、parameters；rows 是一步步的推导。"""
    run = read([folder], options, progress)
    facts = judged("report", run, progress)
    bound = ruleset_of(run).at(facts.on or dt.date.max)
    unread = [report.file for report in run.loaded.files if report.error]
    try:
        made = explain(subject, Sources(facts, run.loaded, bound))
    except UsageError as error:
        if not unread:
            raise
        said = f"{error.message}（有 {len(unread)} 个文件读不了，如 {one_line(unread[0])}，它也许在那里面）"
        raise UsageError(error.where, said, error.hint) from error
    whole = document(facts)
    about = {key: whole[key] for key in ("pbm", "county", "issuer", "year", "ruleset", "ruleset_title")}
    texts = _Texts([folder])
    return {
        **about,
        "command": "explain",
        "ruleset_digest": whole["ruleset_digest"],
        "on": whole["on"],
        "inputs": whole["inputs"],
        "subject": made.subject,
        "value": made.value,
        "formula": made.formula,
        "cells": texts.rows(made.places),
        "parameters": made.parameters,
        "rows": made.steps,
        "findings": [f for f in whole["findings"] if f["subject"].partition("·")[0] in (made.subject, *unread)],
    }


@dataclass(slots=True)
class _Texts:
    """来源单元格的原文：涉及的工作簿再读一遍。"""

    paths: list[Path]

    def rows(self, places: Iterable[Where]) -> list[Row]:
        """各单元格：文件、工作表、地址、原文（空白为 None）。"""
        wanted = list(places)
        books = self._books({where.file for where in wanted})
        return [
            {"file": w.file, "sheet": w.sheet, "cell": w.cell, "text": _text(books.get(w.file, {}), w)} for w in wanted
        ]

    def _books(self, files: set[str]) -> dict[str, Mapping[str, list[list[Cell]]]]:
        found: dict[str, Mapping[str, list[list[Cell]]]] = {}
        with Reader(config_for(self.paths).limits) as reader:
            for path, own in find_workbooks(self.paths):
                if (shown := storable(own)) in files:
                    try:
                        book: Workbook = reader.read(path, shown)
                    except InputError as error:
                        raise InputError(shown, f"再读一遍取原文时读不了：{error.message}", error.hint) from error
                    found[shown] = {sheet.name: sheet.rows for sheet in book.sheets}
        return found


def _text(sheets: Mapping[str, list[list[Cell]]], where: Where) -> str | None:
    rows = sheets.get(where.sheet or "")
    match = _ADDRESS.fullmatch(where.cell or "")
    if rows is None or match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * _LETTERS + ord(letter) - ord("A") + 1
    line = rows[int(match[2]) - 1] if int(match[2]) <= len(rows) else []
    return cell_text(line[column - 1]) if column <= len(line) else None


def cell_text(value: Cell) -> str | None:
    """单元格的原文：数照读到的写，百分比格式的写成百分数，日期写成 2023-12-31；空白为 None。"""
    if value is None:
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Percentage):
        return f"{plain(decimal_of(value) * 100)}%"
    if isinstance(value, float):
        return plain(decimal_of(value))
    if isinstance(value, UnvaluedCell):
        return f"={str(value).removeprefix('=')}"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
