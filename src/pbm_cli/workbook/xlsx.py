"""xlsx、xlsm：先扫描部件（样式、公式、错误值、隐藏），再让 calamine 取值。"""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pbm_cli.workbook.archive import Archive
from pbm_cli.workbook.limits import AHEAD_BYTES, Limits
from pbm_cli.workbook.marks import Marks, RawSheet, is_percent_format
from pbm_cli.workbook.refusals import damaged, refuse
from pbm_cli.workbook.sheet_xml import SheetScan
from pbm_cli.workbook.values import Values, not_data
from pbm_cli.workbook.xml_parts import Element, attributes, local, parse, removed

if TYPE_CHECKING:
    from pbm_cli.workbook.ahead import Ahead

_BUILTIN_PERCENT = frozenset((9, 10))
_CLAIMED = re.compile(rb"""\suniqueCount\s*=\s*["'](\d{1,40})""")
_HEAD = 4096


class XlsxBook:
    """一个 xlsx：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, data: bytes, archive: Archive, limits: Limits, *, careful: bool = False) -> None:
        self._data = data
        self._archive = archive
        self._limits = limits
        self._strange: dict[str, set[str]] = {}
        self.path = _workbook_path(archive)
        root = parse(archive.read(self.path), self.path)
        self._sheets: list[tuple[str, str, str]] = []
        self.remarks: list[str] = []
        self._recalculates = False
        self._careful = careful
        self._without_modules = b""
        self._describe(root)

    def _describe(self, root: Element) -> None:
        modules: list[Element] = []
        for element in root.iter("{*}sheet", "{*}workbookPr", "{*}calcPr"):
            name, found = local(element), attributes(element)
            if name == "sheet" and found.get("id") == "":  # 从 Excel 95 带来的宏模块，没有内容
                modules.append(element)
                self.remarks.append(not_data(found.get("name", "")))
            elif name == "sheet":
                self._sheets.append((found.get("name", ""), found.get("state", "visible"), found.get("id", "")))
            elif name == "workbookPr" and found.get("date1904") in ("1", "true"):
                self.remarks.append("工作簿使用 1904 日期系统，日期已按此换算")
            elif name == "calcPr" and found.get("fullCalcOnLoad") in ("1", "true"):
                self._recalculates = True
        if modules:
            self._without_modules = removed(root, modules)
        self.remarks += package_remarks(self._archive)

    def sheets(self) -> Iterator[RawSheet]:
        """全部扫描完、都没有问题，才用 calamine 读到的；大文件一边扫描一边读。"""
        if len(self._sheets) > self._limits.sheets:
            raise refuse(f"有 {len(self._sheets)} 张工作表，超过 {self._limits.sheets} 张", "请拆成几个文件")
        opening = self._ahead()
        if "xl/sharedstrings.xml" in self._archive:
            count_shared_strings(self._archive, "xl/sharedstrings.xml", self._limits)
        marks = self._scan()
        self._archive.check_rest()
        readable = self._readable()
        early = opening if readable is self._data else None
        with early.values() if early is not None else Values(io.BytesIO(readable)) as values:
            if len(values.names()) != len(self._sheets):
                raise damaged("工作表的名单对不上")
            for index, (name, state, _) in enumerate(self._sheets):
                if index in marks:
                    marks[index].hidden = state != "visible"
                    yield values.sheet(index, marks[index], name)

    def _ahead(self) -> Ahead | None:
        if self._careful or len(self._data) < AHEAD_BYTES:
            return None
        from pbm_cli.workbook.ahead import Ahead  # noqa: PLC0415  小文件用不着

        return Ahead(self._data)

    def _scan(self) -> dict[int, Marks]:
        targets = relationships(self._archive, self.path)
        percent = _percent_styles(self._archive, targets)
        marks: dict[int, Marks] = {}
        cells = 0
        for index, (name, _, link) in enumerate(self._sheets):
            kind, path = targets.get(link, ("", ""))
            if kind and kind != "worksheet":
                self.remarks.append(not_data(name))
                continue
            if path not in self._archive:
                raise damaged(f"缺少工作表“{name}”的内容")
            scan = SheetScan(percent, self._limits, recalculates=self._recalculates)
            scan.cells = cells
            scan.run(self._archive.chunks(path, xml=True))
            cells = scan.cells
            marks[index] = scan.marks
            if scan.strange_errors:
                self._strange[path.lower()] = scan.strange_errors
        return marks

    def _readable(self) -> bytes:
        """calamine 遇到不认识的错误值（#SPILL! 等）会整张表读不出来：换成 #N/A，真的写法在 marks 里；宏模块也去掉。"""
        if not self._strange and not self._without_modules:
            return self._data
        changed: dict[str, bytes] = {}
        if self._without_modules:
            changed[self.path.lower()] = self._without_modules
        for path, errors in self._strange.items():
            content = self._archive.read(path, at_most=self._limits.part_bytes)
            for error in errors:
                content = content.replace(b">" + error.encode() + b"<", b">#N/A<")
            changed[path] = content
        return self._archive.repacked(changed)


