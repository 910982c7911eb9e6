"""Word 公文：叙述（Markdown）按 GB/T 9704-2012 版式设置排成 .docx。"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from lxml import etree

from pbm_cli.outputs.docx_carry import above, edges
from pbm_cli.outputs.docx_styles import (
    NOTE_NEXT,
    W,
    exact,
    font_table_xml,
    footer_runs,
    joined,
    note_indent,
    run_fonts,
    settings_xml,
    styles_xml,
    text_run,
    twips,
)
from pbm_cli.outputs.docx_tables import gap, table, text_width
from pbm_cli.outputs.official import official
from pbm_cli.outputs.package import repack
from pbm_cli.outputs.prose import Block, Grid, Heading, Paragraph, Signature, Spans, parse, plain
from pbm_cli.outputs.provenance import as_json, compact
from pbm_cli.outputs.style import Profile

CREATED = dt.datetime(2020, 1, 1)
_ANNEX = re.compile(r"(附件\s*\d*)[\s:：.．、]*(.*)", re.DOTALL)
_CAPTION = re.compile(r"表\s*\d+")
_LISTED = re.compile(r"[·\d]+[.)]? ")
_UNIT_LINE = re.compile(r"[（(]?(金额)?单位：\S{1,8}")
_UNITS = "万元|亿元|元|万|亿|人次|人|个百分点|个|项|份|期|条|次|家|户|分钟|分|公里|千米|平方米|立方米|亩|吨|百分点|小时"
_AFTER_FIGURE = re.compile(rf"(?<=\d)( (?:{_UNITS})|{_UNITS}|[\u4e00-\u9fff])")
_DROPPED = ("stylesWithEffects", "thumbnail", "/customXml", "webSettings", "numbering")
_LOOSE_STYLES = frozenset({"Title", "AnnexMark", "AnnexTitle", "Signature"})
_HEADING_STYLES = {2: "Heading1", 3: "Heading2", 4: "Heading3"}
_MAIN_PART = "word/document.xml"
_TABLE_MARK = "pbm-table"
_LEAST_FOOTER = 227


@dataclass(slots=True)
class AnnexNote:
    """附件说明：一个附件一行。"""

    names: list[str]


Item = Block | AnnexNote
"""要排的一块。"""

_APPLICATION = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties '
    b'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>pbm</Application>'
    b"</Properties>"
)


def render(narrative: str, profile: Profile, source: dict[str, Any]) -> bytes:
    """叙述 → docx 字节；source 是来历（provenance），存在文件属性和自定义 XML 里。同样的叙述写出同样的字节。"""
    blocks = official(parse(narrative))
    word = docx.Document()
    _prepare(word, profile, source)
    body = word.element.body
    final = body.sectPr
    tables: list[str] = []
    for element in above(word, profile.base) if profile.base is not None else ():
        final.addprevious(element)
    parts = _parts(blocks)
    _annex_note(parts)
    for number, part in enumerate(parts):
        wide = number > 0 and _widest(part) > profile.tables.landscape_above
        width = text_width(profile, landscape=wide)
        for element in _elements(part, profile, tables, main=number == 0, width=width):
            final.addprevious(element)
        section = deepcopy(final)
        _orient(section, profile, landscape=wide)
        if number:
            _plain_first_page(section)
        if number + 1 < len(parts):
            _end_section(final, section)
        else:
            if _after_table(final):
                final.addprevious(parse_xml(gap()))
            body.replace(final, section)
    _properties(word, next((plain(b.spans) for b in blocks if isinstance(b, Heading)), ""), source)
    stream = io.BytesIO()
    word.save(stream)
    return repack(stream.getvalue(), {_MAIN_PART: lambda data: _with_tables(data, tables)})


def _with_tables(document: bytes, tables: Sequence[str]) -> bytes:
    """正文里的记号换成各张表。"""
    pieces = re.split(rb"<\?%s \d+\?>" % _TABLE_MARK.encode(), document)
    found = [pieces[0]]
    for xml, rest in zip(tables, pieces[1:], strict=True):
        found += [xml.encode("utf-8"), rest]
    return b"".join(found)


def _after_table(final: etree._Element) -> bool:
    last = final.getprevious()
    return last is None or last.tag is etree.ProcessingInstruction or str(last.tag).endswith("}tbl")


def _parts(blocks: Sequence[Block]) -> list[list[Item]]:
    """正文与各附件。"""
    parts: list[list[Item]] = [[]]
    seen = False
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            if seen:
                parts.append([])
            seen = True
        parts[-1].append(block)
    return parts


def _annex_note(parts: Sequence[list[Item]]) -> None:
    """附件说明：正文之后、落款之前列出各附件的名称；叙述里自己写了的不加。"""
    heads = [part[0] for part in parts[1:] if isinstance(part[0], Heading)]
    names = [match[2] for head in heads if (match := _ANNEX.fullmatch(plain(head.spans))) and match[2]]
    main = parts[0]
    if not names or any(isinstance(block, Paragraph) and plain(block.spans).startswith("附件：") for block in main):
        return
    lines = [f"{number}．{name}" for number, name in enumerate(names, start=1)] if len(names) > 1 else names
    place = next((number for number, block in enumerate(main) if isinstance(block, Signature)), len(main))
    main.insert(place, AnnexNote([f"附件：{lines[0]}", *lines[1:]]))


def _widest(part: Sequence[Item]) -> int:
    return max((len(block.rows[0]) for block in part if isinstance(block, Grid)), default=0)


def _elements(
    part: Sequence[Item], profile: Profile, tables: list[str], *, main: bool, width: int
) -> list[etree._Element]:
    found: list[etree._Element] = []
    for index, block in enumerate(part):
        following = part[index + 1] if index + 1 < len(part) else None
        if isinstance(following, Paragraph) and _UNIT_LINE.match(plain(following.spans)) and index + 2 < len(part):
            following = part[index + 2]
        if isinstance(block, Grid):
            if index and isinstance(part[index - 1], Grid):
                found.append(parse_xml(gap(profile.spacing.line)))
            found.append(etree.ProcessingInstruction(_TABLE_MARK, str(len(tables))))
            tables.append(table(block, width, profile))
        elif isinstance(block, AnnexNote):
            found.extend(_note(block, profile))
        elif isinstance(block, Signature):
            found.extend(_signature(block, profile))
        elif isinstance(block, Heading):
            found.extend(_heading(block, profile, main=main))
        else:
            before = part[index - 1] if index and main else None
            after_table = index > 0 and isinstance(part[index - 1], Grid)
            found.append(_paragraph(block, profile, (before, following), after_table=after_table))
    return found


def _note(block: AnnexNote, profile: Profile) -> list[etree._Element]:
    """附件说明各行；第一行前空一行，第二行起与第一行的序号对齐。"""
    found = []
    for number, line in enumerate(block.names):
        extra = exact(profile.spacing.line, before=100) if number == 0 else note_indent(profile, NOTE_NEXT)
        found.append(_element("AnnexNote", [(line, False)], profile.fonts.body, profile, extra))
    return found


def _heading(block: Heading, profile: Profile, *, main: bool) -> list[etree._Element]:
    fonts = profile.fonts
    if block.level == 1:
        if main:
            return [_element("Title", block.spans, fonts.title, profile)]
        match = _ANNEX.fullmatch(plain(block.spans))
        mark = [_element("AnnexMark", [(match[1], False)], fonts.annex, profile)] if match else []
        title: Spans = [(match[2] if match else plain(block.spans), False)]
        return mark + ([_element("AnnexTitle", title, fonts.title, profile)] if title[0][0] else [])
    style = _HEADING_STYLES.get(block.level, "Heading3")
    east = {"Heading1": fonts.level1, "Heading2": fonts.level2}.get(style, fonts.level3)
    return [_element(style, block.spans, east, profile)]


def _paragraph(
    block: Paragraph, profile: Profile, around: tuple[Item | None, Item | None], *, after_table: bool
) -> etree._Element:
    """一段；around 是前后的块。文件标题下面以冒号结尾的一段是主送机关，顶格。"""
    before, following = around
    text = plain(block.spans)
    if isinstance(following, Grid) and _CAPTION.match(text):
        return _element("Caption", block.spans, profile.fonts.table_head, profile)
    if isinstance(following, Grid) and _UNIT_LINE.match(text):
        return _element("TableNote", block.spans, profile.fonts.table, profile)
    leads = isinstance(following, Paragraph) and text.endswith("：") and _LISTED.match(plain(following.spans))
    extra = "<w:keepNext/>" if leads or isinstance(following, Signature | Grid | AnnexNote) else ""
    above_line, below_line = 30 if after_table else 0, 30 if isinstance(following, Grid) else 0
    if above_line or below_line:
        extra += exact(profile.spacing.line, before=above_line, after=below_line)
    if isinstance(before, Heading) and before.level == 1 and text.endswith("："):
        extra += '<w:ind w:firstLineChars="0" w:firstLine="0"/>'
    return _element("Normal", block.spans, profile.fonts.body, profile, extra)


def _signature(block: Signature, profile: Profile) -> list[etree._Element]:
    found = []
    for number, line in enumerate(block.lines):
        extra = "<w:keepNext/>" if number + 1 < len(block.lines) else ""
        extra += exact(profile.spacing.line, before=200) if number == 0 else ""
        found.append(_element("Signature", line, profile.fonts.body, profile, extra))
    return found


def _element(style: str, spans: Spans, east: str, profile: Profile, extra: str = "") -> etree._Element:
    together = style not in _LOOSE_STYLES
    runs = "".join(
        _run(text, run_fonts(profile.fonts.emphasis if strong else east, profile), together=together)
        for text, strong in spans
    )
    return parse_xml(f'<w:p xmlns:w="{W}"><w:pPr><w:pStyle w:val="{style}"/>{extra}</w:pPr>{runs}</w:p>')


def _run(text: str, fonts: str, *, together: bool) -> str:
    parts = []
    for number, line in enumerate(text.split("\n")):
        if number:
            parts.append("<w:r><w:br/></w:r>")
        for index, piece in enumerate(_AFTER_FIGURE.split(line) if together else [line]):
            parts.append(joined(piece, fonts) if index % 2 else text_run(piece, fonts))
    return "".join(parts)


def _end_section(final: etree._Element, section: etree._Element) -> None:
    if _after_table(final):
        final.addprevious(parse_xml(gap()))
    final.getprevious().get_or_add_pPr().append(section)


def _orient(section: etree._Element, profile: Profile, *, landscape: bool) -> None:
    """横页的四边随纸转过来：装订边在上；页码离版心一样远。纸本来就横着的不转。"""
    page = profile.page
    turned = landscape and page.height > page.width
    across, down = (page.height, page.width) if turned else (page.width, page.height)
    top, right, bottom, left = page.top, page.right, page.bottom, page.left
    if turned:
        top, right, bottom, left = left, top, right, bottom
    size = {"w": across, "h": down, **({"orient": "landscape"} if across > down else {})}
    footer = max(_LEAST_FOOTER, page.footer - page.bottom + bottom) if turned else page.footer
    margins = {"top": top, "right": right, "bottom": bottom, "left": left, "header": page.header, "footer": footer}
    for tag, values in (("pgSz", size), ("pgMar", {**margins, "gutter": 0})):
        found = section.find(f"{{{W}}}{tag}")
        found.attrib.clear()
        for key, value in values.items():
            found.set(f"{{{W}}}{key}", str(value))


def _plain_first_page(section: etree._Element) -> None:
    """附件没有另样的首页（文头只在正文第一页）。"""
    for mark in section.findall(f"{{{W}}}titlePg"):
        section.remove(mark)


def _prepare(word: WordDocument, profile: Profile, source: dict[str, Any]) -> None:
    """换上本版式的样式、设置、字体表与页脚。"""
    part = word.part
    for owner in (part, part.package):
        names = {key: str(relation.target_part.partname) for key, relation in owner.rels.items()}
        for key, name in names.items():
            if any(dropped in name for dropped in _DROPPED):
                del owner.rels[key]
    base = profile.base
    own_footers = base is None or not base.footers
    styles = styles_xml(profile)
    part._styles_part._element = parse_xml(base.dress(styles, profile.written) if base is not None else styles)
    part._settings_part._element = parse_xml(settings_xml(odd_even=base is None or own_footers or base.odd_even))
    part.part_related_by(RT.FONT_TABLE)._blob = font_table_xml(profile)
    part.package.part_related_by(RT.EXTENDED_PROPERTIES)._blob = _APPLICATION
    section = word.sections[0]
    if own_footers:
        _footer(section.footer, "right", profile)
        _footer(section.even_page_footer, "left", profile)
    if base is not None:
        if own_footers and base.first_page:
            _footer(section.first_page_footer, "right", profile)
        edges(word, base, own_footers=own_footers)
    grid = section._sectPr.find(f"{{{W}}}docGrid")
    # 不写 type：行距已固定，每页 22 行；写了“lines”，580 缇的网格在 LibreOffice 与 Word 里都只算 21 行
    grid.set(f"{{{W}}}linePitch", str(profile.grid.line_pitch))
    xml = f'<pbm xmlns="urn:pbm:provenance">{escape(as_json(source))}</pbm>'.encode()
    item = Part(PackURI("/customXml/item1.xml"), "application/xml", xml, part.package)
    part.relate_to(item, RT.CUSTOM_XML)


def _footer(footer: Any, side: str, profile: Profile) -> None:
    width = twips(profile.sizes.page_number)
    indent = f'<w:ind w:{side}Chars="100" w:{side}="{width}" w:firstLineChars="0" w:firstLine="0"/>'
    paragraph = parse_xml(
        f'<w:p xmlns:w="{W}"><w:pPr><w:pStyle w:val="Footer"/>{indent}<w:jc w:val="{side}"/></w:pPr>'
        f"{footer_runs(profile)}</w:p>"
    )
    footer.is_linked_to_previous = False
    element = footer._element
    for child in list(element):
        element.remove(child)
    element.append(paragraph)


def _properties(word: WordDocument, title: str, source: dict[str, Any]) -> None:
    core = word.core_properties
    core.title, core.author, core.last_modified_by = title[:255], "pbm", "pbm"
    core.comments, core.keywords, core.language, core.revision = compact(source), "", "zh-CN", 1
    core.created = core.modified = CREATED
