"""副本里不带的东西：宏、外部链接、DDE、嵌入对象、ActiveX、签名。去掉什么，说什么。"""

from __future__ import annotations

import re

from lxml import etree

from pbm_cli.outputs.marked_package import CONTENT_TYPES, Element, Package

_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_LEFT_OUT: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (word, re.compile(pattern, re.IGNORECASE))
    for word, pattern in (
        ("宏（VBA）", r"xl/vba\w*\.bin|xl/vbaprojectsignature\w*\.bin|customui/.*|userCustomization/.*"),
        ("到别的工作簿的链接（公式已换成当时的值）", r"xl/externallinks/.*"),
        ("嵌入对象", r"xl/embeddings/.*"),
        ("ActiveX 控件", r"xl/activex/.*"),
        ("数字签名", r"_xmlsignatures/.*"),
    )
)
_OTHER_BOOK = re.compile(r"(?<![\w\]])'?(?:[^'\[\]]*)\[\d+\](?:[^'\[\]]*'|[^\[\]\s+\-*/^&=<>,;()!'\"]*)!|\w+\|'[^']*'!")
_NOT_CARRIED = ("oleObjects", "controls")
_REF_HOLDERS = ("formula", "formula1", "formula2")
_BAD_FOLDERS = re.compile(r"xl/(?:macrosheets|dialogsheets)/", re.IGNORECASE)


def leaves_workbook(formula: str) -> bool:
    """公式有没有用到别的工作簿或别的程序（DDE）。"""
    return bool(_OTHER_BOOK.search(formula))


def old_macro_sheets(package: Package) -> bool:
    """有没有 Excel 4.0 宏表或对话框表：有的话不能照原样做副本。"""
    return any(_BAD_FOLDERS.match(name) for name in package.names())


def clean(package: Package) -> list[str]:
    """去掉不带的部件和指向它们的东西，交回去掉的几类。"""
    words: list[str] = []
    removed: set[str] = set()
    for name in package.names():
        for word, pattern in _LEFT_OUT:
            if pattern.fullmatch(name) and not name.endswith(".rels"):
                removed.add(name.lower())
                words += [word] if word not in words else []
    for name in removed:
        package.remove(name)
    sheets = [part for _, part in package.sheets() if part in package]
    for name in ("", *(n for n in package.names() if not n.endswith(".rels"))):
        gone = package.drop_relationships(name, removed) if removed else set()
        if gone and name in sheets:
            _drop_objects(package, package.root(name))
    _plain_workbook(package)
    if any(name.startswith("xl/externallinks/") for name in removed):
        _drop_links(package, sheets)
    return words


def _plain_workbook(package: Package) -> None:
    """xlsm、模板一律成为普通的 xlsx。"""
    for item in package.root(CONTENT_TYPES):
        if str(item.get("PartName", "")).lower() == f"/{package.workbook.lower()}":
            item.set("ContentType", _WORKBOOK_TYPE)


def _drop_objects(package: Package, root: Element) -> None:
    for item in list(root):
        if not isinstance(item.tag, str):
            continue
        names = {etree.QName(inner).localname for inner in item.iter() if isinstance(inner.tag, str)}
        if etree.QName(item).localname in ("AlternateContent", *_NOT_CARRIED) and names & set(_NOT_CARRIED):
            root.remove(item)


def _drop_links(package: Package, sheets: list[str]) -> None:
    """公式里用到别的工作簿的，留下当时的值；校验、条件格式、名称里用到的去掉。"""
    book = package.root(package.workbook)
    for item in list(book.iter(package.tag("externalReferences"))):
        item.getparent().remove(item)
    for item in list(book.iter(package.tag("definedName"))):
        if leaves_workbook(item.text or ""):
            item.getparent().remove(item)
    for part in sheets:
        root = package.root(part)
        _drop_formulas(package, root)
        for item in list(root.iter(*(package.tag(name) for name in _REF_HOLDERS))):
            holder = item.getparent()
            if leaves_workbook(item.text or "") and holder is not None and holder.getparent() is not None:
                holder.getparent().remove(holder)
    chain = package.target(package.workbook, "calcChain")
    if chain is not None:
        package.remove(chain)
        package.drop_relationships(package.workbook, {chain.lower()})


def _drop_formulas(package: Package, root: Element) -> None:
    shared: set[str] = set()
    formulas = list(root.iter(package.tag("f")))
    for item in formulas:
        if leaves_workbook(item.text or ""):
            if item.get("t") == "shared":
                shared.add(str(item.get("si")))
            item.getparent().remove(item)
    for item in formulas:
        if item.get("t") == "shared" and item.get("si") in shared and item.getparent() is not None:
            item.getparent().remove(item)
