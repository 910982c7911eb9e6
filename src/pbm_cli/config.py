"""pbm.toml：一个县一年的设定。不认识的键是错误，说出键名和行号。"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pbm_cli.errors import ConfigError

NAME = "pbm.toml"
UNITS = {"元": 100, "千元": 100_000, "万元": 1_000_000, "百万元": 100_000_000, "亿元": 10_000_000_000}
_KEYS: dict[str, dict[str, type]] = {
    "county": {"name": str, "issuer": str, "year": int},
    "run": {"on": dt.date, "ruleset": str, "overlay": str, "unit": str},
}


@dataclass(frozen=True, slots=True)
class Config:
    """一次运行的设定；没有写的为 None。unit 是没写单位的表用的单位名。"""

    county: str | None = None
    issuer: str | None = None
    year: int | None = None
    on: dt.date | None = None
    ruleset: str | None = None
    overlay: Path | None = None
    unit: str | None = None


def load_config(folder: Path) -> Config:
    """读 folder/pbm.toml；没有这个文件时一切为空。写错的抛出 ConfigError。"""
    path = folder / NAME
    if not path.is_file():
        return Config()
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigError(NAME, "不是 UTF-8 编码", "请用记事本另存为 UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(NAME, f"写法不对（{error}）", "文字要加英文双引号，日期写成 2023-12-31") from error
    for table, keys in data.items():
        _check_table(table, keys, text)
    county, run = data.get("county", {}), data.get("run", {})
    overlay = run.get("overlay")
    return Config(
        county.get("name"), county.get("issuer"), county.get("year"), run.get("on"),
        run.get("ruleset"), folder / overlay if overlay else None, run.get("unit"),
    )  # fmt: skip


def _check_table(table: str, keys: Any, text: str) -> None:
    allowed = _KEYS.get(table)
    if allowed is None or not isinstance(keys, dict):
        raise ConfigError(
            f"{NAME}›{table}", f"第 {_line(text, table)} 行：不认识的键“{table}”", "可用：[county]、[run]"
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
        if key == "unit" and value not in UNITS:
            raise ConfigError(where, f"第 {_line(text, key)} 行：单位“{value}”不认识", f"可用：{'、'.join(UNITS)}")


def _line(text: str, key: str) -> int:
    pattern = re.compile(rf"^\s*\[?\s*\"?{re.escape(key)}\"?\s*[\]=.]")
    return next((n for n, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)
