"""Word 版式：templates/style.toml 里的尺寸与字体；本县的文件只写要改的键。"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import pbm_cli
from pbm_cli.errors import ConfigError

_REASONS = {"extra_forbidden": "不认识的键", "missing": "缺少这个键", "greater_than": "应当大于 0"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(_Part):
    """纸张与边距，缇。"""

    width: int
    height: int
    top: int
    left: int
    right: int
    bottom: int
    header: int
    footer: int


class Grid(_Part):
    """文档网格：行距（缇）与每行字数。"""

    line_pitch: int
    characters: int


class Fonts(_Part):
    """各处用的字体。"""

    title: str
    body: str
    level1: str
    level2: str
    level3: str
    emphasis: str
    annex: str
    table: str
    table_head: str
    page_number: str
    latin: str


class Sizes(_Part):
    """字号，磅。"""

    title: Decimal
    body: Decimal
    table: Decimal
    page_number: Decimal


class Spacing(_Part):
    """行距（磅）与缩进（字）。"""

    line: Decimal
    title_line: Decimal
    first_line: int
    signature: int


class Tables(_Part):
    """表格：附件的表超过几列用横页。"""

    landscape_above: int


class Profile(_Part):
    """一套 Word 版式。"""

    page: Page
    grid: Grid
    fonts: Fonts
    fallbacks: dict[str, str]
    sizes: Sizes
    spacing: Spacing
    tables: Tables


def load_profile(own: Path | None = None) -> Profile:
    """读版式；own 是本县的版式文件，盖在自带的上面。不认识的键、类型不对抛出 ConfigError。"""
    default = _built_in()
    data = _read(default)
    if own is not None:
        _lay_over(data, _read(own), own)
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise _explained(own or default, error) from error


def _built_in() -> Path:
    package = Path(pbm_cli.__file__).parent
    inside = package / "templates" / "style.toml"
    return inside if inside.exists() else package.parents[1] / "templates" / "style.toml"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), "Word 版式文件读不出来", "请检查文件是否存在、是否为 UTF-8 文字") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), f"Word 版式文件的写法不对：{error}", "请对照自带的 style.toml") from error


def _lay_over(base: dict[str, Any], own: dict[str, Any], path: Path) -> None:
    for key, value in own.items():
        inner = base.get(key)
        if isinstance(inner, dict) and not isinstance(value, dict):
            raise ConfigError(f"{path}›{key}", "应当是一组键值", f"请写成 [{key}]")
        if isinstance(inner, dict):
            inner.update(value)
        else:
            base[key] = value


def _explained(path: Path, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    reason = _REASONS.get(first["type"], f"值不对（{first['input']!r}）")
    return ConfigError(f"{path}›{key}", reason, "请对照自带的 style.toml")
