"""参数：带施行日期、依据与证据等级的数；规则集；按日期取值；按名字交给规则。

一个规则集是一个文件夹：ruleset.toml 说它叫什么、建立在哪个规则集之上，其余 *.toml 各写一个环节的参数。
上层规则集与本县的覆盖（overlay）按参数名覆盖：自覆盖的第一个施行日期起用新的，此前仍用原来的。
"""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property, lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pbm_cli.errors import ConfigError
from pbm_cli.parameters.forms import Bands, Form, Scalar, Shape, Table, Value, converted, meanings, value_text
from pbm_cli.resources import RULESET_HEAD as HEAD
from pbm_cli.resources import read_toml, rulesets_folder
from pbm_cli.text import plain

__all__ = [
    "Bands", "Basis", "Bound", "Dated", "Evidence", "Form", "Head", "Parameter", "RuleSet", "Scalar", "Table", "Value",
    "keywords", "list_rulesets", "load_ruleset", "value_text",
]  # fmt: skip

Evidence = Literal["original", "secondary", "practice", "tool-default"]
Result = TypeVar("Result")

BUILT_IN = rulesets_folder()
EVIDENCE_WORDS: Mapping[str, str] = {
    "original": "原文", "secondary": "二手转述未核对原文", "practice": "通行做法", "tool-default": "工具默认",
}  # fmt: skip
_PLAIN_ERRORS: Mapping[str, str] = {
    "missing": "缺少这一项", "extra_forbidden": "不认识这个键", "date_type": "应为日期，例如 2025-01-01（不加引号）",
    "string_type": "应为文字", "string_too_short": "不能为空", "bool_type": "应为 true 或 false",
    "list_type": "应为列表", "model_type": "应为一组“键 = 值”",
}  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Basis(_Strict):
    """依据：文件名、文号、条款、证据等级。文号有冲突或没有见到时留空，只写文件名。"""

    title: str = Field(min_length=1)
    evidence: Evidence
    document_no: str = ""
    article: str = ""
    note: str = ""

    def text(self, effective: dt.date) -> str:
        """依据的一句话；不是原文的一定写明。没有成文依据的，起始日期只是工具的设定，不写。"""
        written = self.evidence in ("original", "secondary")
        since = f"{effective.isoformat()} 起" if written else ""
        inside = "，".join(
            part for part in (self.document_no, self.article, since, EVIDENCE_WORDS[self.evidence]) if part
        )
        note = f"；{self.note}" if self.note else ""
        return f"{f'《{self.title}》' if written else self.title}（{inside}{note}）"


class _Entry(_Strict):
    effective: dt.date
    basis: Basis
    value: object = None
    ends: bool = False


class _Block(_Strict):
    values: list[_Entry] = []
    label: str | None = Field(None, min_length=1)
    form: Form | None = None
    unit: str | None = None
    note: str | None = None
    choices: list[str] | dict[str, str] = []
    keys: list[str] = []
    items: Literal["number", "text"] | None = None


class Head(_Strict):
    """规则集的名片（ruleset.toml）。"""

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    description: str = ""
    builds_on: str | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """一个有日期的值；value 为 None 表示自这一天起停止执行。"""

    effective: dt.date
    value: Value | None
    basis: Basis

    @property
    def evidence(self) -> Evidence:
        """证据等级。"""
        return self.basis.evidence


@dataclass(frozen=True, slots=True)
class Parameter:
    """一个参数：中文名、单位、写法，按施行日期排好的值；chosen 指点名的规则集自己的，早于施行日期也用。"""

    name: str
    stage: str
    label: str
    shape: Shape
    unit: str = ""
    note: str = ""
    values: tuple[Dated, ...] = ()
    chosen: bool = False

    @property
    def form(self) -> Form:
        """值的写法。"""
        return self.shape.form

    def on(self, date: dt.date) -> Dated | None:
        """某一天有效的值；施行以前、停止以后、没有规定时为 None。"""
        current = self.values[0] if self.chosen else None
        for dated in self.values:
            if dated.effective <= date:
                current = dated
        return current if current and current.value is not None else None


