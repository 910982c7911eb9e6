"""终端上的表：按汉字的宽度排，格子里的字断得自然。"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from pbm_cli.lines import cell_width, folded, longest_piece

_LEAST = 12
"""一栏至少能窄到几格；断不开的更长也照断。"""


class Words:
    """一格里的字：rich 只在空格处断行，中文要自己断。"""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """最窄、最宽。"""
        wanted = max(map(cell_width, self.text.split("\n")))
        least = min(longest_piece(self.text), _LEAST, options.max_width)
        return Measurement(least, max(least, min(wanted, options.max_width)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """断好的各行。"""
        for line in folded(self.text, options.max_width):
            yield Text(line, justify=options.justify, no_wrap=True)


class Grid(Table):
    """行里的文字自己断行的表。"""

    def add_row(self, *cells: Any, **options: Any) -> None:
        """加一行；整格不断的栏（no_wrap）照原样。"""
        kept = [cell if self.columns[n].no_wrap else Words(str(cell)) for n, cell in enumerate(cells)]
        super().add_row(*kept, **options)


def blank_table(*heads: tuple[str, str], title: str | None = None) -> Table:
    """一张表；heads 是 (表头, 对齐)，对齐为 whole 的一栏不断行。"""
    table = Grid(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, show_edge=False)
    for head, side in heads:
        table.add_column(head, justify="right" if side == "right" else "left", overflow="fold", no_wrap=side == "whole")
    return table
