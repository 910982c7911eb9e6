"""标注副本：会计自己的工作簿，坏单元格加底色和批注，最后一页是问题清单。原件从不改动。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lxml import etree

from pbm_cli.cells import Workbook
from pbm_cli.models import Finding
from pbm_cli.outputs.marked_cells import Note, Place, Styles, mark_sheet, place_of, safe_text
from pbm_cli.outputs.marked_clean import clean, old_macro_sheets
from pbm_cli.outputs.marked_list import LEVELS, add_list
from pbm_cli.outputs.marked_package import Package
from pbm_cli.outputs.marked_values import values_book
from pbm_cli.workbook.limits import Limits

_CORE = "docProps/core.xml"
_CORE_TYPE = "application/vnd.openxmlformats-package.core-properties+xml"
_CORE_LINK = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
_DC, _CP = "http://purl.org/dc/elements/1.1/", "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_ORDER = {level: number for number, level in enumerate(LEVELS)}
_VALUES_ONLY = "这种格式不能照原样写回，副本是只有值的 xlsx：公式、颜色、下拉没有带过来。"
_OLD_MACROS = "原件里有 Excel 4.0 宏表或对话框表，副本是只有值的 xlsx。"


@dataclass(frozen=True, slots=True)
class Copy:
    """一个标注副本：内容，和要告诉用户的话（没有带过来的东西）。"""

    data: bytes
    remarks: list[str] = field(default_factory=list)


def marked_copy(
    data: bytes, findings: Sequence[Finding], values: Callable[[], Workbook], limits: Limits | None = None,
    source: str = "",
) -> Copy:  # fmt: skip
    """一个工作簿的标注副本。findings 是这个文件的发现；values 在不能照原样写回时用来取值；source 是来历的一行。"""
    held = limits or Limits()
    remarks: list[str] = []
    names: dict[str, str] = {}
    package = Package(data, held) if Package.is_workbook(data, held) else None
    if package is None or old_macro_sheets(package):
        remarks.append(_VALUES_ONLY if package is None else _OLD_MACROS)
        made, names = values_book(values())
        package = Package(made, held)
    elif left_out := clean(package):
        remarks.append(f"副本没有带：{'、'.join(left_out)}。")
    _sign(package, source)
    _mark(package, findings, names, remarks)
    return Copy(package.bytes(), remarks)


def _mark(package: Package, findings: Sequence[Finding], names: dict[str, str], remarks: Sequence[str]) -> None:
    styles = Styles(package)
    parts = dict(package.sheets())
    rows: list[tuple[Finding, str | None]] = []
    notes: dict[str, dict[Place, Note]] = {}
    for finding in sorted(findings, key=lambda f: _ORDER[f.level]):
        where = finding.where
        sheet = names.get(where.sheet, where.sheet) if where is not None and where.sheet is not None else None
        rows.append((finding, sheet if sheet in parts else None))
        place = place_of(where.cell) if where is not None and where.cell else None
        if sheet in parts and place is not None:
            own = notes.setdefault(str(sheet), {})
            known = own.get(place)
            text = f"【{LEVELS[finding.level]}】{finding.message}"
            own[place] = Note(known.level, f"{known.text}\n{text}") if known else Note(finding.level, text)
    for index, (name, part) in enumerate(parts.items()):
        if name in notes:
            mark_sheet(package, part, notes[name], styles, index)
    add_list(package, styles, rows, remarks)


def _sign(package: Package, source: str) -> None:
    """作者写成 pbm，以后搜文件夹时不会把副本当作输入；原来的作者移到“最后保存者”。来历接在原来的备注后面。"""
    if _CORE not in package:
        empty = f'<cp:coreProperties xmlns:cp="{_CP}" xmlns:dc="{_DC}"/>'
        package.put(_CORE, empty.encode(), _CORE_TYPE)
        item = package.root("_rels/.rels")
        made = etree.SubElement(item, item.tag.replace("Relationships", "Relationship"))
        for key, value in (("Id", "rIdPbmCore"), ("Type", _CORE_LINK), ("Target", _CORE)):
            made.set(key, value)
    root = package.root(_CORE)
    creator = root.find(f"{{{_DC}}}creator")
    if creator is None:
        creator = etree.SubElement(root, f"{{{_DC}}}creator")
    earlier, creator.text = creator.text, "pbm"
    modified = root.find(f"{{{_CP}}}lastModifiedBy")
    if earlier and modified is None:
        etree.SubElement(root, f"{{{_CP}}}lastModifiedBy").text = earlier
    if source:
        about = root.find(f"{{{_DC}}}description")
        if about is None:
            about = etree.SubElement(root, f"{{{_DC}}}description")
        about.text = f"{about.text}\n{safe_text(source)}" if about.text else safe_text(source)
