"""从别人的 Word 文件里取来的页眉、页脚、文首：只留文字、排版和自带的图片，别的一律不带。

不带的：宏、控件、嵌入对象、外部链接、会取外部内容的域、批注与修订、内容控件的绑定、自动编号。
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from lxml import etree

from pbm_cli.outputs.docx_styles import W

R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PLAIN_SPACES = (
    "", W, "http://www.w3.org/XML/1998/namespace", "http://schemas.openxmlformats.org/markup-compatibility/2006",
)  # fmt: skip
_NEWER = "http://schemas.microsoft.com/office/word/20"
"""新版 Word 给段落、图编的号，不带。"""
_DROPPED = frozenset({
    "object", "OLEObject", "altChunk", "control", "subDoc", "contentPart", "numPr", "sectPr", "commentRangeStart",
    "commentRangeEnd", "commentReference", "annotationRef", "footnoteReference", "endnoteReference", "permStart",
    "permEnd", "proofErr", "bookmarkStart", "bookmarkEnd", "del", "moveFrom", "moveFromRangeStart",
    "moveFromRangeEnd", "moveToRangeStart", "moveToRangeEnd", "hlinkClick", "hlinkHover", "hlinkMouseOver", "svgBlip",
    "sdtPr", "sdtEndPr", "customXmlPr", "smartTagPr", "dataBinding", "ffData", "lastRenderedPageBreak", "chart",
    "relIds", "videoFile", "audioFile", "quickTimeFile", "wavAudioFile", "oleObj", "script", "background",
    "docPartObj", "printerSettings", "movie", "customXmlInsRangeStart", "customXmlInsRangeEnd",
})  # fmt: skip
_UNWRAPPED = frozenset({"sdt", "sdtContent", "hyperlink", "smartTag", "customXml", "ins", "moveTo", "dir", "bdo"})
_FIELDS = re.compile(r"\s*(PAGE|NUMPAGES|SECTIONPAGES|SECTION)\b[^\"]*\Z", re.IGNORECASE)
_ADDRESSES = frozenset({"href", "src", "althref", "action", "background"})
_PICTURES = frozenset({"drawing", "pict"})


def local(element: etree._Element) -> str:
    """元素名，不带命名空间；注释、处理指令为空。"""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def clean(root: etree._Element, images: Collection[str]) -> None:
    """就地清理；images 是可以留下的图片的关系号。"""
    for element in list(root.iter()):
        name = local(element)
        if element is root or element.getparent() is None:
            continue
        if not name or name in _DROPPED or name.endswith("Change"):
            _remove(element)
    _settle_fields(root)
    for element in list(root.iter(etree.Element)):
        if element is not root and local(element) in _UNWRAPPED and _in_word(element):
            _unwrap(element)
    for element in list(root.iter(etree.Element)):
        _attributes(element, images)
    _drop_empty_runs(root)


def _in_word(element: etree._Element) -> bool:
    return str(element.tag).startswith(f"{{{W}}}")


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        previous = element.getprevious()
        if previous is not None:
            previous.tail = (previous.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _unwrap(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    place = parent.index(element)
    for child in reversed(list(element)):
        parent.insert(place, child)
    parent.remove(element)


def _settle_fields(root: etree._Element) -> None:
    """页码、页数的域留下；别的域只留现在显示的文字。一段里只要有一个别的域，这段的域都只留文字。"""
    for simple in list(root.iter(f"{{{W}}}fldSimple")):
        if not _FIELDS.match(simple.get(f"{{{W}}}instr") or ""):
            _unwrap(simple)
    codes, marks = f"{{{W}}}instrText", f"{{{W}}}fldChar"
    for paragraph in root.iter(f"{{{W}}}p"):
        if all(_FIELDS.match(code) for code in _codes(paragraph, codes, marks)):
            continue
        for element in [*paragraph.iter(codes), *paragraph.iter(marks)]:
            _remove(element)


def _codes(paragraph: etree._Element, codes: str, marks: str) -> list[str]:
    """一段里各个域的代码；跨段的（开始、结束不成对的）算一个认不得的域。"""
    found: list[str] = []
    depth = 0
    for element in paragraph.iter(codes, marks):
        if element.tag == codes:
            if found and depth:
                found[-1] += element.text or ""
            else:
                found.append("?")
        elif element.get(f"{{{W}}}fldCharType") == "begin":
            depth += 1
            found.append("" if depth == 1 else "?")
        elif element.get(f"{{{W}}}fldCharType") == "end":
            depth -= 1
    return found if depth == 0 else [*found, "?"]


def _attributes(element: etree._Element, images: Collection[str]) -> None:
    for key, value in list(element.attrib.items()):
        space, _, name = str(key).rpartition("}")
        space = space.removeprefix("{")
        if space == R:
            if value not in images:
                _forget(element, key, name)
        elif space.startswith(_NEWER) or _unwanted(element, space, name):
            del element.attrib[key]


def _unwanted(element: etree._Element, space: str, name: str) -> bool:
    return space not in _PLAIN_SPACES if _in_word(element) else name.lower() in _ADDRESSES


def _forget(element: etree._Element, key: str | bytes, name: str) -> None:
    """关系没有带过来：链接去掉属性，靠它显示的图连图一起去掉。"""
    del element.attrib[key]
    if name in {"embed", "id", "pict"}:
        holder = _above(element, lambda found: local(found) in _PICTURES)
        if holder is not None:
            _remove(holder)


def _above(element: etree._Element, wanted: Callable[[etree._Element], bool]) -> etree._Element | None:
    return next((found for found in (element, *element.iterancestors()) if wanted(found)), None)


def _drop_empty_runs(root: etree._Element) -> None:
    for run in list(root.iter(f"{{{W}}}r")):
        if all(local(child) == "rPr" for child in run):
            _remove(run)
    for choice in list(root.iter()):
        if local(choice) == "AlternateContent" and not any(
            len(branch) for branch in choice if isinstance(branch.tag, str)
        ):
            _remove(choice)


def text_of(element: etree._Element) -> str:
    """看得见的文字。"""
    return "".join(node.text or "" for node in element.iter(f"{{{W}}}t"))


def shows(element: etree._Element) -> bool:
    """有没有可看的东西：文字、图、页码、框线。"""
    kinds = {"drawing", "pict", "fldChar", "fldSimple", "pBdr", "sym", "tbl"}
    return bool(text_of(element).strip()) or any(local(child) in kinds for child in element.iter(etree.Element))
