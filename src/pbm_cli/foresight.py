"""大表还在送来时就认各列：等读文件的子进程的工夫不白等。认什么，按先到的一批行里找到的表猜。

只是早认，不是另一种认法：值放在 Sheet.parsed 里，怎么认（Reading）是它的键；整张表到齐后照常找表，怎么认与猜的
不一样的列，键对不上，重新认。
"""

from __future__ import annotations

from pbm_cli.cells import Sheet
from pbm_cli.models import Kind
from pbm_cli.records import Reading, readings
from pbm_cli.tables import Finder

_ENOUGH = 3_000
"""到了这么多行才认：一两批就送完的表不值得。"""
_HEAD = 1_000
"""在这么多行里找表。"""


def foresee(sheet: Sheet, finder: Finder, year: int | None) -> None:
    """认到现在为止送来的行。"""
    if sheet.parsed is None:
        if len(sheet.rows) < _ENOUGH:
            return
        sheet.parsed = {reading: [] for reading in _guess(sheet, finder, year)}
    for reading, parsed in sheet.parsed.items():
        parsed.extend(reading.values(sheet.column(reading.column)[len(parsed) :]))


def _guess(sheet: Sheet, finder: Finder, year: int | None) -> list[Reading]:
    """几张表叠放、并排的不猜；没写单位的金额不猜。"""
    tables = finder.find(Sheet(sheet.name, sheet.rows[:_HEAD], sheet.merges), year).tables
    if len(tables) != 1 or tables[0].span is not None:
        return []
    found = readings(tables[0]).values()
    return [reading for reading in found if reading.kind != Kind.MONEY or reading.unit is not None]
