"""读入测试用的：把写在内存里的表交给 Loader，看认成什么、用了哪些行、报了什么。"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from pbm_cli.cells import Cell, Merge, Sheet, Workbook
from pbm_cli.form_layouts import FormLayout, load_form_layouts
from pbm_cli.layouts import Layout, load_layouts
from pbm_cli.loading import Loaded, Loader, SheetReport
from pbm_cli.models import Finding

Rows = Sequence[Any]
YUAN: list[Cell] = ["单位：元"]
WAN: list[Cell] = ["单位：万元"]


@cache
def _layouts() -> tuple[list[Layout], list[FormLayout]]:
    layouts = load_layouts()
    return layouts, load_form_layouts(layouts)


def page(rows: Rows, name: str = "Sheet1", merges: Sequence[tuple[int, int, int, int]] = ()) -> Sheet:
    """一张工作表。"""
    return Sheet(name, [list(row) for row in rows], [Merge(*sides) for sides in merges])


def load(*sheets: Sheet, unit: int | None = None, year: int | None = None) -> Loaded:
    """一个工作簿读成什么。"""
    layouts, forms = _layouts()
    loader = Loader(layouts, unit, year, forms)
    loader.add(Workbook("表.xlsx", "0" * 64, "xlsx", list(sheets)))
    return loader.finish()


def read(
    rows: Rows, name: str = "Sheet1", merges: Sequence[tuple[int, int, int, int]] = (), unit: int | None = None
) -> Loaded:
    """一张工作表读成什么。"""
    return load(page(rows, name, merges), unit=unit)


def report(loaded: Loaded) -> SheetReport:
    """唯一的一张表的读入情况。"""
    (only,) = loaded.files[0].sheets
    return only


def balance(loaded: Loaded) -> tuple[int, int, int, int]:
    """唯一的一张表：读、用、不用、合计行。"""
    only = report(loaded)
    return only.rows_read, only.rows_used, only.rows_rejected, only.rows_total


def fields_of(loaded: Loaded, headings: Sequence[Cell]) -> dict[str, Cell]:
    """唯一的一张表：字段 → 表头。"""
    table = report(loaded).table
    assert table is not None
    return {name: headings[column] for name, column in table.columns.items()}


def records(loaded: Loaded, kind: str) -> list[dict[str, Any]]:
    """某一种记录的值（不含空的和出处）。"""
    return [
        {name: value for name, value in record.__dict__.items() if value is not None and name != "origin"}
        for record in loaded.records.get(kind, [])
    ]


def cells(loaded: Loaded, *codes: str) -> list[str]:
    """这些发现指着的单元格，排好序。"""
    found = [f.where.cell for f in loaded.findings if f.code in codes and f.where is not None]
    return sorted(cell for cell in found if cell)


def of(loaded: Loaded, code: str) -> list[Finding]:
    """一种发现。"""
    return [f for f in loaded.findings if f.code == code]
