"""两次导出的比较：新出现、不再出现、改了什么、灯变了没有，合计怎样从旧的变成新的。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pbm_cli.facts import Row, StageFacts, origin_row
from pbm_cli.fields import Rate
from pbm_cli.identity import ProjectIndex, key_of, subject_of
from pbm_cli.loading import Loaded
from pbm_cli.models import RECORD_TYPES, Kind, Record, business_fields, field_kind, field_title
from pbm_cli.targets import Actual, Target
from pbm_cli.text import plain, squeeze, yuan

# 各种表除了项目以外，还要哪些字段才能认出是同一行
_ALSO: Mapping[str, tuple[str, ...]] = {
    "assessment": ("fund",),
    "goal": ("fund",),
    "execution": ("fund",),
    "indicator": ("level1", "level2", "level3"),
    "review": ("comment",),
    "evaluation": ("subject_kind", "level", "fund"),
}
_WHOLE: Mapping[str, tuple[str, ...]] = {
    "unit_report": ("budget_unit",),
    "township": ("township", "level1", "level2", "level3"),
    "training": ("name", "held_on"),
    "document": ("title",),
}
_MATCHED = frozenset({"project_code", "project_name", "budget_unit"})

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """同一行的新旧两面；没有的一面为 None。"""

    old: Record | None
    new: Record | None


def difference_facts(old: Loaded, new: Loaded) -> StageFacts:
    """两边各种记录按键比较。金额合计一律：旧 + 新出现 − 不再出现 + 改动 = 新。"""
    rows: list[Row] = []
    totals: dict[str, Row] = {}
    counts = dict.fromkeys(("appeared", "vanished", "changed"), 0)
    for kind, model in RECORD_TYPES.items():
        pairs = _pairs(kind, old.records.get(kind, []), new.records.get(kind, []))
        for pair in pairs:
            row = _row(kind, pair)
            if row is not None:
                counts[row["change"]] += 1
                rows.append(row)
        totals.update(_totals(kind, model, pairs))
    return StageFacts({**counts, "lights_changed": 0, "totals": totals}, rows, [])


def _pairs(kind: str, before: Sequence[Record], after: Sequence[Record]) -> list[_Pair]:
    """按键配对；同一键有几行的依次相配。新的次序在前，不再出现的在后。"""
    index = ProjectIndex()
    waiting: dict[Key, list[Record]] = {}
    for record in before:
        waiting.setdefault(_key(kind, record, index, grow=True), []).append(record)
    pairs = []
    for record in after:
        same = waiting.get(_key(kind, record, index, grow=False))
        pairs.append(_Pair(same.pop(0) if same else None, record))
    pairs.extend(_Pair(record, None) for left in waiting.values() for record in left)
    return pairs


def _key(kind: str, record: Record, index: ProjectIndex, *, grow: bool) -> Key:
    own = tuple(squeeze(str(getattr(record, name, None) or "")) for name in _WHOLE.get(kind, _ALSO.get(kind, ())))
    if kind in _WHOLE:
        return own
    key = key_of(record)
    if grow:
        return (index.place(key), *own)
    found = index.find(key)
    return (found[0] if len(found) == 1 else key, *own)


def _row(kind: str, pair: _Pair) -> Row | None:
    record = pair.new or pair.old
    assert record is not None  # noqa: S101 - a pair has at least one side
    if pair.old is not None and pair.new is not None:
        change, changed = "changed", list(_changes(pair.old, pair.new))
        if not changed:
            return None
    else:
        change, changed = ("appeared" if pair.old is None else "vanished"), []
    return {
        "kind": kind,
        "change": change,
        "subject": subject_of(record),
        "project_code": getattr(record, "project_code", None),
        "budget_unit": getattr(record, "budget_unit", None),
        "fields": changed,
        "old_origin": origin_row(pair.old.origin) if pair.old else None,
        "new_origin": origin_row(pair.new.origin) if pair.new else None,
    }


def _changes(old: Record, new: Record) -> Iterable[Row]:
    model = type(new)
    for name in business_fields(model):
        was, now = getattr(old, name), getattr(new, name)
        if was == now or (name in _MATCHED and (was is None or now is None)):
            continue
        kind = field_kind(model, name)
        yield {"field": name, "title": field_title(model, name), "old": _shown(was, kind), "new": _shown(now, kind)}


def _shown(value: Any, kind: str) -> str | None:
    """JSON 里的值：金额是元，小数不用科学计数。"""
    if value is None:
        return None
    if kind == Kind.MONEY:
        return yuan(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Rate):
        return f"{plain(value.number)}{'%' if value.form == 'percent' else ''}"
    if isinstance(value, (Target, Actual)):
        return value.text
    return ("是" if value else "否") if isinstance(value, bool) else str(value)


def _totals(kind: str, model: type[Record], pairs: Sequence[_Pair]) -> dict[str, Row]:
    """每个金额字段的合计，从旧到新分三步：新出现的、不再出现的、改动的。"""
    result: dict[str, Row] = {}
    if not pairs:
        return result
    for name in business_fields(model):
        if field_kind(model, name) != Kind.MONEY:
            continue
        sums = dict.fromkeys(("old", "new", "appeared", "vanished", "changed"), 0)
        for pair in pairs:
            was = (getattr(pair.old, name) or 0) if pair.old else 0
            now = (getattr(pair.new, name) or 0) if pair.new else 0
            step = "appeared" if pair.old is None else "vanished" if pair.new is None else "changed"
            sums["old"] += was
            sums["new"] += now
            sums[step] += now - was
        if sums["old"] or sums["new"]:
            result[f"{kind}.{name}_yuan"] = {
                "old": yuan(sums["old"]),
                "new": yuan(sums["new"]),
                "change": yuan(sums["new"] - sums["old"]),
                **{step: yuan(sums[step]) for step in ("appeared", "vanished", "changed")},
            }
    return result
