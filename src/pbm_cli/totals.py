"""合计、小计行不是数据，是要证明的话：与我们自己的加总比，容差写在发现里。"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from math import isfinite
from operator import mul

from pbm_cli.cells import Cell
from pbm_cli.fields import Problem, Rate, count, money, number, rate
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
_USUAL_PLACES = 2
SCORE_UNIT = 10_000
_NEAR = 60
"""一行合计最多往前、往后试多少行别的合计。"""


@dataclass(slots=True)
class Details:
    """各数据行里可加的数，一列一列地放：行号、用上没有、各字段的值（分或个；没有为 None）和原来的单元格。

    个数没有小数，不放单元格；groups 是名目各列（单位、部门、资金等），用来对“某某小计”。
    """

    rows: Sequence[int]
    used: Sequence[bool]
    amounts: Mapping[str, Sequence[int | None]]
    cells: Mapping[str, Sequence[Cell]]
    groups: Sequence[Sequence[str | None]]

    def places(self, name: str) -> int:
        """这一列有值的单元格最多写到几位小数；已知有两位的，不超过两位的小数不必再看。"""
        most = 0
        for cell, value in zip(self.cells.get(name, ()), self.amounts[name]):  # noqa: B905  个数没有单元格
            if value is None:
                continue
            if most >= _USUAL_PLACES and cell.__class__ is float and (value / 100 == cell or round(cell, 2) == cell):
                continue  # 两位小数就是百分之一的整数倍：单位是元的，已经算出来了
            most = max(most, decimals(cell))
        return most


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


class _Sums:
    """明细的前缀和：一段行的合计一减就得。"""

    def __init__(self, data: Details, fields: Sequence[str]) -> None:
        self.data = data
        self.rows = data.rows
        columns = {f: [value or 0 for value in data.amounts[f]] for f in fields}
        self._all = {f: [0, *accumulate(column)] for f, column in columns.items()}
        self._used = {f: [0, *accumulate(map(mul, column, data.used))] for f, column in columns.items()}
        self._named: dict[str, list[range]] | None = None

    def between(self, first: int, last: int, *, likely: bool = True) -> _Scope:
        """行号在 first 与 last 之间（都不含）的明细。"""
        return _Scope(self, [range(bisect_right(self.rows, first), bisect_left(self.rows, last))], likely)

    def named(self, label: str) -> _Scope:
        """名目是 label 的明细。"""
        if self._named is None:
            self._named = {}
            for place, names in enumerate(zip(*self.data.groups, strict=True)):
                for name in {name for name in names if name is not None}:
                    self._named.setdefault(name, []).append(range(place, place + 1))
        return _Scope(self, self._named.get(label, []))

    def total(self, field: str, part: range) -> tuple[int, int]:
        """一段明细的合计：（用上的，全部的）。"""
        if not part or field not in self._all:
            return 0, 0
        used, everything = self._used[field], self._all[field]
        return used[part.stop] - used[part.start], everything[part.stop] - everything[part.start]


@dataclass(slots=True)
class _Scope:
    """一行合计管的明细：下标的几段。"""

    sums: _Sums
    parts: list[range]
    likely: bool = True
    """最可能的范围按容差比；别的范围要对得上末位，免得碰巧。"""

    @property
    def count(self) -> int:
        """有几行。"""
        return sum(len(part) for part in self.parts)

    def total(self, field: str) -> tuple[int, int]:
        """合计：（用上的，全部的）。"""
        found = [self.sums.total(field, part) for part in self.parts]
        return sum(used for used, _ in found), sum(everything for _, everything in found)

    def left_out(self) -> list[int]:
        """没有用上的行号（从 1 数）。"""
        data = self.sums.data
        return [data.rows[i] + 1 for part in self.parts for i in part if not data.used[i]]


def check_totals(table: Table, origin: Origin, data: Details, totals: Sequence[TotalRow]) -> Iterable[Finding]:
    """逐行核对合计。"""
    if not totals:
        return
    sums = _Sums(data, _summed(table))
    places = {name: data.places(name) for name in _summed(table)}
    marks = [total.row for total in totals]
    for total in totals:
        where = Origin(origin.file, origin.sheet, total.row + 1, origin.columns)
        claims = []
        for field in _summed(table):
            column = table.columns[field]
            cell = total.cells[column] if column < len(total.cells) else None
            value = summable(field_kind(table.layout.model, field), cell, _unit(table, field))
            if isinstance(value, Problem):
                if not value.usable:
                    yield Finding("D10", "warning", _who(total), f"合计行：{value.message}", where.where(field))
                continue
            if value is not None:
                claims.append(
                    _Claim(field, abs(value) * _sign(table, field) if field in table.signs else value, decimals(cell))
                )
        scope = _best_scope(table, total, sums, marks, claims, places)
        for claim in claims:
            yield from _check(table, total, claim, scope, places, where)
        yield from _check_rates(table, total, scope, where)


def _who(total: TotalRow) -> str:
    return f"{total.label}{total.word}"


def summable(kind: str, cell: Cell, unit: int | None) -> int | Problem | None:
    """可加的数：金额是分，个数是个，分数是万分之一分（unit 是 SCORE_UNIT）。"""
    if kind == Kind.MONEY:
        return money(cell, unit)
    if kind == Kind.COUNT:
        return count(cell)
    value = number(cell)
    return int(half_up(value * SCORE_UNIT, 0)) if isinstance(value, Decimal) else value


def _summed(table: Table) -> list[str]:
    model, more = table.layout.model, table.layout.summed
    return [f for f in table.columns if field_kind(model, f) in (Kind.MONEY, Kind.COUNT) or f in more]


def _unit(table: Table, field: str) -> int | None:
    if field in table.units:
        return table.units[field]
    return 1 if _is_count(table, field) else SCORE_UNIT


def _is_count(table: Table, field: str) -> bool:
    return field_kind(table.layout.model, field) == Kind.COUNT


def _sign(table: Table, field: str) -> int:
    return table.signs.get(field, 1)


def decimals(cell: Cell) -> int:
    """单元格写到几位小数；浮点噪声最多算六位。"""
    if isinstance(cell, float):
        text = repr(cell)
        if "e" in text or "n" in text:
            text = format(Decimal(text), "f") if isfinite(cell) else "0"
        text = text.removesuffix(".0")
    else:
        text = squeeze(str(cell))
    digits = text.rpartition(".")[2] if "." in text else ""
    return min(len(digits) if digits.isdigit() else sum(ch.isdigit() for ch in digits), _MOST_PLACES)


def _scopes(total: TotalRow, sums: _Sums, marks: Sequence[int]) -> Iterator[_Scope]:
    """这一行合计可能管的范围，最该管的在前。"""
    place = bisect_left(marks, total.row)
    before = [*marks[max(place - _NEAR, 0) : place][::-1], -1]
    after = [*marks[place + 1 : place + _NEAR], 10**9]
    if total.label:
        yield sums.named(total.label)
    if total.word != "小计":
        yield sums.between(-1, 10**9)
    yield (above := sums.between(before[0], total.row))
    on_top = not above.count or (bool(sums.rows) and marks[0] < sums.rows[0])
    yield sums.between(total.row, after[0], likely=on_top)
    for mark in before[1:]:
        yield sums.between(mark, total.row, likely=False)
    for mark in after[1:]:
        yield sums.between(total.row, mark, likely=False)
    yield sums.between(-1, 10**9, likely=False)


def _best_scope(
    table: Table,
    total: TotalRow,
    sums: _Sums,
    marks: Sequence[int],
    claims: Sequence[_Claim],
    places: dict[str, int],
) -> _Scope:
    best = _Scope(sums, [])
    most = -1
    for scope in _scopes(total, sums, marks):
        if not scope.count:
            continue
        fits = sum(_fits(table, claim, scope, places) for claim in claims)
        if fits > most:
            best, most = scope, fits
        if fits == len(claims):
            break
    return best


def tolerance(table: Table, field: str, rows: int, places: int) -> Fraction:
    """容差：末位的一半 × 行数（分）；个数没有四舍五入，容差为零。"""
    if _is_count(table, field):
        return Fraction(0)
    return Fraction(_unit(table, field) or 1, 2 * 10**places) * max(rows, 1)


def _fits(table: Table, claim: _Claim, scope: _Scope, places: dict[str, int]) -> bool:
    digits = max(places.get(claim.field, 0), claim.places)
    unit = _unit(table, claim.field) or 1
    if _is_count(table, claim.field):
        return claim.stated in scope.total(claim.field)
    count = scope.count if scope.likely else 1
    for value in scope.total(claim.field):
        if abs(value - claim.stated) * 2 * 10**digits <= unit * count:  # 同 tolerance，只用整数
            return True
        if abs(value - claim.stated) * 2 * 10**claim.places <= unit:  # 合计自己写得粗，差在它末位的一半以内
            return True
    return False


def _check(
    table: Table, total: TotalRow, claim: _Claim, scope: _Scope, places: dict[str, int], where: Origin
) -> Iterable[Finding]:
    if _fits(table, claim, scope, places):
        return
    unit = _unit(table, claim.field) or 1
    digits = max(places.get(claim.field, 0), claim.places)
    word = UNIT_WORDS.get(unit, "") if claim.field in table.units else ""
    used, everything = scope.total(claim.field)
    title = field_title(table.layout.model, claim.field)

    def shown(value: Fraction | int) -> str:
        return f"{plain(half_up(Fraction(value, unit), max(digits, 2)))}{word}"

    left_out = scope.left_out()
    note = f"；第 {'、'.join(map(str, left_out[:5]))} 行未能使用，没有计入" if left_out and used != everything else ""
    rows = scope.count
    limit = plain(half_up(tolerance(table, claim.field, rows, digits) / unit, digits + 1))
    margin = "0" if limit == "0" else f"{limit}{word} = 末位一半 × {max(rows, 1)} 行"
    yield Finding(
        "D10",
        "warning",
        _who(total),
        f"{title}的{_who(total)}写 {shown(claim.stated)}，按 {rows} 行明细加总是 {shown(used)}，"
        f"相差 {shown(claim.stated - used)}（容差 {margin}）{note}。"
        "本次一律用明细加总，请核对合计公式的范围",
        where.where(claim.field),
    )


def _check_rates(table: Table, total: TotalRow, scope: _Scope, where: Origin) -> Iterable[Finding]:
    for field, (over, under) in table.layout.model.rates.items():
        column = table.columns.get(field)
        if column is None or column >= len(total.cells) or not {over, under} <= table.columns.keys():
            continue
        stated = rate(total.cells[column])
        if not isinstance(stated, Rate):
            continue
        pairs = list(zip(scope.total(over), scope.total(under), strict=True))  # 用上的，全部的
        numerator, denominator = pairs[0]
        if denominator == 0 or any(rate_agrees(stated, Fraction(n, d)) for n, d in pairs if d):
            continue
        computed = half_up(Fraction(numerator * 100, denominator), 2)
        mark = "%" if stated.form == "percent" else ""
        yield Finding(
            "D10",
            "warning",
            _who(total),
            f"{field_title(table.layout.model, field)}的{_who(total)}写 {plain(stated.number)}{mark}，"
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
