"""版式：按表头认出一张工作表是哪一种，哪一列是哪个字段；认不出时说明差什么。

版式是数据（layouts/*.toml）。一个字段的表头按强弱排列：中文名最强，[headings] 依次，[weak] 较弱；
同一张表里两列都能当一个字段时，强的用，弱的列出来；一样强就是歧义，不猜。
[second] 里的表头本来归别的字段，那个字段已有更强的列时，才归这个字段。
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pbm_cli.errors import ConfigError
from pbm_cli.models import RECORD_TYPES, Record, business_fields, field_title
from pbm_cli.resources import layouts_folder, read_toml
from pbm_cli.text import squeeze

_WEAK = 1000
_PATTERN = 2000
_SECOND = 3000
_NUMBERING = re.compile(r"^(?:\([一二三四五六七八九十\d]{1,2}\)|[一二三四五六七八九十\d]{1,2}[、.])(?=\D)")
_UNIT_BRACKET = re.compile(r"\((?:人民币|单位:?|金额单位:?)*(?:元|千元|万元|百万元|亿元|%|分)\)")
_LAST_BRACKET = re.compile(r"\([^()]*\)$")
_LONGEST_PATTERN = 500
_PATTERN_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,\d*\}|.", re.DOTALL)
_GENERIC = frozenset({"小计", "合计", "总额", "金额", "总计", "数额", "总金额", "资金总额"})

FileModel = TypeVar("FileModel", bound=BaseModel)


class _LayoutFile(BaseModel):
    """一个版式文件的样子；多写的键是错误。kind、needs 在县里的同名文件里可以不写，用自带的。"""

    model_config = ConfigDict(extra="forbid")

    kind: str = ""
    needs: list[list[str]] = []
    title_words: list[str] = []
    titled_needs: list[list[str]] = []
    listed_only: bool = False
    summed: list[str] = []
    headings: dict[str, list[str]] = {}
    weak: dict[str, list[str]] = {}
    second: dict[str, list[str]] = {}
    patterns: dict[str, list[str]] = {}
    negative: dict[str, list[str]] = {}
    positive: dict[str, list[str]] = {}
    defaults: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Layout:
    """一种表的版式。

    needs：每组至少要有一个字段（"a+b" 表示两个都要）；keys：归一后的表头 → (字段, 强弱，越小越强)；
    signs：字段 → {归一后的表头: 正负号}；defaults：没有这一列（或空着）时的文字；
    title_words：标题或表名里有其中一个词时，只要 titled_needs 就够；summed：金额、个数以外也要核对合计的字段。
    """

    name: str
    model: type[Record]
    needs: tuple[tuple[str, ...], ...]
    keys: dict[str, tuple[str, int]]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    signs: dict[str, dict[str, int]]
    defaults: dict[str, str]
    others: dict[str, list[tuple[str, int]]] = dataclass_field(default_factory=dict)
    title_words: tuple[str, ...] = ()
    titled_needs: tuple[tuple[str, ...], ...] = ()
    summed: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """表的种类。"""
        return self.model.kind

    def field_of(self, key: str) -> tuple[str, int] | None:
        """一个归一后的表头对应的字段和强弱。"""
        if found := self.keys.get(key):
            return found
        for pattern, field in self.patterns:
            if pattern.match(key):
                return field, _PATTERN
        return None

    def missing(self, fields: Iterable[str], *, titled: bool = False) -> list[tuple[str, ...]]:
        """还差哪几组必需的字段；titled：标题已经说明是这种表。"""
        have = set(fields)
        needs = self.titled_needs if titled else self.needs
        return [group for group in needs if not any(have.issuperset(choice.split("+")) for choice in group)]

    def titles(self, group: Sequence[str], have: Iterable[str] = ()) -> str:
        """一组字段里还差的，中文说法：审定金额 或 评减额。"""
        found = set(have)
        return " 或 ".join(
            "、".join(field_title(self.model, f) for f in choice.split("+") if f not in found) for choice in group
        )


@lru_cache(maxsize=65536)
def heading_keys(text: str) -> tuple[str, ...]:
    """一个表头可以怎样比：去空白、全角、编号、星号、冒号和单位括号；再去掉末尾的任意括号。"""
    key = _UNIT_BRACKET.sub("", squeeze(text)).strip("*★:,，;；")
    key = _NUMBERING.sub("", key).removesuffix("%") or key
    keys = [key]
    while (shorter := _LAST_BRACKET.sub("", keys[-1])) not in ("", keys[-1]):
        keys.append(shorter)
    return tuple(keys)


def load_layouts(overlay: Path | None = None) -> list[Layout]:
    """内置版式，叠上县里的（同名文件合并：县里的表头加在前面；新文件是新版式）。坏文件抛出 ConfigError。"""
    if overlay is None:
        return list(shipped_layouts())
    return _load(overlay)


@lru_cache
def shipped_layouts() -> tuple[Layout, ...]:
    """内置版式；内容不变，一个进程里只读一次。"""
    return tuple(_load(None))


def _load(overlay: Path | None) -> list[Layout]:
    files = {path.stem: [path] for path in sorted(layouts_folder().glob("*.toml"))}
    if overlay is not None:
        for path in sorted((overlay / "layouts").glob("*.toml")):
            files.setdefault(path.stem, []).insert(0, path)
    return [_build(name, [_read(path) for path in paths], paths[0]) for name, paths in files.items()]


def read_layout_file(path: Path, model: type[FileModel], file_word: str, word: str) -> FileModel:
    """读一个版式文件，按 model 核对；写错的抛出 ConfigError，用 file_word、word 称呼它。"""
    data = read_toml(path, path.name, hint=f"{file_word}请对照 docs/layouts.md 改正")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path.name}›{key}", f"{word}的这个键不能用（{first['msg']}）", "请对照 docs/layouts.md"
        ) from error


def _read(path: Path) -> _LayoutFile:
    return read_layout_file(path, _LayoutFile, "版式文件", "版式")


def _build(name: str, parts: list[_LayoutFile], path: Path) -> Layout:
    kind = next((part.kind for part in parts if part.kind), "")
    model = RECORD_TYPES.get(kind)
    if model is None:
        raise ConfigError(f"{path.name}›kind", f"没有“{kind}”这种表", f"可用：{'、'.join(RECORD_TYPES)}")
    if not parts[-1].needs:
        raise ConfigError(f"{path.name}›needs", "新的版式要写必需的字段", '例如 needs = [["project_name"]]')
    known = set(business_fields(model))
    for part in parts:
        if unknown := _mentioned(part) - known:
            raise ConfigError(f"{path.name}›{min(unknown)}", f"“{kind}”没有这个字段", f"可用：{'、'.join(known)}")
    words = _Words()
    for part in parts:
        words.put(part.headings, 1)
    if not any(part.listed_only for part in parts):
        words.put_titles(model)
    for part in parts:
        words.put(part.weak, _WEAK)
    for part in parts:
        words.put(part.second, _SECOND)
    return Layout(
        name,
        model,
        needs=tuple(tuple(group) for group in parts[-1].needs),
        keys=words.keys,
        patterns=tuple(
            (heading_pattern(p, f"{path.name}›patterns.{f}"), f)
            for part in parts
            for f, ps in part.patterns.items()
            for p in ps
        ),
        signs=_signs(parts),
        defaults={name: text for part in reversed(parts) for name, text in part.defaults.items()},
        others=words.others,
        title_words=tuple(squeeze(word) for part in parts for word in part.title_words),
        titled_needs=tuple(tuple(group) for group in parts[-1].titled_needs),
        summed=frozenset(name for part in parts for name in part.summed),
    )


def heading_pattern(pattern: str, where: str) -> re.Pattern[str]:
    """版式里的正则表达式；写法不对，或者重复里套着重复（匹配起来会没有尽头）的，抛出 ConfigError。"""
    if len(pattern) > _LONGEST_PATTERN or _endless(pattern):
        hint = "一组括号里有 *、+ 或 | 时，括号后面不要再写 *、+"
        raise ConfigError(where, f"“{pattern[:40]}”可能匹配得没有尽头", hint)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # 以后会改变意思的写法
            return re.compile(pattern)
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        raise ConfigError(where, f"“{pattern[:40]}”不是正确的表达式（{error}）", "请对照 docs/layouts.md") from error


def _endless(pattern: str) -> bool:
    inside, closed = [False], False
    for piece in _PATTERN_PIECE.findall(pattern):
        repeats = piece in ("*", "+") or (piece[0] == "{" and len(piece) > 1)
        if repeats and closed:
            return True
        closed = False
        if piece == "(":
            inside.append(False)
        elif piece == ")" and len(inside) > 1:
            closed = inside.pop()
            inside[-1] |= closed
        elif repeats or piece == "|":
            inside[-1] = True
    return False


def _mentioned(part: _LayoutFile) -> set[str]:
    tables = (part.headings, part.weak, part.second, part.patterns, part.negative, part.positive, part.defaults)
    needed = [choice for group in (*part.needs, *part.titled_needs) for choice in group]
    return {name for table in tables for name in table} | {*part.summed, *"+".join(needed).split("+")} - {""}


def _signs(parts: Sequence[_LayoutFile]) -> dict[str, dict[str, int]]:
    signs: dict[str, dict[str, int]] = {}
    for part in parts:
        for sign, table in ((-1, part.negative), (1, part.positive)):
            for field, words in table.items():
                signs.setdefault(field, {}).update({heading_keys(word)[0]: sign for word in words})
    return signs


class _Words:
    """表头的词 → (字段, 强弱)；同一个词的其余字段在 others。"""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[str, int]] = {}
        self.others: dict[str, list[tuple[str, int]]] = {}

    def put(self, table: Mapping[str, Sequence[str]], first: int) -> None:
        """放进一组词，强弱从 first 起。"""
        for field, words in table.items():
            for strength, word in enumerate(words, start=first):
                self._put(heading_keys(word)[0], field, strength)

    def put_titles(self, model: type[Record]) -> None:
        """放进各字段的中文名；版式明说归别的字段的，听版式的。"""
        for field in business_fields(model):
            title = heading_keys(field_title(model, field))[0]
            if self.keys.get(title, (field, 0))[0] == field:
                self.keys[title] = (field, 0)

    def _put(self, key: str, field: str, strength: int) -> None:
        old = self.keys.get(key)
        if old is None or old[1] > strength:
            self.keys[key] = (field, strength)
        if old is not None and old[0] != field:
            self.others.setdefault(key, []).append((field, strength) if self.keys[key] == old else old)


@dataclass(slots=True)
class Match:
    """一个表头块按某个版式的对应。

    columns 字段 → 列；spare 较弱没用的列；ambiguous 一样强的列；unknown 不认识的；strength 各列强弱之和，越小越贴切。
    """

    layout: Layout
    columns: dict[str, int]
    spare: list[tuple[int, str]]
    ambiguous: dict[str, list[int]]
    unknown: list[int]
    strength: int = 0

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """越大越像：先看认出几个字段，再看分不清的少，不认识的少，再看贴切。"""
        known = len(self.columns) + len(self.ambiguous)
        return known, -len(self.ambiguous), -len(self.unknown), -self.strength


def match(layout: Layout, headings: Sequence[Sequence[str]], anchors: Sequence[int]) -> Match:
    """把各列的表头（自上而下的几层）对到字段。anchors[c] 是第 c 列表头所在合并区的首列，同一合并区只算首列。"""
    found: dict[str, list[tuple[int, int]]] = {}
    unknown: list[int] = []
    for column, levels in enumerate(headings):
        if not levels or anchors[column] != column:
            continue
        hit = _field_of_column(layout, levels)
        if hit is None:
            unknown.append(column)
        else:
            found.setdefault(hit[0], []).append((hit[1], column))
    result = Match(layout, {}, [], {}, unknown)
    for field, hits in found.items():
        hits.sort()
        best = [column for strength, column in hits if strength == hits[0][0]]
        summed = [column for column in best if any(_is_sum(level) for level in headings[column][:-1])]
        if len(best) > 1 and len(summed) != 1:
            result.ambiguous[field] = best
            chosen = best
        else:
            result.columns[field] = (summed or best)[0] if len(best) > 1 else best[0]
            chosen = [result.columns[field]]
        result.strength += hits[0][0]
        result.spare.extend((column, field) for _, column in hits if column not in chosen)
    _second_choice(result, headings)
    return result


def _is_sum(level: str) -> bool:
    return heading_keys(level)[0] in _GENERIC


def _second_choice(result: Match, headings: Sequence[Sequence[str]]) -> None:
    """没用上的列，表头还可以是别的字段而那个字段空着的，归过去。"""
    for column, field in list(result.spare):
        for other, strength in result.layout.others.get(heading_keys(headings[column][-1])[0], ()):
            if other != field and other not in result.columns and other not in result.ambiguous:
                result.columns[other] = column
                result.spare.remove((column, field))
                result.strength += strength
                break


def _field_of_column(layout: Layout, levels: Sequence[str]) -> tuple[str, int] | None:
    leaf, parents = heading_keys(levels[-1]), [heading_keys(level)[0] for level in levels[:-1]]
    if leaf[0] in _GENERIC and parents:
        for parent in reversed(parents):
            if found := layout.field_of(parent):
                return found
    for key in leaf:
        if found := layout.field_of(key):
            return found
    for parent in reversed(parents):
        for key in (parent + leaf[0], leaf[0] + parent):
            if found := layout.field_of(key):
                return found
    return None


def nearest(matches: Sequence[Match]) -> Match | None:
    """最接近的版式（缺得最少、认出最多、最贴切）；一个字段都没认出时没有。"""
    close = [m for m in matches if m.columns]
    return min(close, key=lambda m: (len(m.layout.missing(m.columns)), -len(m.columns), m.strength), default=None)
