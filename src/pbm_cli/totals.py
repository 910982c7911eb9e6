"""合计、小计行不是数据，是要证明的话：与我们自己的加总比，容差写在发现里。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from pbm_cli.cells import Cell
from pbm_cli.fields import Problem, Rate, money, rate
from pbm_cli.models import Finding, Kind, Origin, field_kind, field_title
from pbm_cli.tables import Table
from pbm_cli.text import half_up, plain, squeeze

UNIT_WORDS = {
    100: "元",
    100 * 1_000: "千元",
    100 * 10_000: "万元",
    100 * 1_000_000: "百万元",
    100 * 100_000_000: "亿元",
}
_MOST_PLACES = 6


@dataclass(slots=True)
class DataRow:
    """一行数据里可加的数：位置、用上没有、各字段的值（分或个）、名目（单位、部门、资金等，用来对“某某小计”）。"""

    row: int
    used: bool
    amounts: dict[str, int]
    names: frozenset[str]


@dataclass(slots=True)
class TotalRow:
    """一行合计：位置、用词、名目、原始单元格。"""

    row: int
    word: str
    label: str
    cells: Sequence[Cell]


@dataclass(slots=True)
class _Claim:
    """一个合计单元格说的数，和它的小数位数。"""

    field: str
    stated: int
    places: int


def check_totals(
    table: Table, origin: Origin, data: Sequence[DataRow], totals: Sequence[TotalRow], places: dict[str, int]
) -> Iterable[Finding]:
    """逐行核对合计。places 是各列数据单元格最多写到几位小数。"""
    for total in totals:
        if total.word == "其中":
            continue
        where = Origin(origin.file, origin.sheet, total.row + 1, origin.columns)
        claims = []
        for field in _summed(table):
            column = table.columns[field]
            cell = total.cells[column] if column < len(total.cells) else None
            value = money(cell, _unit(table, field))
            if isinstance(value, Problem):
                if not value.usable:
                    yield Finding("D10", "warning", total.word, f"合计行：{value.message}", where.where(field))
                continue
            if value is not None:
                claims.append(
                    _Claim(field, abs(value) * _sign(table, field) if field in table.signs else value, decimals(cell))
                )
        if not claims:
            continue
        scope = _best_scope(table, total, data, totals, claims, places)
        for claim in claims:
            yield from _check(table, total, claim, scope, places, where)
        yield from _check_rates(table, total, scope, where)


def _summed(table: Table) -> list[str]:
    model = table.layout.model
    return [f for f in table.columns if field_kind(model, f) in (Kind.MONEY, Kind.COUNT)]


def _unit(table: Table, field: str) -> int | None:
    return table.units.get(field, 1)  # 个数按 1 计


def _sign(table: Table, field: str) -> int:
    return table.signs.get(field, 1)


def decimals(cell: Cell) -> int:
    """单元格写到几位小数；浮点噪声最多算六位。"""
    if isinstance(cell, float):
        text = format(Decimal(repr(cell)), "f") if isfinite(cell) else "0"
        text = text.removesuffix(".0")
    else:
        text = squeeze(str(cell))
    digits = text.rpartition(".")[2] if "." in text else ""
    return min(sum(ch.isdigit() for ch in digits), _MOST_PLACES)


def _scopes(total: TotalRow, data: Sequence[DataRow], totals: Sequence[TotalRow]) -> list[list[DataRow]]:
    """这一行合计可能管的范围，最该管的在前。"""
    marks = [t.row for t in totals]
    before = sorted({-1, *(m for m in marks if m < total.row)}, reverse=True)
    after = sorted({10**9, *(m for m in marks if m > total.row)})
    runs = [[d for d in data if mark < d.row < total.row] for mark in before]
    leads = [[d for d in data if total.row < d.row < mark] for mark in after]
    named = [d for d in data if total.label and total.label in d.names]
    everything = list(data)
    block = [run for run in (runs[0], leads[0], *runs, *leads) if run]
    order = [named, *block, everything] if total.word == "小计" else [named, everything, *block]
    unique: list[list[DataRow]] = []
    for scope in order:
        if scope and scope not in unique:
            unique.append(scope)
    return unique


def _best_scope(
    table: Table,
    total: TotalRow,
    data: Sequence[DataRow],
    totals: Sequence[TotalRow],
    claims: Sequence[_Claim],
    places: dict[str, int],
) -> list[DataRow]:
    best: list[DataRow] = []
    most = -1
    for scope in _scopes(total, data, totals):
        fits = sum(_fits(table, claim, scope, places) for claim in claims)
        if fits > most:
            best, most = scope, fits
        if fits == len(claims):
            break
    return best


def _sums(scope: Sequence[DataRow], field: str) -> tuple[int, int]:
    used = sum(d.amounts.get(field, 0) for d in scope if d.used)
    return used, sum(d.amounts.get(field, 0) for d in scope)


def tolerance(table: Table, field: str, rows: int, places: int) -> Fraction:
    """容差：末位的一半 × 行数（分）。"""
    return Fraction(_unit(table, field) or 1, 2 * 10**places) * max(rows, 1)


def _fits(table: Table, claim: _Claim, scope: Sequence[DataRow], places: dict[str, int]) -> bool:
    digits = max(places.get(claim.field, 0), claim.places)
    limit = tolerance(table, claim.field, len(scope), digits)
    unit = _unit(table, claim.field) or 1
    for value in _sums(scope, claim.field):
        if abs(value - claim.stated) <= limit:
            return True
        if claim.places < digits and half_up(Fraction(value, unit), claim.places) == half_up(
            Fraction(claim.stated, unit), claim.places
        ):
            return True
    return False


def _check(
    table: Table, total: TotalRow, claim: _Claim, scope: Sequence[DataRow], places: dict[str, int], where: Origin
) -> Iterable[Finding]:
    if _fits(table, claim, scope, places):
        return
    unit = _unit(table, claim.field) or 1
    digits = max(places.get(claim.field, 0), claim.places)
    word = UNIT_WORDS.get(unit, "")
    used, everything = _sums(scope, claim.field)
    title = field_title(table.layout.model, claim.field)

    def shown(value: Fraction | int) -> str:
        return f"{plain(half_up(Fraction(value, unit), max(digits, 2)))}{word}"

    left_out = [d.row + 1 for d in scope if not d.used]
    note = f"；第 {'、'.join(map(str, left_out[:5]))} 行未能使用，没有计入" if left_out and used != everything else ""
    limit = plain(half_up(tolerance(table, claim.field, len(scope), digits) / unit, digits + 1))
    yield Finding(
        "D10",
        "warning",
        f"{total.label}{total.word}",
        f"{title}的{total.label}{total.word}写 {shown(claim.stated)}，按 {len(scope)} 行明细加总是 {shown(used)}，"
        f"相差 {shown(claim.stated - used)}（容差 {limit}{word} = 末位一半 × {len(scope)} 行）{note}。"
        "本次一律用明细加总，请核对合计公式的范围",
        where.where(claim.field),
    )


def _check_rates(table: Table, total: TotalRow, scope: Sequence[DataRow], where: Origin) -> Iterable[Finding]:
    for field, (over, under) in table.layout.model.rates.items():
        column = table.columns.get(field)
        if column is None or column >= len(total.cells) or not {over, under} <= table.columns.keys():
            continue
        stated = rate(total.cells[column])
        if not isinstance(stated, Rate):
            continue
        numerator, denominator = _sums(scope, over)[0], _sums(scope, under)[0]
        if denominator == 0 or rate_agrees(stated, Fraction(numerator, denominator)):
            continue
        computed = half_up(Fraction(numerator * 100, denominator), 2)
        yield Finding(
            "D10",
            "warning",
            f"{total.label}{total.word}",
            f"{field_title(table.layout.model, field)}的{total.word}写 {plain(stated.number)}，"
            f"按合计重算是 {computed:.2f}%",
            where.where(field),
        )


def rate_agrees(stated: Rate, computed: Fraction) -> bool:
    """表上的比率与重算的一致：差不超过末位的一半，或 0.01 个百分点；裸数按比和按百分数各试一次。"""
    number = Fraction(stated.number)
    readings = (
        [(number, stated.places)]
        if stated.form == "percent"
        else [(number, stated.places), (number * 100, stated.places - 2)]
    )
    for value, digits in readings:
        limit = max(Fraction(1, 2 * 10 ** max(digits, 0)), Fraction(1, 100))
        if abs(value - computed * 100) <= limit:
            return True
    return False
