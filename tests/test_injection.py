"""会起作用的文字放进每一栏，写进每一种输出：处处只是文字（网页里的脚本、公式、标记、终端控制，一个也不起作用）。"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.etree
import lxml.html
import openpyxl
import pytest
from markdown_it import MarkdownIt

from hostile import CLASSES, HOSTILE_COUNTY, SCREENS, tagged, year

PARQUET = ".parquet"
HELD = (PARQUET,) if importlib.util.find_spec("pyarrow") else ()
SUFFIXES = (".xlsx", ".docx", ".html", ".md", ".json", ".csv", *HELD)
STAGES = ("assess", "goals", "monitor", "evaluate", "report")
TAG = re.compile(r"标\d\d[甲乙]")
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe]")
STARTS = tuple("=+-@")
OWN_FORMULA = re.compile(r"=[A-Z0-9$:(),.*/+<>\"=!'\-\u4e00-\u9fff]*")
"""程序自己写的公式（汇总旁边的活公式）：只有函数、地址、表名、中文词。"""


@dataclass(frozen=True)
class Ran:
    """一个命令：退出码、终端上的话、写出的文件（后缀 → 字节）、标准输出的 JSON。"""

    code: int
    out: str
    err: str
    files: dict[str, bytes]


def run(arguments: list[str]) -> tuple[int, str, str]:
    from pbm_cli.cli import main

    out, err = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8", newline="", write_through=True))
        code = main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        return code, out.getvalue().decode("utf-8"), err.getvalue().decode("utf-8")


def plain(text: str) -> str:
    """数据里的一条文字照理应当显示成的样子（另写一遍，不用程序里的函数）。"""
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cn"))
    return " ".join("".join(kept).split())


@pytest.fixture(scope="module", params=list(CLASSES))
def kind(request: pytest.FixtureRequest) -> str:
    """哪一类文字。"""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """每一栏都是这一类文字的县年度文件夹；控制符写不进 CSV，所以终端一类用 xlsx。"""
    return year(tmp_path_factory.mktemp("年") / "县", CLASSES[kind], suffix=".xlsx" if kind == "终端" else ".csv")


@pytest.fixture(scope="module")
def ran(folder: Path) -> Callable[[str], Ran]:
    """运行一个命令，写出各种形式；同一命令只运行一次。"""
    done: dict[str, Ran] = {}

    def once(command: str) -> Ran:
        if command not in done:
            out = folder.parent / "出" / command
            written = [out / f"结果{suffix}" for suffix in SUFFIXES]
            outputs = [part for path in written for part in ("-o", str(path))]
            extra = ["--on", "2023-12-31"] if command == "monitor" else []
            code, said, err = run([command, str(folder), *extra, *outputs])
            done[command] = Ran(code, said, err, {path.suffix: path.read_bytes() for path in written if path.exists()})
            assert len(done[command].files) == len(SUFFIXES), err
        return done[command]

    return once


@pytest.fixture(params=STAGES)
def result(request: pytest.FixtureRequest, ran: Callable[[str], Ran]) -> Ran:
    """一个命令的结果。"""
    return ran(str(request.param))


def expected(kind: str, at: str) -> set[str]:
    return {plain(text) for text in tagged(CLASSES[kind], at)}


def texts_in(value: object) -> Iterator[str]:
    """一份 JSON 里的全部文字，键也算。"""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from texts_in(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from texts_in(inside)


# ---- 数据一条不少 ----


def test_every_row_is_read_and_every_name_arrives_whole(ran: Callable[[str], Ran], kind: str) -> None:
    result = ran("report")
    document = json.loads(result.files[".json"])
    count = len(CLASSES[kind])
    used = {Path(item["file"]).stem: item["sheets"][0]["rows_used"] for item in document["inputs"]}
    assert result.code == 1
    assert used == dict.fromkeys(used, count)
    assert len(used) == 10
    for stage, key in (("assess", "project_name"), ("monitor", "project_name"), ("evaluate", "subject")):
        assert {row[key] for row in document["rows"] if row["stage"] == stage} == expected(kind, "甲")


def test_json_has_no_control_character(result: Ran) -> None:
    document = json.loads(result.files[".json"])
    assert [text for text in texts_in(document) if CONTROLS.search(text)] == []


# ---- 终端 ----


def test_the_terminal_shows_only_text(result: Ran) -> None:
    for said in (result.out, result.err):
        assert CONTROLS.findall(said) == []
        said.encode("gbk")
    assert "Traceback" not in result.err


def test_markup_of_the_terminal_is_shown_as_it_is(ran: Callable[[str], Ran], kind: str) -> None:
    if kind != "终端":
        pytest.skip("只看终端一类")
    said = ran("assess").out + ran("assess").err + ran("monitor").err
    for text in SCREENS[:3]:
        assert plain(text) in said


# ---- Excel ----


def sheets_of(data: bytes) -> list[Any]:
    return list(openpyxl.load_workbook(io.BytesIO(data)).worksheets)


def active_parts(data: bytes) -> list[str]:
    """包里会起作用的东西：外部链接、嵌入物、宏、向外的关系。"""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if re.search(r"externalLink|embeddings|vbaProject|activeX|connections", name):
                found.append(name)
            if name.endswith(".rels") and b"External" in archive.read(name):
                found.append(name)
    return found


def test_excel_holds_strings_only(result: Ran) -> None:
    data = result.files[".xlsx"]
    assert active_parts(data) == []
    seen = 0
    for page in sheets_of(data):
        for row in page.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and TAG.search(cell.value):
                    seen += 1
                    assert cell.data_type == "s", f"{page.title}!{cell.coordinate} {cell.value!r}"
                    assert CONTROLS.search(cell.value) is None
                    assert cell.hyperlink is None
                if cell.data_type == "f":
                    assert OWN_FORMULA.fullmatch(str(cell.value)), cell.value
        assert all(link.location for link in page._hyperlinks), "只能有到本工作簿里的链接"
    assert seen > 20


def test_excel_keeps_the_names_whole(ran: Callable[[str], Ran], kind: str) -> None:
    values = {
        cell
        for page in sheets_of(ran("monitor").files[".xlsx"])
        for row in page.iter_rows(values_only=True)
        for cell in row
    }
    assert expected(kind, "甲") <= values


# ---- CSV ----


def test_csv_starts_no_formula(result: Ran, kind: str) -> None:
    lines = list(csv.reader(io.StringIO(result.files[".csv"].decode("utf-8-sig"), newline="")))
    assert len({len(line) for line in lines}) == 1, "各行列数不同：引号或换行没有守住"
    cells = [cell for line in lines for cell in line]
    for cell in cells:
        bare = unicodedata.normalize("NFKC", plain(cell))
        assert not bare.startswith(STARTS) or re.fullmatch(r"-?[\d.]+", bare), repr(cell)
        assert not cell.startswith(("\t", "\r"))
        assert CONTROLS.search(cell) is None
    shown = {cell.removeprefix("'") for cell in cells} | set(cells)
    assert expected(kind, "甲") <= shown


# ---- Parquet ----


@pytest.mark.skipif(not HELD, reason="没有装 pbm-cli[parquet]")
def test_parquet_holds_the_same_text_and_no_control(result: Ran) -> None:
    """各列里的文字与 JSON 的一字不差（不加撇号，不执行），没有控制符；来历和列名也没有。"""
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(result.files[PARQUET]))
    sources = json.loads(result.files[".json"])["rows"]
    rows = table.to_pylist()
    assert len(rows) == len(sources)
    held = {text for row in rows for text in texts_in(row)}
    assert [text for text in held if CONTROLS.search(text)] == []
    of_the_data = {text for text in held if TAG.search(text)}
    assert of_the_data
    assert of_the_data <= {text for source in sources for text in texts_in(source)}
    metadata = {key.decode("utf-8"): value.decode("utf-8") for key, value in table.schema.metadata.items()}
    assert metadata.keys() == {"pbm"}
    assert not any(CONTROLS.search(text) for text in texts_in(json.loads(metadata["pbm"])))


@pytest.mark.skipif(not HELD, reason="没有装 pbm-cli[parquet]")
def test_parquet_keeps_the_names_whole(ran: Callable[[str], Ran], kind: str) -> None:
    import pyarrow.parquet as pq

    for command, column in (("assess", "project_name"), ("monitor", "project_name"), ("evaluate", "subject")):
        table = pq.read_table(io.BytesIO(ran(command).files[PARQUET]), columns=[column])
        assert expected(kind, "甲") == set(table.column(column).to_pylist())


# ---- 网页 ----


def test_the_page_has_only_its_own_elements(result: Ran) -> None:
    page = lxml.html.document_fromstring(result.files[".html"])
    refused = ("img", "iframe", "object", "embed", "link", "base", "form", "a", "b", "video", "use", "foreignobject")
    assert [node.tag for node in page.iter() if node.tag in refused] == []
    assert not list(page.iter(lxml.etree.Comment))
    scripts = [(node.get("type"), node.get("src")) for node in page.iter("script")]
    assert scripts == [("application/json", None), ("application/json", None), (None, None)]
    for node in page.iter():
        for name, value in node.attrib.items():
            assert not name.lower().startswith("on"), f"<{node.tag} {name}={value}>"
            assert name.lower() not in ("href", "src", "style", "srcdoc", "action", "autofocus", "xlink:href")
            assert "javascript:" not in value or name == "aria-label"
    metas = [node.get("http-equiv") for node in page.iter("meta") if node.get("http-equiv")]
    assert metas == ["Content-Security-Policy"]
    policy = next(page.iter("meta")).getnext().get("content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_data_island_is_the_same_data(ran: Callable[[str], Ran], kind: str) -> None:
    source = ran("monitor").files[".html"].decode("utf-8")
    page = lxml.html.document_fromstring(source)
    islands = {node.get("id"): node.text for node in page.iter("script") if node.get("type") == "application/json"}
    assert "<" not in islands["data"] + islands["provenance"]
    assert expected(kind, "甲") <= set(texts_in(json.loads(islands["data"])))
    assert CONTROLS.search(source) is None


# ---- Word ----

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def test_word_holds_no_field_and_no_link(result: Ran) -> None:
    data = result.files[".docx"]
    assert active_parts(data) == []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert not [name for name in archive.namelist() if name.startswith("word/") and "media" in name]
        body = lxml.etree.fromstring(archive.read("word/document.xml"))
    for tag in ("hyperlink", "instrText", "fldSimple", "fldChar", "object", "drawing", "pict", "altChunk"):
        assert not list(body.iter(W + tag)), tag


def test_word_tells_the_names_whole(ran: Callable[[str], Ran], kind: str) -> None:
    with zipfile.ZipFile(io.BytesIO(ran("assess").files[".docx"])) as archive:
        body = lxml.etree.fromstring(archive.read("word/document.xml"))
    cells = {
        "".join(node.text or "" for node in cell.iter(W + "t")).replace("\u00a0", " ") for cell in body.iter(W + "tc")
    }
    assert expected(kind, "甲") <= cells


# ---- Markdown ----

ALLOWED = {
    "text", "text_special", "softbreak", "hardbreak", "strong_open", "strong_close", "em_open", "em_close",
}  # fmt: skip


def test_markdown_holds_no_markup_of_the_data(result: Ran) -> None:
    text = result.files[".md"].decode("utf-8")
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    assert [t.type for t in tokens if t.type in ("html_block", "fence", "code_block", "hr", "reference")] == []
    inline = [
        (child.type, token.content) for token in tokens for child in token.children or [] if child.type not in ALLOWED
    ]
    assert inline == []
    assert CONTROLS.search(text) is None


def test_markdown_tells_the_names_whole(ran: Callable[[str], Ran], kind: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(ran("monitor").files[".md"].decode("utf-8"))
    cells = {"".join(child.content for child in token.children or []) for token in tokens if token.type == "inline"}
    assert expected(kind, "甲") <= cells


# ---- 标注副本和别的命令 ----


def test_marked_copies_hold_text_only(folder: Path) -> None:
    where = folder.parent / "标注"
    code, out, err = run(["check", str(folder), "--marked", str(where)])
    assert code == 1
    assert CONTROLS.findall(out + err) == []
    copies = sorted(where.rglob("*.xlsx"))
    assert copies
    for copy in copies:
        data = copy.read_bytes()
        assert active_parts(data) == []
        for page in sheets_of(data):
            for row in page.iter_rows():
                for cell in row:
                    assert cell.data_type != "f", f"{copy.name} {page.title}!{cell.coordinate} {cell.value!r}"
                    if cell.comment is not None:
                        assert CONTROLS.search(cell.comment.text) is None


def test_explain_and_diff_show_only_text(folder: Path) -> None:
    for arguments in (["explain", str(folder), "P0001"], ["diff", str(folder), str(folder)], ["layouts", str(folder)]):
        code, out, err = run(arguments)
        assert code == 0, err
        assert CONTROLS.findall(out + err) == []


def test_the_name_of_the_county_is_text_too(ran: Callable[[str], Ran]) -> None:
    page = lxml.html.document_fromstring(ran("report").files[".html"])
    assert HOSTILE_COUNTY in str(page.findtext(".//title"))
    assert HOSTILE_COUNTY in str(page.findtext(".//h1"))


def test_a_filled_template_holds_text_only(kind: str, tmp_path: Path) -> None:
    template, filled = tmp_path / "模板.xlsx", tmp_path / "填好.xlsx"
    assert run(["template", "document", "-o", str(template)])[0] == 0
    book = openpyxl.load_workbook(template)
    page = book["制度文件清单"]
    heads = next(row for row in page.iter_rows() if any(str(cell.value).startswith("文件名称") for cell in row))
    column = next(cell.column for cell in heads if str(cell.value).startswith("文件名称"))
    fit = [text for text in tagged(CLASSES[kind], "甲") if not CONTROLS.search(text.replace("\r", "\x00"))]
    for number, text in enumerate(fit):
        cell = page.cell(heads[0].row + 1 + number, column)
        cell.value = text
        cell.data_type = "s"
        page.cell(cell.row, column + 1).value = f"虚构发〔2023〕{number + 1}号"
    book.save(filled)
    template.unlink()
    outputs = [tmp_path / f"出{suffix}" for suffix in (".json", ".xlsx", ".csv")]
    code, out, err = run(["check", str(filled), "-o", str(outputs[0]), "-o", str(outputs[1]), "-o", str(outputs[2])])
    assert (code, CONTROLS.findall(out + err)) == (0, []), err
    sheets = json.loads(outputs[0].read_text(encoding="utf-8"))["inputs"][0]["sheets"]
    assert [sheet["rows_used"] for sheet in sheets if sheet["kind"] == "document"] == [len(fit)]
    cells = [cell for page in sheets_of(outputs[1].read_bytes()) for row in page.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f" and not OWN_FORMULA.fullmatch(str(cell.value))]
