"""填报模板共用的：表头格式、打印、下拉选项。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pbm_cli.fill import CHOICES_PAGE
from pbm_cli.outputs.xlsx_book import HEAD_FILL, LINE, Book

__all__ = ["AUTHOR", "HEAD_FILL", "LINE", "Book", "head_format", "print_set", "range_name", "write_choices"]

AUTHOR = "pbm template"
_REQUIRED_FILL = "#C55A11"


def print_set(page: Worksheet, title: str) -> None:
    """A4 横向，宽度缩到一页，页眉页脚。"""
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.7)
    page.set_header(f"&L&9{title.replace('&', '&&')}")
    page.set_footer("&C&9第 &P 页 共 &N 页")


def head_format(book: Book, required: bool) -> Format:
    """表头的格式；必填的另一种颜色。"""
    return book.format(
        bold=True, bg_color=_REQUIRED_FILL if required else HEAD_FILL, font_color="#FFFFFF", border=1,
        border_color=LINE, align="center", text_wrap=True,
    )  # fmt: skip


def range_name(name: str) -> str:
    """下拉选项的名字。"""
    return f"选项_{name}"


def write_choices(book: Book, lists: Mapping[str, Sequence[str]]) -> None:
    """下拉选项放在隐藏的一页，各起一个名字。"""
    if not lists:
        return
    page = book.workbook.add_worksheet("下拉选项")
    page.write_string(0, 0, CHOICES_PAGE)
    for column, (name, words) in enumerate(lists.items()):
        page.write_string(1, column, name)
        for row, word in enumerate(words, start=2):
            page.write_string(row, column, word)
        letter = chr(ord("A") + column)
        book.workbook.define_name(range_name(name), f"=下拉选项!${letter}$3:${letter}${len(words) + 2}")
    page.hide()
