"""试算的写法：“参数名=值”“参数名.档=值” → 参数的值。写错的说怎么写。"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from itertools import pairwise
from typing import NoReturn

from pbm_cli.errors import UsageError
from pbm_cli.models import LIGHT_WORDS
from pbm_cli.parameters import Bound, Parameter
from pbm_cli.rules import RULES
from pbm_cli.text import plain

_OPTION = "--what-if"
_EXAMPLE = "例如 execution_bands.黄灯=70（各档写下限）、gap_limit=10、execution_method=达到序时"
_LIGHTS = {word: name for name, word in LIGHT_WORDS.items()}
_COMMAS = re.compile(r"[,，;；、]")
_UNUSED = frozenset({"M17"})
"""只管通知、不管灯的规则。"""


def trial_values(bound: Bound, settings: Sequence[str]) -> dict[str, object]:
    """各条试算 → 参数名到值（写法同 TOML）；同一处写两次、不认识的名字、写法不对都是 UsageError。"""
    known = _known(bound)
    values: dict[str, object] = {}
    seen: set[tuple[str, str]] = set()
    for text in settings:
        name, key, raw = _parts(text, known, bound)
        if (name, key) in seen or (name, "") in seen or (not key and name in values):
            raise UsageError(_OPTION, f"{name} 写了两次，不知道用哪一个", "同一个参数、同一档只写一次")
        seen.add((name, key))
        parameter = known[name]
        if key:
            values[name] = _keyed(parameter, values.get(name, bound.value(name)), key, raw)
        else:
            values[name] = _whole(parameter, bound.value(name), raw)
    for name, value in values.items():
        _check_order(known[name], value)
    return values


def _known(bound: Bound) -> dict[str, Parameter]:
    """双监控用得到的参数，按名字。"""
    rules = [entry for code, entry in sorted(RULES.items()) if entry.stage == "monitor" and code not in _UNUSED]
    names = dict.fromkeys(name for entry in rules for name in entry.parameters)
    return {name: bound.ruleset.parameter(name) for name in names if name in bound.ruleset.parameters}


def _parts(text: str, known: Mapping[str, Parameter], bound: Bound) -> tuple[str, str, str]:
    """“参数名.档=值” → (参数名, 档, 值)；参数名也可以写中文名。"""
    left, equals, raw = (text if "=" in text else text.replace("＝", "=", 1)).partition("=")
    if not equals or not left.strip() or not raw.strip():
        raise UsageError(_OPTION, f"“{text}”不是“参数名=值”", _EXAMPLE)
    name, _, key = (part.strip() for part in left.partition("."))
    found = next((one for one, parameter in known.items() if name in (one, parameter.label)), None)
    if found is None:
        _unknown(name, known, bound)
    return found, key, raw.strip()


def _unknown(name: str, known: Mapping[str, Parameter], bound: Bound) -> NoReturn:
    if other := bound.ruleset.parameters.get(name):
        raise UsageError(_OPTION, f"{name}（{other.label}）不是双监控判灯用的参数", f"可用：{'、'.join(known)}")
    titles = {parameter.label: one for one, parameter in known.items()}
    near = get_close_matches(name, [*known, *titles], 3, 0.4)
    shown = [f"{titles.get(one, one)}（{known[titles.get(one, one)].label}）" for one in near]
    hint = f"是不是 {'、'.join(dict.fromkeys(shown))}？" if near else f"可用：{'、'.join(known)}"
    raise UsageError(_OPTION, f"双监控没有叫“{name}”的参数", f"{hint}全部参数用 pbm params 看")


def _keyed(parameter: Parameter, current: object, key: str, raw: str) -> dict[str, object]:
    """只换表里的一档，其余照现行的。"""
    if parameter.form not in ("bands", "table"):
        raise UsageError(_OPTION, f"{parameter.name} 不是分档的参数，没有“{key}”", f"写成 {parameter.name}=值")
    now = dict(current) if isinstance(current, Mapping) else {}
    one = _key(parameter, now, key)
    if parameter.form == "bands" and len(now) > 1 and one == list(now)[-1]:
        upper = list(now)[-2]
        raise UsageError(
            _OPTION,
            f"{parameter.name} 写的是各档的下限，“{_shown(one)}”是最低的一档，没有下限可改",
            f"低于“{_shown(upper)}”下限的都是“{_shown(one)}”，请写 {parameter.name}.{_shown(upper)}={raw}",
        )
    before = now.get(one)
    now[one] = (
        [_scalar(parameter, item) for item in _items(raw)] if isinstance(before, tuple) else _scalar(parameter, raw)
    )
    return _ordered(parameter, now)


def _key(parameter: Parameter, now: Mapping[str, object], key: str) -> str:
    allowed = parameter.shape.keys or tuple(now)
    one = key if key in allowed or not allowed else _LIGHTS.get(key, key)
    if allowed and one not in allowed:
        shown = "、".join(_shown(item) for item in allowed)
        raise UsageError(_OPTION, f"{parameter.name} 里没有“{key}”", f"可用：{shown}")
    return one


def _whole(parameter: Parameter, current: object, raw: str) -> object:
    """整个参数的值：数、文字、列表（用逗号隔开），或“档:值,档:值”；分档的，没写的档照现行的。"""
    if parameter.form == "list":
        return [_scalar(parameter, item) for item in _items(raw)]
    if parameter.form not in ("bands", "table"):
        return _scalar(parameter, raw)
    found = dict(current) if parameter.form == "bands" and isinstance(current, Mapping) else {}
    for item in _items(raw):
        key, colon, value = item.replace("：", ":").partition(":")
        if not colon or not value.strip():
            keys = [_shown(one) for one in parameter.shape.keys[:2]] or ["档"]
            raise UsageError(
                _OPTION,
                f"{parameter.name} 是分档的参数，不能只写“{raw}”",
                f"写成 {parameter.name}.{keys[0]}={raw}，或 {parameter.name}={','.join(f'{one}:值' for one in keys)}",
            )
        found[_key(parameter, {}, key.strip())] = _scalar(parameter, value.strip())
    return _ordered(parameter, found)


def _items(raw: str) -> list[str]:
    return [item.strip() for item in _COMMAS.split(raw) if item.strip()]


def _scalar(parameter: Parameter, raw: str) -> Decimal | str:
    """一个数或一段文字；数后面可以带这个参数的单位。"""
    shape = parameter.shape
    if shape.form == "text" or shape.items == "text" or shape.choices:
        text = raw.strip("\"'“”")
        return _LIGHTS.get(text, text) if shape.choices and text not in shape.choices else text
    number = _number(raw.removesuffix(parameter.unit).strip() if parameter.unit else raw)
    if number is not None:
        return number
    if shape.form in ("number", "money", "bands") or shape.items == "number":
        unit = f"（单位：{parameter.unit}）" if parameter.unit else ""
        raise UsageError(_OPTION, f"{parameter.name} 要写数{unit}，“{raw}”不是数", _EXAMPLE)
    return raw


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace("＋", "+").replace("－", "-"))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _ordered(parameter: Parameter, value: Mapping[str, object]) -> dict[str, object]:
    """档次的先后照参数规定的；没有规定的照写的。"""
    order: Iterable[str] = parameter.shape.keys or value
    return {key: value[key] for key in order if key in value}


def _check_order(parameter: Parameter, value: object) -> None:
    if parameter.form != "bands" or not isinstance(value, Mapping):
        return
    floors = list(value.items())
    if all(high > low for (_, high), (_, low) in pairwise(floors)):
        return
    shown = "、".join(f"{_shown(key)} {plain(floor)}" for key, floor in floors)
    raise UsageError(
        _OPTION,
        f"{parameter.name} 的各档下限要从高到低，现在是 {shown}",
        f"各档写下限，达到它才算这一档；几档一起改的，--what-if 可以写几次。现行的用 pbm params {parameter.name} 看",
    )


def _shown(key: str) -> str:
    return LIGHT_WORDS.get(key, key)
