"""模糊测试的目标：一段字节 → 一处入口。只许出说得清的错误（PbmError），别的异常就是毛病。

每个目标都是普通函数，不要 atheris 也能调用。calamine 不在内：它会让进程中止，读文件的子进程另有测试。
"""

from __future__ import annotations

import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from lxml import etree

from pbm_cli import fields, targets
from pbm_cli.cells import Cell, ErrorCell, Merge, Percentage, Sheet, UnvaluedCell, Workbook
from pbm_cli.config import NAME, load_config
from pbm_cli.errors import ConfigError, InputError
from pbm_cli.form_layouts import FormLayout, load_form_layouts
from pbm_cli.layouts import Layout, heading_pattern, load_layouts
from pbm_cli.loading import Loader
from pbm_cli.parameters import load_ruleset
from pbm_cli.sandbox import environment, render, under
from pbm_cli.workbook.archive import Archive
from pbm_cli.workbook.biff import Biff
from pbm_cli.workbook.formats import recognise
from pbm_cli.workbook.limits import MIB, Limits
from pbm_cli.workbook.ole import Compound
from pbm_cli.workbook.sheet_xml import SheetScan
from pbm_cli.workbook.xlsx import XlsxBook

LIMITS = Limits(
    file_bytes=MIB, unpacked_bytes=4 * MIB, part_bytes=2 * MIB, shared_string_bytes=MIB, cells=20_000,
    template_bytes=MIB, template_seconds=2.0,
)  # fmt: skip
"""缩小的上限：要试的是碰到上限时怎样，不是能读多大。"""
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\xd0\xcf\x11\xe0")
_MOST = 200_000
_ROWS, _COLUMNS = 60, 40
_READERS = (
    fields.number, fields.count, fields.rate, fields.day, fields.code, fields.text, fields.named, fields.yes_no,
    fields.spoken, fields.blank,
)  # fmt: skip


def zip_scan(data: bytes) -> None:
    """压缩包的预扫描：要么拒绝，要么每个部件与标准库解压出来的一样。"""
    try:
        archive = Archive(data, LIMITS)
        archive.check_rest()
        book = XlsxBook(data, archive, LIMITS)
        assert isinstance(book.remarks, list)
    except InputError:
        return
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for info in packed.infolist():
            name = info.orig_filename.replace("\\", "/").lower()
            if not name.endswith("/"):
                same = b"".join(archive.chunks(name)) == _by_library(packed, info)
                assert same, f"部件 {name!a} 与标准库读到的不同"


