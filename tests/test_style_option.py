"""--style：改几个数的 .toml、县里自己的 .docx；写错的、损坏的、带宏的、加密的、有陷阱的都说清楚，退出码 2。"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn
from lxml import etree

from conftest import RunPbm, WriteSheet
from letterhead import OLD_TEXT, OUTSIDE, RED_HEAD, letterhead, repacked
from pbm_cli.outputs import docx as docx_form
from pbm_cli.outputs.style import load_profile

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LIST = """
    项目支出预算执行情况表
    单位：万元
    | 项目名称 | 项目编码 | 预算单位 | 调整后预算数 | 累计支出 |
    | 公路养护 | '0012' | 县交通局 | 100 | 20 |
    | 校舍维修 | '0013' | 县教育局 | 50 | 49 |
"""
TEXT = "# 题\n\n正文一段。\n\n> 某局\n> 2024年1月5日\n\n# 附件1 表\n\n| 甲 |\n| --- |\n| 1 |\n"


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def _made(own: Path) -> bytes:
    return docx_form.render(TEXT, load_profile(own), {})


def _size(path: Path, style: str = "Normal") -> object:
    return docx.Document(str(path)).styles[style].element.rPr.find(qn("w:sz")).get(qn("w:val"))


# ---- 从哪里来 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["assess", "goals", "monitor", "evaluate", "report"])
def test_every_stage_command_takes_the_option(run_pbm: RunPbm, command: str) -> None:
    assert "--style" in run_pbm(command, "--help").out


def test_a_profile_changes_single_figures(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    own, out = tmp_path / "本县.toml", tmp_path / "监控.docx"
    own.write_text('[sizes]\nbody = 15\n[fonts]\nbody = "华文仿宋"\n', encoding="utf-8")
    done = run_pbm("monitor", sheet(LIST), "--on", "2023-12-31", "--style", own, "-o", out)
    assert done.code == 0, done.err
    fonts = docx.Document(str(out)).styles["Normal"].element.rPr.rFonts
    assert (_size(out), fonts.get(qn("w:eastAsia"))) == ("30", "华文仿宋")
    assert _size(out, "Title") == "44"


def test_a_letterhead_gives_page_styles_and_head(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    own, out = letterhead(tmp_path / "本县.docx"), tmp_path / "监控.docx"
    before = own.read_bytes()
    done = run_pbm("monitor", sheet(LIST), "--on", "2023-12-31", "--style", own, "-o", out)
    assert done.code == 0, done.err
    word = docx.Document(str(out))
    assert RED_HEAD in word.sections[0].header.paragraphs[0].text
    assert RED_HEAD in word.sections[0].even_page_header.paragraphs[0].text
    assert (_size(out), _size(out, "Title")) == ("30", "40")
    assert OLD_TEXT not in "\n".join(p.text for p in word.paragraphs)
    assert own.read_bytes() == before


def test_overlay_and_settings_name_a_style_too(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    folder, overlay = tmp_path / "某县2023", tmp_path / "本县"
    (overlay / "templates").mkdir(parents=True)
    letterhead(overlay / "templates" / "style.docx")
    (overlay / "templates" / "style.toml").write_text("[sizes]\nbody = 18\n", encoding="utf-8")
    sheet(LIST, file="某县2023/执行.xlsx")
    (folder / "pbm.toml").write_text(
        '[county]\nname = "某县"\nyear = 2023\n[run]\non = 2023-12-31\noverlay = "../本县"\n', encoding="utf-8"
    )
    out = tmp_path / "总结.docx"
    assert run_pbm("report", folder, "-o", out).code == 0
    assert (_size(out), _size(out, "Title")) == ("36", "40"), ".toml 写了的以 .toml 为准"
    assert RED_HEAD in docx.Document(str(out)).sections[0].header.paragraphs[0].text
    (folder / "格式.toml").write_text("[sizes]\nbody = 14\n", encoding="utf-8")
    settings = (folder / "pbm.toml").read_text(encoding="utf-8")
    (folder / "pbm.toml").write_text(settings + 'style = "格式.toml"\n', encoding="utf-8")
    assert run_pbm("report", folder, "-o", out).code == 0
    assert (_size(out), _size(out, "Title")) == ("28", "44"), "pbm.toml 写明的代替覆盖文件夹里的"
    own = tmp_path / "最先.toml"
    own.write_text("[sizes]\nbody = 12\n", encoding="utf-8")
    assert run_pbm("report", folder, "-o", out, "--style", own).code == 0
    assert _size(out) == "24"


def test_a_style_file_is_never_written_over(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    own = letterhead(tmp_path / "本县.docx")
    before = own.read_bytes()
    done = run_pbm("monitor", sheet(LIST), "--on", "2023-12-31", "--style", own, "-o", own)
    assert done.code == 2
    assert own.read_bytes() == before


def test_same_base_same_bytes(tmp_path: Path) -> None:
    assert _made(letterhead(tmp_path / "本县.docx", marked=True)) == _made(tmp_path / "本县.docx")


# ---- .docx：带过来什么，不带什么 -------------------------------------------------------------------------------


def test_what_stands_before_the_mark_stays(tmp_path: Path) -> None:
    data = _made(letterhead(tmp_path / "本县.docx", marked=True))
    texts = [p.text for p in docx.Document(io.BytesIO(data)).paragraphs]
    assert texts[:3] == ["某财字〔2024〕 号", "题", "正文一段。"]
    assert not any("【正文】" in text or OLD_TEXT in text for text in texts)
    first = docx.Document(io.BytesIO(data)).paragraphs[0]
    assert first.style is not None
    assert first.style.style_id == "BaseNormal", "文首不跟着正文缩进"


def test_own_footers_take_the_place_of_page_numbers(tmp_path: Path) -> None:
    data = _made(letterhead(tmp_path / "本县.docx", footer="地址：某街1号"))
    word = docx.Document(io.BytesIO(data))
    assert word.sections[0].footer.paragraphs[0].text == "地址：某街1号"
    assert not word.settings.odd_and_even_pages_header_footer
    assert "footer2.xml" not in "".join(_parts(data))


def test_first_page_head_is_only_on_the_first_page(tmp_path: Path) -> None:
    own = letterhead(tmp_path / "本县.docx")
    word = docx.Document(str(own))
    word.sections[0].different_first_page_header_footer = True
    word.sections[0].first_page_header.paragraphs[0].add_run("首页红头")
    word.save(str(own))
    made = docx.Document(io.BytesIO(_made(own)))
    assert [s.different_first_page_header_footer for s in made.sections] == [True, False]
    assert made.sections[0].first_page_header.paragraphs[0].text == "首页红头"
    assert made.sections[0].first_page_footer.paragraphs[0].text == "— 1 —"


def test_links_fields_and_identifiers_are_not_carried(tmp_path: Path) -> None:
    parts = _parts(_made(letterhead(tmp_path / "本县.docx")))
    whole = b"".join(parts.values())
    assert OUTSIDE.encode() not in whole
    assert b"INCLUDETEXT" not in whole
    assert b'TargetMode="External"' not in whole
    header = parts["word/header_default.xml"].decode("utf-8")
    assert ("网址" in header, "域里的字" in header) == (True, True), "只留文字"
    assert "hyperlink" not in header
    assert "fldChar" not in header


HOSTILE = {
    "远程图片": '<w:pict><v:shape><v:imagedata src="http://outside.invalid/a.png"/></v:shape></w:pict>',
    "嵌入对象": '<w:object><o:OLEObject Type="Embed" r:id="rId77"/></w:object>',
    "控件": '<w:control r:id="rId78" w:name="按钮"/>',
    "关系不明的图": '<w:drawing><a:blip r:embed="rId79"/></w:drawing>',
    "链接的图": '<w:drawing><a:blip r:link="rId80"/></w:drawing>',
    "DDE": '<w:instrText>DDEAUTO c:\\\\cmd.exe</w:instrText>',
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_active_content_is_left_behind(tmp_path: Path, kind: str) -> None:
    spaces = (
        'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    )

    def hide(parts: dict[str, bytes]) -> None:
        name = next(name for name in parts if name.startswith("word/header"))
        text = (
            parts[name]
            .decode("utf-8")
            .replace("<w:hdr ", f"<w:hdr {'' if 'xmlns:v=' in parts[name].decode() else spaces} ", 1)
        )
        if "xmlns:a=" not in text[: text.index(">")]:
            text = text.replace("<w:hdr ", f"<w:hdr {spaces.rpartition(' ')[2]} ", 1)
        parts[name] = text.replace("</w:p>", f"<w:r>{HOSTILE[kind]}</w:r></w:p>", 1).encode("utf-8")

    data = _made(repacked(letterhead(tmp_path / "本县.docx"), hide))
    header = _parts(data)["word/header_default.xml"]
    assert RED_HEAD.encode() in header
    for word in (b"outside.invalid", b"OLEObject", b"control", b"rId77", b"rId78", b"rId79", b"rId80", b"DDEAUTO"):
        assert word not in header


def test_factory_styles_are_not_the_county_s(tmp_path: Path) -> None:
    """没有动过样式的底稿：标题不变成 Word 出厂的蓝字。"""
    own = tmp_path / "本县.docx"
    docx.Document().save(str(own))
    styles = docx.Document(io.BytesIO(_made(own))).styles
    title = styles["Title"].element.rPr
    assert (title.find(qn("w:sz")).get(qn("w:val")), title.find(qn("w:color"))) == ("44", None)
    assert styles["Normal"].element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋_GB2312"


def test_our_own_output_serves_as_a_base(tmp_path: Path) -> None:
    own = tmp_path / "上次.docx"
    own.write_bytes(docx_form.render(TEXT, load_profile(), {}))
    again = _parts(_made(own))
    for part in ("word/document.xml",):
        one, two = (etree.fromstring(x[part]) for x in (_parts(own.read_bytes()), again))
        texts = [["".join(t.text or "" for t in p.iter(f"{W}t")) for p in root.iter(f"{W}p")] for root in (one, two)]
        assert texts[0] == texts[1]
        sizes = [[dict(s.find(f"{W}pgSz").attrib) for s in root.iter(f"{W}sectPr")] for root in (one, two)]
        assert sizes[0] == sizes[1]
    settings = again["word/settings.xml"]
    assert b"evenAndOddHeaders" in settings
    assert "— ".encode() in again["word/footer_even.xml"]


def test_a_landscape_base_stays_as_it_lies(tmp_path: Path) -> None:
    own = tmp_path / "横.docx"
    word = docx.Document()
    section = word.sections[0]
    section.page_width, section.page_height = section.page_height, section.page_width
    word.save(str(own))
    made = docx.Document(io.BytesIO(_made(own)))
    assert {
        (s.page_width > s.page_height, str(s.orientation)) for s in made.sections if s.page_width and s.page_height
    } == {(True, "LANDSCAPE (1)")}


# ---- 不能用的 --------------------------------------------------------------------------------------------------


def _cut(parts: dict[str, bytes]) -> None:
    parts["word/document.xml"] = parts["word/document.xml"][:400]


def _macro(parts: dict[str, bytes]) -> None:
    parts["word/vbaProject.bin"] = b"\xd0\xcf\x11\xe0"


def _macro_type(parts: dict[str, bytes]) -> None:
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"application/vnd.ms-word.document.macroEnabled.main+xml",
    )


def _doctype(parts: dict[str, bytes]) -> None:
    name = "word/styles.xml"
    head, _, rest = parts[name].partition(b"?>")
    parts[name] = head + b'?><!DOCTYPE a [<!ENTITY x "y">]>' + rest


def _bomb(parts: dict[str, bytes]) -> None:
    parts["word/media/x.xml"] = b"0" * (8 * 1024 * 1024)


def _many(parts: dict[str, bytes]) -> None:
    parts.update({f"word/media/{n}.png": b"" for n in range(1_200)})


def _deep(parts: dict[str, bytes]) -> None:
    parts["word/styles.xml"] = b"<a>" * 3_000 + b"</a>" * 3_000


def _strict(parts: dict[str, bytes]) -> None:
    parts["word/document.xml"] = parts["word/document.xml"].replace(
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    )


def _no_main(parts: dict[str, bytes]) -> None:
    del parts["word/document.xml"]


def _outside_name(parts: dict[str, bytes]) -> None:
    parts["../外面.xml"] = b"<a/>"


def _margins(parts: dict[str, bytes]) -> None:
    parts["word/document.xml"] = parts["word/document.xml"].replace(b'w:left="', b'w:left="9')


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_cut, "损坏"),
        (_macro, "带宏"),
        (_macro_type, "带宏"),
        (_doctype, "DOCTYPE"),
        (_bomb, "压缩"),
        (_many, "部件"),
        (_deep, "损坏"),
        (_strict, "严格"),
        (_no_main, "没有正文"),
        (_outside_name, "可疑的部件名"),
        (_margins, "页边距|不能大于"),
    ],
)
def test_a_bad_package_is_refused(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, change: Callable[[dict[str, bytes]], None], words: str
) -> None:
    own, out = repacked(letterhead(tmp_path / "本县.docx"), change), tmp_path / "监控.docx"
    done = run_pbm("monitor", sheet(LIST), "--on", "2023-12-31", "--style", own, "-o", out)
    assert done.code == 2, done.err
    assert "本县.docx" in done.err
    assert any(word in done.err for word in words.split("|")), done.err
    assert "xlsx" not in done.err.partition("本县.docx")[2]
    assert not out.exists()


def _encrypted() -> bytes:
    """只有目录的复合文件，里面有 EncryptedPackage。"""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIII", head, 44, 1, 1, 0, 4096)
    struct.pack_into("<IIII", head, 60, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", head, 76, 0, *[0xFFFFFFFF] * 108)
    fat = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = b""
    for name, kind in (("Root Entry", 5), ("EncryptedPackage", 2), ("", 0), ("", 0)):
        entry = bytearray(128)
        encoded = name.encode("utf-16-le")
        entry[: len(encoded)] = encoded
        struct.pack_into("<HB", entry, 64, len(encoded) + 2 if name else 0, kind)
        directory += bytes(entry)
    return bytes(head) + fat + directory


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("空.docx", b"", "空的"), ("断.docx", b"PK\x03\x04abc", "损坏"), ("文字.docx", b"hello", "不是 Word 文档"),
        ("旧.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ""), ("密.docx", _encrypted(), "密码"),
        ("宏.docm", b"PK\x03\x04", "带宏"), ("旧.doc", b"\xd0\xcf\x11\xe0", "只收"), ("图.pdf", b"%PDF", "只收"),
        ("表.toml", b"[sizes\n", "写法不对"), ("表.toml", "[sizes]\nbody = '大'\n".encode(), "sizes.body"),
        ("表.toml", b"[sizes]\nbdy = 12\n", "sizes.bdy"), ("表.toml", "甲".encode("gbk"), "UTF-8"),
        ("大.toml", b"#" * 1_100_000, "1 MB"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    own, out = tmp_path / name, tmp_path / "监控.docx"
    own.write_bytes(data)
    done = run_pbm("monitor", sheet(LIST), "--on", "2023-12-31", "--style", own, "-o", out, "--json")
    assert done.code == 2, done.err
    assert name in done.err + done.out
    assert words in done.err + done.out
    assert not out.exists()


def test_a_missing_file_and_a_folder_are_refused(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    path = sheet(LIST)
    for own, word in (
        (tmp_path / "没有.docx", "没有这个文件"),
        (tmp_path, "文件夹"),
        (tmp_path / "没有.toml", "读不出来"),
    ):
        done = run_pbm("monitor", path, "--on", "2023-12-31", "--style", own)
        assert (done.code, word in done.err) == (2, True), done.err


def test_a_huge_file_is_refused_unread(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    own = tmp_path / "大.docx"
    with own.open("wb") as stream:
        stream.truncate(11 * 1024 * 1024)
    done = run_pbm("monitor", sheet(LIST), "--on", "2023-12-31", "--style", own)
    assert done.code == 2
    assert "10 MB" in done.err


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[page]\nleft = -5\n", "page.left"),
        ("[page]\nwidth = 99999\n", "page.width"),
        ("[page]\ntop = 2.5\n", "page.top"),
        ("[page]\nleft = 6000\nright = 5000\n", "page"),
        ("[page]\ntop = true\n", "page.top"),
        ("[sizes]\nbody = nan\n", "sizes.body"),
        ("[sizes]\nbody = 0\n", "sizes.body"),
        ('[sizes]\nbody = "16"\n', "sizes.body"),
        ("[fonts]\nbody = 3\n", "fonts.body"),
        ('[fonts]\nbody = ""\n', "fonts.body"),
        ('[fonts]\nbody = "a<b"\n', "fonts.body"),
        (f'[fonts]\nbody = "{"长" * 40}"\n', "fonts.body"),
        ("[grid]\ncharacters = 0\n", "grid.characters"),
        ("[spacing]\nfirst_line = -2\n", "spacing.first_line"),
        ("[tables]\nlandscape_above = 'x'\n", "tables.landscape_above"),
        ("[none]\na = 1\n", "none"),
    ],
)
def test_a_bad_figure_names_its_key(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, text: str, key: str) -> None:
    own = tmp_path / "本县.toml"
    own.write_text(text, encoding="utf-8")
    done = run_pbm("monitor", sheet(LIST), "--on", "2023-12-31", "--style", own)
    assert done.code == 2
    assert f"本县.toml>{key}" in done.err.replace("›", ">")
