"""Word 版式：templates/style.toml 里的尺寸与字体；本县的 .toml 只写要改的键，.docx 给出页面、样式、页眉页脚。"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

import pbm_cli
from pbm_cli.errors import ConfigError, why
from pbm_cli.resources import content

if TYPE_CHECKING:
    from pbm_cli.outputs.docx_base import Base

PROFILE_NAME, BASE_NAME = "style.toml", "style.docx"
"""覆盖文件夹的 templates/ 里，本县版式的两个文件名；两个都有时，.toml 写了的以 .toml 为准。"""
_HINT = "请对照自带的 style.toml"
_MOST_BYTES = 1024 * 1024
_LEAST_AREA = 2000
_TWIPS, _HALF = 20, Decimal("0.5")
_TIGHTEST, _LEADING = Decimal("1.2"), Decimal("1.5")
_REASONS = {
    "extra_forbidden": "不认识的键", "missing": "缺少这个键", "int_type": "应当是整数", "int_from_float": "应当是整数",
    "string_type": "应当是加双引号的文字", "model_type": "应当是一组键值", "dict_type": "应当是一组键值",
    "model_attributes_type": "应当是一组键值", "finite_number": "应当是平常的数", "decimal_parsing": "应当是数",
}  # fmt: skip
_BOUNDS = {
    "greater_than_equal": ("ge", "不能小于"), "less_than_equal": ("le", "不能大于"),
    "string_too_short": ("min_length", "字数不能少于"), "string_too_long": ("max_length", "字数不能多于"),
}  # fmt: skip
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f<>&\"\ud800-\udfff\ufffe\uffff]+")


def _number(value: object) -> object:
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError("应当是数")


def _font_name(value: str) -> str:
    if _PRINTABLE.fullmatch(value) and value == value.strip():
        return value
    raise ValueError("不是字体名")


Length = Annotated[int, Field(strict=True, ge=0, le=31_680)]
"""缇；Word 的纸最大 22 英寸。"""
Side = Annotated[int, Field(strict=True, ge=4_000, le=31_680)]
Count = Annotated[int, Field(strict=True, ge=0, le=60)]
Points = Annotated[Decimal, BeforeValidator(_number), Field(ge=4, le=200, allow_inf_nan=False)]
Font = Annotated[str, Field(min_length=1, max_length=31), AfterValidator(_font_name)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(_Part):
    """纸张与边距，缇。"""

    width: Side
    height: Side
    top: Length
    left: Length
    right: Length
    bottom: Length
    header: Length
    footer: Length


class Grid(_Part):
    """文档网格：行距（缇）与每行字数。"""

    line_pitch: Annotated[int, Field(strict=True, ge=100, le=4_000)]
    characters: Annotated[int, Field(strict=True, ge=5, le=200)]


class Fonts(_Part):
    """各处用的字体。"""

    title: Font
    body: Font
    level1: Font
    level2: Font
    level3: Font
    emphasis: Font
    annex: Font
    table: Font
    table_head: Font
    page_number: Font
    latin: Font


class Sizes(_Part):
    """字号，磅。"""

    title: Points
    body: Points
    table: Points
    page_number: Points


class Spacing(_Part):
    """行距（磅）与缩进（字）。"""

    line: Points
    title_line: Points
    first_line: Count
    signature: Count


class Tables(_Part):
    """表格：附件的表超过几列用横页。"""

    landscape_above: Annotated[int, Field(strict=True, ge=0, le=1_000)]


class Profile(_Part):
    """一套 Word 版式；base 是本县的 .docx 带来的样式与页眉页脚（没有时为 None）。"""

    page: Page
    grid: Grid
    fonts: Fonts
    fallbacks: dict[Font, Font]
    sizes: Sizes
    spacing: Spacing
    tables: Tables
    _base: Base | None = PrivateAttr(default=None)
    _written: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def base(self) -> Base | None:
        """本县的 .docx。"""
        return self._base

    @property
    def written(self) -> frozenset[str]:
        """本县的 .toml 里写明的键，如 sizes.body。"""
        return self._written


def load_profile(own: Path | None = None) -> Profile:
    """读版式；own 是本县的 .toml、.docx，或者放着 style.toml、style.docx 的文件夹，盖在自带的上面。

    不认识的键、类型不对、放不下正文、不能用的 .docx 抛出 ConfigError，说明是哪个文件、哪个键。
    """
    default = _built_in()
    data = _read(default)
    base: Base | None = None
    written: frozenset[str] = frozenset()
    changes: Mapping[str, Any]
    for path in _files(own):
        if path.suffix.lower() == ".toml":
            changes = _read(path)
            written = frozenset(
                f"{key}.{name}" for key, part in changes.items() if isinstance(part, dict) for name in part
            )
        else:
            from pbm_cli.outputs.docx_base import load_base  # noqa: PLC0415

            base = load_base(path)
            changes = base.figures
        _lay_over(data, changes, path)
    return _validated(data, own or default, base, written)


def _validated(data: dict[str, Any], path: Path, base: Base | None, written: frozenset[str]) -> Profile:
    try:
        profile = Profile.model_validate(data)
    except ValidationError as error:
        raise _explained(path, error) from error
    page = profile.page
    across, down = page.width - page.left - page.right, page.height - page.top - page.bottom
    if min(across, down) < _LEAST_AREA:
        raise ConfigError(f"{path}›page", "页边距太大，放不下正文", "请改小边距，单位是缇（1 毫米约 56.7 缇）")
    if base is not None:
        profile = _fitted(profile, base, written)
    profile._base, profile._written = base, written
    return profile


def _fitted(profile: Profile, base: Base, written: frozenset[str]) -> Profile:
    """作底的 .docx 没有写的数，按它写了的推：每行字数取放得下的；字比行距高时放宽行距。"""
    page, sizes, spacing = profile.page, profile.sizes, profile.spacing
    changes: dict[str, dict[str, Any]] = {"grid": {}, "spacing": {}}
    if "grid.characters" not in written:
        across = (page.width - page.left - page.right) / (sizes.body * _TWIPS)
        changes["grid"]["characters"] = max(5, int(across + _HALF))
    stated = base.figures.get("spacing", {})
    for name, size, line in (("line", sizes.body, spacing.line), ("title_line", sizes.title, spacing.title_line)):
        if size * _TIGHTEST > line and name not in stated and f"spacing.{name}" not in written:
            changes["spacing"][name] = size * _LEADING
    return profile.model_copy(
        update={part: getattr(profile, part).model_copy(update=values) for part, values in changes.items() if values}
    )


def _files(own: Path | None) -> list[Path]:
    if own is None:
        return []
    if own.is_dir():
        return [path for name in (BASE_NAME, PROFILE_NAME) if (path := own / name).is_file()]
    return [own]


def check_style(path: Path) -> None:
    """--style 的文件能不能用：不能用时抛出 ConfigError。"""
    if path.is_dir():
        raise ConfigError(str(path), "这是文件夹，不是 Word 版式文件", "请给出 .toml 或 .docx 文件")
    load_profile(path)


def _built_in() -> Path:
    package = Path(pbm_cli.__file__).parent
    inside = package / "templates" / PROFILE_NAME
    return inside if inside.exists() else package.parents[1] / "templates" / PROFILE_NAME


def _read(path: Path) -> dict[str, Any]:
    try:
        data = content(path, _MOST_BYTES)
        if len(data) > _MOST_BYTES:
            raise ConfigError(str(path), "Word 版式文件超过 1 MB，不像版式文件", _HINT)
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        return tomllib.loads(text, parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        reason = why(error) if isinstance(error, OSError) else "不是 UTF-8"
        hint = "请检查文件是否存在、是否为 UTF-8 文字"
        raise ConfigError(str(path), f"Word 版式文件读不出来（{reason}）", hint) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(str(path), f"Word 版式文件的写法不对：{error}", _HINT) from error


def _lay_over(base: dict[str, Any], own: Mapping[str, Any], path: Path) -> None:
    for key, value in own.items():
        inner = base.get(key)
        if isinstance(inner, dict) and not isinstance(value, Mapping):
            raise ConfigError(f"{path}›{key}", "应当是一组键值", f"请写成 [{key}]")
        if isinstance(inner, dict):
            inner.update(value)
        else:
            base[key] = value


def _explained(path: Path, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    shown = str(first["input"])[:40]
    kind, context = first["type"], first.get("ctx", {})
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        reason = f"{words} {context[name]}（写的是 {shown!r}）"
    elif kind == "value_error":
        reason = f"{context['error']}（写的是 {shown!r}）"
    else:
        reason = _REASONS.get(kind, f"值不对（{shown!r}）")
    return ConfigError(f"{path}›{key}", reason, _HINT)
