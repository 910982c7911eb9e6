"""造作底的 .docx：页眉里有红头、红线和一张图，样式、页面改过；也造各种不该收的。"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

RED_HEAD = "某某县财政局文件"
OLD_TEXT = "这一段是底稿里原有的正文"
OUTSIDE = "http://outside.invalid/"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def letterhead(path: Path, *, footer: str = "", marked: bool = False) -> Path:
    """一个县自己的公文底稿：B5 大小的纸、楷体 15 磅正文、宋体 20 磅标题、黑体一级标题，页眉红头。"""
    word = docx.Document()
    section = word.sections[0]
    section.page_width, section.page_height = Mm(200), Mm(280)
    section.top_margin, section.bottom_margin = Mm(40), Mm(30)
    section.left_margin, section.right_margin = Mm(25), Mm(22)
    grid = section._sectPr.find(qn("w:docGrid"))
    grid.set(qn("w:linePitch"), "560")
    _styles(word)
    head = section.header.paragraphs[0]
    run = head.add_run(RED_HEAD)
    run.font.color.rgb, run.font.size = RGBColor(0xFF, 0, 0), Pt(26)
    section.header.paragraphs[0].add_run().add_picture(io.BytesIO(PIXEL), width=Mm(5))
    linked = section.header.part.relate_to(OUTSIDE, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    head._p.append(parse_xml(
        f'<w:hyperlink {nsdecls("w", "r")} r:id="{linked}"><w:r><w:t>网址</w:t></w:r></w:hyperlink>'
    ))  # fmt: skip
    head._p.append(parse_xml(
        f'<w:r {nsdecls("w")}><w:fldChar w:fldCharType="begin"/></w:r>'
    ))  # fmt: skip
    for xml in (
        f'<w:instrText> INCLUDETEXT "{OUTSIDE}" </w:instrText>', '<w:fldChar w:fldCharType="separate"/>',
        "<w:t>域里的字</w:t>", '<w:fldChar w:fldCharType="end"/>',
    ):  # fmt: skip
        head._p.append(parse_xml(f"<w:r {nsdecls('w')}>{xml}</w:r>"))
    if footer:
        section.footer.paragraphs[0].add_run(footer)
    if marked:
        word.add_paragraph("某财字〔2024〕 号").runs[0].font.color.rgb = RGBColor(0xFF, 0, 0)
        word.add_paragraph("【正文】")
    word.add_paragraph(OLD_TEXT)
    word.save(str(path))
    return path


def _styles(word: docx.document.Document) -> None:
    for name, latin, east, size in (
        ("Normal", "Arial", "楷体", 15), ("Title", "Arial", "宋体", 20), ("Heading 1", "Arial", "黑体", 15),
    ):  # fmt: skip
        style = word.styles[name]
        style.font.name, style.font.size = latin, Pt(size)
        fonts = style.element.rPr.rFonts
        for slot in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{slot}"), None)
        fonts.set(qn("w:eastAsia"), east)
    paragraph = word.styles["Normal"].paragraph_format
    paragraph.line_spacing, paragraph.first_line_indent = Pt(28), Pt(30)
    word.styles["Title"].paragraph_format.line_spacing = Pt(32)


def repacked(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """改动压缩包里的部件。"""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return path
