"""工作簿压缩包：取部件、改部件、添部件、删部件，其余原样写回。只做标注副本用，从不写回原件。"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any

from lxml import etree

from pbm_cli.workbook.archive import Archive
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.refusals import damaged

Element = Any
"""lxml 没有类型说明。"""

CONTENT_TYPES = "[Content_Types].xml"
_MOMENT = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def parsed(data: bytes, name: str) -> Element:
    """部件 → 根元素，注释与处理指令照留。调用前已确认没有 DOCTYPE，大小在上限以内。"""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise damaged(f"部件 {name} 写坏了") from error


class Package:
    """一个 xlsx 压缩包。部件名不分大小写；改过的部件写出时才变成字节。"""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._archive = Archive(data, self._limits)
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            named = [entry.orig_filename.replace("\\", "/") for entry in packed.infolist()]
        self._names = {name.lower(): name for name in named if not name.endswith("/")}
        self._roots: dict[str, Element] = {}
        self._raw: dict[str, bytes] = {}
        self.workbook = self.target("", "officeDocument") or "xl/workbook.xml"
        main = etree.QName(self.root(self.workbook)).namespace
        self.main = str(main)
        self.office = _STRICT if self.main == _STRICT_MAIN else _OFFICE

    @staticmethod
    def is_workbook(data: bytes, limits: Limits) -> bool:
        """是不是 xlsx、xlsm 的压缩包（xlsb、ods 和别的格式都不是）。"""
        if not data.startswith(b"PK\x03\x04"):
            return False
        names = Archive(data, limits).names()
        return CONTENT_TYPES.lower() in names and "mimetype" not in names and "xl/workbook.bin" not in names

    def names(self) -> list[str]:
        """全部部件名。"""
        return list(self._names.values())

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def tag(self, name: str) -> str:
        """带命名空间的元素名。"""
        return f"{{{self.main}}}{name}"

    @property
    def link(self) -> str:
        """r:id 属性的全名。"""
        return f"{{{self.office}}}id"

    def bytes_of(self, name: str) -> bytes:
        """一个部件现在的字节。"""
        key = name.lower()
        if key in self._roots:
            return _serialised(self._roots[key])
        found = self._raw.get(key)
        return found if found is not None else self._archive.read(name, xml=False, at_most=self._limits.part_bytes)

    def root(self, name: str) -> Element:
        """一个 XML 部件的根；改它就是改这个部件。"""
        key = name.lower()
        if key not in self._roots:
            self._roots[key] = parsed(self.bytes_of(name), name)
        return self._roots[key]

    def put(self, name: str, data: bytes, content_type: str = "") -> None:
        """添一个部件，或换掉它。"""
        key = name.lower()
        self._roots.pop(key, None)
        self._names.setdefault(key, name)
        self._raw[key] = data
        if content_type:
            self._register(name, content_type)

    def remove(self, name: str) -> None:
        """删去一个部件、它的关系和登记。指向它的关系由 drop_relationships 删。"""
        for part in (name, _rels_of(name)):
            key = part.lower()
            self._names.pop(key, None)
            self._raw.pop(key, None)
            self._roots.pop(key, None)
        types = self.root(CONTENT_TYPES)
        for item in list(types):
            if str(item.get("PartName", "")).lower() == f"/{name.lower()}":
                types.remove(item)

    def free_name(self, pattern: str) -> str:
        """还没有用的部件名：pattern 里的 {} 换成数。"""
        number = 1
        while pattern.format(number) in self:
            number += 1
        return pattern.format(number)

    # ---- 关系 ----

    def relationships(self, part: str) -> list[Element]:
        """一个部件的全部关系。"""
        rels = _rels_of(part)
        return [item for item in self.root(rels) if isinstance(item.tag, str)] if rels in self else []

    def target(self, part: str, kind: str) -> str | None:
        """part 的第一个某种关系指向的部件；没有为 None。"""
        for item in self.relationships(part):
            if str(item.get("Type", "")).rpartition("/")[2] == kind and item.get("TargetMode") != "External":
                return resolved(part, str(item.get("Target", "")))
        return None

    def relate(self, part: str, kind: str, target: str) -> str:
        """添一条关系，交回它的号。"""
        rels = _rels_of(part)
        if rels not in self:
            self.put(rels, f'<Relationships xmlns="{_PACKAGE}/relationships"/>'.encode())
        root = self.root(rels)
        used = {str(item.get("Id")) for item in self.relationships(part)}
        number = 1
        while (chosen := f"rIdPbm{number}") in used:
            number += 1
        item = etree.SubElement(root, f"{{{_PACKAGE}/relationships}}Relationship")
        for key, value in (("Id", chosen), ("Type", f"{self.office}/{kind}"), ("Target", f"/{target}")):
            item.set(key, value)
        return chosen

    def drop_relationships(self, part: str, removed: set[str]) -> set[str]:
        """删去 part 指向 removed（小写部件名）的关系，交回删去的号。"""
        gone: set[str] = set()
        for item in self.relationships(part):
            external = item.get("TargetMode") == "External"
            if not external and resolved(part, str(item.get("Target", ""))).lower() in removed:
                gone.add(str(item.get("Id")))
                item.getparent().remove(item)
        return gone

    # ---- 登记与写出 ----

    def _register(self, name: str, content_type: str) -> None:
        types = self.root(CONTENT_TYPES)
        for item in types:
            if str(item.get("PartName", "")).lower() == f"/{name.lower()}":
                item.set("ContentType", content_type)
                return
        item = etree.SubElement(types, f"{{{_PACKAGE}/content-types}}Override")
        item.set("PartName", f"/{name}")
        item.set("ContentType", content_type)

    def default_type(self, suffix: str, content_type: str) -> None:
        """某个后缀的部件是什么。"""
        types = self.root(CONTENT_TYPES)
        if not any(str(item.get("Extension", "")).lower() == suffix for item in types):
            item = etree.Element(f"{{{_PACKAGE}/content-types}}Default")
            item.set("Extension", suffix)
            item.set("ContentType", content_type)
            types.insert(0, item)

    def bytes(self) -> bytes:
        """写成压缩包：固定的时间，登记在最前，其余按原来的次序。"""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
            for name in sorted(self._names.values(), key=lambda name: name.lower() != CONTENT_TYPES.lower()):
                entry = zipfile.ZipInfo(CONTENT_TYPES if name.lower() == CONTENT_TYPES.lower() else name, _MOMENT)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = _UNIX
                entry.external_attr = 0o600 << 16
                target.writestr(entry, self.bytes_of(name))
        return stream.getvalue()

    def sheets(self) -> Iterator[tuple[str, str]]:
        """（工作表名，部件名），按工作簿里的次序；图表页等没有单元格的也在内。"""
        targets = {str(item.get("Id")): str(item.get("Target", "")) for item in self.relationships(self.workbook)}
        for item in self.root(self.workbook).iter(self.tag("sheet")):
            if (target := targets.get(str(item.get(self.link)))) is not None:
                yield str(item.get("name")), resolved(self.workbook, target)


def resolved(part: str, target: str) -> str:
    """关系里写的目标 → 部件名。"""
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))


def _rels_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _serialised(root: Element) -> bytes:
    data: bytes = etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True, standalone=True)
    return data
