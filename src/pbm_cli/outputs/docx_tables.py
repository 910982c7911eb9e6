"""Word 表格：列宽按内容分，表头每页重复，数靠右；先备好一行的样子，逐行照抄成 XML 文字。

大表不进 XML 树（两万行八列的树要 1 GB 多内存），正文里只留一个记号，写出时换成这里的文字。
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from xml.sax.saxutils import quoteattr

from pbm_cli.outputs.columns import display_width
from pbm_cli.outputs.docx_styles import W, joined, run_fonts, run_size, text_run, twips, xml_text
from pbm_cli.outputs.prose import Grid, Spans, plain
from pbm_cli.outputs.style import Profile

_NUMBER = re.compile(r"[-+−]?(\d{1,3}(,\d{3})+|\d{1,9})(\.\d+)?%?|[-+−]?\d{1,15}\.\d+%?")
_NOTHING = frozenset({"", "—", "-", "–", "/"})
_ORDINALS = frozenset({"序号", "名次", "排名"})
_SOLID = re.compile(r"[!-~]+")
_HEAD_UNIT = re.compile(r"(?<=.)（[\u4e00-\u9fff]{1,6}）$")
_MARGINS = 220
_WIDEST = Decimal(60)
_CODE_PIECE = Decimal(27)
_LATIN_SLACK = Decimal("0.25")
_HEAD_PIECE = Decimal(8)
_NARROWEST = Decimal(4)
_ROW_HEIGHT = 340
_TO_FILL_WIDTH = Decimal(24)
_TO_FILL_HEIGHT = 1100
_LONG_CELL = 400
"""一格的字多过这个数，这一行就许跨页：整行比一页还高时，LibreOffice 会把放不下的字切掉。"""


def table(grid: Grid, width: int, profile: Profile) -> str:
    """一张表的 XML 文字；width 是版心宽度，缇。"""
    columns = len(grid.rows[0])
    texts = [[plain(cell) for cell in row] for row in grid.rows]
    widths = column_widths(texts, width, profile.sizes.table)
    aligns = [_align(grid.aligns[index], [row[index] for row in texts]) for index in range(columns)]
    head = _Row(widths, ["center"] * columns, profile, head=True)
    body = _Row(widths, aligns, profile, head=False, height=_TO_FILL_HEIGHT if _to_fill(texts) else _ROW_HEIGHT)
    rows = [(body if number else head).filled(row) for number, row in enumerate(grid.rows)]
    return f"{_frame(widths)}{''.join(rows)}</w:tbl>"


class _Row:
    """备好的一行：每格前后的 XML 都写好，只差文字。"""

    def __init__(
        self, widths: Sequence[int], aligns: Sequence[str], profile: Profile, *, head: bool, height: int = _ROW_HEIGHT
    ) -> None:
        style, east = ("TableHead", profile.fonts.table_head) if head else ("TableText", profile.fonts.table)
        size = run_size(profile.sizes.table)
        self._head = head
        self._fonts = run_fonts(east, profile) + size
        self._strong = run_fonts(profile.fonts.emphasis, profile) + size
        self._starts = [
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr><w:p><w:pPr>'
            f'<w:pStyle w:val="{style}"/><w:jc w:val={quoteattr(align)}/></w:pPr>'
            for width, align in zip(widths, aligns, strict=True)
        ]
        self._run = f'<w:r><w:rPr>{self._fonts}</w:rPr><w:t xml:space="preserve">'
        repeated = "<w:tblHeader/>" if head else ""
        rest = f'<w:trHeight w:val="{height}" w:hRule="atLeast"/>{repeated}</w:trPr>'
        self._whole, self._open = f"<w:tr><w:trPr><w:cantSplit/>{rest}", f"<w:tr><w:trPr>{rest}"

    def filled(self, cells: Sequence[Spans]) -> str:
        """填好一行。"""
        parts = []
        long = False
        for start, cell in zip(self._starts, cells, strict=True):
            if len(cell) == 1 and not cell[0][1] and not self._head:
                text = cell[0][0]
                long = long or len(text) > _LONG_CELL
                parts.append(f"{start}{self._run}{xml_text(text)}</w:t></w:r></w:p></w:tc>")
            else:
                long = long or len(plain(cell)) > _LONG_CELL
                parts.append(f"{start}{self._runs(cell)}</w:p></w:tc>")
        return f"{self._open if long else self._whole}{''.join(parts)}</w:tr>"

    def _runs(self, cell: Spans) -> str:
        if not cell:
            return f"{self._run}</w:t></w:r>"
        return "".join(self._span(text, self._strong if strong else self._fonts) for text, strong in cell)

    def _span(self, text: str, fonts: str) -> str:
        unit = _HEAD_UNIT.search(text) if self._head else None
        if unit is None:
            return text_run(text, fonts)
        split = unit.start() + 1  # 表头“申报（万元）”一行放不下时，只在括号前换行
        return text_run(text[:split], fonts) + joined(text[split:], fonts)


def _align(written: str, texts: Sequence[str]) -> str:
    if written in {"left", "center", "right"}:
        return written
    values = [text for text in texts[1:] if text not in _NOTHING]
    if texts[0] in _ORDINALS:
        return "center"
    if values and all(_NUMBER.fullmatch(text) for text in values):
        return "right"
    return "left"


def _to_fill(texts: Sequence[Sequence[str]]) -> set[int]:
    """留给人填的列：表里有两列以上整列空着时，就是那几列；它们要宽一些，行要高一些。"""
    empty = {index for index in range(len(texts[0])) if len(texts) > 1 and not any(row[index] for row in texts[1:])}
    return empty if len(empty) > 1 else set()


def column_widths(texts: Sequence[Sequence[str]], total: int, size: Decimal) -> list[int]:
    """各列宽度，缇，合起来正好 total：够宽时按内容放大，不够时宽的列先收窄。"""
    different = [{row[index] for row in texts} for index in range(len(texts[0]))]
    room = _to_fill(texts)
    longest = (
        max(_TO_FILL_WIDTH if index in room else _NARROWEST, *map(_weight, column))
        for index, column in enumerate(different)
    )
    solid = (
        max(_NARROWEST, min(_HEAD_PIECE, _weight(head)), *map(_solid, column))
        for head, column in zip(texts[0], different, strict=True)
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
        f"<w:tblGrid>{columns}</w:tblGrid>"
    )


def text_width(profile: Profile, *, landscape: bool) -> int:
    """版心宽度，缇；纸本来就横着的，横页不再转。"""
    page = profile.page
    turned = landscape and page.height > page.width
    return page.height - page.top - page.bottom if turned else page.width - page.left - page.right


def gap(points: Decimal = Decimal(1)) -> str:
    """表后、分节处几乎不占地方的空段。"""
    line = twips(points)
    return (
        f'<w:p xmlns:w="{W}"><w:pPr><w:snapToGrid w:val="0"/><w:spacing w:before="0" w:after="0" w:line="{line}" '
        'w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/>'
        '<w:rPr><w:sz w:val="2"/></w:rPr></w:pPr></w:p>'
    )