def _by_library(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    own = info.header_offset + 30
    length = len(info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437"))
    info.orig_filename = _text_at(packed, own, length, info)  # 只差大小写、斜杠的名字，预扫描当作同名
    try:
        return packed.read(info)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise AssertionError(f"标准库不肯读 {info.orig_filename!a}，预扫描却放过了（{error}）") from error


def _text_at(packed: zipfile.ZipFile, start: int, length: int, info: zipfile.ZipInfo) -> str:
    assert packed.fp is not None
    packed.fp.seek(start)
    return packed.fp.read(length).decode("utf-8" if info.flag_bits & 0x800 else "cp437")


def sheet_scan(data: bytes) -> None:
    """工作表部件的扫描；写得合 XML 的，切成几块与整块结果一样。"""
    whole, cut = _scanned(data, len(data) + 1), _scanned(data, 64)
    if whole != cut:
        try:
            etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            return
        raise AssertionError(f"切块以后结果不同：{whole} {cut}")


def _scanned(data: bytes, size: int) -> object:
    scan = SheetScan(frozenset({1}), LIMITS, recalculates=False)
    try:
        scan.run(_blocks(data, size))
    except InputError as error:
        return type(error)
    marks = scan.marks
    percent = {row: sorted(set(columns)) for row, columns in marks.percent.items() if columns}
    return marks.special, percent, sorted(marks.hidden_rows), sorted(marks.merges), marks.valued


def _blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def old_book(data: bytes) -> None:
    """xls 的外壳与记录流。"""
    try:
        compound = Compound(data)
        for name in ("workbook", "book"):
            if name in compound.streams:
                Biff(compound.read(name))
    except InputError:
        return


def text_book(data: bytes) -> None:
    """CSV、网页表格、XML 表格：按内容认出来，一张张读完。"""
    if data.startswith(_PACKED):
        return
    try:
        _, book = recognise(data, "甲", LIMITS)
        for sheet in book.sheets():
            for row in sheet.rows:
                assert len(row) <= _MOST
    except InputError:
        return


def headings(data: bytes) -> None:
    """认表头、装记录：每一行都有下落。第一行写合并区（上,左,下,右;…），以下是制表符分开的格子。"""
    merges, _, body = data[:20_000].decode("utf-8", "replace").partition("\n")
    rows = [[_cell(text) for text in line.split("\t")[:_COLUMNS]] for line in body.split("\n")[:_ROWS]]
    sheet = Sheet("表", rows, [merge for text in merges.split(";")[:20] if (merge := _merge(text))])
    layouts, forms = _layouts()
    loader = Loader(layouts, 1_000_000, 2023, forms)
    loader.add(Workbook("甲.xlsx", "0" * 64, "xlsx", [sheet]))
    loaded = loader.finish()
    reports = [report for file in loaded.files for report in file.sheets]
    for report in reports:
        assert min(report.rows_used, report.rows_rejected, report.rows_total) >= 0
        assert report.rows_read <= len(rows), "读到的行比表上的还多"
    for finding in loaded.findings:
        assert finding.message
        assert finding.code


def _merge(text: str) -> Merge | None:
    sides = [int(side) for side in text.split(",") if side.isascii() and side.isdigit() and len(side) < 3]
    return Merge(*sides) if len(sides) == 4 and sides[0] <= sides[2] and sides[1] <= sides[3] else None


def _cell(text: str) -> Cell:
    """格子：n: 数，p: 百分比，e: 错误值，u: 没算过的公式，b: 是否；别的是文字，空的是空。"""
    kind, mark, rest = text.partition(":")
    if not mark or kind not in ("n", "p", "e", "u", "b"):
        return text or None
    if kind in "np":
        try:
            value = float(rest)
        except ValueError:
            return text
        return Percentage(value) if kind == "p" else value
    return ErrorCell(rest) if kind == "e" else UnvaluedCell(rest) if kind == "u" else rest == "1"


@cache
def _layouts() -> tuple[list[Layout], list[FormLayout]]:
    layouts = load_layouts()
    return layouts, load_form_layouts(layouts)


def cells(data: bytes) -> None:
    """一个单元格（一行一格）过全部字段与指标值的读法。"""
    lines = data[:4_000].decode("utf-8", "surrogateescape").split("\n")[:6]
    given = [_cell(line) for line in lines]
    for cell in given:
        for read in _READERS:
            read(cell)
        for unit in (None, 100, 1_000_000):
            fen = fields.money(cell, unit)
            if isinstance(fen, int):
                assert fields.money(f"{fen}", 1) == fen, "金额写出来再读不一样"
        for line in (str(cell or ""),):
            fields.unit_in_heading(line)
            fields.unit_in_line(line)
            fields.split_code_name(line)
    value, operator, measure, actual = (*given, None, None, None, None)[:4]
    target = targets.parse_target(value, operator, measure)
    if target is not None:
        assert (target.value is None) == (target.operator == "qualitative")
        targets.parse_actual(actual, target)


def settings(data: bytes) -> None:
    """pbm.toml、本县的参数、版式文件里的一个文件；第一行是 # monitor、# layout 的是后两种。"""
    first = data.partition(b"\n")[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if first.startswith(b"# monitor"):
            (folder / "monitor.toml").write_bytes(data)
            _tried(lambda: load_ruleset("national", folder))
        elif first.startswith(b"# layout"):
            (folder / "layouts").mkdir()
            (folder / "layouts" / "execution.toml").write_bytes(data)
            _tried(lambda: load_layouts(folder))
        else:
            (folder / NAME).write_bytes(data)
            _tried(lambda: load_config(folder))


def _tried(work: Callable[[], object]) -> None:
    try:
        work()
    except ConfigError as error:
        _explained(error)


def _explained(error: ConfigError) -> None:
    assert error.message, "没有说是什么毛病"


def pattern(data: bytes) -> None:
    """版式里的表头表达式：放过的，匹配一行长表头也要很快（超时由运行器发现）。"""
    text = data[:200].decode("utf-8", "replace")
    try:
        found = heading_pattern(text, "甲")
    except ConfigError:
        return
    for line in ("1-7月累计支出" * 8, "a" * 60 + "!", "累计" * 40):
        found.match(line)


def templates(data: bytes) -> None:
    """县里的一节模板：写得不对、算得太大、走得太久都说得清。"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "甲.md.j2").write_bytes(data)
        place = environment([folder], str, autoescape=False)
        try:
            with under(LIMITS):
                told = render(place, "甲.md.j2", {"year": 2023, "rows": [{"name": "道路", "light": "red"}]})
        except ConfigError as error:
            _explained(error)
            return
        assert len(told) <= LIMITS.template_bytes


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "zip": zip_scan,
    "sheet": sheet_scan,
    "ole": old_book,
    "text": text_book,
    "headings": headings,
    "cells": cells,
    "settings": settings,
    "pattern": pattern,
    "templates": templates,
}
"""名字 → 目标；名字也是 tests/corpus/ 下种子的文件夹。"""
