"""表单测试共用的：把一张表单交给装入，看记录、发现、单元格。"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import form_sheets as made
from pbm_cli.cells import Merge, Sheet, Workbook
from pbm_cli.form_layouts import load_form_layouts
from pbm_cli.layouts import load_layouts
from pbm_cli.loading import Loaded, Loader
from pbm_cli.models import Record

WAN = 1_000_000
Rows = Sequence[Sequence[made.Value]]


def merge(area: str) -> Merge:
    first, last = area.split(":")
    return Merge(*made.place(first), *made.place(last))


def read(rows: Rows, merges: Sequence[str] = (), *, unit: int | None = None, overlay: Path | None = None) -> Loaded:
    """一张表单直接交给装入。"""
    layouts = load_layouts(overlay)
    loader = Loader(layouts, unit, None, load_form_layouts(layouts, overlay))
    page = Sheet("表1", [list(row) for row in rows], [merge(area) for area in merges])
    loader.add(Workbook("表.xlsx", "", "xlsx", [page]))
    return loader.finish()


def kinds(loaded: Loaded) -> list[str | None]:
    return [sheet.kind for report in loaded.files for sheet in report.sheets]


def only(loaded: Loaded, kind: str) -> Any:
    (record,) = loaded.records[kind]
    return record


def indicators(loaded: Loaded) -> list[Any]:
    """读出来的指标，自上而下。"""
    return list(loaded.records.get("indicator", []))


def cell(record: Record, field: str) -> str | None:
    return record.origin.where(field).cell


def said(loaded: Loaded, code: str) -> list[str]:
    return [f.message for f in loaded.findings if f.code == code]


def targets(loaded: Loaded) -> dict[str, tuple[str, str | None, str]]:
    found = [(item.level3, item.target) for item in indicators(loaded) if item.target]
    return {name: (t.operator, None if t.value is None else f"{t.value:f}", t.measure) for name, t in found}
