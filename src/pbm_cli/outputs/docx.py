"""Word 公文：叙述（Markdown）按 GB/T 9704-2012 版式设置排成 .docx。"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from lxml import etree

from pbm_cli.outputs.docx_styles import (
    W,
    exact,
    font_table_xml,
    footer_runs,
    run_fonts,
    settings_xml,
    styles_xml,
    twips,
)
from pbm_cli.outputs.docx_tables import gap, table, text_width
from pbm_cli.outputs.package import repack
from pbm_cli.outputs.prose import Block, Grid, Heading, Paragraph, Signature, Spans, parse, plain
from pbm_cli.outputs.provenance import as_json, compact
from pbm_cli.outputs.style import Profile

CREATED = dt.datetime(2020, 1, 1)
_ANNEX = re.compile(r"(附件\s*\d*)[\s:：.．、]*(.*)", re.DOTALL)
_CAPTION = re.compile(r"表\s*\d+")
_UNIT_LINE = re.compile(r"[（(]?(金额)?单位：\S{1,8}")
_UNITS = "万元|亿元|元|万|亿|人次|人|个百分点|个|项|份|期|条|次|家|户|分钟|分|公里|千米|平方米|立方米|亩|吨|百分点|小时"
_AFTER_FIGURE = re.compile(rf"(?<=\d)( (?:{_UNITS})|{_UNITS}|[\u4e00-\u9fff])")
_DROPPED = ("stylesWithEffects", "thumbnail", "/customXml", "webSettings", "numbering")
_LOOSE_STYLES = frozenset({"Title", "AnnexMark", "AnnexTitle", "Signature"})
_HEADING_STYLES = {2: "Heading1", 3: "Heading2", 4: "Heading3"}


_APPLICATION = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties '
    b'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>pbm</Application>'
    b"</Properties>"
)


def render(narrative: str, profile: Profile, source: dict[str, Any]) -> bytes:
    """叙述 → docx 字节；source 是来历（provenance），存在文件属性和自定义 XML 里。同样的叙述写出同样的字节。"""
    blocks = parse(narrative)
    word = docx.Document()
    _prepare(word, profile, source)
    body = word.element.body
    final = body.sectPr
    parts = _parts(blocks)
    for number, part in enumerate(parts):
        wide = number > 0 and _widest(part) > profile.tables.landscape_above
        elements = _elements(part, profile, main=number == 0, width=text_width(profile, landscape=wide))
        for element in elements:
            final.addprevious(element)
        section = deepcopy(final)
        _orient(section, profile, landscape=wide)
        if number + 1 < len(parts):
            _end_section(final, section)
        else:
            if not elements or elements[-1].tag.endswith("}tbl"):
                final.addprevious(parse_xml(gap()))
            body.replace(final, section)
    _properties(word, next((plain(b.spans) for b in blocks if isinstance(b, Heading)), ""), source)
    stream = io.BytesIO()
    word.save(stream)
    return repack(stream.getvalue())


def _parts(blocks: Sequence[Block]) -> list[list[Block]]:
    """正文与各附件。"""
    parts: list[list[Block]] = [[]]
    seen = False
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            if seen:
                parts.append([])
            seen = True
        parts[-1].append(block)
    return parts


def _widest(part: Sequence[Block]) -> int:
    return max((len(block.rows[0]) for block in part if isinstance(block, Grid)), default=0)


def _elements(part: Sequence[Block], profile: Profile, *, main: bool, width: int) -> list[etree._Element]:
    found: list[etree._Element] = []
    for index, block in enumerate(part):
        following = part[index + 1] if index + 1 < len(part) else None
        if isinstance(following, Paragraph) and _UNIT_LINE.match(plain(following.spans)) and index + 2 < len(part):
            following = part[index + 2]
        after_table = index > 0 and isinstance(part[index - 1], Grid)
        if isinstance(block, Grid):
            if after_table:
                found.append(parse_xml(gap(profile.spacing.line)))
            found.append(table(block, width, profile))
        elif isinstance(block, Signature):
            found.extend(_signature(block, profile))
        elif isinstance(block, Heading):
            found.extend(_heading(block, profile, main=main))
        else:
            found.append(_paragraph(block, profile, following, after_table=after_table))
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


def _paragraph(block: Paragraph, profile: Profile, following: Block | None, *, after_table: bool) -> etree._Element:
    text = plain(block.spans)
    if isinstance(following, Grid) and _CAPTION.match(text):
        return _element("Caption", block.spans, profile.fonts.table_head, profile)
    if isinstance(following, Grid) and _UNIT_LINE.match(text):
        return _element("TableNote", block.spans, profile.fonts.table, profile)
    extra = "<w:keepNext/>" if isinstance(following, Signature | Grid) else ""
    extra += exact(profile.spacing.line, before=30) if after_table else ""
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
            parts.append(_joined(piece, fonts) if index % 2 else _text_run(piece, fonts))
    return "".join(parts)


def _text_run(text: str, properties: str) -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""


def _joined(unit: str, fonts: str) -> str:
    """数后面的单位：每个字前放一个不可见的连接符，语言标为西文，LibreOffice 才不在此处换行。

    连接符用 w:sym、1 磅：取文字时没有它，缺字形的字体也看不出它。Word 另有 settings 里的行尾禁则。
    """
    language = '<w:lang w:eastAsia="en-US"/>'
    joiner = (
        f'<w:r><w:rPr>{fonts}<w:sz w:val="2"/>{language}</w:rPr><w:sym w:font="Segoe UI Symbol" w:char="2060"/></w:r>'
    )
    return "".join(joiner + _text_run("\u00a0" if letter == " " else letter, fonts + language) for letter in unit)


def _end_section(final: etree._Element, section: etree._Element) -> None:
    last = final.getprevious()
    if last is None or not last.tag.endswith("}p"):
        final.addprevious(parse_xml(gap()))
        last = final.getprevious()
    last.get_or_add_pPr().append(section)


def _orient(section: etree._Element, profile: Profile, *, landscape: bool) -> None:
    """横页的四边随纸转过来：装订边在上。"""
    page = profile.page
    across, down = (page.height, page.width) if landscape else (page.width, page.height)
    top, right, bottom, left = page.top, page.right, page.bottom, page.left
    if landscape:
        top, right, bottom, left = left, top, right, bottom
    size = {"w": across, "h": down, **({"orient": "landscape"} if landscape else {})}
    footer = page.footer * bottom // page.bottom
    margins = {"top": top, "right": right, "bottom": bottom, "left": left, "header": page.header, "footer": footer}
    for tag, values in (("pgSz", size), ("pgMar", {**margins, "gutter": 0})):
        found = section.find(f"{{{W}}}{tag}")
        found.attrib.clear()
        for key, value in values.items():
            found.set(f"{{{W}}}{key}", str(value))


def _prepare(word: WordDocument, profile: Profile, source: dict[str, Any]) -> None:
    """换上本版式的样式、设置、字体表与页脚。"""
    part = word.part
    for owner in (part, part.package):
        names = {key: str(relation.target_part.partname) for key, relation in owner.rels.items()}
        for key, name in names.items():
            if any(dropped in name for dropped in _DROPPED):
                del owner.rels[key]
    part._styles_part._element = parse_xml(styles_xml(profile))
    part._settings_part._element = parse_xml(settings_xml())
    part.part_related_by(RT.FONT_TABLE)._blob = font_table_xml(profile)
    part.package.part_related_by(RT.EXTENDED_PROPERTIES)._blob = _APPLICATION
    section = word.sections[0]
    _footer(section.footer, "right", profile)
    _footer(section.even_page_footer, "left", profile)
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