def _jsonable(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else plain(value) if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, eq=False)
class RuleSet:
    """一套规则的全部参数。"""

    head: Head
    parameters: Mapping[str, Parameter]

    @property
    def name(self) -> str:
        """规则集的名字。"""
        return self.head.name

    @property
    def title(self) -> str:
        """规则集的中文名。"""
        return self.head.title

    @cached_property
    def digest(self) -> str:
        """全部有效内容的 SHA-256；与文件的空行、注释、先后无关。"""
        content = {
            name: [[d.effective.isoformat(), d.value, d.basis.model_dump()] for d in parameter.values]
            for name, parameter in sorted(self.parameters.items())
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=_jsonable)
        return hashlib.sha256(text.encode()).hexdigest()

    def names(self) -> tuple[str, ...]:
        """全部参数名，按文件里的次序。"""
        return tuple(self.parameters)

    def parameter(self, name: str) -> Parameter:
        """按名字取参数；没有这个参数是 ConfigError，提示最接近的名字。"""
        if name not in self.parameters:
            _unknown(self.name, name, self.parameters)
        return self.parameters[name]

    def at(self, date: dt.date) -> Bound:
        """某一天的规则。"""
        return Bound(self, date)


class Bound:
    """定在某一天的规则集：取值、说依据、把参数按名字交给规则，并记下用过哪些。"""

    def __init__(self, ruleset: RuleSet, date: dt.date, trial: Mapping[str, Dated] | None = None) -> None:
        self.ruleset = ruleset
        self.date = date
        self._trial = dict(trial or {})
        self._used: set[str] = set()

    @property
    def used(self) -> tuple[str, ...]:
        """问过的参数名，按名字排序。"""
        return tuple(sorted(self._used))

    def dated(self, name: str) -> Dated | None:
        """这一天有效的值连同施行日期、依据；没有则为 None。"""
        self._used.add(name)
        parameter = self.ruleset.parameter(name)
        return self._trial.get(name) or parameter.on(self.date)

    def value(self, name: str) -> Value | None:
        """这一天有效的值；没有则为 None。"""
        dated = self.dated(name)
        return dated.value if dated else None

    def text(self, name: str) -> str:
        """这一天有效的值写成文字；没有则说没有规定。"""
        value = self.value(name)
        return "没有规定" if value is None else value_text(self.ruleset.parameter(name).shape, value)

    def basis_text(self, *names: str) -> str:
        """几个参数的依据合成一句（相同的只说一次）；都没有值时为空。"""
        found = (self.dated(name) for name in names)
        texts = dict.fromkeys(dated.basis.text(dated.effective) for dated in found if dated)
        return f"依据：{'；'.join(texts)}" if texts else ""

    def bind(self, function: Callable[..., Result]) -> Callable[..., Result]:
        """把仅限关键字的参数按名字填好；这一天没有值的填 None。"""
        return partial(function, **{name: self.value(name) for name in keywords(function)})

    def with_values(self, values: Mapping[str, object]) -> Bound:
        """试算：换几个值（写法同 TOML），其余不变；不认识的名字或写法不对是 ConfigError。"""
        trial = dict(self._trial)
        for name, raw in values.items():
            parameter = self.ruleset.parameter(name)
            value = converted(f"试算›{name}", parameter.shape, raw)
            trial[name] = Dated(self.date, value, Basis(title="试算的取值，不是规定", evidence="tool-default"))
        return Bound(self.ruleset, self.date, trial)


@lru_cache(maxsize=256)
def keywords(function: Callable[..., object]) -> tuple[str, ...]:
    """函数仅限关键字的参数名。"""
    found = inspect.signature(function).parameters.values()
    return tuple(item.name for item in found if item.kind is item.KEYWORD_ONLY)


