"""在工作表部件里标出坏单元格：底色、批注。别的单元格一个字节的意思也不变。"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from pbm_cli.cells import address
from pbm_cli.outputs.marked_package import Element, Package, resolved
from pbm_cli.text import visible

FILLS = {"error": "FFFFC7CE", "warning": "FFFFEB9C"}
"""坏单元格的底色；提示不加底色。"""
_AUTHOR = "pbm"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_AFTER_LEGACY = (
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
_STYLE_ORDER = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs")
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]+)")
_SHAPE_ID = re.compile(rb"_x0000_s([0-9]+)")
_VML_END = re.compile(rb"</xml\s*>\s*\Z")
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_BARE_STYLES = (
    '<fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts><fills count="2"><fill>'
    '<patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="1"><xf/></cellXfs>'
)
_FRAME = "".join(
    f'<{side} style="thin"><color rgb="FFBFBFBF"/></{side}>' for side in ("left", "right", "top", "bottom")
)
_BOX_CHARACTERS = 24
_MOST_LINES = 14
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Note:
    """一个坏单元格：最重的级别，和要写进批注的话。"""

    level: str
    text: str


def place_of(cell: str) -> Place | None:
    """C2 → (1, 2)；不是单元格地址为 None。"""
    found = _REFERENCE.fullmatch(cell)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


def safe_text(text: str) -> str:
    """能写进 XML 的文字；_x0041_ 这样的字样不会被当成转义。"""
    kept = "".join(ch for ch in visible(text) if ch in "\n\t" or ch.isprintable() or ch == "\u3000")
    return _ESCAPED.sub("_x005F_", kept.replace("\t", " "))


def xml_text(text: str) -> str:
    """能放进 XML 元素或属性的文字。"""
    return escape(safe_text(text), {'"': "&quot;", "\n": "&#10;"})


class Styles:
    """样式部件：在原有格式上加底色，另建附页要的格式。"""

    def __init__(self, package: Package) -> None:
        self._package = package
        part = package.target(package.workbook, "styles")
        if part is None or part not in package:
            part = "xl/styles.xml" if "xl/styles.xml" not in package else package.free_name("xl/pbmStyles{}.xml")
            package.put(part, f'<styleSheet xmlns="{package.main}">{_BARE_STYLES}</styleSheet>'.encode(), _STYLES_TYPE)
            package.relate(package.workbook, "styles", part)
        self._root = package.root(part)
        self._made: dict[tuple[int, str], int] = {}
        self._fills: dict[str, int] = {}

    def filled(self, style: int, level: str) -> int:
        """某个格式加上某一级的底色之后的号；没有底色的级别还是原来的。"""
        colour = FILLS.get(level)
        if colour is None:
            return style
        if (style, level) not in self._made:
            formats = self._group("cellXfs")
            own = [item for item in formats if isinstance(item.tag, str)]
            item = copy.deepcopy(own[style]) if style < len(own) else etree.Element(self._package.tag("xf"))
            item.set("fillId", str(self.fill(colour)))
            item.set("applyFill", "1")
            self._made[style, level] = self._append(formats, item)
        return self._made[style, level]

    def fill(self, colour: str) -> int:
        """纯色底色的号。"""
        if colour not in self._fills:
            tag = self._package.tag
            fill = etree.Element(tag("fill"))
            pattern = etree.SubElement(fill, tag("patternFill"), patternType="solid")
            etree.SubElement(pattern, tag("fgColor"), rgb=colour)
            etree.SubElement(pattern, tag("bgColor"), indexed="64")
            self._fills[colour] = self._append(self._group("fills"), fill)
        return self._fills[colour]

    def add(self, font: str, fill: str = "", alignment: str = "") -> int:
        """附页的一种格式：字体、底色（没有就不填）、对齐，都是 XML 片段。交回号。"""
        main = self._package.main
        face = etree.fromstring(f'<font xmlns="{main}">{font}</font>')
        item = etree.fromstring(f'<xf xmlns="{main}" numFmtId="0">{alignment}</xf>')
        frame = etree.fromstring(f'<border xmlns="{main}">{_FRAME}</border>')
        item.set("borderId", str(self._append(self._group("borders"), frame)) if alignment else "0")
        item.set("fontId", str(self._append(self._group("fonts"), face)))
        item.set("fillId", str(self.fill(fill) if fill else 0))
        for name in ("applyFont", "applyFill", "applyBorder", "applyAlignment"):
            item.set(name, "1")
        return self._append(self._group("cellXfs"), item)

    def _group(self, name: str) -> Element:
        found = self._root.find(self._package.tag(name))
        if found is None:
            later = _STYLE_ORDER[_STYLE_ORDER.index(name) + 1 :]
            found = etree.Element(self._package.tag(name))
            earlier = [i for i, e in enumerate(self._root) if etree.QName(e).localname in _STYLE_ORDER and
                       etree.QName(e).localname not in later]  # fmt: skip
            self._root.insert(earlier[-1] + 1 if earlier else 0, found)
            for piece in etree.fromstring(f'<styleSheet xmlns="{self._package.main}">{_BARE_STYLES}</styleSheet>'):
                if piece.tag == found.tag:
                    found.extend(list(piece))
        return found

    @staticmethod
    def _append(group: Element, item: Element) -> int:
        group.append(item)
        count = sum(isinstance(child.tag, str) for child in group)
        group.set("count", str(count))
        return count - 1


def mark_sheet(package: Package, part: str, notes: Mapping[Place, Note], styles: Styles, index: int) -> None:
    """把 notes 标在一张工作表上：底色与批注。合并区里的标在左上角那一格。"""
    root = package.root(part)
    anchored: dict[Place, Note] = {}
    corners = _merge_corners(package, root, {row for row, _ in notes})
    for place, note in notes.items():
        inside = (corner for left, right, corner in corners.get(place[0], ()) if left <= place[1] <= right)
        corner = next(inside, place)
        text = note.text if corner == place else f"（{address(*place)}）{note.text}"
        known = anchored.get(corner)
        if known is not None:
            text, level = f"{known.text}\n{text}", known.level if known.level in FILLS else note.level
        anchored[corner] = Note(level if known is not None else note.level, text)
    _fill_cells(package, root, {p: n.level for p, n in anchored.items() if n.level in FILLS}, styles)
    _Comments(package, part, index).write(anchored)


def _merge_corners(package: Package, root: Element, rows: set[int]) -> dict[int, list[tuple[int, int, Place]]]:
    """有坏单元格的各行上的合并区：（左列，右列，左上角）。"""
    found: dict[int, list[tuple[int, int, Place]]] = {}
    for merge in root.iter(package.tag("mergeCell")):
        first, _, last = str(merge.get("ref", "")).partition(":")
        top, bottom = place_of(first), place_of(last or first)
        if top is None or bottom is None:
            continue
        span = range(top[0], bottom[0] + 1)
        for row in span if len(span) < len(rows) else rows:
            if row in rows and row in span:
                found.setdefault(row, []).append((top[1], bottom[1], top))
    return found


# ---- 底色 ----


def _fill_cells(package: Package, root: Element, levels: Mapping[Place, str], styles: Styles) -> None:
    data = root.find(package.tag("sheetData"))
    if data is None or not levels:
        return
    wanted: dict[int, dict[int, str]] = {}
    for (row, column), level in levels.items():
        wanted.setdefault(row, {})[column] = level
    last = -1
    for element in list(data):
        if not isinstance(element.tag, str):
            continue
        number = int(element.get("r") or last + 2) - 1
        for missing in sorted(row for row in wanted if last < row < number):
            made = etree.Element(package.tag("row"), r=str(missing + 1))
            element.addprevious(made)
            _fill_row(package, root, made, missing, wanted.pop(missing), styles)
        last = number
        if number in wanted:
            _fill_row(package, root, element, number, wanted.pop(number), styles)
    for row in sorted(wanted):
        made = etree.SubElement(data, package.tag("row"), r=str(row + 1))
        _fill_row(package, root, made, row, wanted[row], styles)


def _fill_row(
    package: Package, root: Element, row: Element, number: int, levels: dict[int, str], styles: Styles
) -> None:
    last = -1
    cells: dict[int, Element] = {}
    for cell in row:
        if isinstance(cell.tag, str):
            found = place_of(str(cell.get("r", "")))
            last = found[1] if found else last + 1
            cells[last] = cell
    for column, level in sorted(levels.items()):
        found_cell = cells.get(column)
        if found_cell is None:
            found_cell = etree.Element(package.tag("c"), r=address(number, column))
            found_cell.set("s", str(_default_style(package, root, row, column)))
            before = max((c for c in cells if c < column), default=None)
            if before is None:
                row.insert(0, found_cell)
            else:
                cells[before].addnext(found_cell)
            cells[column] = found_cell
            row.attrib.pop("spans", None)
        found_cell.set("s", str(styles.filled(int(found_cell.get("s") or 0), level)))


def _default_style(package: Package, root: Element, row: Element, column: int) -> int:
    if row.get("customFormat") in ("1", "true") and row.get("s"):
        return int(row.get("s"))
    for item in root.iter(package.tag("col")):
        if int(item.get("min", 0)) <= column + 1 <= int(item.get("max", 0)):
            return int(item.get("style") or 0)
    return 0


# ---- 批注 ----


class _Comments:
    """一张工作表的批注：已有的接着写，没有的新添（连同 VML 里的框）。"""

    def __init__(self, package: Package, part: str, index: int) -> None:
        self._package = package
        self._part = part
        self._index = index

    def write(self, notes: Mapping[Place, Note]) -> None:
        """写下全部批注。"""
        package = self._package
        part = package.target(self._part, "comments")
        if part is None or part not in package:
            part = package.free_name("xl/pbmComments{}.xml")
            empty = f'<comments xmlns="{package.main}"><authors/><commentList/></comments>'
            package.put(part, empty.encode(), _COMMENTS_TYPE)
            package.relate(self._part, "comments", part)
        root = package.root(part)
        tag = package.tag
        known = {str(item.get("ref")): item for item in root.iter(tag("comment"))}
        author = self._author(root)
        added: dict[Place, Note] = {}
        for place, note in sorted(notes.items()):
            item = known.get(address(*place))
            if item is None:
                item = etree.SubElement(root.find(tag("commentList")), tag("comment"), ref=address(*place))
                item.set("authorId", str(author))
                added[place] = note
            _append_text(package, item, note.text)
        if added:
            self._draw(added)

    def _author(self, root: Element) -> int:
        authors = root.find(self._package.tag("authors"))
        names = [item.text for item in authors]
        if _AUTHOR in names:
            return names.index(_AUTHOR)
        etree.SubElement(authors, self._package.tag("author")).text = _AUTHOR
        return len(names)

    def _draw(self, notes: Mapping[Place, Note]) -> None:
        package = self._package
        part = self._legacy_part()
        old = package.bytes_of(part) if part is not None else b""
        base = max((int(number) for number in _SHAPE_ID.findall(old)), default=1024 * (self._index + 1))
        shapes = "".join(_shape(base + n, p, note.text) for n, (p, note) in enumerate(sorted(notes.items()), 1))
        if part is not None and (end := _VML_END.search(old)):
            package.put(part, old[: end.start()] + shapes.encode() + b"</xml>")
            return
        part = package.free_name("xl/drawings/pbmNotes{}.vml")
        package.put(part, _VML.format(index=self._index + 1, shapes=shapes).encode())
        package.default_type("vml", _VML_TYPE)
        root = package.root(self._part)
        legacy = root.find(package.tag("legacyDrawing"))
        if legacy is None:
            legacy = etree.Element(package.tag("legacyDrawing"))
            later = next(
                (e for e in root if isinstance(e.tag, str) and etree.QName(e).localname in _AFTER_LEGACY), None
            )
            if later is None:
                root.append(legacy)
            else:
                later.addprevious(legacy)
        legacy.set(package.link, package.relate(self._part, "vmlDrawing", part))

    def _legacy_part(self) -> str | None:
        """批注框所在的 VML；页眉页脚也用 VML，所以按号找。"""
        legacy = self._package.root(self._part).find(self._package.tag("legacyDrawing"))
        if legacy is None:
            return None
        wanted = legacy.get(self._package.link)
        for item in self._package.relationships(self._part):
            if item.get("Id") == wanted:
                part = resolved(self._part, str(item.get("Target", "")))
                return part if part in self._package else None
        return None


def _append_text(package: Package, comment: Element, text: str) -> None:
    tag = package.tag
    holder = comment.find(tag("text"))
    if holder is None:
        holder = etree.Element(tag("text"))
        comment.insert(0, holder)
    for plain in holder.findall(tag("t")):
        run = etree.Element(tag("r"))
        plain.addprevious(run)
        run.append(plain)
    run = etree.SubElement(holder, tag("r"))
    words = etree.SubElement(run, tag("t"))
    words.text = ("\n" if len(holder) > 1 else "") + safe_text(text)
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    '<o:idmap v:ext="edit" data="{index}"/></o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" '
    'o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>{shapes}</xml>'
)


def _shape(number: int, place: Place, text: str) -> str:
    row, column = place
    lines = sum(1 + len(line) // _BOX_CHARACTERS for line in text.split("\n"))
    bottom = row + 2 + min(lines, _MOST_LINES)
    anchor = f"{column + 1}, 15, {max(row - 1, 0)}, 10, {column + 4}, 15, {bottom}, 4"
    return (
        '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        f'xmlns:x="urn:schemas-microsoft-com:office:excel" id="_x0000_s{number}" type="#_x0000_t202" '
        'style="position:absolute;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
        '<v:fill color2="#ffffe1"/><v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row>"
        f"<x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )


def quoted_location(sheet: str, cell: str) -> str:
    """超链接的去处：'表 1'!C5。"""
    name = sheet.replace("'", "''")
    return f"'{name}'!{cell}"
