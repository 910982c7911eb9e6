"""每一种输出里的数都与 --json 一样：金额到分，比率、得分到两位，灯是词；换一个数，就要看得出来。"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from output_reading import (
    COMMANDS,
    Document,
    by_calamine,
    by_openpyxl,
    csv_differences,
    docx_differences,
    html_differences,
    markdown_differences,
    ran,
    xlsx_differences,
)

# ---- 一样 ----


CHECKS: dict[str, Callable[[Document, dict[str, bytes]], list[str]]] = {
    "xlsx-openpyxl": lambda document, files: xlsx_differences(document, files[".xlsx"], by_openpyxl),
    "xlsx-calamine": lambda document, files: xlsx_differences(document, files[".xlsx"], by_calamine),
    "csv": lambda document, files: csv_differences(document, files[".csv"]),
    "html": lambda document, files: html_differences(document, files[".html"]),
    "md": lambda document, files: markdown_differences(document, files[".md"]),
    "docx": lambda document, files: docx_differences(document, files[".docx"]),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", list(CHECKS))
def test_every_number_is_the_number_of_the_json(command: str, form: str) -> None:
    made = ran(command)
    assert CHECKS[form](made.document, made.files) == []


# ---- 换一个数就看得出来 ----


def changed(document: Document, path: tuple[str | int, ...], by: str) -> Document:
    """文档的一份，path 处的数加 by（灯、词换成 by）。"""
    made = copy.deepcopy(document)
    at: Any = made
    for key in path[:-1]:
        at = at[key]
    old = at[path[-1]]
    if not re.fullmatch(r"-?[\d.]+", by):
        at[path[-1]] = by
    else:
        at[path[-1]] = old + int(by) if isinstance(old, int) else f"{Decimal(old) + Decimal(by):.2f}"
    assert made != document
    return made


SHEETS = ("xlsx-openpyxl", "xlsx-calamine")
CHANGES: list[tuple[str, tuple[str | int, ...], str, tuple[str, ...]]] = [
    ("assess", ("summary", "submitted_yuan"), "0.01", SHEETS),
    ("assess", ("summary", "reduction_yuan"), "100", (*SHEETS, "html", "md", "docx")),
    ("assess", ("summary", "reduction_pct"), "0.01", (*SHEETS, "md", "docx")),
    ("assess", ("summary", "by_conclusion", "予以支持"), "1", (*SHEETS, "md", "docx")),
    ("assess", ("rows", 11, "approved_yuan"), "0.01", (*SHEETS, "csv")),
    ("assess", ("rows", 3, "approved_yuan"), "100", (*SHEETS, "csv", "html", "md", "docx")),
    ("assess", ("rows", 0, "score"), "0.01", tuple(CHECKS)),
    ("assess", ("rows", 0, "conclusion"), "不予支持", tuple(CHECKS)),
    ("evaluate", ("summary", "average_score"), "0.01", (*SHEETS, "html", "md", "docx")),
    ("evaluate", ("summary", "by_level", "财政抽评"), "1", (*SHEETS, "md", "docx")),
    ("evaluate", ("rows", 121, "score"), "0.01", tuple(CHECKS)),
    ("goals", ("rows", 552, "automatic_comments"), "1", (*SHEETS, "csv", "html")),
    ("goals", ("summary", "by_grade", "优"), "1", (*SHEETS, "md", "docx")),
    ("monitor", ("summary", "lights", "red"), "1", (*SHEETS, "html", "md", "docx")),
    ("monitor", ("rows", 1794, "light"), "yellow", ("xlsx-calamine", "csv", "html")),
    ("monitor", ("rows", 1000, "execution_pct"), "0.01", ("xlsx-calamine", "csv", "html")),
]


@pytest.mark.parametrize(
    ("command", "path", "by", "form"),
    [(command, path, by, form) for command, path, by, forms in CHANGES for form in forms],
    ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else str(part),
)
def test_another_number_is_seen(command: str, path: tuple[str | int, ...], by: str, form: str) -> None:
    made = ran(command)
    assert CHECKS[form](changed(made.document, path, by), made.files) != []
