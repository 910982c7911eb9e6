"""参数值的六种写法：数、金额、文字、各档下限、表、列表；TOML 的值 → 参数的值 → 给人看的文字。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from pbm_cli.errors import ConfigError
from pbm_cli.models import LIGHT_WORDS
from pbm_cli.text import FEN_PER_YUAN, plain, wan

Form = Literal["number", "money", "text", "bands", "table", "list"]
Scalar = Decimal | str
Bands = Mapping[str, Decimal]
"""半开区间的各档：名称 → 下限，从高到低；最低一档的下限以下也归最低档。"""
Table = Mapping[str, Scalar | tuple[Scalar, ...]]
Value = Decimal | int | str | Table | tuple[Scalar, ...]
SIZE = 24
"""数最多这么多位：再大不是参数，是写错了。"""
FORM_WORDS: Mapping[str, str] = {
    "number": "数",
    "money": "以元为单位的金额（最多两位小数）",
    "text": "文字",
    "bands": '从高到低的各档下限，例如 { "优" = 90, "差" = 0 }',
    "table": "名称 = 数、文字或其列表",
    "list": "数或文字的列表",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """一个参数的值应该怎样写：写法、文字只能取哪些、表只能有哪些键、表和列表里只能是数还是文字。

    meanings 是用标识写的取值各是什么意思（标识、意思），给人看时写在标识的后面。
    """

    form: Form
    choices: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    items: Literal["number", "text"] | None = None
    meanings: tuple[tuple[str, str], ...] = ()


def meanings(choices: Sequence[str] | Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """只能取的几样写成“标识 = 意思”的，各是什么意思；只写了标识的没有。"""
    return tuple(choices.items()) if isinstance(choices, Mapping) else ()


def converted(where: str, shape: Shape, raw: object) -> Value:
    """TOML 的值 → 参数的值；写法不对是 ConfigError。"""
    value = _formed(shape.form, raw)
    if value is None:
        raise ConfigError(where, f"值的写法不对，应为{FORM_WORDS[shape.form]}")
    if isinstance(value, Mapping) and shape.keys and (wrong := next((k for k in value if k not in shape.keys), None)):
        raise ConfigError(f"{where}.{wrong}", f"不认识“{wrong}”", f"只能是 {'、'.join(shape.keys)}")
    for item in _leaves(value):
        if shape.items and (shape.items == "text") != isinstance(item, str):
            raise ConfigError(where, f"“{item}”不行，里面应为{'文字' if shape.items == 'text' else '数（不加引号）'}")
        if shape.choices and item not in shape.choices:
            raise ConfigError(where, f"“{item}”不行", f"只能是 {'、'.join(shape.choices)} 之一")
    return value


def _leaves(value: Value) -> Iterator[Scalar | int]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from item if isinstance(item, tuple) else (item,)
    else:
        yield from value if isinstance(value, tuple) else (value,)


def _formed(form: Form, raw: object) -> Value | None:
    value: Value | None = None
    if form in ("number", "money"):
        number = _number(raw)
        fen = number * FEN_PER_YUAN if number is not None else None
        value = number if form == "number" else int(fen) if fen is not None and fen == int(fen) else None
    elif form == "text":
        value = raw if isinstance(raw, str) and raw else None
    elif form == "list":
        value = _scalars(raw)
    elif isinstance(raw, Mapping) and raw:
        value = _floors(raw) if form == "bands" else _table(raw)
    return value


def _number(raw: object) -> Decimal | None:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        return None
    number = Decimal(raw)
    return number if number.is_finite() and abs(number.adjusted()) < SIZE else None


def _scalars(raw: object) -> tuple[Scalar, ...] | None:
    if not isinstance(raw, list | tuple):
        return None
    items = [item if isinstance(item, str) else _number(item) for item in raw]
    return tuple(item for item in items if item is not None) if None not in items else None


def _floors(raw: Mapping[str, object]) -> Bands | None:
    floors = {label: _number(item) for label, item in raw.items()}
    found = {label: floor for label, floor in floors.items() if floor is not None}
    falling = all(high > low for high, low in zip(list(found.values()), list(found.values())[1:], strict=False))
    return MappingProxyType(found) if len(found) == len(raw) and falling else None


def _table(raw: Mapping[str, object]) -> Table | None:
    found: dict[str, Scalar | tuple[Scalar, ...]] = {}
    for label, item in raw.items():
        value = (
            item if isinstance(item, str) else _number(item) if not isinstance(item, list | tuple) else _scalars(item)
        )
        if value is None:
            return None
        found[label] = value
    return MappingProxyType(found)


def value_text(shape: Shape, value: Value) -> str:
    """参数的值写成给人看的文字（不带单位；金额写成万元；用标识写的后面带上意思）。"""
    if shape.form == "money" and isinstance(value, int):
        return f"{wan(value)} 万元"
    if shape.form == "text" and (meaning := dict(shape.meanings).get(str(value))):
        return f"{value}（{meaning}）"
    if shape.form == "bands" and isinstance(value, Mapping):
        *upper, last = value
        return "，".join(
            [*(f"{_named(label)}≥{_scalar_text(value[label])}" for label in upper), f"其余为{_named(last)}"]
        )
    if isinstance(value, Mapping):
        return "；".join(f"{_named(label)}：{_scalar_text(item)}" for label, item in value.items())
    return _scalar_text(value)


def _scalar_text(value: object) -> str:
    if isinstance(value, tuple):
        return "、".join(_scalar_text(item) for item in value)
    return plain(value) if isinstance(value, Decimal) else _named(str(value))


def _named(label: str) -> str:
    return LIGHT_WORDS.get(label, label)
