"""谁和谁是同一个：重复的行、同一键的行、跨表的项目对应（年度、单位、编码；退而名称）。"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from pbm_cli.form_kinds import FORM_TYPES
from pbm_cli.models import Finding, Kind, Record, business_fields, field_kind
from pbm_cli.tables import Table
from pbm_cli.text import squeeze

_SHOWN = 5
_PROJECT_KINDS = frozenset({"assessment", "goal", "indicator", "execution", "adjustment", "review"})
_UNIT_NAME = re.compile(
    r"^[\u4e00-\u9fff()·]{2,}(?:局|委|办|委员会|办公室|中心|镇|乡|街道|街道办|办事处|政府|学校|中学|小学|幼儿园|学院|医院|卫生院|"
    r"法院|检察院|联合会|总工会|妇联|科协|残联|工商联|团县委|县委|人大|政协|党校|支队|大队|管理站|服务站|图书馆|文化馆|研究所)$"
)
_TABLE_WORDS = re.compile(r"表|汇总|明细|项目|预算|执行|监控|全县|全部|其他")


def sheet_holders(
    sheets: Iterable[tuple[str, str, Table | None]], known: Iterable[str]
) -> list[tuple[str, str, Table, str, str]]:
    """没有单位列的表是哪个单位的：（文件，工作表，表，单位，根据什么）。

    标题行写明的（填报单位：××局）总算；表名像单位名的，要么对得上别处的一个单位，要么一个工作簿里有几张这样的表、
    别处又都没有写单位。known 是各表单位列里的单位；简称只对上一个全称时，用全称。
    """
    bare = [
        (file, sheet, table)
        for file, sheet, table in sheets
        if table is not None
        and table.layout.kind in _PROJECT_KINDS
        and not {"budget_unit", "department"} & table.columns.keys()
    ]
    names = {squeeze(unit): unit for unit in set(known)} if bare else {}
    alike = Counter(file for file, sheet, table in bare if table.holder is None and _is_unit_name(sheet))
    found = []
    for file, sheet, table in bare:
        if table.holder is not None:
            unit = _full_name(table.holder, names) or table.holder
            found.append((file, sheet, table, unit, f"标题行写的“{table.holder}”"))
        elif _is_unit_name(sheet):
            same = _full_name(sheet, names)
            if same is not None or (not names and alike[file] > 1):
                found.append((file, sheet, table, same or sheet.strip(), f"工作表的名字“{sheet}”"))
    return found


def _is_unit_name(sheet: str) -> bool:
    name = squeeze(sheet)
    return bool(_UNIT_NAME.match(name)) and not _TABLE_WORDS.search(name)


def _full_name(stated: str, names: Mapping[str, str]) -> str | None:
    """单位列里同名的；没有时，只有一个以它结尾的全称。"""
    short = squeeze(stated)
    if short in names:
        return names[short]
    longer = [unit for key, unit in names.items() if key.endswith(short)]
    return longer[0] if len(longer) == 1 else None


def repeated_rows(records: Sequence[Record]) -> dict[int, Finding]:
    """各字段都一样的行：第一行用，其余不用。返回 {下标: 发现}。

    先只看认人的几列和金额：几乎没有行连这些也相同，各列的比较只对相同的做。
    """
    first: dict[tuple[Any, ...], int] = {}
    alike: dict[int, list[int]] = {}
    kinds: dict[str, list[Record]] = {}
    for kind, same in groupby(records, attrgetter("kind")):
        kinds.setdefault(kind, []).extend(same)
    telling = {k: itemgetter(*_telling_fields(type(r[0]))) for k, r in kinds.items() if not _all_apart(r)}
    for index, record in enumerate(records if telling else ()):
        if record.kind not in telling:
            continue
        key = (record.kind, record.origin.form, telling[record.kind](record.__dict__))
        if (before := first.setdefault(key, index)) != index:
            alike.setdefault(before, [before]).append(index)
    repeated: dict[int, Finding] = {}
    for group in alike.values():
        originals: dict[tuple[Any, ...], Record] = {}
        for index in group:
            record = records[index]
            original = originals.setdefault(_all_values(record), record)
            if original is not record:
                repeated[index] = _repeated(record, original)
    return dict(sorted(repeated.items()))


def _telling_fields(model: type[Record]) -> list[str]:
    """一种记录里便宜又最能分清各行的字段：编码、名称、金额和数；至少两个。"""
    kinds = (Kind.CODE, Kind.NAMED, Kind.MONEY, Kind.COUNT)
    names = business_fields(model)
    chosen = [name for name in names if field_kind(model, name) in kinds or name in ("level3", "comment")]
    return chosen if len(chosen) > 1 else names


def _all_values(record: Record) -> tuple[Any, ...]:
    values = record.__dict__
    return tuple(values[name] for name in business_fields(type(record)))


def _repeated(record: Record, original: Record) -> Finding:
    text = f"与 {original.origin} 那一行各列完全相同，只用第一行，这一行没有使用"
    return Finding("D06", "warning", subject_of(record), text, record.origin.where())


def subject_of(record: Record) -> str:
    """记录说的是谁。"""
    for name in ("project_name", "subject", "budget_unit", "township", "name", "title"):
        if value := getattr(record, name, None):
            return str(value)
    return str(record.origin)


def conflicting_rows(records: Mapping[str, Sequence[Record]]) -> list[Finding]:
    """同一键、同一资金而数字不同的行（都用，报错误）；同一编码两个名称；同一编码在两个单位。"""
    findings: list[Finding] = []
    for kind, rows in records.items():
        lists = [row for row in rows if not row.origin.form]
        if not lists or not type(lists[0]).money_identity or _all_apart(lists):
            continue
        findings.extend(_same_key(lists))
        if kind != "evaluation":
            findings.extend(_same_code(lists))
    for form, models in FORM_TYPES.items():
        findings.extend(_same_key([row for row in records.get(models[0].kind, ()) if row.origin.form == form]))
    return findings


def _same_key(rows: Sequence[Record]) -> list[Finding]:
    if not rows:
        return []
    groups: dict[tuple[str, ...], Record | list[Record]] = {}  # 多半一组只有一行，不为它另做列表
    names = type(rows[0]).key
    unnamed = [name for name in names if name not in ("project_name", "subject")]
    for row in rows:
        values = row.__dict__
        chosen = unnamed if values.get("project_code") else names  # 有编码的不看名称
        key = tuple([_comparable(values[name]) for name in chosen])
        known = groups.setdefault(key, row)
        if known is not row:
            groups[key] = [*known, row] if isinstance(known, list) else [known, row]
    findings = []
    for same in groups.values():
        if isinstance(same, list):
            places = "、".join(str(r.origin) for r in same[:_SHOWN])
            alike = len({_figures(row) for row in same}) == 1
            differ = "数字相同、文字不同" if alike else "而数字不同"
            text = f"同一项目、同一资金有 {len(same)} 行{differ}（{places}），都已计入；请确认是否重复填报"
            findings.append(Finding("D07", "error", subject_of(same[0]), text, same[1].origin.where()))
    return findings


def _comparable(value: str | None) -> str:
    """squeeze；编码多半只有字母和数字，不必归一，也不占它记着的地方。"""
    if not value:
        return ""
    return value if value.isascii() and value.isalnum() else squeeze(value)


def _all_apart(rows: Sequence[Record]) -> bool:
    """各行都有编码，编码又各不相同：几乎总是这样，不必细看。"""
    codes = [row.__dict__.get("project_code") for row in rows]
    return "project_code" in type(rows[0]).key and all(codes) and len(set(codes)) == len(codes)


def _figures(row: Record) -> tuple[Any, ...]:
    values = row.__dict__
    return tuple(values[n] for n in business_fields(type(row)) if not isinstance(values[n], str | type(None)))


def _same_code(rows: Sequence[Record]) -> list[Finding]:
    """同一单位、同一编码下的第二个名称；在两个以上单位出现的编码。"""
    names: dict[tuple[str, str], Record] = {}
    units: dict[str, Record] = {}
    renamed: dict[tuple[str, str], Record] = {}
    shared: dict[str, Record] = {}
    for row in rows:
        code, unit = row.__dict__.get("project_code"), _unit_of(row)
        if not code:
            continue
        first = names.setdefault((unit, code), row)
        if first is not row and (unit, code) not in renamed and squeeze(subject_of(first)) != squeeze(subject_of(row)):
            renamed[unit, code] = row
        first = units.setdefault(code, row)
        if first is not row and code not in shared and squeeze(unit) != squeeze(_unit_of(first)):
            shared[code] = row
    findings = [_two_names(key[1], first, renamed[key]) for key, first in names.items() if key in renamed]
    if shared:
        code = next(code for code in units if code in shared)
        text = f"有 {len(shared)} 个项目编码在两个以上单位出现（如 {code}），按不同单位的不同项目计算"
        findings.append(Finding("D09", "hint", code, text, shared[code].origin.where("project_code")))
    return findings


def _unit_of(row: Record) -> str:
    return row.__dict__.get("budget_unit") or ""


def _two_names(code: str, first: Record, second: Record) -> Finding:
    text = f"编码 {code} 在 {first.origin} 叫“{subject_of(first)}”，这里叫“{subject_of(second)}”，按同一个项目计算"
    return Finding("D08", "warning", subject_of(second), text, second.origin.where("project_code"))


class ProjectKey(NamedTuple):
    """一个项目的身份：单位、编码、名称（都已归一；没有的为空串）。"""

    unit: str
    code: str
    name: str


def key_of(record: Any) -> ProjectKey:
    """一条记录说的是哪个项目。"""
    return ProjectKey(
        squeeze(getattr(record, "budget_unit", None) or ""),
        getattr(record, "project_code", None) or "",
        _name_of(record),
    )


def _name_of(record: Any) -> str:
    return squeeze(getattr(record, "project_name", None) or getattr(record, "subject", None) or "")


_Shelves = dict[str, tuple[str, int] | dict[str, list[int]]]
"""编码或名称 → 单位 → 项目序号；只有一个项目的（几乎都是）写成（单位，序号）。同名的项目很多时也不必逐个看。"""


@dataclass(slots=True)
class ProjectIndex:
    """一批项目，可以按记录来找：先单位加编码，再唯一的编码；没有编码时单位内的名称，再唯一的名称。"""

    _by_code: _Shelves = field(default_factory=dict)
    _by_name: _Shelves = field(default_factory=dict)
    _uncoded: _Shelves = field(default_factory=dict)
    """没有编码的项目，按名称。"""
    _waiting: list[tuple[Any, str | None, str, int]] = field(default_factory=list)
    """还没有按名称放的：（记录，归一了的名称，单位，序号）；多半用不着按名称找，名称也就还没有归一。"""
    size: int = 0

    def put(self, key: ProjectKey) -> int:
        """放进一个新项目，返回它的序号。"""
        number = self.size
        if key.code:
            _shelve(self._by_code, key.code, key.unit, number)
        else:
            _shelve(self._uncoded, key.name, key.unit, number)
        _shelve(self._named(), key.name, key.unit, number)
        self.size += 1
        return number

    def find(self, key: ProjectKey) -> list[int]:
        """对应的项目序号：空 = 没有；一个 = 找到；多个 = 有歧义。"""
        if key.code and (same := self._by_code.get(key.code)):
            return _within_unit(same, key.unit)
        same = (self._uncoded if key.code else self._named()).get(key.name)
        return _within_unit(same, key.unit) if same else []

    def place(self, key: ProjectKey) -> int:
        """找到就返回序号，没有（或有歧义）就作为新项目放进去。用于把一个项目的几行资金合到一起。"""
        found = self.find(key)
        return found[0] if len(found) == 1 else self.put(key)

    def place_of(self, record: Any) -> int:
        """place(key_of(record))；有编码的，有项目缺编码时才看名称：几十万行里归一名称最费时间。"""
        values = record.__dict__
        code = values.get("project_code")
        if not code:
            return self.place(key_of(record))
        unit = squeeze(values.get("budget_unit") or "")
        number = self.size
        shelf = self._by_code.get(code)
        name = None
        if not shelf and self._uncoded:
            name = _name_of(record)
            same = self._uncoded.get(name)
        else:
            same = shelf
        if same and len(found := _within_unit(same, unit)) == 1:
            return found[0]
        if shelf:
            _shelve(self._by_code, code, unit, number)
        else:
            self._by_code[code] = (unit, number)
        self._waiting.append((record, name, unit, number))
        self.size += 1
        return number

    def _named(self) -> _Shelves:
        """按名称的架子；等着的先放上去。"""
        waiting, self._waiting = self._waiting, []
        for record, name, unit, number in waiting:
            _shelve(self._by_name, _name_of(record) if name is None else name, unit, number)
        return self._by_name


def _shelve(shelves: _Shelves, name: str, unit: str, number: int) -> None:
    shelf = shelves.setdefault(name, (unit, number))
    if isinstance(shelf, tuple):
        if shelf[1] == number:
            return
        shelf = shelves[name] = {shelf[0]: [shelf[1]]}
    shelf.setdefault(unit, []).append(number)


def _within_unit(shelf: tuple[str, int] | dict[str, list[int]], unit: str) -> list[int]:
    """同一单位的；没有时，没写单位的。不知道单位时是全部。"""
    if isinstance(shelf, tuple):
        return [shelf[1]] if not unit or shelf[0] in (unit, "") else []
    if unit:
        return shelf.get(unit) or shelf.get("") or []
    return sorted(number for numbers in shelf.values() for number in numbers)
