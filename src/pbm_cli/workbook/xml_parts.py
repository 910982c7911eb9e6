"""小的 XML 部件：不取外部实体、不上网。调用前已经确认没有 DOCTYPE。"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from pbm_cli.workbook.refusals import damaged

Element = Any
"""lxml 没有类型说明。"""


def parse(data: bytes, name: str) -> Element:
    """整个部件 → 根元素；写坏了时说哪个部件。"""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise damaged(f"部件 {name} 写坏了") from error


def removed(root: Element, elements: list[Element]) -> bytes:
    """去掉几个元素之后的部件。"""
    for element in elements:
        element.getparent().remove(element)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def local(element: Element) -> str:
    """不带命名空间的元素名；注释和处理指令为空。"""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attributes(element: Element) -> dict[str, str]:
    """不带命名空间的属性。"""
    return {str(key).rpartition("}")[2]: str(value) for key, value in element.attrib.items()}


def events(stream: object, name: str) -> Iterator[tuple[str, Element]]:
    """大部件的 start/end 事件；写坏了时说哪个部件。用完的元素由调用者 discard。"""
    walker = etree.iterparse(
        stream,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    try:
        yield from walker
    except etree.XMLSyntaxError as error:
        raise damaged(f"{name} 写坏了") from error


def discard(element: Element) -> None:
    """用完的元素连同它前面的兄弟一起放掉，内存不随行数增长。"""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
