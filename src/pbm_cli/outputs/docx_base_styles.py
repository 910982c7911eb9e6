"""作底的 .docx 里的样式：读出字体、字号、行距，盖在 pbm 的样式上；页眉页脚用到的样式原样抄来。"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

from lxml import etree

from pbm_cli.outputs.docx_clean import local
from pbm_cli.outputs.docx_styles import W

Properties = dict[str, etree._Element]
"""元素名 → 元素：一个样式的 w:pPr 或 w:rPr。"""

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_OURS = {
    "normal": "Normal", "title": "Title", "heading 1": "Heading1", "heading 2": "Heading2", "heading 3": "Heading3",
    "表题": "Caption", "表格文字": "TableText", "表头文字": "TableHead", "表注": "TableNote", "附件标记": "AnnexMark",
    "附件标题": "AnnexTitle", "附件说明": "AnnexNote", "落款": "Signature",
}  # fmt: skip
"""作底的文件里的样式名 → pbm 的样式。"""
_FONT_USES = {
    "Normal": ("body",), "Title": ("title",), "Heading1": ("level1",), "Heading2": ("level2",), "Heading3": ("level3",),
    "TableText": ("table",), "TableHead": ("table_head",), "AnnexMark": ("annex",),
}  # fmt: skip
_WITH_BODY = ("level3", "table")
"""没有另写时与正文同一种字体的。"""
_SIZE_USES = {"Normal": "body", "Title": "title", "TableText": "table"}
_LINE_USES = {"Normal": "line", "Title": "title_line"}
_WRITTEN = {
    "spacing.line": ("Normal", "spacing"), "spacing.title_line": ("Title", "spacing"),
    "spacing.first_line": ("Normal", "ind"), "spacing.signature": ("Signature", "ind"),
}  # fmt: skip
_NOT_TAKEN = frozenset({
    "rFonts", "lang", "numPr", "outlineLvl", "keepNext", "pageBreakBefore", "framePr", "sectPr", "divId", "cnfStyle",
    "rStyle", "pStyle", "suppressLineNumbers", "webHidden", "vanish", "specVanish", "rtl", "cs", "textDirection",
})  # fmt: skip
_MERGED = frozenset({"spacing", "ind"})
_INSTEAD = {
    "before": ("beforeLines", "beforeAutospacing"), "after": ("afterLines", "afterAutospacing"),
    "firstLine": ("firstLineChars", "hanging", "hangingChars"), "hanging": ("firstLineChars", "firstLine"),
    "right": ("rightChars",), "left": ("leftChars",),
}  # fmt: skip
"""写了这个属性而没写另一个时，原来的另一个不算了。"""
_P_ORDER = (
    "pStyle", "keepNext", "keepLines", "pageBreakBefore", "framePr", "widowControl", "numPr", "suppressLineNumbers",
    "pBdr", "shd", "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct", "topLinePunct",
    "autoSpaceDE", "autoSpaceDN", "bidi", "adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing",
    "mirrorIndents", "suppressOverlap", "jc", "textDirection", "textAlignment", "textboxTightWrap", "outlineLvl",
    "divId", "cnfStyle", "rPr", "sectPr", "pPrChange",
)  # fmt: skip
_R_ORDER = (
    "rStyle", "rFonts", "b", "bCs", "i", "iCs", "caps", "smallCaps", "strike", "dstrike", "outline", "shadow",
    "emboss", "imprint", "noProof", "snapToGrid", "vanish", "webHidden", "color", "spacing", "w", "kern", "position",
    "sz", "szCs", "highlight", "u", "effect", "bdr", "shd", "fitText", "vertAlign", "rtl", "cs", "em", "lang",
    "eastAsianLayout", "specVanish", "oMath",
)  # fmt: skip
_FACTORY_SIZES: Mapping[str, tuple[int | None, ...]] = {
    "Title": (52, 56), "Heading1": (28, 32, 40), "Heading2": (26, 32), "Heading3": (None, 22, 24, 28),
}  # fmt: skip
"""各版 Word 出厂的字号，半磅。"""
_PREFIX = "Base"
_DEEPEST = 20
LEADING = Decimal("1.5")
"""只写了字号、没写行距的，行距取字号的一倍半，不让字被切掉。"""
_ONE_POINT = 20
_WHOLE = re.compile(r"\d{1,5}\Z")


class BaseStyles:
    """一个 styles.xml（连同主题里的字体）。"""

    def __init__(self, root: etree._Element | None, theme: etree._Element | None) -> None:
        self._theme = theme
        self._all: dict[str, etree._Element] = {}
        self._defaults: tuple[Properties, Properties] = ({}, {})
        self._normal = ""
        if root is None:
            return
        for style in root.iter(_w("style")):
            key = style.get(_w("styleId")) or ""
            self._all.setdefault(key, style)
            if style.get(_w("type")) == "paragraph" and style.get(_w("default")) in ("1", "true", "on"):
                self._normal = self._normal or key
        found = root.find(_w("docDefaults"))
        if found is not None:
            self._defaults = (
                _children(found.find(f"{_w('pPrDefault')}/{_w('pPr')}")),
                _children(found.find(f"{_w('rPrDefault')}/{_w('rPr')}")),
            )

    def figures(self) -> dict[str, dict[str, Any]]:
        """写明的字体、字号、行距、缩进 → 版式的键。"""
        fonts: dict[str, Any] = {}
        sizes: dict[str, Any] = {}
        spacing: dict[str, Any] = {}
        for ours, (paragraph, run) in self.stated().items():
            name = _own_font(run, "eastAsia")
            fonts.update(dict.fromkeys(_FONT_USES.get(ours, ()) if name else (), name))
            size = _size(run)
            if size is not None and ours in _SIZE_USES:
                sizes[_SIZE_USES[ours]] = size
            if ours in _LINE_USES and (line := _line(paragraph)) is not None:
                spacing[_LINE_USES[ours]] = line
            if ours == "Normal":
                latin = _own_font(run, "ascii")
                fonts.update({"latin": latin} if latin else {})
                spacing.update(_first_line(paragraph, size))
        if "body" in fonts:
            fonts = {**dict.fromkeys(_WITH_BODY, fonts["body"]), **fonts}
        return {"fonts": fonts, "sizes": sizes, "spacing": spacing}

    def stated(self) -> dict[str, tuple[Properties, Properties]]:
        """pbm 的样式 → 文件里写明的段落、文字属性（连同它所依据的样式，正文样式除外）。

        跟着主题走的字体、颜色、框线是 Word 出厂的样子，不算本县写明的；整个样式都是出厂的就不取。
        """
        found: dict[str, tuple[Properties, Properties]] = {}
        for key, style in self._all.items():
            name = style.find(_w("name"))
            shown = (name.get(_w("val")) or "").lower() if name is not None else ""
            ours = "Normal" if key == self._normal else _OURS.get(shown)
            if ours and style.get(_w("type")) == "paragraph" and ours not in found:
                paragraph, run = self._chain(key)
                if not _factory(ours, run):
                    found[ours] = _without_theme(paragraph), _without_theme(run)
        return found

    def font(self, fonts: etree._Element | None, slot: str) -> str | None:
        """字体名；写成主题字体的按主题取。没有写为 None。"""
        if fonts is None:
            return None
        themed = fonts.get(_w("cstheme" if slot == "cs" else f"{slot}Theme"))
        name = self._themed(themed) if themed else None
        return name or fonts.get(_w(slot))

    def settle(self, root: etree._Element) -> None:
        """主题字体换成字体名；样式号改成抄来的样式的号。"""
        for fonts in root.iter(_w("rFonts")):
            self._settle_fonts(fonts)
        for tag in ("pStyle", "rStyle", "tblStyle"):
            for used in list(root.iter(_w(tag))):
                key = used.get(_w("val")) or ""
                if key in self._all:
                    used.set(_w("val"), _PREFIX + key)
                elif (parent := used.getparent()) is not None:
                    parent.remove(used)
        for paragraph in root.iter(_w("p")):
            self._settle_paragraph(paragraph)

    def copies(self, pieces: Iterable[bytes]) -> tuple[bytes, ...]:
        """各块用到的样式，连同所依据的，原样抄来，号前加字，不与 pbm 的混。"""
        wanted: dict[str, None] = {}
        for xml in pieces:
            for used in etree.fromstring(xml).iter(_w("pStyle"), _w("rStyle"), _w("tblStyle")):
                self._want((used.get(_w("val")) or "").removeprefix(_PREFIX), wanted)
        return tuple(self._copy(key) for key in wanted)

    def _want(self, key: str, wanted: dict[str, None]) -> None:
        for _ in range(_DEEPEST):
            style = self._all.get(key)
            if style is None or key in wanted:
                return
            wanted[key] = None
            key = _reference(style, "basedOn")

    def _copy(self, key: str) -> bytes:
        style = deepcopy(self._all[key])
        kind = style.get(_w("type")) or "paragraph"
        style.attrib.clear()
        for name, value in (("type", kind), ("customStyle", "1"), ("styleId", _PREFIX + key)):
            style.set(_w(name), value)
        for child in list(style):
            if local(child) not in {"name", "basedOn", "pPr", "rPr", "tblPr", "trPr", "tcPr", "tblStylePr"}:
                style.remove(child)
        name = style.find(_w("name"))
        if name is not None:
            name.set(_w("val"), f"{_PREFIX} {name.get(_w('val'))}"[:200])
        based = style.find(_w("basedOn"))
        if based is not None and based.get(_w("val")) in self._all:
            based.set(_w("val"), _PREFIX + str(based.get(_w("val"))))
        elif based is not None:
            style.remove(based)
        if style.find(_w("basedOn")) is None and kind == "paragraph":
            self._fold_defaults(style)
        for unwanted in [*style.iter(_w("numPr")), *style.iter(_w("framePr"))]:
            unwanted.getparent().remove(unwanted)
        for fonts in style.iter(_w("rFonts")):
            self._settle_fonts(fonts)
        return bytes(etree.tostring(style, with_tail=False))

    def _fold_defaults(self, style: etree._Element) -> None:
        """最底下的样式补上这个文件的默认属性，不受 pbm 的默认属性影响。"""
        size = etree.Element(_w("sz"), {_w("val"): "20"})
        for tag, defaults, order in (
            ("pPr", self._defaults[0], _P_ORDER),
            ("rPr", {"sz": size, **self._defaults[1]}, _R_ORDER),
        ):
            place = style.find(_w(tag))
            held = {**{name: deepcopy(item) for name, item in defaults.items()}, **_children(place)}
            if place is None:
                place = etree.SubElement(style, _w(tag))
            _refill(place, held, order)

    def _settle_paragraph(self, paragraph: etree._Element) -> None:
        """没写样式的段落用抄来的正文样式，不然会带上 pbm 正文的缩进。"""
        properties = paragraph.find(_w("pPr"))
        if properties is None:
            properties = etree.Element(_w("pPr"))
            paragraph.insert(0, properties)
        if properties.find(_w("pStyle")) is None and self._normal:
            properties.insert(0, etree.Element(_w("pStyle"), {_w("val"): _PREFIX + self._normal}))

    def _chain(self, key: str) -> tuple[Properties, Properties]:
        paragraph: Properties = {}
        run: Properties = {}
        for number, style in enumerate(self._ancestry(key)):
            if number and style.get(_w("styleId")) == self._normal:
                break
            paragraph = {**_children(style.find(_w("pPr"))), **paragraph}
            run = {**_children(style.find(_w("rPr"))), **run}
        return paragraph, run

    def _ancestry(self, key: str) -> Iterator[etree._Element]:
        for _ in range(_DEEPEST):
            style = self._all.get(key)
            if style is None:
                return
            yield style
            key = _reference(style, "basedOn")

    def _settle_fonts(self, fonts: etree._Element) -> None:
        names = {slot: self.font(fonts, slot) for slot in ("ascii", "hAnsi", "eastAsia", "cs")}
        hint = fonts.get(_w("hint"))
        fonts.attrib.clear()
        for slot, name in (("hint", hint), *names.items()):
            if name:
                fonts.set(_w(slot), name)

    def _themed(self, name: str) -> str | None:
        if self._theme is None:
            return None
        which = "majorFont" if name.startswith("major") else "minorFont"
        found = next(self._theme.iter(f"{_A}{which}"), None)
        if found is None:
            return None
        if name.endswith("EastAsia"):
            hans = next((item for item in found.iter(f"{_A}font") if item.get("script") == "Hans"), None)
            return _typeface(found.find(f"{_A}ea")) or _typeface(hans)
        return _typeface(found.find(f"{_A}{'cs' if name.endswith('Bidi') else 'latin'}"))


def _own_font(run: Properties, slot: str) -> str | None:
    """写明的字体名；跟着主题走的不算。"""
    fonts = run.get("rFonts")
    return None if fonts is None or fonts.get(_w(f"{slot}Theme")) else fonts.get(_w(slot)) or None


def _factory(ours: str, run: Properties) -> bool:
    """Word 出厂的标题样式：字体、颜色都跟着主题走，字号也没有改过。"""
    fonts, color = run.get("rFonts"), run.get("color")
    themed = fonts is not None and fonts.get(_w("eastAsiaTheme")) and color is not None and color.get(_w("themeColor"))
    return bool(themed) and _number(run.get("sz"), "val") in _FACTORY_SIZES.get(ours, ())


def _without_theme(given: Properties) -> Properties:
    themed_font = given["rFonts"].get(_w("eastAsiaTheme")) if "rFonts" in given else None
    return {
        name: item
        for name, item in given.items()
        if not any("themeColor" in str(key) for part in item.iter(etree.Element) for key in part.attrib)
        and not (themed_font and name in {"b", "bCs"})
    }


def dress(styles: bytes, base: BaseStyles, copied: Iterable[bytes], written: frozenset[str]) -> bytes:
    """pbm 的 styles.xml 盖上 base 写明的属性，末尾加上抄来的样式。"""
    root = etree.fromstring(styles)
    stated = base.stated()
    if "Title" in stated and "AnnexTitle" not in stated:
        stated["AnnexTitle"] = ({}, stated["Title"][1])
    kept = {place for key, place in _WRITTEN.items() if key in written}
    for style in root.iter(_w("style")):
        ours = style.get(_w("styleId")) or ""
        if ours in stated:
            _lay_over(style, ours, stated[ours], kept)
    root.extend([etree.fromstring(xml) for xml in copied])
    etree.cleanup_namespaces(root, keep_ns_prefixes=["w"])
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _lay_over(
    style: etree._Element, ours: str, stated: tuple[Properties, Properties], kept: set[tuple[str, str]]
) -> None:
    paragraph, run = stated
    for tag, given, order in (("pPr", paragraph, _P_ORDER), ("rPr", run, _R_ORDER)):
        place = style.find(_w(tag))
        held = _children(place)
        for name, item in given.items():
            if name in _NOT_TAKEN or name.endswith("Change") or name not in order or (ours, name) in kept:
                continue
            if name in {"sz", "szCs"} and (ours in _SIZE_USES or ours == "AnnexTitle"):
                continue
            held[name] = _merged(held.get(name), item, ours) if name in _MERGED and tag == "pPr" else deepcopy(item)
        if tag == "rPr" and ours.startswith("Heading"):
            _open_line(style, held)
        if place is not None:
            _refill(place, held, order)


def _open_line(style: etree._Element, held: Properties) -> None:
    """标题的字比行距大时，放宽行距。"""
    size, spacing = _size(held), style.find(f"{_w('pPr')}/{_w('spacing')}")
    if size is None or spacing is None or spacing.get(_w("lineRule")) != "exact":
        return
    if size * _ONE_POINT > int(spacing.get(_w("line")) or 0):
        spacing.set(_w("line"), str(int(size * LEADING * _ONE_POINT)))


def _merged(ours: etree._Element | None, given: etree._Element, style: str) -> etree._Element:
    """w:spacing、w:ind 按属性盖；正文的左右缩进不取，免得表格也跟着缩。"""
    made = deepcopy(ours) if ours is not None else etree.Element(given.tag)
    names = {str(key).rpartition("}")[2]: value for key, value in given.attrib.items()}
    if style == "Normal" and local(given) == "ind":
        names = {name: value for name, value in names.items() if name.startswith(("firstLine", "hanging"))}
    for name in names:
        for other in _INSTEAD.get(name, ()):
            made.attrib.pop(_w(other), None)
    if "line" in names:
        made.attrib.pop(_w("lineRule"), None)
    for name, value in names.items():
        made.set(_w(name), value)
    return made


def _refill(place: etree._Element, held: Properties, order: Sequence[str]) -> None:
    for child in list(place):
        place.remove(child)
    place.extend([held[name] for name in order if name in held])


def _children(element: etree._Element | None) -> Properties:
    found: Properties = {}
    for child in element if element is not None else ():
        if isinstance(child.tag, str) and child.tag.startswith(f"{{{W}}}"):
            found.setdefault(local(child), child)
    return found


def _w(name: str) -> str:
    return f"{{{W}}}{name}"


def _reference(style: etree._Element, tag: str) -> str:
    found = style.find(_w(tag))
    return (found.get(_w("val")) or "") if found is not None else ""


def _typeface(element: etree._Element | None) -> str | None:
    return (element.get("typeface") or None) if element is not None else None


def _number(element: etree._Element | None, name: str) -> int | None:
    value = element.get(_w(name)) if element is not None else None
    return int(value) if value and _WHOLE.match(value) else None


def _size(run: Mapping[str, etree._Element]) -> Decimal | None:
    half_points = _number(run.get("sz"), "val")
    return Decimal(half_points) / 2 if half_points else None


def _line(paragraph: Properties) -> Decimal | None:
    """固定行距，磅；不是固定行距为 None。"""
    spacing = paragraph.get("spacing")
    line = _number(spacing, "line")
    if spacing is not None and line and spacing.get(_w("lineRule")) == "exact":
        return Decimal(line) / _ONE_POINT
    return None


def _first_line(paragraph: Properties, size: Decimal | None) -> dict[str, int]:
    """首行缩进，字；写成缇的按正文字号折算。"""
    indent = paragraph.get("ind")
    chars, width = _number(indent, "firstLineChars"), _number(indent, "firstLine")
    if chars is not None:
        return {"first_line": (chars + 50) // 100}
    if width is not None and size:
        return {"first_line": int(Decimal(width) / (size * _ONE_POINT) + Decimal("0.5"))}
    return {}
