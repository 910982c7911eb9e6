"""CSV：UTF-8 带 BOM，中文表头，金额以元计；以 = + - @ 等开头的文字前加 '。"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from pbm_cli.outputs.columns import (
    FINDING_COLUMNS,
    NUMERIC,
    STAGES,
    Column,
    Document,
    Row,
    columns,
    decimal,
    rows_by_stage,
    take,
    words,
)

DANGEROUS = tuple("=+-@＝＋－＠﹦﹢﹣﹫")
_BLANK_STARTS = ("\t", "\r")
_UNITS: Mapping[str, str] = {"money": "元", "percent": "%"}


def render(document: Document) -> bytes:
    """明细一张表；report 把各阶段的行放在一张表里，第一列是阶段；一行也没有的文档写问题清单。"""
    groups = rows_by_stage(document)
    if not groups:
        return _bytes(
            list(FINDING_COLUMNS), [list(_cells(row, FINDING_COLUMNS)) for row in document.get("findings") or []]
        )
    staged = document.get("command") == "report" or len(groups) > 1
    heads: dict[str, Column] = {}
    per_stage = [(stage, rows, columns(stage, rows)) for stage, rows in groups]
    for _, _, found in per_stage:
        for item in found:
            heads.setdefault(heading(item), item)
    lines: list[list[str]] = []
    for stage, rows, found in per_stage:
        keyed = {heading(item): item for item in found}
        chosen = [keyed.get(head) for head in heads]
        lead = [STAGES.get(stage, stage)] if staged else []
        lines.extend(lead + [cell(take(row, item.key), item) if item else "" for item in chosen] for row in rows)
    return _bytes([*([Column("stage", "阶段")] if staged else []), *heads.values()], lines)


def heading(item: Column) -> str:
    """表头：金额与比率写明单位。"""
    unit = _UNITS.get(item.form)
    return f"{item.title}（{unit}）" if unit else item.title


def cell(value: Any, item: Column) -> str:
    """一个单元格：数照写；文字挡住公式注入。"""
    if value is None:
        return ""
    number = decimal(value) if item.form in NUMERIC else None
    if number is not None:
        return f"{number:f}"
    return guarded(words(value, item.form), value)


def guarded(shown: str, original: object = "") -> str:
    """会被表格软件当成公式的文字前加 '。"""
    return f"'{shown}" if _risky(shown) or (isinstance(original, str) and _risky(original)) else shown


def _risky(text: str) -> bool:
    return text.startswith(_BLANK_STARTS) or text.lstrip().startswith(DANGEROUS)


def _cells(row: Row, heads: tuple[Column, ...]) -> list[str]:
    return [cell(take(row, item.key), item) for item in heads]


def _bytes(heads: list[Column], lines: list[list[str]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([heading(item) for item in heads])
    writer.writerows(lines)
    return b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8")
