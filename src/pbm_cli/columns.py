"""一列单元格 → 一列值。与逐格调用 fields、targets 的结果完全相同，只是快：同一列里一样的写法只认一次。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pbm_cli import fields
from pbm_cli.cells import Cell
from pbm_cli.fields import Problem
from pbm_cli.targets import Actual, Target, parse_actual, parse_target

_REMEMBERED = 16384
_SURE = 10**15
_UNREAD = Target("", "qualitative", None)


class _Recall(dict[str, Any]):
    """文字 → 值；最多记 _REMEMBERED 种写法，再多的多半各不相同，记了也用不上。"""

    def __init__(self, parse: Callable[[Cell], Any]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, cell: str) -> Any:
        value = self._parse(cell)
        if len(self) < _REMEMBERED:
            self[cell] = value
        return value


def text_column(cells: Sequence[Cell], parse: Callable[[Cell], Any]) -> list[Any]:
    """用 parse 认一列；空单元格是 None。只有文字才记：1、1.0、TRUE 作字典的键相等，认出来却不同。"""
    known = _Recall(parse)
    return [known[c] if c.__class__ is str else None if c is None else parse(c) for c in cells]


def money_column(cells: Sequence[Cell], unit: int | None, sign: int | None) -> list[Any]:
    """一列金额（分）；sign 是表头规定的正负号。"""
    values: list[Any] = []
    scale = unit or 0
    for cell in cells:
        if cell.__class__ is float and scale and -_SURE < cell < _SURE:
            fen = round(cell * scale)
            if -_SURE < fen < _SURE and fen / scale == cell:  # 与 fields.money 的头一条路相同，省去调用
                values.append(fen)
                continue
        values.append(None if cell is None else fields.money(cell, unit))
    if sign is None:
        return values
    return [sign * abs(value) if value.__class__ is int else value for value in values]


def problem_places(values: Sequence[Any]) -> list[int]:
    """一列值里有毛病的在哪几处；多半一处也没有，先看有没有。"""
    if Problem not in set(map(type, values)):
        return []
    return [place for place, value in enumerate(values) if value.__class__ is Problem]


class TargetReader:
    """一张表的指标值、完成值；读不懂的说明原因。指标值、性质、单位都一样的只读一次，对着它的完成值也是。"""

    def __init__(self) -> None:
        self._targets: dict[tuple[Any, ...], Target | None] = {}
        self._actuals: dict[tuple[Any, ...], Actual | None] = {}

    def read(
        self, three: tuple[Cell, Cell, Cell], actuals: Sequence[tuple[str, Cell]]
    ) -> tuple[dict[str, Target | Actual | None], list[tuple[str, Problem]]]:
        """three 是指标值、指标性质、度量单位；actuals 是完成值、全年预计完成（字段，单元格）。"""
        said: list[tuple[str, Problem]] = []
        cells: dict[str, Cell] = {"target": three[0], **dict(actuals)}
        for name, cell in cells.items():
            bad = fields.text(cell)
            if bad.__class__ is Problem and not bad.usable:
                said.append((name, bad))
                cells[name] = None
        target = self._target(cells["target"], *three[1:])
        found: dict[str, Target | Actual | None] = {"target": target}
        remarks = [("target", remark) for remark in target.remarks] if target else []
        for name, _ in actuals:
            actual = found[name] = self._actual(cells[name], target or _UNREAD)
            remarks.extend((name, remark) for remark in (actual.remarks if actual else ()))
        said.extend((name, Problem(text, level="hint", usable=True, value=found[name])) for name, text in remarks)
        return found, said

    def _target(self, *three: Cell) -> Target | None:
        key = (*three, *map(type, three))  # 1、1.0、TRUE 相等而读法不同，所以带上类型
        if key not in self._targets:
            if len(self._targets) >= _REMEMBERED:
                return parse_target(*three)
            self._targets[key] = parse_target(*three)
        return self._targets[key]

    def _actual(self, cell: Cell, target: Target) -> Actual | None:
        key = (cell, type(cell), id(target))
        known = self._actuals.get(key, _UNREAD)
        if isinstance(known, Target):
            known = parse_actual(cell, target)
            if len(self._targets) < _REMEMBERED and len(self._actuals) < _REMEMBERED:  # 记下的 target 都还在
                self._actuals[key] = known
        return known
