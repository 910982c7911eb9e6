"""Word 的版式逐项从写出的 XML 读回来核对：自带版式、改了几个数的 .toml、县里自己的 .docx 三种。

正文是示例年度 pbm report 的叙述；各环节的报告另查横页、表头、页边。
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import pytest
from lxml import etree

from letterhead import OLD_TEXT, OUTSIDE, RED_HEAD, letterhead
from pbm_cli.cli import main
from pbm_cli.outputs import docx as docx_form
from pbm_cli.outputs.style import load_profile

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "luxian-2023"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STAGES = ("assess", "goals", "monitor", "evaluate")
SOURCE = {"pbm": "0", "ruleset": "national", "inputs": []}
TOML = """
[page]
top = 2200
bottom = 2000
[grid]
line_pitch = 600
characters = 26
[fonts]
title = "华文中宋"
body = "仿宋"
level2 = "楷体"
latin = "Arial"
[sizes]
title = 20
body = 15
table = 12
page_number = 12
[spacing]
line = 30
title_line = 40
first_line = 3
signature = 2
[tables]
landscape_above = 4
"""


@dataclass(frozen=True)
class Expected:
    """一种版式应有的数：缇、磅、字、字体名。"""

    page: tuple[int, int]
    margins: tuple[int, int, int, int]
    pitch: int
    characters: int
    fonts: dict[str, str]
    sizes: dict[str, float]
    line: float
    title_line: float
    first_line: tuple[str, str]
    signature: int
    wide: int


FONTS = {
    "title": "方正小标宋简体", "body": "仿宋_GB2312", "level1": "黑体", "level2": "楷体_GB2312",
    "level3": "仿宋_GB2312", "table": "仿宋_GB2312", "head": "黑体", "annex": "黑体", "number": "宋体",
    "latin": "Times New Roman",
}  # fmt: skip
SIZES = {"title": 22, "body": 16, "table": 10.5, "number": 14}
EXPECTED = {
    "自带": Expected(
        (11906, 16838), (2098, 1474, 1984, 1587), 580, 28, FONTS, SIZES, 28.95, 36, ("firstLineChars", "200"), 400, 6
    ),
    "toml": Expected(
        (11906, 16838), (2200, 1474, 2000, 1587), 600, 26,
        {**FONTS, "title": "华文中宋", "body": "仿宋", "level2": "楷体", "latin": "Arial"},
        {"title": 20, "body": 15, "table": 12, "number": 12}, 30, 40, ("firstLineChars", "300"), 200, 4,
    ),
    "docx": Expected(
        (11339, 15874), (2268, 1247, 1701, 1417), 560, 29,
        {**FONTS, "title": "宋体", "body": "楷体", "level3": "楷体", "table": "楷体", "latin": "Arial"},
        {"title": 20, "body": 15, "table": 10.5, "number": 14}, 28, 32, ("firstLine", "600"), 400, 6,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """一份写出的 Word 和它应有的数。"""

    data: bytes
    expected: Expected

    def part(self, name: str) -> Any:
        with zipfile.ZipFile(io.BytesIO(self.data)) as package:
            return etree.fromstring(package.read(name))

    @property
    def body(self) -> Any:
        return self.part("word/document.xml").find(f"{W}body")

    def style(self, name: str) -> Any:
        return next(s for s in self.part("word/styles.xml").iter(f"{W}style") if s.get(f"{W}styleId") == name)

    def paragraphs(self, style: str) -> list[Any]:
        return [p for p in self.body.iter(f"{W}p") if _value(p, f"{W}pPr/{W}pStyle") == style]

    def sections(self) -> list[Any]:
        return list(self.body.iter(f"{W}sectPr"))

    def tables(self) -> list[Any]:
        return list(self.body.iter(f"{W}tbl"))

    def footer(self, which: str) -> Any:
        found = next(f for f in self.sections()[0].findall(f"{W}footerReference") if f.get(f"{W}type") == which)
        key = next(value for name, value in found.attrib.items() if name.endswith("}id"))
        rels = self.part("word/_rels/document.xml.rels")
        return self.part("word/" + next(r.get("Target") for r in rels if r.get("Id") == key))


def _value(element: Any, path: str, attribute: str = "val") -> str | None:
    found = element.find(path)
    return None if found is None else found.get(W + attribute)


def _text(element: Any) -> str:
    return "".join(node.text or "" for node in element.iter(f"{W}t"))


def _run(*arguments: object) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out), redirect_stderr(out):
        assert main([*(str(item) for item in arguments), "--quiet"]) in (0, 1)


@pytest.fixture(scope="module")
def narrative(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    """示例年度的叙述和 pbm report 写出的 Word。"""
    folder = tmp_path_factory.mktemp("年度")
    _run("report", EXAMPLE, "-o", folder / "总结.md", "-o", folder / "总结.docx")
    return (folder / "总结.md").read_text(encoding="utf-8"), (folder / "总结.docx").read_bytes()


@pytest.fixture(scope="module", params=list(EXPECTED))
def layout(
    request: pytest.FixtureRequest, narrative: tuple[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Layout:
    """三种版式各一份。"""
    folder = tmp_path_factory.mktemp("版式")
    if request.param == "自带":
        return Layout(narrative[1], EXPECTED["自带"])
    if request.param == "toml":
        own = folder / "本县.toml"
        own.write_text(TOML, encoding="utf-8")
    else:
        own = letterhead(folder / "本县.docx")
    return Layout(docx_form.render(narrative[0], load_profile(own), SOURCE), EXPECTED[request.param])


# ---- 页面 ------------------------------------------------------------------------------------------------------


def test_paper(layout: Layout) -> None:
    size = layout.sections()[0].find(f"{W}pgSz")
    assert (int(size.get(f"{W}w")), int(size.get(f"{W}h"))) == layout.expected.page


def test_margins(layout: Layout) -> None:
    margins = layout.sections()[0].find(f"{W}pgMar")
    found = tuple(int(margins.get(W + side)) for side in ("top", "right", "bottom", "left"))
    assert found == layout.expected.margins


def test_grid_pitch_in_every_section(layout: Layout) -> None:
    assert {s.find(f"{W}docGrid").get(f"{W}linePitch") for s in layout.sections()} == {str(layout.expected.pitch)}


def test_characters_on_a_line(layout: Layout) -> None:
    _, right, _, left = layout.expected.margins
    spacing = int(_value(layout.style("Normal"), f"{W}rPr/{W}spacing") or 0)
    advance = layout.expected.sizes["body"] * 20 + spacing
    assert (layout.expected.page[0] - left - right) // advance == layout.expected.characters


def test_lines_on_a_page(layout: Layout) -> None:
    top, _, bottom, _ = layout.expected.margins
    lines = (layout.expected.page[1] - top - bottom) / (layout.expected.line * 20)
    assert int(lines) == {28.95: 22, 30: 21, 28: 21}[layout.expected.line]


def test_wide_annexes_lie_on_their_side(layout: Layout) -> None:
    shapes = [(s.find(f"{W}pgSz").get(f"{W}orient"), int(s.find(f"{W}pgSz").get(f"{W}w"))) for s in layout.sections()]
    across, down = layout.expected.page
    turned = [turn for turn, _ in shapes]
    assert set(shapes) == {(None, across), ("landscape", down)}
    assert turned[:5] == [None, *["landscape"] * 4], "红灯、调整、事前评估、评价四张表用横页"
    assert turned[5:] == [None] * 3


def test_landscape_margins_turn_with_the_paper(layout: Layout) -> None:
    top, right, bottom, left = layout.expected.margins
    margins = layout.sections()[1].find(f"{W}pgMar")
    assert [int(margins.get(W + side)) for side in ("top", "right", "bottom", "left")] == [left, top, right, bottom]


def test_page_number_keeps_its_distance_on_landscape(layout: Layout) -> None:
    distances = set()
    for section in layout.sections()[:2]:
        margins = section.find(f"{W}pgMar")
        distances.add(int(margins.get(f"{W}bottom")) - int(margins.get(f"{W}footer")))
    assert len(distances) == 1


def test_sections_have_no_gutter(layout: Layout) -> None:
    assert {s.find(f"{W}pgMar").get(f"{W}gutter") for s in layout.sections()} == {"0"}


# ---- 标题 ------------------------------------------------------------------------------------------------------


def test_title_is_the_first_paragraph(layout: Layout) -> None:
    title = layout.paragraphs("Title")
    assert [_text(p) for p in title] == ["泸县2023年预算绩效管理工作总结"]
    assert layout.body[0] is not None
    assert _text(next(layout.body.iter(f"{W}p"))) == _text(title[0])


def test_title_font_and_size(layout: Layout) -> None:
    style = layout.style("Title")
    assert _value(style, f"{W}rPr/{W}rFonts", "eastAsia") == layout.expected.fonts["title"]
    assert _value(style, f"{W}rPr/{W}sz") == str(int(layout.expected.sizes["title"] * 2))


def test_title_is_centred_without_indent(layout: Layout) -> None:
    style = layout.style("Title")
    assert _value(style, f"{W}pPr/{W}jc") == "center"
    assert _value(style, f"{W}pPr/{W}ind", "firstLine") == "0"


def test_title_stands_one_line_below_the_top(layout: Layout) -> None:
    style = layout.style("Title")
    assert _value(style, f"{W}pPr/{W}spacing", "beforeLines") == "100"
    assert int(_value(style, f"{W}pPr/{W}spacing", "before") or 0) == int(layout.expected.line * 20)


def test_title_line_is_exact(layout: Layout) -> None:
    style = layout.style("Title")
    assert _value(style, f"{W}pPr/{W}spacing", "lineRule") == "exact"
    assert _value(style, f"{W}pPr/{W}spacing", "line") == str(int(layout.expected.title_line * 20))


def test_title_keeps_with_the_text(layout: Layout) -> None:
    assert layout.style("Title").find(f"{W}pPr/{W}keepNext") is not None


@pytest.mark.parametrize(("style", "key", "level"), [("Heading1", "level1", "0"), ("Heading2", "level2", "1"),
                                                     ("Heading3", "level3", "2")])  # fmt: skip
def test_headings(layout: Layout, style: str, key: str, level: str) -> None:
    found = layout.style(style)
    assert _value(found, f"{W}rPr/{W}rFonts", "eastAsia") == layout.expected.fonts[key]
    assert _value(found, f"{W}rPr/{W}sz") == str(int(layout.expected.sizes["body"] * 2))
    assert _value(found, f"{W}pPr/{W}outlineLvl") == level
    assert found.find(f"{W}pPr/{W}keepNext") is not None, "标题不落在页末"


def test_headings_are_numbered_in_chinese(layout: Layout) -> None:
    heads = [_text(p) for p in layout.paragraphs("Heading1")]
    assert len(heads) > 5
    assert [head[: head.index("、")] for head in heads] == list("一二三四五六七八九十")[: len(heads)]


# ---- 正文 ------------------------------------------------------------------------------------------------------


def test_body_font_and_size(layout: Layout) -> None:
    style = layout.style("Normal")
    assert _value(style, f"{W}rPr/{W}rFonts", "eastAsia") == layout.expected.fonts["body"]
    assert _value(style, f"{W}rPr/{W}rFonts", "ascii") == layout.expected.fonts["latin"]
    assert _value(style, f"{W}rPr/{W}sz") == str(int(layout.expected.sizes["body"] * 2))


def test_body_line_is_exact(layout: Layout) -> None:
    style = layout.style("Normal")
    assert _value(style, f"{W}pPr/{W}spacing", "lineRule") == "exact"
    assert _value(style, f"{W}pPr/{W}spacing", "line") == str(int(layout.expected.line * 20))


def test_first_line_is_indented(layout: Layout) -> None:
    attribute, value = layout.expected.first_line
    assert _value(layout.style("Normal"), f"{W}pPr/{W}ind", attribute) == value


def test_every_run_names_its_chinese_font(layout: Layout) -> None:
    runs = [r for r in layout.body.iter(f"{W}r") if r.find(f"{W}t") is not None]
    assert len(runs) > 2000
    assert all(_value(r, f"{W}rPr/{W}rFonts", "eastAsia") and _value(r, f"{W}rPr/{W}rFonts", "ascii") for r in runs)


def test_body_runs_use_the_body_font(layout: Layout) -> None:
    fonts = {_value(r, f"{W}rPr/{W}rFonts", "eastAsia") for p in layout.paragraphs("Normal") for r in p.iter(f"{W}r")}
    assert fonts - {None} <= {layout.expected.fonts["body"], "黑体"}


def test_figures_never_leave_their_units(layout: Layout) -> None:
    joined = 0
    for run in layout.body.iter(f"{W}r"):
        if run.find(f"{W}t") is None or not _text(run).startswith(("万", "亿", "个", "项")):
            continue
        before = run.getprevious()
        last = before.getprevious() if before is not None and before.find(f"{W}sym") is not None else None
        joined += last is not None and _text(last)[-1:].isdigit()
    assert joined > 50
    settings = layout.part("word/settings.xml")
    assert set("0123456789") <= set(_value(settings, f"{W}noLineBreaksAfter") or "")
    assert set("元次") <= set(_value(settings, f"{W}noLineBreaksBefore") or "")


def test_document_numbers_and_dates_as_official_prose_writes_them(layout: Layout) -> None:
    text = "\n".join(_text(p) for p in layout.body.iter(f"{W}p"))
    assert re.search(r"〔20\d\d〕[1-9]\d*号", text)
    assert not re.search(r"[\[（(【]20\d\d[\]）)】]\s*第?\d+号", text)
    assert not re.search(r"年0\d月|月0\d日", text)
    assert "2023年12月31日" in text


def test_a_lead_in_stays_with_its_list(layout: Layout) -> None:
    pairs = list(pairwise(layout.paragraphs("Normal")))
    leads = [one for one, two in pairs if _text(one).endswith("：") and _text(two).startswith("· ")]
    assert leads
    assert all(p.find(f"{W}pPr/{W}keepNext") is not None for p in leads)


# ---- 附件说明、落款 --------------------------------------------------------------------------------------------


def test_annexes_are_announced_before_the_signature(layout: Layout) -> None:
    notes = [_text(p) for p in layout.paragraphs("AnnexNote")]
    titles = [_text(p) for p in layout.paragraphs("AnnexTitle")]
    assert notes[0] == "附件：1．红灯项目清单"
    assert [note.partition("．")[2] for note in notes] == titles
    order = [_value(p, f"{W}pPr/{W}pStyle") for p in layout.body.iter(f"{W}p")]
    assert order.index("Heading1") < order.index("AnnexNote") < order.index("Signature") < order.index("AnnexMark")


def test_annex_note_hangs(layout: Layout) -> None:
    size = layout.expected.sizes["body"] * 20
    first, *rest = layout.paragraphs("AnnexNote")
    style = layout.style("AnnexNote").find(f"{W}pPr/{W}ind")
    assert int(style.get(f"{W}left")) - int(style.get(f"{W}hanging")) == size * 2
    assert first.find(f"{W}pPr/{W}ind") is None
    indents = {(_value(p, f"{W}pPr/{W}ind", "left"), _value(p, f"{W}pPr/{W}ind", "hanging")) for p in rest}
    assert indents == {(str(int(size * 6.5)), str(int(size * 1.5)))}


def test_signature_is_right_and_above_the_date(layout: Layout) -> None:
    lines = [_text(p) for p in layout.paragraphs("Signature")]
    assert lines[0] == "泸县财政局"
    assert re.fullmatch(r"\s*年\s+月\s+日", lines[1]), "日期由签发人填"
    style = layout.style("Signature")
    assert _value(style, f"{W}pPr/{W}jc") == "right"
    assert _value(style, f"{W}pPr/{W}ind", "rightChars") == str(layout.expected.signature)


def test_signature_does_not_stand_alone_on_a_page(layout: Layout) -> None:
    first, second = layout.paragraphs("Signature")
    assert first.find(f"{W}pPr/{W}keepNext") is not None
    assert second.find(f"{W}pPr/{W}keepNext") is None
    before = first.getprevious()
    kept = [before.find(f"{W}pPr/{W}keepNext"), layout.style("AnnexNote").find(f"{W}pPr/{W}keepNext")]
    assert any(mark is not None for mark in kept)


def test_annex_marks_are_hei_and_flush_left(layout: Layout) -> None:
    marks = layout.paragraphs("AnnexMark")
    assert [_text(p) for p in marks] == [f"附件{n}" for n in range(1, len(marks) + 1)]
    style = layout.style("AnnexMark")
    assert _value(style, f"{W}rPr/{W}rFonts", "eastAsia") == layout.expected.fonts["annex"]
    assert (_value(style, f"{W}pPr/{W}jc"), _value(style, f"{W}pPr/{W}ind", "firstLine")) == ("left", "0")


# ---- 页码 ------------------------------------------------------------------------------------------------------


def test_odd_and_even_pages_differ(layout: Layout) -> None:
    assert layout.part("word/settings.xml").find(f"{W}evenAndOddHeaders") is not None


@pytest.mark.parametrize(("which", "side"), [("default", "right"), ("even", "left")])
def test_page_number(layout: Layout, which: str, side: str) -> None:
    paragraph = layout.footer(which).find(f"{W}p")
    assert _value(paragraph, f"{W}pPr/{W}jc") == side
    assert _value(paragraph, f"{W}pPr/{W}ind", f"{side}Chars") == "100", "空一字"
    assert _text(paragraph) == "— 1 —"
    assert [node.text.strip() for node in paragraph.iter(f"{W}instrText")] == ["PAGE"]


def test_page_number_font_and_size(layout: Layout) -> None:
    run = layout.footer("default").find(f"{W}p/{W}r")
    assert {_value(run, f"{W}rPr/{W}rFonts", slot) for slot in ("ascii", "hAnsi", "eastAsia")} == {
        layout.expected.fonts["number"]
    }
    assert _value(run, f"{W}rPr/{W}sz") == str(int(layout.expected.sizes["number"] * 2))


# ---- 表 --------------------------------------------------------------------------------------------------------


def test_table_heads_repeat(layout: Layout) -> None:
    for table in layout.tables():
        heads = [row.find(f"{W}trPr/{W}tblHeader") is not None for row in table.findall(f"{W}tr")]
        assert heads == [True] + [False] * (len(heads) - 1)


def test_rows_do_not_split(layout: Layout) -> None:
    rows = [row for table in layout.tables() for row in table.findall(f"{W}tr")]
    assert len(rows) > 250
    assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)


def test_table_fonts_and_sizes(layout: Layout) -> None:
    head, row = layout.tables()[1].findall(f"{W}tr")[:2]
    for found, key in ((head, "head"), (row, "table")):
        runs = [run for run in found.iter(f"{W}r") if run.find(f"{W}t") is not None]
        assert {_value(run, f"{W}rPr/{W}rFonts", "eastAsia") for run in runs} == {layout.expected.fonts[key]}
        assert {_value(run, f"{W}rPr/{W}sz") for run in runs} == {str(int(layout.expected.sizes["table"] * 2))}


def test_table_text_is_not_indented(layout: Layout) -> None:
    for name in ("TableText", "TableHead"):
        assert _value(layout.style(name), f"{W}pPr/{W}ind", "firstLine") == "0"
        assert _value(layout.style(name), f"{W}pPr/{W}spacing", "lineRule") == "auto"


def test_numbers_are_right_aligned(layout: Layout) -> None:
    money = re.compile(r"-?\d{1,3}(,\d{3})*\.\d\d")
    aligned = [
        _value(cell, f"{W}p/{W}pPr/{W}jc")
        for table in layout.tables()[1:5]
        for row in table.findall(f"{W}tr")[1:]
        for cell in row.findall(f"{W}tc")
        if money.fullmatch(_text(cell))
    ]
    assert len(aligned) > 200
    assert set(aligned) == {"right"}


def test_ordinals_and_heads_are_centred(layout: Layout) -> None:
    for table in layout.tables()[1:5]:
        head, *rows = table.findall(f"{W}tr")
        assert {_value(cell, f"{W}p/{W}pPr/{W}jc") for cell in head.findall(f"{W}tc")} == {"center"}
        assert {_value(row.find(f"{W}tc"), f"{W}p/{W}pPr/{W}jc") for row in rows} == {"center"}


def test_no_table_is_wider_than_its_page(layout: Layout) -> None:
    widths = []
    for child in layout.body:
        if child.tag == f"{W}tbl":
            widths.append(sum(int(column.get(f"{W}w")) for column in child.find(f"{W}tblGrid")))
        section = child if child.tag == f"{W}sectPr" else child.find(f"{W}pPr/{W}sectPr")
        if section is not None:
            size, margins = section.find(f"{W}pgSz"), section.find(f"{W}pgMar")
            room = int(size.get(f"{W}w")) - int(margins.get(f"{W}left")) - int(margins.get(f"{W}right"))
            assert set(widths) <= {room}
            widths = []


def test_every_row_has_all_its_cells(layout: Layout) -> None:
    for table in layout.tables():
        columns = len(table.find(f"{W}tblGrid"))
        assert {len(row.findall(f"{W}tc")) for row in table.findall(f"{W}tr")} == {columns}


def test_tables_have_a_thin_black_frame(layout: Layout) -> None:
    for table in layout.tables():
        borders = table.find(f"{W}tblPr/{W}tblBorders")
        assert {(b.get(f"{W}val"), b.get(f"{W}sz")) for b in borders} == {("single", "4")}


def test_units_in_heads_hold_together(layout: Layout) -> None:
    head = layout.tables()[1].find(f"{W}tr")
    cell = next(cell for cell in head.findall(f"{W}tc") if _text(cell) == "累计支出（万元）")
    assert len(list(cell.iter(f"{W}sym"))) == len("万元）")


# ---- 字体、语言、属性 ------------------------------------------------------------------------------------------


def test_fonts_name_a_fallback(layout: Layout) -> None:
    fonts = {font.get(f"{W}name"): _value(font, f"{W}altName") for font in layout.part("word/fontTable.xml")}
    assert set(layout.expected.fonts.values()) <= set(fonts)
    assert fonts["黑体"] == "SimHei"
    if layout.expected.fonts["body"] == "仿宋_GB2312":
        assert (fonts["仿宋_GB2312"], fonts["楷体_GB2312"]) == ("FangSong", "KaiTi")
        assert fonts["方正小标宋简体"] == "SimSun"


def test_no_font_is_shipped(layout: Layout) -> None:
    with zipfile.ZipFile(io.BytesIO(layout.data)) as package:
        assert [name for name in package.namelist() if name.endswith((".odttf", ".ttf"))] == []


def test_language_is_chinese(layout: Layout) -> None:
    defaults = layout.part("word/styles.xml").find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
    assert _value(defaults, f"{W}lang", "eastAsia") == "zh-CN"
    assert _value(layout.part("word/settings.xml"), f"{W}themeFontLang", "eastAsia") == "zh-CN"
    assert docx.Document(io.BytesIO(layout.data)).core_properties.language == "zh-CN"


def test_properties_are_fixed(layout: Layout) -> None:
    core = docx.Document(io.BytesIO(layout.data)).core_properties
    assert core.title == "泸县2023年预算绩效管理工作总结"
    assert (core.author, core.last_modified_by, core.revision) == ("pbm", "pbm", 1)
    assert core.created == core.modified == docx_form.CREATED.replace(tzinfo=core.created.tzinfo)


def test_styles_used_are_there_and_their_properties_in_order(layout: Layout) -> None:
    styles = layout.part("word/styles.xml")
    known = {style.get(f"{W}styleId") for style in styles.iter(f"{W}style")}
    used = {_value(p, f"{W}pPr/{W}pStyle") for p in layout.body.iter(f"{W}p")} - {None}
    assert used <= known
    order = ["keepNext", "keepLines", "pBdr", "tabs", "snapToGrid", "spacing", "ind", "contextualSpacing", "jc",
             "outlineLvl"]  # fmt: skip
    for style in styles.iter(f"{W}style"):
        names = [child.tag.removeprefix(W) for child in style.findall(f"{W}pPr/*")]
        assert names == sorted(names, key=order.index), style.get(f"{W}styleId")


def test_nothing_points_outside(layout: Layout) -> None:
    with zipfile.ZipFile(io.BytesIO(layout.data)) as package:
        whole = b"".join(package.read(name) for name in package.namelist())
    assert b'TargetMode="External"' not in whole
    assert OUTSIDE.encode() not in whole
    assert OLD_TEXT.encode() not in whole


def test_package_is_in_a_fixed_order(layout: Layout) -> None:
    with zipfile.ZipFile(io.BytesIO(layout.data)) as package:
        names = package.namelist()
        assert names[:2] == ["[Content_Types].xml", "_rels/.rels"]
        assert names[2:] == sorted(names[2:])
        assert {info.date_time for info in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_county_s_letterhead_is_kept(layout: Layout) -> None:
    headers = [s.findall(f"{W}headerReference") for s in layout.sections()]
    if layout.expected.page != EXPECTED["docx"].page:
        assert not any(headers)
        return
    assert all({h.get(f"{W}type") for h in found} == {"default", "even"} for found in headers)
    for name in ("word/header_default.xml", "word/header_even.xml"):
        root = layout.part(name)
        assert RED_HEAD in _text(root)
        assert root.find(f"{W}p/{W}r/{W}rPr/{W}color").get(f"{W}val") == "FF0000"
        assert len(list(root.iter(f"{W}drawing"))) == 1


# ---- 各环节的报告 ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stage_reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Layout]:
    folder = tmp_path_factory.mktemp("环节")
    for stage in STAGES:
        _run(stage, EXAMPLE, "-o", folder / f"{stage}.docx")
    return {stage: Layout((folder / f"{stage}.docx").read_bytes(), EXPECTED["自带"]) for stage in STAGES}


@pytest.mark.parametrize(
    ("stage", "title", "landscape"),
    [
        ("assess", "泸县2023年事前绩效评估情况", ["事前绩效评估结果表"]),
        ("goals", "泸县2023年绩效目标审核情况", []),
        ("monitor", "泸县2023年绩效运行监控情况", ["红灯项目清单", "监控调整项目清单"]),
        ("evaluate", "泸县2023年绩效评价情况", ["绩效评价结果表"]),
    ],
)
def test_stage_report(stage_reports: dict[str, Layout], stage: str, title: str, landscape: list[str]) -> None:
    found = stage_reports[stage]
    assert [_text(p) for p in found.paragraphs("Title")] == [title]
    titles = [_text(p) for p in found.paragraphs("AnnexTitle")]
    sections = found.sections()[1:]
    assert len(titles) == len(sections)
    turned = [name for name, s in zip(titles, sections, strict=True) if s.find(f"{W}pgSz").get(f"{W}orient")]
    assert turned == landscape
    assert _text(found.paragraphs("Signature")[0]) == "泸县财政局"


# ---- 大表、超长的格、字节 --------------------------------------------------------------------------------------


def _big(rows: int) -> str:
    head = "# 题\n\n# 附件1 表\n\n" + "|" + " 列 |" * 8 + "\n|" + " --- |" * 8 + "\n"
    return head + "".join(f"| {n} | 项目{n} | 单位 | 1.00 | 2.00 | 3% | 红灯 | 整改 |\n" for n in range(rows))


def test_three_thousand_rows_take_less_than_a_second() -> None:
    docx_form.render(_big(3), load_profile(), SOURCE)
    best = min(_cpu(lambda: docx_form.render(_big(3_000), load_profile(), SOURCE)) for _ in range(3))
    assert best < 1


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def test_twenty_thousand_rows_are_all_there() -> None:
    data = docx_form.render(_big(20_000), load_profile(), SOURCE)
    with zipfile.ZipFile(io.BytesIO(data)) as package, package.open("word/document.xml") as stream:
        rows = sum(1 for _, element in _freed(stream) if element.tag == f"{W}tr")
    assert rows == 20_001
    assert len(data) < 3_000_000


def _freed(stream: Any) -> Iterator[tuple[str, Any]]:
    for event, element in etree.iterparse(stream):
        yield event, element
        if element.tag == f"{W}tr":
            element.clear()


def test_a_row_taller_than_the_page_may_split() -> None:
    text = f"# 题\n\n| 甲 | 乙 |\n| --- | --- |\n| {'长' * 3000} | 1 |\n| 短 | 2 |\n"
    data = docx_form.render(text, load_profile(), SOURCE)
    rows = list(Layout(data, EXPECTED["自带"]).body.iter(f"{W}tr"))
    assert [row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows] == [True, False, True]


def test_official_spelling_of_numbers_and_dates() -> None:
    text = (
        "# 题\n\n川委厅[2022]05号、泸县财〔2023〕8号、财预（2020）第10号，"
        "2023年09月05日、2024年1月印发，第（3）号不变。\n\n"
        "| 文号 |\n| --- |\n| 泸县财(2023)012号 |\n"
    )
    body = Layout(docx_form.render(text, load_profile(), SOURCE), EXPECTED["自带"]).body
    said = [_text(p) for p in body.iter(f"{W}p") if _text(p)]
    assert (
        said[1]
        == "川委厅〔2022〕5号、泸县财〔2023〕8号、财预〔2020〕10号，2023年9月5日、2024年1月印发，第（3）号不变。"
    )
    assert said[-1] == "泸县财〔2023〕12号"


def test_one_annex_has_no_number_and_a_written_note_is_not_doubled() -> None:
    one = docx_form.render("# 题\n\n文。\n\n# 附件1 清单\n\n| 甲 |\n| --- |\n| 1 |\n", load_profile(), SOURCE)
    assert [_text(p) for p in Layout(one, EXPECTED["自带"]).paragraphs("AnnexNote")] == ["附件：清单"]
    own = docx_form.render("# 题\n\n附件：清单\n\n# 附件1 清单\n\n文。\n", load_profile(), SOURCE)
    assert Layout(own, EXPECTED["自带"]).paragraphs("AnnexNote") == []


SAME = """
import hashlib, sys
from pathlib import Path
from pbm_cli.outputs import docx
from pbm_cli.outputs.style import load_profile
text, *styles = sys.argv[1:]
for style in [None, *map(Path, styles)]:
    data = docx.render(Path(text).read_text(encoding="utf-8"), load_profile(style), {"pbm": "0", "inputs": []})
    print(hashlib.sha256(data).hexdigest())
