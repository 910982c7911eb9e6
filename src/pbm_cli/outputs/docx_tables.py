"""Word 表格：列宽按内容分，表头每页重复，数靠右；大表用一行做样子逐行复制。"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from decimal import Decimal
from xml.sax.saxutils import quoteattr

from docx.oxml import parse_xml
from lxml import etree

from pbm_cli.outputs.columns import display_width
from pbm_cli.outputs.docx_styles import W, run_fonts, run_size, twips
from pbm_cli.outputs.prose import Grid, Spans, plain
from pbm_cli.outputs.style import Profile

_NUMBER = re.compile(r"[-+−]?(\d{1,3}(,\d{3})+|\d{1,9})(\.\d+)?%?|[-+−]?\d{1,15}\.\d+%?")
_NOTHING = frozenset({"", "—", "-", "–", "/"})
_SOLID = re.compile(r"[!-~]+")
_MARGINS = 220
_WIDEST = Decimal(60)
_CODE_PIECE = Decimal(27)
_LATIN_SLACK = Decimal("0.25")
_HEAD_PIECE = Decimal(8)
_NARROWEST = Decimal(4)
_ROW_HEIGHT = 340
_T, _R, _P = f"{{{W}}}t", f"{{{W}}}r", f"{{{W}}}p"
_FONTS = f"{{{W}}}rPr/{{{W}}}rFonts"


def table(grid: Grid, width: int, profile: Profile) -> etree._Element:
    """一张表；width 是版心宽度，缇。"""
    columns = len(grid.rows[0])
    texts = [[plain(cell) for cell in row] for row in grid.rows]
    widths = column_widths(texts, width, profile.sizes.table)
    aligns = [_align(grid.aligns[index], [row[index] for row in texts]) for index in range(columns)]
    root = parse_xml(_frame(widths))
    head = parse_xml(_row(widths, ["center"] * columns, profile, head=True))
    body = parse_xml(_row(widths, aligns, profile, head=False))
    for number, row in enumerate(grid.rows):
        copied = deepcopy(body if number else head)
        for place, cell in zip(list(copied.iter(_T)), row, strict=True):
            _fill(place, cell, profile)
        root.append(copied)
    return root


def _align(written: str, texts: Sequence[str]) -> str:
    if written in {"left", "center", "right"}:
        return written
    values = [text for text in texts[1:] if text not in _NOTHING]
    if texts[0] == "序号":
        return "center"
    if values and all(_NUMBER.fullmatch(text) for text in values):
        return "right"
    return "left"


def column_widths(texts: Sequence[Sequence[str]], total: int, size: Decimal) -> list[int]:
    """各列宽度，缇，合起来正好 total：够宽时按内容放大，不够时宽的列先收窄。"""
    columns = range(len(texts[0]))
    longest = (max(_NARROWEST, *(_weight(row[index]) for row in texts)) for index in columns)
    solid = (
        max(_NARROWEST, min(_HEAD_PIECE, _weight(texts[0][index])), *(_solid(row[index]) for row in texts))
        for index in columns
    )
    least = [_MARGINS + int(size * 10 * width) for width in solid]
    natural = [max(floor, _MARGINS + int(size * 10 * min(_WIDEST, w))) for floor, w in zip(least, longest, strict=True)]
    if sum(natural) <= total:
        widths = [wanted * total // sum(natural) for wanted in natural]
    elif sum(least) >= total:
        widths = [wanted * total // sum(least) for wanted in least]
    else:
        spare, wanted_more = total - sum(least), sum(natural) - sum(least)
        widths = [floor + spare * (wanted - floor) // wanted_more for wanted, floor in zip(natural, least, strict=True)]
    widths[widths.index(max(widths))] += total - sum(widths)
    return widths


def _weight(text: str) -> Decimal:
    """显示宽度，汉字算 2；西文字体有宽有窄，按每个 1.25 留足。"""
    wide = display_width(text) + text.count("%")
    return wide + max(0, 2 * len(text) - wide) * _LATIN_SLACK if "\n" not in text else Decimal(wide)


def _solid(text: str) -> Decimal:
    """不能断开的最宽一段：数要整个放下，太长的编码可以断开。"""
    if _NUMBER.fullmatch(text):
        return _weight(text)
    return max((min(_CODE_PIECE, _weight(found)) for found in _SOLID.findall(text)), default=Decimal(0))


def _frame(widths: Sequence[int]) -> str:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for side in sides)
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl xmlns:w="{W}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblLook w:val="0420"/></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid></w:tbl>"
    )


def _row(widths: Sequence[int], aligns: Sequence[str], profile: Profile, *, head: bool) -> str:
    style, east = ("TableHead", profile.fonts.table_head) if head else ("TableText", profile.fonts.table)
    style_run = f"<w:rPr>{run_fonts(east, profile)}{run_size(profile.sizes.table)}</w:rPr>"
    run = f'<w:r>{style_run}<w:t xml:space="preserve"/></w:r>'
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr><w:p><w:pPr>'
        f'<w:pStyle w:val="{style}"/><w:jc w:val={quoteattr(align)}/></w:pPr>{run}</w:p></w:tc>'
        for width, align in zip(widths, aligns, strict=True)
    )
    repeated = "<w:tblHeader/>" if head else ""
    properties = f'<w:cantSplit/><w:trHeight w:val="{_ROW_HEIGHT}" w:hRule="atLeast"/>{repeated}'
    return f'<w:tr xmlns:w="{W}"><w:trPr>{properties}</w:trPr>{cells}</w:tr>'


def _fill(place: etree._Element, cell: Spans, profile: Profile) -> None:
    if len(cell) == 1 and not cell[0][1]:
        place.text = cell[0][0].replace("\n", " ")
        return
    run = place.getparent()
    paragraph = run.getparent()
    for text, strong in cell:
        copied = deepcopy(run)
        copied.find(_T).text = text.replace("\n", " ")
        if strong:
            copied.find(_FONTS).set(f"{{{W}}}eastAsia", profile.fonts.emphasis)
        paragraph.append(copied)
    paragraph.remove(run)


def text_width(profile: Profile, *, landscape: bool) -> int:
    """版心宽度，缇。"""
    page = profile.page
    return page.height - page.top - page.bottom if landscape else page.width - page.left - page.right


def gap(points: Decimal = Decimal(1)) -> str:
    """表后、分节处几乎不占地方的空段。"""
    line = twips(points)
    return (
        f'<w:p xmlns:w="{W}"><w:pPr><w:snapToGrid w:val="0"/><w:spacing w:before="0" w:after="0" w:line="{line}" '
        'w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/>'
        '<w:rPr><w:sz w:val="2"/></w:rPr></w:pPr></w:p>'
    )