# ---- 读规则集 ----


def list_rulesets() -> list[Head]:
    """随工具发布的规则集，按名字排序。"""
    return [_head(folder) for folder in sorted(BUILT_IN.iterdir()) if (folder / HEAD).is_file()]


def load_ruleset(name_or_path: str, overlay: Path | None = None) -> RuleSet:
    """读一个规则集（名字或文件夹）及其上层，再盖上本县的覆盖；有毛病是 ConfigError。

    覆盖文件夹里认 parameters/*.toml 和最上层的 *.toml（pbm.toml 除外）。
    """
    if overlay is None and (BUILT_IN / name_or_path / HEAD).is_file():
        return _shipped(name_or_path)
    head, parameters = _chain(_folder(name_or_path, Path()), ())
    if overlay is not None:
        if not overlay.is_dir():
            raise ConfigError(str(overlay), "没有这个覆盖文件夹", "请检查 --overlay 或 pbm.toml 里的 overlay")
        top = (path for path in overlay.glob("*.toml") if path.name != "pbm.toml")
        files = [*sorted((overlay / "parameters").glob("*.toml")), *sorted(top)]
        parameters = _overridden(parameters, _blocks(files))
    return RuleSet(head, MappingProxyType(parameters))


@lru_cache
def _shipped(name: str) -> RuleSet:
    """随程序发布的一个规则集；内容不变，一个进程里只读一次（汇总几百个区县时省时间）。"""
    head, parameters = _chain(BUILT_IN / name, ())
    return RuleSet(head, MappingProxyType(parameters))


def _folder(name: str, beside: Path) -> Path:
    if (BUILT_IN / name / HEAD).is_file():
        return BUILT_IN / name
    if (beside / name).is_dir():
        return beside / name
    names = [folder.name for folder in sorted(BUILT_IN.iterdir()) if (folder / HEAD).is_file()]
    raise ConfigError(name, "没有这个规则集", f"现有规则集：{'、'.join(names)}；也可以写一个文件夹")


def _chain(folder: Path, seen: tuple[Path, ...]) -> tuple[Head, dict[str, Parameter]]:
    """一个规则集自己的参数盖在它所建立的规则集之上。"""
    if folder.resolve() in seen:
        raise ConfigError(f"{folder.name}/{HEAD}›builds_on", "规则集互相建立在对方之上", "请改 builds_on")
    head = _head(folder)
    blocks = _blocks(path for path in sorted(folder.glob("*.toml")) if path.name != HEAD)
    if head.builds_on is None:
        return head, {name: _parameter(where, name, block) for name, (where, block) in blocks.items()}
    _, base = _chain(_folder(head.builds_on, folder), (*seen, folder.resolve()))
    return head, _overridden(base, blocks, chosen=True)


def _head(folder: Path) -> Head:
    path = folder / HEAD
    if not path.is_file():
        raise ConfigError(str(folder), f"文件夹里没有 {HEAD}，不是规则集", f"请在里面放一个 {HEAD}，写 name 和 title")
    return _checked(Head, _toml(path), _shown(path))


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _toml(path: Path) -> dict[str, object]:
    return read_toml(path, _shown(path), hint='中文的键要加英文双引号，例如 "优" = 90', exact=True)


def _blocks(files: Iterable[Path]) -> dict[str, tuple[str, _Block]]:
    """各文件里的参数块；同一个名字写两次是错。"""
    found: dict[str, tuple[str, _Block]] = {}
    for path in files:
        for name, raw in _toml(path).items():
            where = f"{_shown(path)}›{name}"
            if name in found:
                raise ConfigError(where, "同一个参数写了两次", f"另一处在 {found[name][0]}，请删去一处")
            found[name] = (where, _checked(_Block, raw, where))
    return found


Model = TypeVar("Model", bound=_Strict)


