"""谁和谁是同一个：重复的行、同一键的行、跨表的项目对应（年度、单位、编码；退而名称）。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbm_cli.models import Finding, Record, business_fields
from pbm_cli.text import squeeze

_SHOWN = 5


def repeated_rows(records: Sequence[Record]) -> dict[int, Finding]:
    """各字段都一样的行：第一行用，其余不用。返回 {下标: 发现}。"""
    first: dict[tuple[Any, ...], Record] = {}
    names = {kind: business_fields(type(r)) for kind, r in {r.kind: r for r in records}.items()}
    repeated: dict[int, Finding] = {}
    for index, record in enumerate(records):
        values = record.__dict__
        key = (record.kind, *(values[name] for name in names[record.kind]))
        original = first.setdefault(key, record)
        if original is not record:
            repeated[index] = Finding(
                "D06",
                "warning",
                subject_of(record),
                f"与 {original.origin} 那一行各列完全相同，只用第一行，这一行没有使用",
                record.origin.where(),
            )
    return repeated


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
        if not lists or not type(lists[0]).money_identity:
            continue
        findings.extend(_same_key(lists))
        if kind != "evaluation":
            findings.extend(_same_code(lists))
    return findings


def _same_key(rows: Sequence[Record]) -> list[Finding]:
    groups: dict[tuple[str, ...], list[Record]] = {}
    for row in rows:
        values = {name: getattr(row, name, None) for name in type(row).key}
        if values.get("project_code"):
            values["project_name" if "project_name" in values else "subject"] = None
        groups.setdefault(tuple(squeeze(str(v)) if v else "" for v in values.values()), []).append(row)
    findings = []
    for same in groups.values():
        if len(same) > 1:
            places = "、".join(str(r.origin) for r in same[:_SHOWN])
            findings.append(
                Finding(
                    "D07",
                    "error",
                    subject_of(same[0]),
                    f"同一项目、同一资金有 {len(same)} 行而数字不同（{places}），都已计入；请确认是否重复填报",
                    same[1].origin.where(),
                )
            )
    return findings


def _same_code(rows: Sequence[Record]) -> list[Finding]:
    names: dict[tuple[str, str], dict[str, Record]] = {}
    units: dict[str, dict[str, Record]] = {}
    for row in rows:
        code, name = getattr(row, "project_code", None), subject_of(row)
        if not code:
            continue
        unit = getattr(row, "budget_unit", None) or ""
        names.setdefault((unit, code), {}).setdefault(squeeze(name), row)
        units.setdefault(code, {}).setdefault(squeeze(unit), row)
    findings = []
    for (_, code), different in names.items():
        if len(different) > 1:
            first, second = list(different.values())[:2]
            findings.append(
                Finding(
                    "D08",
                    "warning",
                    subject_of(second),
                    f"编码 {code} 在 {first.origin} 叫“{subject_of(first)}”，"
                    f"这里叫“{subject_of(second)}”，按同一个项目计算",
                    second.origin.where("project_code"),
                )
            )
    shared = [(code, where) for code, where in units.items() if len(where) > 1]
    if shared:
        code, where = shared[0]
        some = list(where.values())[1]
        findings.append(
            Finding(
                "D09",
                "hint",
                code,
                f"有 {len(shared)} 个项目编码在两个以上单位出现（如 {code}），按不同单位的不同项目计算",
                some.origin.where("project_code"),
            )
        )
    return findings


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """一个项目的身份：单位、编码、名称（都已归一；没有的为空串）。"""

    unit: str
    code: str
    name: str


def key_of(record: Any) -> ProjectKey:
    """一条记录说的是哪个项目。"""
    return ProjectKey(
        squeeze(getattr(record, "budget_unit", None) or ""),
        getattr(record, "project_code", None) or "",
        squeeze(getattr(record, "project_name", None) or getattr(record, "subject", None) or ""),
    )


@dataclass(slots=True)
class ProjectIndex:
    """一批项目，可以按记录来找：先单位加编码，再唯一的编码；没有编码时单位内的名称，再唯一的名称。"""

    _by_code: dict[str, list[tuple[ProjectKey, int]]] = field(default_factory=dict)
    _by_name: dict[str, list[tuple[ProjectKey, int]]] = field(default_factory=dict)
    size: int = 0

    def put(self, key: ProjectKey) -> int:
        """放进一个新项目，返回它的序号。"""
        entry = (key, self.size)
        if key.code:
            self._by_code.setdefault(key.code, []).append(entry)
        self._by_name.setdefault(key.name, []).append(entry)
        self.size += 1
        return entry[1]

    def find(self, key: ProjectKey) -> list[int]:
        """对应的项目序号：空 = 没有；一个 = 找到；多个 = 有歧义。"""
        if key.code and (same := self._by_code.get(key.code)):
            return _within_unit(same, key.unit)
        named = self._by_name.get(key.name, [])
        if key.code:
            named = [entry for entry in named if not entry[0].code]
        return _within_unit(named, key.unit)

    def place(self, key: ProjectKey) -> int:
        """找到就返回序号，没有（或有歧义）就作为新项目放进去。用于把一个项目的几行资金合到一起。"""
        found = self.find(key)
        return found[0] if len(found) == 1 else self.put(key)


def _within_unit(entries: Sequence[tuple[ProjectKey, int]], unit: str) -> list[int]:
    if unit:
        inside = [i for k, i in entries if k.unit == unit]
        if inside:
            return inside
        return [i for k, i in entries if not k.unit]
    return [i for _, i in entries]
