"""填报模板要的说明：每一列怎样填、示例、下拉选项。写在 layouts/fill/fields.toml，列名与必填仍以 models 为准。"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from pydantic import BaseModel, ConfigDict, ValidationError

from pbm_cli.cells import Sheet
from pbm_cli.errors import ConfigError
from pbm_cli.models import RECORD_TYPES, Record, business_fields, field_kind, field_need, field_title
from pbm_cli.resources import layouts_folder
from pbm_cli.text import squeeze

SAMPLE = "（示例）"
"""名称以它开头的行是示例，不作数据。"""
GUIDE_PAGE, CHOICES_PAGE, LIST_PAGE = "填表说明 · pbm 模板", "下拉选项 · pbm 模板", "问题清单 · pbm"
"""pbm 写进工作簿的附页：A1 这样开头的工作表不是数据。"""

_SAMPLE_KEY = squeeze(SAMPLE)
_PAGE_KEYS = tuple(squeeze(words) for words in (GUIDE_PAGE, CHOICES_PAGE, LIST_PAGE))

Example = str | int | Decimal | dt.date | None


class Fill(BaseModel):
    """一列的填写说明；choice 是下拉选项的名字，strict 只许选列出的，negative 可以为负。"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    note: str = ""
    example: Example = None
    choice: str | None = None
    strict: bool = False
    negative: bool = False
    rules: tuple[str, ...] = ()
    width: int = 13


@dataclass(frozen=True, slots=True)
class FillColumn:
    """模板的一列：字段、表头、值的类别、是否必填、填写说明。"""

    field: str
    title: str
    kind: str
    required: bool
    fill: Fill


@cache
def _guide() -> dict[str, dict[str, object]]:
    path = layouts_folder() / "fill" / "fields.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def choices() -> dict[str, list[str]]:
    """下拉选项：名字 → 各项。"""
    found = _guide()["choices"]
    return {name: [str(word) for word in words] for name, words in found.items() if isinstance(words, list)}


def fill_columns(kind: str) -> list[FillColumn]:
    """一种表的各列，按 models 里的次序；没有写说明的列照样有。说明写错时抛出 ConfigError。"""
    model = RECORD_TYPES[kind]
    return [_column(model, name) for name in business_fields(model)]


def _column(model: type[Record], name: str) -> FillColumn:
    guide = _guide()
    given = guide.get(model.kind, {}).get(name) or guide["common"].get(name) or {}
    try:
        fill = Fill.model_validate(given)
    except ValidationError as error:
        raise ConfigError(
            f"fields.toml›{model.kind}.{name}", "填写说明写错了", str(error.errors()[0]["msg"])
        ) from error
    return FillColumn(
        name, field_title(model, name), field_kind(model, name), field_need(model, name) != "optional", fill
    )


def is_sample(name: str) -> bool:
    """名称是不是示例行的。"""
    return squeeze(name).startswith(_SAMPLE_KEY)


def is_own_page(sheet: Sheet) -> bool:
    """这张工作表是不是 pbm 写的附页（填表说明、下拉选项、问题清单），不是数据。"""
    first = sheet.rows[0][0] if sheet.rows and sheet.rows[0] else None
    return isinstance(first, str) and squeeze(first).startswith(_PAGE_KEYS)
