"""表单的资金块 → 金额：总额与各项独立加总、互相核对，各金额记着自己的单元格。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pbm_cli import fields
from pbm_cli.cells import Cell
from pbm_cli.fields import Problem
from pbm_cli.form_blocks import FundRow
from pbm_cli.form_grid import FormGrid, Place
from pbm_cli.forms import FormMatch
from pbm_cli.models import FindingLevel
from pbm_cli.text import half_up, plain
from pbm_cli.totals import UNIT_WORDS, decimals

MONEY_TITLES: Mapping[str, str] = {
    "budget": "年度资金总额", "initial_budget": "年初预算数", "adjusted_budget": "全年预算数", "expenditure": "执行数",
}  # fmt: skip
_SCORES = {"weight": fields.number, "self_score": fields.number, "execution_rate": fields.rate, "reason": fields.text}
_SCORE_TITLES = {"weight": "分值", "self_score": "得分", "execution_rate": "执行率", "reason": "原因"}


@dataclass(frozen=True, slots=True)
class Remark:
    """要记成发现的一句话：代码、级别、话、单元格。"""

    code: str
    level: FindingLevel
    message: str
    place: Place | None = None


@dataclass(slots=True)
class FundValues:
    """资金块读出来的：金额（分）和分值、得分、执行率，各自的单元格；broken 是写了而不能用的字段。"""

    values: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, Place] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    remarks: list[Remark] = field(default_factory=list)
    usable: bool = True


@dataclass(frozen=True, slots=True)
class _Amount:
    """一个写出来的金额。"""

    fen: int
    place: Place
    places: int


def read_funds(grid: FormGrid, match: FormMatch, default_unit: int | None) -> FundValues:
    """读资金块；没有写金额单位、或写了两种的，整张表单不能用。"""
    out = FundValues()
    funds = match.funds
    if funds is None:
        return out
    names = [name for name in MONEY_TITLES if any(name in row.cells for row in funds.rows)]
    rows = [row for row in funds.rows if row.role in ("total", "part")]
    cells = [grid.cell(*row.cells[name]) for row in rows for name in names]
    if len(funds.units) > 1:
        out.usable = False
        place = rows[0].cells[names[0]] if rows else None
        text = "资金这一块写了两种金额单位，不能判断用哪一种；这张表没有使用。请只保留一种"
        out.remarks.append(Remark("D11", "error", text, place))
        return out
    unit = funds.units[0] if funds.units else default_unit
    units = {name: funds.own_units.get(name) or unit for name in names}
    if any(units[name] is None for name in names) and any(_needs_unit(cell) for cell in cells):
        out.usable = False
        text = (
            "没有写金额单位，不能判断是元还是万元；这张表没有使用。请加 --unit 元|万元|亿元，或写成“项目资金（万元）”"
        )
        out.remarks.append(Remark("D11", "error", text, rows[0].cells[names[0]]))
        return out
    for name in names:
        _read_amount(grid, out, name, rows, units[name])
    for name in _SCORES:
        _read_score(grid, out, name, rows)
    if unknown := [row.label or f"第 {row.row + 1} 行" for row in funds.rows if row.role == "unknown"]:
        out.remarks.append(
            Remark("D13", "hint", f"资金块里有 {len(unknown)} 行不认识，没有使用：{'、'.join(unknown[:8])}", None)
        )
    return out


def _needs_unit(cell: Cell) -> bool:
    value = fields.money(cell, None)
    return isinstance(value, Problem) and not value.usable and not isinstance(fields.money(cell, 100), Problem)


def _read_amount(grid: FormGrid, out: FundValues, name: str, rows: Sequence[FundRow], unit: int | None) -> None:
    total: _Amount | None = None
    parts: list[_Amount | None] = []
    for row in rows:
        place = row.cells.get(name)
        amount = _amount(grid, out, name, place, unit) if place else None
        if row.role == "total":
            total = total or amount
        elif place and grid.span(*place)[:2] == place:
            parts.append(amount)
    stated = [part for part in parts if part is not None]
    chosen = _reconciled(out, name, total, parts, unit or 1)
    if chosen is not None:
        out.values[name] = chosen
        out.cells[name] = (total or stated[0]).place
    else:
        first = next((row.cells[name] for row in rows if name in row.cells), None)
        if first is not None:
            out.cells[name] = first


def _amount(grid: FormGrid, out: FundValues, name: str, place: Place, unit: int | None) -> _Amount | None:
    cell = grid.cell(*place)
    value = fields.money(cell, unit)
    if isinstance(value, Problem):
        fatal = not value.usable
        if fatal:
            out.broken.add(name)
        tail = "；这一格没有使用" if fatal else ""
        hint = f"。{value.hint}" if value.hint else ""
        text = f"{MONEY_TITLES[name]}：{value.message}{tail}{hint}"
        out.remarks.append(Remark("D03" if fatal else "D04", "error" if fatal else value.level, text, place))
        value = value.value if value.usable and isinstance(value.value, int) else None
    return None if value is None else _Amount(int(value), place, decimals(cell))


def _reconciled(
    out: FundValues, name: str, total: _Amount | None, parts: Sequence[_Amount | None], unit: int
) -> int | None:
    """总额还是各项之和：一致用总额；总额是零、或各项都填了，用各项之和；各项没填全，用总额。"""
    stated = [part for part in parts if part is not None]
    added = sum(part.fen for part in stated)
    if total is None:
        return added if stated and name not in out.broken else None
    if not stated or name in out.broken:
        return total.fen
    places = max([total.places, *(part.places for part in stated)])
    limit = Fraction(unit, 2 * 10**places) * len(stated)
    alone = len(parts) == 1 and 0 <= added < total.fen
    if abs(added - total.fen) <= limit or alone or not added:
        return total.fen
    use_parts = total.fen == 0 or len(stated) == len(parts) or added > total.fen
    word = UNIT_WORDS.get(unit, "")

    def shown(fen: int) -> str:
        return f"{plain(half_up(Fraction(fen, unit), max(places, 2)))}{word}"

    used = "本次用各项之和" if use_parts else "各项没有填全，本次用总额"
    margin = plain(half_up(limit / unit, places + 1))
    text = (
        f"{MONEY_TITLES[name]}的总额写 {shown(total.fen)}，按 {len(stated)} 项加总是 {shown(added)}，"
        f"相差 {shown(total.fen - added)}（容差 {margin}{word} = 末位一半 × {len(stated)} 项）。{used}，请核对"
    )
    out.remarks.append(Remark("D10", "warning", text, total.place))
    return added if use_parts else total.fen


def _read_score(grid: FormGrid, out: FundValues, name: str, rows: Sequence[FundRow]) -> None:
    """分值、得分、执行率、原因：取总额那一行的；那一行没有，取写了的第一项。"""
    ordered = sorted(rows, key=lambda row: row.role != "total")
    for row in ordered:
        place = row.cells.get(name)
        if place is None:
            continue
        out.cells.setdefault(name, place)
        value: Any = _SCORES[name](grid.cell(*place))
        if isinstance(value, Problem):
            text = f"{_SCORE_TITLES[name]}：{value.message}"
            level: FindingLevel = value.level if value.usable else "warning"
            out.remarks.append(Remark("D04" if value.usable else "D03", level, text, place))
            value = value.value if value.usable else None
        if value is not None:
            out.values[name] = value
            out.cells[name] = place
            return