def _checked(model: type[Model], raw: object, where: str) -> Model:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
    place = where
    for step in (step for step in first["loc"] if "[" not in str(step)):  # list[str] 一类是写法，不是键
        joint = "›" if "›" not in place else "."
        place += f" 第 {step + 1} 条" if isinstance(step, int) else f"{joint}{step}"
    message = _PLAIN_ERRORS.get(first["type"], "")
    if first["type"] == "literal_error":
        message = f"“{first['input']}”不行，只能是 {first['ctx']['expected'].replace(' or ', ', ')} 之一"
    hint = "键的写法见 docs/parameters.md 或内置规则集" if first["type"] == "extra_forbidden" else ""
    raise ConfigError(place, message or f"写法不对（{first['type']}）", hint)


def _parameter(where: str, name: str, block: _Block) -> Parameter:
    """一个新参数：中文名和写法必须有；没有值的要说为什么。"""
    if block.label is None or block.form is None:
        key = "label" if block.label is None else "form"
        raise ConfigError(f"{where}.{key}", "缺少这一项", "每个参数都要有 label（中文名）和 form（写法）")
    if not block.values and not block.note:
        raise ConfigError(f"{where}.values", "没有值，也没有说明", "没有规定的参数请在 note 里写明")
    shape = Shape(block.form, tuple(block.choices), tuple(block.keys), block.items, meanings(block.choices))
    stage = where.partition("›")[0].rpartition("/")[2].removesuffix(".toml")
    values = _dated(where, block, shape)
    return Parameter(name, stage, block.label, shape, block.unit or "", block.note or "", values)


def _overridden(
    base: Mapping[str, Parameter], blocks: Mapping[str, tuple[str, _Block]], *, chosen: bool = False
) -> dict[str, Parameter]:
    """按名字覆盖：县里的自第一个施行日期起用新的，此前仍用原来的；点名的规则集（chosen）只用自己的。"""
    parameters = dict(base)
    for name, (where, block) in blocks.items():
        if name not in base:
            _unknown(where, name, base)
        old = base[name]
        if block.form not in (None, old.form):
            raise ConfigError(f"{where}.form", f"写法“{block.form}”与原来的“{old.form}”不同", "覆盖时不要写 form")
        if block.choices or block.keys or block.items:
            raise ConfigError(where, "覆盖时不能改 choices、keys、items", "请删去这些键，只写 values")
        if not block.values:
            raise ConfigError(f"{where}.values", "没有值", "要停止执行，请写 effective、ends = true 和 basis")
        new = _dated(where, block, old.shape)
        kept = () if chosen else tuple(dated for dated in old.values if dated.effective < new[0].effective)
        parameters[name] = replace(
            old,
            values=kept + new,
            chosen=chosen or old.chosen,
            label=block.label or old.label,
            unit=old.unit if block.unit is None else block.unit,
            note=old.note if block.note is None else block.note,
        )
    return parameters


def _unknown(where: str, name: str, names: Iterable[str]) -> NoReturn:
    near = get_close_matches(name, list(names), 1, 0.5)
    hint = f"是不是 {near[0]}？" if near else "全部参数名用 pbm params 查看"
    raise ConfigError(where, f"没有叫 {name} 的参数", hint)


def _dated(where: str, block: _Block, shape: Shape) -> tuple[Dated, ...]:
    found: list[Dated] = []
    for number, entry in enumerate(block.values, start=1):
        place = f"{where}.values 第 {number} 条"
        if found and entry.effective <= found[-1].effective:
            raise ConfigError(f"{place}.effective", "施行日期没有晚于上一条", "请按施行日期从早到晚排，同一天只写一条")
        if entry.ends == (entry.value is not None):
            raise ConfigError(place, "value 与 ends = true 必须且只能写一个", "停止执行写 ends = true，否则写 value")
        value = None if entry.ends else converted(f"{place}.value", shape, entry.value)
        found.append(Dated(entry.effective, value, entry.basis))
    return tuple(found)
