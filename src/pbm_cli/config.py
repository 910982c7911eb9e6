"""pbm.toml：一个县一年的设定。不认识的键是错误，说出键名和行号。"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pbm_cli.errors import ConfigError
from pbm_cli.resources import RULESET_HEAD, parse_toml, settings_text
from pbm_cli.workbook.limits import LimitError, Limits, limits_from

NAME = "pbm.toml"
YEARS = range(1949, 2101)
UNITS = {"元": 100, "千元": 100_000, "万元": 1_000_000, "百万元": 100_000_000, "亿元": 10_000_000_000}
_LIMITS = "limits"
_KEYS: dict[str, dict[str, type]] = {
    "county": {"name": str, "issuer": str, "year": int},
    "run": {"on": dt.date, "ruleset": str, "overlay": str, "unit": str, "notice_due": dt.date, "style": str},
}


@dataclass(frozen=True, slots=True)
class Config:
    """一次运行的设定；没有写的为 None。

    unit 是没写单位的表用的单位名，notice_due 是整改通知要求反馈的日期，style 是 Word 版式文件。
    """

    county: str | None = None
    issuer: str | None = None
    year: int | None = None
    on: dt.date | None = None
    ruleset: str | None = None
    overlay: Path | None = None
    unit: str | None = None
    notice_due: dt.date | None = None
    style: Path | None = None
    limits: Limits = field(default_factory=Limits)
    limit_lines: Mapping[str, int] = field(default_factory=dict)
    """写在 [limits] 里的键 → 行号。"""


def config_for(paths: Sequence[Path]) -> Config:
    """给出的恰是一个文件夹时用它的 pbm.toml，不然一切为空：别处的 pbm.toml 不起作用。"""
    return load_config(paths[0]) if len(paths) == 1 and paths[0].is_dir() else Config()


def load_config(folder: Path) -> Config:
    """读 folder/pbm.toml；没有这个文件时一切为空。写错的抛出 ConfigError。"""
    path = folder / NAME
    if not path.is_file():
        if path.exists() or path.is_symlink():
            raise ConfigError(NAME, "不是普通文件（文件夹、管道，或断了的链接）", "请换成文件本身，或删去它")
        return Config()
    text = settings_text(path, NAME)
    data = parse_toml(text, NAME, hint="文字要加英文双引号，日期写成 2023-12-31")
    for table, keys in data.items():
        if table != _LIMITS:
            _check_table(table, keys, text)
    limits = _limits(data.get(_LIMITS, {}), text)
    county, run = data.get("county", {}), data.get("run", {})
    overlay, style = run.get("overlay"), run.get("style")
    return Config(
        county.get("name"), county.get("issuer"), county.get("year"), run.get("on"),
        _ruleset(folder, run.get("ruleset")), folder / overlay if overlay else None, run.get("unit"),
        run.get("notice_due"),
        folder / style if style else None, limits, {key: _line(text, key) for key in data.get(_LIMITS, {})},
    )  # fmt: skip


def _ruleset(folder: Path, name: str | None) -> str | None:
    """规则集的名字；县里自己的规则集文件夹同 overlay、style 一样，从放 pbm.toml 的文件夹算起。"""
    own = folder / (name or "")
    return str(own) if name and (own / RULESET_HEAD).is_file() else name


def _limits(given: Any, text: str) -> Limits:
    if not isinstance(given, dict):
        raise ConfigError(f"{NAME}›{_LIMITS}", f"第 {_line(text, _LIMITS)} 行：“{_LIMITS}”应当是 [limits]", "")
    try:
        return limits_from(given)
    except LimitError as error:
        where = f"{NAME}›{_LIMITS}.{error.key}"
        raise ConfigError(where, f"第 {_line(text, error.key)} 行：{error}", error.hint) from error


def _check_table(table: str, keys: Any, text: str) -> None:
    allowed = _KEYS.get(table)
    if allowed is None or not isinstance(keys, dict):
        raise ConfigError(
            f"{NAME}›{table}", f"第 {_line(text, table)} 行：不认识的键“{table}”", "可用：[county]、[run]、[limits]"
        )
    for key, value in keys.items():
        where = f"{NAME}›{table}.{key}"
        kind = allowed.get(key)
        if kind is None:
            raise ConfigError(
                where, f"第 {_line(text, key)} 行：不认识的键“{key}”", f"[{table}] 可用：{'、'.join(allowed)}"
            )
        if type(value) is not kind:
            word = {str: "加双引号的文字", int: "整数", dt.date: "日期，如 2023-12-31"}[kind]
            raise ConfigError(where, f"第 {_line(text, key)} 行：“{key}”应当是{word}", "请改正后再运行")
        if key == "year" and value not in YEARS:
            raise ConfigError(where, f"第 {_line(text, key)} 行：没有 {value} 这样的年度", "请写四位的年份，如 2023")
        if key == "unit" and value not in UNITS:
            raise ConfigError(where, f"第 {_line(text, key)} 行：单位“{value}”不认识", f"可用：{'、'.join(UNITS)}")


def _line(text: str, key: str) -> int:
    pattern = re.compile(rf"^\s*\[?\s*(?:\w+\.)?\"?{re.escape(key)}\"?\s*[\]=.]")
    return next((n for n, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)
