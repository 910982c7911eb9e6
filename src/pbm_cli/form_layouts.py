"""表单版式：一个项目一张的表（申报表、监控表、自评表、部门整体表）上，各个标签、各块表头是什么字段。

版式是数据（layouts/forms/*.toml）。块里的表头先认表单版式自己写的，再认同一种列表版式的（指标表、执行表），
所以一个写法只要写一次。like = "名字" 的新文件在那个版式上加写。
"""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pbm_cli.errors import ConfigError
from pbm_cli.form_kinds import FORM_TITLES, FORM_TYPES
from pbm_cli.layouts import Layout, heading_keys, heading_pattern, read_layout_file, shipped_layouts
from pbm_cli.models import business_fields
from pbm_cli.resources import layouts_folder

_BASE = 5000
_PATTERN = 9000
_MOST_KEPT = 50_000
_OF_WHICH = re.compile(r"^(?:\d*其中|其中)[:,、]?(?=.)")
_IDENTITY = frozenset({"project_code", "project_name", "budget_unit", "department", "fund", "category"})
BLOCK_TITLES: Mapping[str, str] = {"funds": "项目资金", "indicators": "绩效指标"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Funds(_Strict):
    """资金块：各行、各列怎么叫。"""

    total: list[str] = []
    part: list[str] = []
    sub: list[str] = []
    any_row: bool | None = None
    columns: dict[str, list[str]] = {}
    patterns: dict[str, list[str]] = {}


class _Indicators(_Strict):
    """指标块：要哪些字段、各列怎么叫、到哪里为止。"""

    fields: list[str] = []
    columns: dict[str, list[str]] = {}
    patterns: dict[str, list[str]] = {}
    joined: dict[str, list[str]] = {}
    ticks: dict[str, dict[str, list[str]]] = {}
    total: list[str] = []
    subtotal: list[str] = []
    end: list[str] = []
    skip: list[str] = []
    choose: list[str] = []


class _FormFile(_Strict):
    """一个表单版式文件的样子；多写的键是错误。"""

    kind: str
    like: str | None = None
    needs: list[list[str]] = []
    without: list[str] = []
    proof: list[str] = []
    against: list[str] = []
    anchors: dict[str, list[str]] = {}
    below: list[str] = []
    other: list[str] = []
    funds: _Funds = _Funds()
    indicators: _Indicators = _Indicators()


@dataclass(frozen=True, slots=True)
class Words:
    """一块的表头：归一后的写法 → (字段, 强弱，越小越强)。字段可以带冒号后的小名（possibility:有可能）。"""

    keys: Mapping[str, tuple[str, int]]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    _matched: dict[str, tuple[str, int] | None] = dataclasses.field(default_factory=dict, compare=False)

    def field_of(self, key: str) -> tuple[str, int] | None:
        """一个归一后的表头是哪个字段，有多强。"""
        if found := self.keys.get(key):
            return found
        if key not in self._matched:
            if len(self._matched) > _MOST_KEPT:
                self._matched.clear()
            self._matched[key] = next(((name, _PATTERN) for pattern, name in self.patterns if pattern.match(key)), None)
        return self._matched[key]


@dataclass(frozen=True, slots=True)
class FormLayout:
    """一种表单的版式。

    needs：每组至少要有一个（标签字段，或 funds、indicators 两块）；without：有了就不是这一种；
    proof：块的表头里至少有一个像的；against：有一个像的就不是这一种；
    anchors：归一后的标签 → (字段, 强弱)；below：值可以写在标签下面的字段；other：别的标签，它们不是谁的值。
    """

    name: str
    kind: str
    needs: tuple[tuple[str, ...], ...]
    without: frozenset[str]
    proof: tuple[re.Pattern[str], ...]
    against: tuple[re.Pattern[str], ...]
    anchors: Mapping[str, tuple[str, int]]
    titles: Mapping[str, str]
    below: frozenset[str]
    other: frozenset[str]
    fund_rows: Mapping[str, tuple[str, int]]
    any_row: bool
    funds: Words
    indicators: Words
    totals: frozenset[str]
    subtotals: frozenset[str]
    end: frozenset[str]
    skip: tuple[str, ...]
    choose: tuple[str, ...]

    @property
    def title(self) -> str:
        """这种表单的中文名。"""
        return FORM_TITLES[self.kind]

    @property
    def name_field(self) -> str:
        """说这张表是谁的那个标签：项目名称，或部门名称。"""
        return self.needs[0][0]

    def missing(self, have: Iterable[str]) -> list[tuple[str, ...]]:
        """还差哪几组。"""
        held = set(have)
        return [group for group in self.needs if not held.intersection(group)]

    def part_title(self, part: str) -> str:
        """一个标签或一块的中文说法。"""
        return BLOCK_TITLES.get(part) or self.titles.get(part, part)


def fund_key(key: str) -> str:
    """资金行的名目：去掉“其中：”。"""
    return _OF_WHICH.sub("", key)


def load_form_layouts(layouts: Sequence[Layout], overlay: Path | None = None) -> list[FormLayout]:
    """内置的表单版式，叠上县里的（同名文件合并，新文件是新版式）。坏文件抛出 ConfigError。"""
    shipped = shipped_layouts()
    if overlay is None and len(layouts) == len(shipped) and all(map(operator.is_, layouts, shipped)):
        return list(_shipped())
    return _load(layouts, overlay)


@lru_cache
def _shipped() -> tuple[FormLayout, ...]:
    """内置的表单版式；内容不变，一个进程里只读一次。"""
    return tuple(_load(shipped_layouts(), None))


def _load(layouts: Sequence[Layout], overlay: Path | None) -> list[FormLayout]:
    files = {path.stem: [path] for path in sorted((layouts_folder() / "forms").glob("*.toml"))}
    if overlay is not None:
        for path in sorted((overlay / "layouts" / "forms").glob("*.toml")):
            files.setdefault(path.stem, []).insert(0, path)
    read = {name: [_read(path) for path in paths] for name, paths in files.items()}
    base = {layout.kind: layout for layout in reversed(layouts)}
    found = []
    for name, parts in read.items():
        inherited: list[_FormFile] = []
        for like in (part.like for part in parts if part.like):
            if like not in read or like == name:
                raise ConfigError(
                    f"{files[name][0].name}›like", f"没有“{like}”这个表单版式", "可用：" + "、".join(read)
                )
            inherited = read[like]
        found.append(_build(name, [*parts, *inherited], files[name][0], base))
    return found


def _read(path: Path) -> _FormFile:
    return read_layout_file(path, _FormFile, "表单版式", "表单版式")


def _build(name: str, parts: list[_FormFile], path: Path, base: Mapping[str, Layout]) -> FormLayout:
    kind = parts[0].kind
    if kind not in FORM_TYPES:
        raise ConfigError(f"{path.name}›kind", f"没有“{kind}”这种表单", f"可用：{'、'.join(FORM_TYPES)}")
    needs = next((part.needs for part in parts if part.needs), None)
    if needs is None:
        raise ConfigError(f"{path.name}›needs", "新的表单版式要写必需的标签", '也可以写 like = "' + kind + '"')
    anchors: dict[str, tuple[str, int]] = {}
    titles: dict[str, str] = {}
    for part in reversed(parts):
        for field, words in part.anchors.items():
            titles.setdefault(field, words[0] if words else field)
    for offset, part in enumerate(parts):
        for field, words in part.anchors.items():
            _put_all(anchors, field, words, offset * 100)
    own = [part.indicators for part in parts]
    return FormLayout(
        name=name,
        kind=kind,
        needs=tuple(tuple(group) for group in needs),
        without=frozenset(word for part in parts for word in part.without),
        proof=_patterns(parts, "proof", path),
        against=_patterns(parts, "against", path),
        anchors=anchors,
        titles=titles,
        below=frozenset(word for part in parts for word in part.below),
        other=_keys(word for part in parts for word in part.other),
        fund_rows=_fund_rows(parts),
        any_row=next((p.funds.any_row for p in parts if p.funds.any_row is not None), False),
        funds=_fund_words(parts, base.get("execution"), path),
        indicators=_indicator_words(own, base.get("indicator"), path),
        totals=_keys(word for block in own for word in block.total),
        subtotals=_keys(word for block in own for word in block.subtotal),
        end=_keys(word for block in own for word in block.end),
        skip=tuple(word for block in own for word in block.skip),
        choose=tuple(word for block in own for word in block.choose),
    )


def _patterns(parts: Sequence[_FormFile], name: str, path: Path) -> tuple[re.Pattern[str], ...]:
    return tuple(heading_pattern(word, f"{path.name}›{name}") for part in parts for word in getattr(part, name))


def _keys(words: Iterable[str]) -> frozenset[str]:
    return frozenset(heading_keys(word)[0] for word in words)


def _put_all(keys: dict[str, tuple[str, int]], field: str, words: Sequence[str], offset: int) -> None:
    for strength, word in enumerate(words):
        keys.setdefault(heading_keys(word)[0], (field, offset + strength))


def _fund_rows(parts: Sequence[_FormFile]) -> dict[str, tuple[str, int]]:
    rows: dict[str, tuple[str, int]] = {}
    for offset, part in enumerate(parts):
        for role in ("total", "part", "sub"):
            for strength, word in enumerate(getattr(part.funds, role)):
                rows.setdefault(fund_key(heading_keys(word)[0]), (role, offset * 100 + strength))
    return rows


def _fund_words(parts: Sequence[_FormFile], base: Layout | None, path: Path) -> Words:
    keys: dict[str, tuple[str, int]] = {}
    for offset, part in enumerate(parts):
        for field, words in part.funds.columns.items():
            _put_all(keys, field, words, offset * 100)
    patterns = [
        (heading_pattern(word, f"{path.name}›funds.patterns"), field)
        for part in parts
        for field, words in part.funds.patterns.items()
        for word in words
    ]
    return _with_base(keys, patterns, base, None)


def _indicator_words(blocks: Sequence[_Indicators], base: Layout | None, path: Path) -> Words:
    keys: dict[str, tuple[str, int]] = {}
    known = set(business_fields(base.model)) - _IDENTITY if base else set()
    for offset, block in enumerate(blocks):
        if strange := ({*block.fields, *block.columns, *block.patterns, *block.joined, *block.ticks} - known):
            raise ConfigError(
                f"{path.name}›indicators›{min(strange)}", "指标没有这个字段", f"可用：{'、'.join(sorted(known))}"
            )
        for field, words in block.columns.items():
            _put_all(keys, field, words, offset * 100)
        for field, choices in block.ticks.items():
            for choice, words in choices.items():
                _put_all(keys, f"{field}:{choice}", words, offset * 100)
        for field, words in block.joined.items():
            for strength, word in enumerate(words):
                _put_all(keys, f"{field}:{word}", [word], offset * 100 + strength)
    patterns = [
        (heading_pattern(word, f"{path.name}›indicators.patterns"), field)
        for block in blocks
        for field, words in block.patterns.items()
        for word in words
    ]
    wanted = {field for block in blocks for field in block.fields}
    return _with_base(keys, patterns, base, wanted or None)


def _with_base(
    keys: dict[str, tuple[str, int]],
    patterns: list[tuple[re.Pattern[str], str]],
    base: Layout | None,
    wanted: set[str] | None,
) -> Words:
    """表单自己的写法在前，列表版式的写法在后；wanted 是要的字段（None 是都要）。"""
    if base is not None:
        for key, (field, strength) in base.keys.items():
            if field not in _IDENTITY:
                keys.setdefault(key, (field, _BASE + strength))
        patterns = [*patterns, *((p, f) for p, f in base.patterns if f not in _IDENTITY)]
    if wanted is not None:
        keys = {key: hit for key, hit in keys.items() if hit[0].partition(":")[0] in wanted}
        patterns = [(pattern, field) for pattern, field in patterns if field in wanted]
    return Words(keys, tuple(patterns))