def count_shared_strings(archive: Archive, path: str, limits: Limits) -> None:
    """共享文字的条数；过多的拒绝（几百 KB 的文件能让阅读器用掉几 GB）。"""
    count = 0
    for block in archive.chunks(path, xml=True):
        if not count and (claimed := _CLAIMED.search(block[:_HEAD])) and int(claimed[1]) > limits.shared_strings:
            raise refuse(
                f"共享文字写着有 {claimed[1].decode()[:12]} 条，不可信", "请用 Excel 或 WPS 打开它，另存为 xlsx 后再试"
            )
        count += block.count(b"<si") + block.count(b":si")
        if count > limits.shared_strings:
            raise refuse(f"共享文字超过 {limits.shared_strings // 10_000} 万条", "请拆成几个文件")


def relationships(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """一个部件的关系：编号 → （种类，目标部件）。"""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", name + ".rels")
    if path not in archive:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for element in parse(archive.read(path), path).iter("{*}Relationship"):
        link = attributes(element)
        if link.get("TargetMode") != "External":
            target = link.get("Target", "").replace("\\", "/")
            target = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
            found[link.get("Id", "")] = (link.get("Type", "").rpartition("/")[2], target)
    return found


def package_remarks(archive: Archive) -> list[str]:
    """宏、外部链接、嵌入对象、外部数据：只说，不碰。"""
    names = archive.names()
    remarks: list[str] = []
    if any(name.endswith("vbaproject.bin") for name in names):
        remarks.append("工作簿含有宏，pbm 不运行宏")
    links = [name for name in names if "/externallinks/" in name and name.endswith((".xml", ".bin"))]
    if links:
        remarks.append("工作簿引用了别的文件（外部链接），pbm 不去读取，用的是保存时的结果")
    if any(name.endswith(".xml") and b"ddeLink" in archive.read(name) for name in links):
        remarks.append("工作簿含有 DDE 链接，pbm 不执行")
    if any("/embeddings/" in name or "/activex/" in name for name in names):
        remarks.append("工作簿嵌有别的文件或控件，pbm 不打开")
    if any(name.startswith(("xl/connections.", "xl/querytables/")) for name in names):
        remarks.append("工作簿连着外部数据，pbm 不刷新，用的是保存时的结果")
    return remarks


def _workbook_path(archive: Archive) -> str:
    for kind, path in relationships(archive, "").values():
        if kind == "officeDocument" and path in archive:
            return path
    return "xl/workbook.xml"


def _percent_styles(archive: Archive, targets: dict[str, tuple[str, str]]) -> frozenset[int]:
    path = next((path for kind, path in targets.values() if kind == "styles"), "xl/styles.xml")
    if path not in archive:
        return frozenset()
    root = parse(archive.read(path), path)
    formats = set(_BUILTIN_PERCENT)
    styles: list[int] = []
    for element in root.iter("{*}numFmt"):
        found = attributes(element)
        if is_percent_format(found.get("formatCode", "")) and found.get("numFmtId", "").isdigit():
            formats.add(int(found["numFmtId"]))
    for element in root.iter("{*}cellXfs"):
        numbers = [attributes(style).get("numFmtId", "0") for style in element.iterchildren("{*}xf")]
        styles = [int(number) if number.isdecimal() else 0 for number in numbers]
    return frozenset(index for index, number in enumerate(styles) if number in formats)
