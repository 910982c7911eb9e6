"""把作底的 .docx 的页眉、页脚、文首放进写出的文件。"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from lxml import etree

from pbm_cli.outputs.docx_base import Base, Piece
from pbm_cli.outputs.docx_clean import R
from pbm_cli.outputs.docx_styles import W

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.{}+xml"
_RELATION = re.compile(rf"\{{{re.escape(R)}\}}")


def edges(word: WordDocument, base: Base, *, own_footers: bool) -> None:
    """页眉页脚。own_footers 表示页脚用 pbm 的页码（奇偶页不同）：偶数页、首页没有自己的页眉时，用普通页的。"""
    headers = dict(base.headers)
    if own_footers and not base.odd_even and "default" in headers:
        headers["even"] = headers["default"]
    section = word.element.body.sectPr
    footers = {} if own_footers else base.footers
    for kind, pieces in (("footer", footers), ("header", headers)):
        for which, piece in sorted(pieces.items(), reverse=True):
            _reference(word, section, kind, which, piece)
    if base.first_page and ("first" in headers or "first" in footers):
        mark = parse_xml(f'<w:titlePg xmlns:w="{W}"/>')
        place = section.find(f"{{{W}}}docGrid")
        place.addprevious(mark)


def _reference(word: WordDocument, section: Any, kind: str, which: str, piece: Piece) -> None:
    package = word.part.package
    name = PackURI(f"/word/{kind}_{which}.xml")
    part = Part(name, _TYPE.format(kind), b"", package)
    part._blob = _placed(part, piece, f"{kind}_{which}")
    relation = word.part.relate_to(part, RT.HEADER if kind == "header" else RT.FOOTER)
    reference = etree.Element(f"{{{W}}}{kind}Reference")
    reference.set(f"{{{W}}}type", which)
    reference.set(f"{{{R}}}id", relation)
    section.insert(0, reference)


def _placed(part: Part, piece: Piece, name: str) -> bytes:
    """一块的 XML，图换成新的关系号。"""
    root = etree.fromstring(piece.xml)
    numbers: dict[str, str] = {}
    for count, (old, picture) in enumerate(sorted(piece.pictures.items()), start=1):
        place = PackURI(f"/word/media/{name}_{count}.{picture.suffix}")
        numbers[old] = part.relate_to(Part(place, picture.content_type, picture.data, part.package), RT.IMAGE)
    for element in root.iter(etree.Element):
        for key, value in element.attrib.items():
            if _RELATION.match(str(key)):
                element.set(key, numbers[str(value)])
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def above(word: WordDocument, base: Base) -> Iterator[etree._Element]:
    """文首各段（红头、文号）。"""
    for number, piece in enumerate(base.above, start=1):
        yield parse_xml(_placed(word.part, piece, f"above{number}"))
