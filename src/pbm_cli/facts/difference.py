"""两次导出的比较：新出现、不再出现、改了什么、灯变了没有，合计怎样从旧的变成新的。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pbm_cli.facts import Row, StageFacts, origin_row
from pbm_cli.facts.beside import row_key
from pbm_cli.facts.changes import light_changes
from pbm_cli.facts.sources import holds
from pbm_cli.fields import Rate
from pbm_cli.form_kinds import FORM_TITLES
from pbm_cli.identity import ProjectIndex, key_of, subject_of
from pbm_cli.loading import Loaded
from pbm_cli.models import (
    LIGHT_WORDS,
    RECORD_TYPES,
    Finding,
    Kind,
    Record,
    Where,
    business_fields,
    field_kind,
    field_title,
)
from pbm_cli.targets import Actual, Target
from pbm_cli.text import plain, squeeze, yuan

CHANGE_WORDS: Mapping[str, str] = {
    "appeared": "新出现", "vanished": "不再出现", "changed": "改动", "light_changed": "灯变化",
}  # fmt: skip
LIGHT_KIND = "light"
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


@dataclass(slots=True)
class _Pairing:
    """一种表新旧两边的配对：先各栏全同的，再同一键的依次，最后一个项目里两边各剩一行的。"""

    kind: str
    before: Sequence[Record]
    after: Sequence[Record]
    partner: dict[int, int] = field(default_factory=dict)
    """新的下标 → 旧的下标。"""

    def pairs(self) -> list[_Pair]:
        """新的次序在前，不再出现的在后。"""
        index = ProjectIndex()
        old = [_key(self.kind, record, index, grow=True) for record in self.before]
        new = [_key(self.kind, record, index, grow=False) for record in self.after]
        self._same_key(old, new)
        if self.kind not in _WHOLE:
            self._only_ones([key[0] for key in old], [key[0] for key in new])
        taken = set(self.partner.values())
        found = [
            _Pair(self.before[self.partner[n]] if n in self.partner else None, r) for n, r in enumerate(self.after)
        ]
        return found + [_Pair(record, None) for n, record in enumerate(self.before) if n not in taken]

    def _same_key(self, old: Sequence[Key], new: Sequence[Key]) -> None:
        waiting: dict[Key, list[int]] = {}
        for place, key in enumerate(old):
            waiting.setdefault(key, []).append(place)
        left = []
        for place, key in enumerate(new):
            same = next((n for n in waiting.get(key, ()) if not any(_changes(self.before[n], self.after[place]))), None)
            if same is None:
                left.append(place)
            else:
                waiting[key].remove(same)
                self.partner[place] = same
        for place in left:
            same_key = waiting.get(new[place])
            if same_key:
                self.partner[place] = same_key.pop(0)

    def _only_ones(self, old: Sequence[object], new: Sequence[object]) -> None:
        taken = set(self.partner.values())
        rest: dict[object, list[int]] = {}
        for place, project in enumerate(old):
            if place not in taken:
                rest.setdefault(project, []).append(place)
        fresh: dict[object, list[int]] = {}
        for place, project in enumerate(new):
            if place not in self.partner:
                fresh.setdefault(project, []).append(place)
        for project, places in fresh.items():
            if len(places) == 1 == len(rest.get(project, ())):
                self.partner[places[0]] = rest[project][0]


def difference_facts(old: Loaded, new: Loaded) -> StageFacts:
    """两边各种记录按键比较。金额合计一律：旧 + 新出现 − 不再出现 + 改动 = 新。

    有一边的表里没有的列不比，也不算合计，各说一句。灯没有比过，lights_changed 为 None。
    """
    stage = StageFacts()
    totals: dict[str, Row] = {}
    counts = dict.fromkeys(("appeared", "vanished", "changed"), 0)
    for kind, form in _groups(old, new):
        model = RECORD_TYPES[kind]
        before, after = ([r for r in side.records.get(kind, []) if r.origin.form == form] for side in (old, new))
        pairs = _Pairing(kind, before, after).pairs()
        for pair in pairs:
            row = _row(kind, pair)
            if row is not None:
                counts[row["change"]] += 1
                stage.rows.append(row)
        apart = _one_sided(model, before, after) if before and after else {}
        stage.findings.extend(_not_compared(kind, form, apart, after))
        totals.update(_totals(kind, form, pairs, apart))
    stage.summary = {**counts, "lights_changed": None, "totals": totals}
    return stage


def _groups(old: Loaded, new: Loaded) -> list[tuple[str, str]]:
    """（种类，表单）：列表和各种表单分开比，合计才不重复。"""
    found = {(kind, r.origin.form) for side in (old, new) for kind in RECORD_TYPES for r in side.records.get(kind, [])}
    return sorted(found, key=lambda pair: (pair[1], list(RECORD_TYPES).index(pair[0])))


def title_of(kind: str, form: str) -> str:
    """一种记录的中文名；表单里的写明是哪种表单。"""
    title = RECORD_TYPES[kind].sheet_title if kind in RECORD_TYPES else "双监控"
    return f"{FORM_TITLES[form]}·{title}" if form else title


def add_light_changes(stage: StageFacts, before: Sequence[Row], after: Sequence[Row]) -> None:
    """两边监控的行（灯）比一比：变了的各加一行，并记数。"""
    origins = {}
    light_changes(before, after)
    index = ProjectIndex()
    for row in before:
        origins[index.put(row_key(row))] = row["origin"]
    changed = [row for row in after if row.get("previous_light") not in (None, row["light"])]
    for row in changed:
        found = index.find(row_key(row))
        words = {"old": row["previous_light"], "new": row["light"], "old_cell": None, "new_cell": None}
        stage.rows.append(
            {
                "kind": LIGHT_KIND,
                "form": "",
                "change": "light_changed",
                "subject": row["project_name"],
                "project_code": row["project_code"],
                "budget_unit": row["budget_unit"],
                "fields": [{"field": "light", "title": "总灯", **words}],
                "reasons": row["reasons"],
                "old_origin": origins[found[0]] if len(found) == 1 else None,
                "new_origin": row["origin"],
            }
        )
    stage.summary["lights_changed"] = len(changed)


def flat_rows(rows: Iterable[Row]) -> list[Row]:
    """给表格看的行：一个改动的字段一行，词用中文；金额以元计。"""
    found = []
    for row in rows:
        about = {
            "change_word": CHANGE_WORDS[row["change"]],
            "subject": row["subject"],
            "project_code": row["project_code"],
            "budget_unit": row["budget_unit"],
            "sheet_title": title_of(row["kind"], row["form"]),
        }
        for item in row["fields"] or [{}]:
            light = row["kind"] == LIGHT_KIND
            was, now = (LIGHT_WORDS[item[key]] if light else item.get(key) for key in ("old", "new"))
            found.append(
                {
                    **about,
                    "field_title": item.get("title"),
                    "was": was,
                    "now": now,
                    "old_place": _place(row["old_origin"], item.get("old_cell")),
                    "new_place": _place(row["new_origin"], item.get("new_cell")),
                }
            )
    return found


def _place(origin: Row | None, cell: str | None) -> str | None:
    if origin is None:
        return None
    place = f"{origin['file']}›{origin['sheet']}"
    return f"{place}!{cell}" if cell else f"{place} 第{origin['row']}行"


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
        "form": record.origin.form,
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
        if was == now or _alike(was, now):
            continue
        missing = [record for record, value in ((old, was), (new, now)) if value is None]
        if missing and (name in _MATCHED or not holds(missing[0], name)):
            continue
        kind = field_kind(model, name)
        yield {
            "field": name,
            "title": field_title(model, name),
            "old": _shown(was, kind),
            "new": _shown(now, kind),
            "old_cell": old.origin.where(name).cell if holds(old, name) else None,
            "new_cell": new.origin.where(name).cell if holds(new, name) else None,
        }


def _alike(was: Any, now: Any) -> bool:
    """只差空格、全角半角的文字，写法不同而数与单位相同的指标值，算没有改。"""
    if isinstance(was, str) and isinstance(now, str):
        return squeeze(was) == squeeze(now)
    if isinstance(was, Target) and isinstance(now, Target) and was.value is not None:
        return (was.operator, was.value, was.measure) == (now.operator, now.value, now.measure)
    if isinstance(was, Target | Actual) and type(was) is type(now):
        return squeeze(was.text) == squeeze(now.text)
    return isinstance(was, Rate) and isinstance(now, Rate) and (was.number, was.form) == (now.number, now.form)


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


def _one_sided(model: type[Record], before: Sequence[Record], after: Sequence[Record]) -> dict[str, str]:
    """只有一边的表里有的列 → 哪一边没有（旧、新）。"""
    found = {}
    for name in business_fields(model):
        there = [any(holds(r, name) or getattr(r, name) is not None for r in side) for side in (before, after)]
        if there[0] != there[1]:
            found[name] = "新" if there[0] else "旧"
    return found


def _not_compared(kind: str, form: str, apart: Mapping[str, str], after: Sequence[Record]) -> Iterable[Finding]:
    model = RECORD_TYPES[kind]
    for side in ("旧", "新"):
        names = [field_title(model, name) for name, missing in apart.items() if missing == side]
        if names:
            text = f"{side}的一边没有{'、'.join(f'“{name}”' for name in names)}列，没有比较，也不算合计"
            origin = after[0].origin
            yield Finding("D27", "hint", title_of(kind, form), text, Where(origin.file, origin.sheet))


def _totals(kind: str, form: str, pairs: Sequence[_Pair], apart: Mapping[str, str]) -> dict[str, Row]:
    """每个金额字段的合计，从旧到新分三步：新出现的、不再出现的（都照原来的正负）、改动的。"""
    result: dict[str, Row] = {}
    model = RECORD_TYPES[kind]
    for name in business_fields(model):
        if field_kind(model, name) != Kind.MONEY or name in apart:
            continue
        sums = dict.fromkeys(("old", "new", "appeared", "vanished", "changed"), 0)
        for pair in pairs:
            was = (getattr(pair.old, name) or 0) if pair.old else 0
            now = (getattr(pair.new, name) or 0) if pair.new else 0
            step = "appeared" if pair.old is None else "vanished" if pair.new is None else "changed"
            sums["old"] += was
            sums["new"] += now
            sums[step] += was if step == "vanished" else now - was
        if sums["old"] or sums["new"]:
            result[f"{form}.{kind}.{name}_yuan".lstrip(".")] = {
                "name": f"{title_of(kind, form)}·{field_title(model, name)}",
                "old": yuan(sums["old"]),
                "new": yuan(sums["new"]),
                "change": yuan(sums["new"] - sums["old"]),
                **{f"{step}_yuan": yuan(sums[step]) for step in ("appeared", "vanished", "changed")},
            }
    return result