"""


def test_same_bytes_whatever_the_surroundings(narrative: tuple[str, bytes], tmp_path: Path) -> None:
    text, own = tmp_path / "叙述.md", tmp_path / "本县.toml"
    text.write_text(narrative[0], encoding="utf-8")
    own.write_text(TOML, encoding="utf-8")
    base = letterhead(tmp_path / "本县.docx", marked=True)
    seen = set()
    for number, (zone, language, seed) in enumerate([("UTC", "C.UTF-8", "0"), ("Asia/Shanghai", "zh_CN.GBK", "77")]):
        folder = tmp_path / f"在{number}"
        folder.mkdir()
        surroundings = {**os.environ, "TZ": zone, "LC_ALL": language, "LANG": language, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", SAME, text, own, base],
            cwd=folder, env=surroundings, capture_output=True, text=True, check=True, encoding="utf-8",
        )  # fmt: skip
        seen.add(done.stdout)
    assert len(seen) == 1
    assert len(set(seen.pop().split())) == 3


def test_libreoffice_opens_all_three_without_an_empty_page(
    layout: Layout, needs_tool: Callable[[str], str], tmp_path: Path
) -> None:
    source = tmp_path / "总结.docx"
    source.write_bytes(layout.data)
    subprocess.run(
        [needs_tool("soffice"), f"-env:UserInstallation={(tmp_path / 'lo').as_uri()}", "--headless", "--convert-to",
         "pdf", "--outdir", tmp_path, source],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    shown = subprocess.run(
        [needs_tool("pdftotext"), "-layout", tmp_path / "总结.pdf", "-"], check=True, capture_output=True
    ).stdout.decode("utf-8")
    pages = shown.rstrip("\f").split("\f")
    numbers = [re.findall(r"—\s?(\d+)\s?—", page) for page in pages]
    assert numbers == [[str(n)] for n in range(1, len(pages) + 1)]
    assert all(len("".join(page.split())) > 30 for page in pages)
