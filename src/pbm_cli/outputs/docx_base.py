"""本县自己的 .docx 作底：取出页面、样式、页眉页脚和“【正文】”以前的文首；先核对压缩包，不带宏和外部链接。"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from lxml import etree

from pbm_cli.errors import ConfigError, InputError
from pbm_cli.outputs.docx_base_styles import BaseStyles, dress
from pbm_cli.outputs.docx_clean import R, clean, shows, text_of
from pbm_cli.outputs.docx_styles import W
from pbm_cli.workbook.archive import Archive
from pbm_cli.workbook.limits import MIB, Limits, mebibytes
from pbm_cli.workbook.ole import MAGIC, Compound
from pbm_cli.workbook.refusals import refuse

LIMITS = Limits(file_bytes=10 * MIB, unpacked_bytes=64 * MIB, part_bytes=16 * MIB, entries=1_000)
BODY_MARKS = ("【正文】", "{{正文}}")
"""作底的 .docx 里，这样的一段以前的内容（红头、文号）留下，它和它以后的都换成正文。"""
_HINT = "请用 Word 或 WPS 打开它，另存为不带宏、不加密的 docx 后再试"
_MAIN = ("wordprocessingml.document.main+xml", "wordprocessingml.template.main+xml")
_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_PICTURES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "bmp": "image/bmp",
    "emf": "image/x-emf", "wmf": "image/x-wmf", "tif": "image/tiff", "tiff": "image/tiff",
}  # fmt: skip
_PART_BYTES = 8 * MIB
_MEASURE = re.compile(r"(-?\d+(?:\.\d+)?)(mm|cm|in|pt|pc|pi)?\Z")
_TWIPS = {
    None: Decimal(1), "pt": Decimal(20), "pc": Decimal(240), "pi": Decimal(240), "in": Decimal(1440),
    "cm": Decimal(1440) / Decimal("2.54"), "mm": Decimal(144) / Decimal("2.54"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """带过来的一张图。"""

    suffix: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """带过来的一块：清理过的 XML，和它用到的图（按关系号）。"""

    xml: bytes
    pictures: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Base:
    """一个作底的 .docx：figures 是版式的数；headers、footers 按 default、first、even；above 是文首各段。"""

    figures: Mapping[str, Mapping[str, Any]]
    styles: BaseStyles
    copied: tuple[bytes, ...]
    headers: Mapping[str, Piece]
    footers: Mapping[str, Piece]
    above: tuple[Piece, ...]
    first_page: bool
    odd_even: bool

    def dress(self, styles: bytes, written: frozenset[str]) -> bytes:
        """pbm 的样式换上这个文件里写明的；written 是 .toml 里写明的键，不换。"""
        return dress(styles, self.styles, self.copied, written)


def load_base(path: Path) -> Base:
    """读作底的 .docx；太大、加密、带宏、损坏、不是 Word 文档的抛出 ConfigError。"""
    try:
        return _Package(_checked(path)).base()
    except InputError as error:
        hint = error.hint if "密码" in error.message else _HINT
        raise ConfigError(str(path), error.message, hint) from error
    except OSError as error:
        raise ConfigError(str(path), "Word 版式文件读不出来", "请检查文件是否存在、能不能打开") from error
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ConfigError(str(path), "文件已损坏或不完整（内容不是正常的 XML）", _HINT) from error


def _checked(path: Path) -> Archive:
    suffix = path.suffix.lower()
    if not path.exists():
        raise refuse("没有这个文件")
    if not path.is_file():
        raise refuse("不是文件")
    if suffix not in (".docx", ".dotx"):
        words = (
            "带宏的 Word 文件不能作底" if suffix in (".docm", ".dotm") else f"“{suffix or path.name}”不能作 Word 版式"
        )
        raise refuse(f"{words}，只收 .toml 和 .docx")
    if path.stat().st_size > LIMITS.file_bytes:
        raise refuse(f"文件超过 {mebibytes(LIMITS.file_bytes)}，不像只有版式的文件")
    data = path.read_bytes()
    if not data:
        raise refuse("文件是空的（0 字节）")
    if data.startswith(MAGIC):
        if "encryptedpackage" in Compound(data).streams:
            raise refuse("文件加了打开密码，读不了", "请在 Word 或 WPS 里去掉密码后再试")
        raise refuse("这是旧版 Word 文档（doc），扩展名被改过")
    if not data.startswith(b"PK"):
        raise refuse("这不是 Word 文档（docx），扩展名可能被改过")
    archive = Archive(data, LIMITS)
    archive.check_rest()
    return archive


class _Package:
    """一个核对过的 .docx。"""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._main = self._main_part()
        self._document = self._xml(self._main)
        if self._document.tag != f"{{{W}}}document":
            strict = "purl.oclc.org" in str(self._document.tag)
            raise refuse("这是“严格的 Open XML”格式，读不了" if strict else "这不是 Word 文档")
        self._links = self._relations(self._main)
        self._styles = self._base_styles()

    def base(self) -> Base:
        """取出要用的各部分。"""
        section = next(self._document.iter(f"{{{W}}}sectPr"), None)
        headers, footers = self._edges(section, "header"), self._edges(section, "footer")
        above = self._above()
        pieces = [*headers.values(), *footers.values(), *above]
        figures = self._styles.figures()
        _lay(figures, _page(section))
        settings = self._part("settings")
        odd_even = settings is not None and _on(settings, "evenAndOddHeaders")
        first = section is not None and _on(section, "titlePg")
        copied = self._styles.copies(piece.xml for piece in pieces)
        return Base(figures, self._styles, copied, headers, footers, above, first, odd_even)

    def _main_part(self) -> str:
        archive = self._archive
        if "[content_types].xml" not in archive:
            raise refuse("这是压缩包，不是 Word 文档（docx）")
        types = self._xml("[content_types].xml")
        kinds = {
            str(item.get("PartName", "")).lstrip("/").lower(): str(item.get("ContentType", ""))
            for item in types.iter(f"{_TYPES}Override")
        }
        macros = any("macroenabled" in kind.lower() or "vbaproject" in kind.lower() for kind in kinds.values())
        if macros or any(name.endswith("vbaproject.bin") for name in archive.names()):
            raise refuse("文件带宏，不能作底")
        found = next((name for name, kind in kinds.items() if kind.endswith(_MAIN)), None)
        if found is None or found not in archive:
            raise refuse("这不是 Word 文档（docx），里面没有正文")
        return found

    def _xml(self, name: str) -> etree._Element:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
        return etree.fromstring(self._archive.read(name, at_most=_PART_BYTES), parser)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """一个部件的内部关系：关系号 → (类型的末一段, 部件名)。指向外面的不算。"""
        folder, name = posixpath.split(part)
        rels = f"{folder}/_rels/{name}.rels"
        if rels not in self._archive:
            return {}
        found = {}
        for item in self._xml(rels).iter(_RELATIONSHIP):
            if item.get("TargetMode") != "External":
                target = str(item.get("Target", ""))
                place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
                found[str(item.get("Id", ""))] = (str(item.get("Type", "")).rpartition("/")[2], place.lower())
        return found

    def _part(self, kind: str) -> etree._Element | None:
        name = next((place for what, place in self._links.values() if what == kind), None)
        return self._xml(name) if name is not None and name in self._archive else None

    def _base_styles(self) -> BaseStyles:
        return BaseStyles(self._part("styles"), self._part("theme"))

    def _edges(self, section: etree._Element | None, what: str) -> dict[str, Piece]:
        """页眉或页脚；空的不算。"""
        found: dict[str, Piece] = {}
        for reference in section.iterchildren(f"{{{W}}}{what}Reference") if section is not None else ():
            kind, place = self._links.get(reference.get(f"{{{R}}}id") or "", ("", ""))
            if kind == what and place in self._archive:
                root = self._xml(place)
                piece = self._piece(root, self._pictures(self._relations(place)))
                if shows(root):
                    found[reference.get(f"{{{W}}}type") or "default"] = piece
        return found

    def _above(self) -> tuple[Piece, ...]:
        body = self._document.find(f"{{{W}}}body")
        children = [] if body is None else [item for item in body if isinstance(item.tag, str)]
        marked = next((n for n, item in enumerate(children) if text_of(item).strip() in BODY_MARKS), 0)
        kept = [item for item in children[:marked] if item.tag in (f"{{{W}}}p", f"{{{W}}}tbl")]
        pictures = self._pictures(self._links) if kept else {}
        return tuple(self._piece(item, pictures) for item in kept)

    def _piece(self, root: etree._Element, pictures: Mapping[str, Picture]) -> Piece:
        clean(root, pictures.keys())
        self._styles.settle(root)
        used = {
            value for item in root.iter(etree.Element) for key, value in item.attrib.items() if f"{{{R}}}" in str(key)
        }
        return Piece(etree.tostring(root, with_tail=False), {key: pictures[key] for key in sorted(used)})

    def _pictures(self, links: Mapping[str, tuple[str, str]]) -> dict[str, Picture]:
        found = {}
        for key, (kind, place) in links.items():
            suffix = place.rpartition(".")[2]
            if kind == "image" and suffix in _PICTURES and place in self._archive:
                data = self._archive.read(place, xml=False, at_most=LIMITS.file_bytes)
                found[key] = Picture(suffix, _PICTURES[suffix], data)
        return found


def _on(root: etree._Element, name: str) -> bool:
    found = root.find(f"{{{W}}}{name}")
    return found is not None and (found.get(f"{{{W}}}val") or "1") not in ("0", "false", "off")


def _page(section: etree._Element | None) -> dict[str, dict[str, Any]]:
    """页面与网格；没写的不改。"""
    if section is None:
        return {}
    page: dict[str, Any] = {}
    for tag, names in (("pgSz", {"w": "width", "h": "height"}), ("pgMar", {name: name for name in _MARGINS})):
        page.update(_measured(section.find(f"{{{W}}}{tag}"), names))
    gutter = page.pop("gutter", 0)
    if "left" in page:
        page["left"] += gutter
    return {"page": page, "grid": dict(_measured(section.find(f"{{{W}}}docGrid"), {"linePitch": "line_pitch"}))}


_MARGINS = ("top", "left", "right", "bottom", "header", "footer", "gutter")


def _measured(element: etree._Element | None, names: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for attribute, name in names.items() if element is not None else ():
        value = element.get(f"{{{W}}}{attribute}") if element is not None else None
        match = _MEASURE.match(value.strip()) if value else None
        if match:
            yield name, abs(int(_decimal(match[1]) * _TWIPS[match[2]]))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _lay(figures: dict[str, dict[str, Any]], more: Mapping[str, Mapping[str, Any]]) -> None:
    for part, values in more.items():
        figures.setdefault(part, {}).update(values)
