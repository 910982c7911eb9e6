"""来历：写出的每个文件都带着它用的输入、设定、规则集、版本与截止日，供 verify 核对。"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pbm_cli.config import NAME
from pbm_cli.outputs.columns import Document, Row
from pbm_cli.text import storable

_MOST_TEXT = 255
_UNSEEN = re.compile(r"[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
KEYS = ("pbm", "command", "county", "year", "ruleset", "ruleset_digest", "on")


CONFIG, OVERLAY, STYLE = "config", "overlay", "style"
ROLES = {CONFIG: "设定（pbm.toml）", OVERLAY: "本县的参数、版式、模板", STYLE: "Word 版式"}
"""设定文件的种类；OVERLAY 的文件名从覆盖文件夹算起，STYLE 的从它所在的文件夹算起。"""
_OVERLAID = ("*.toml", "parameters/*.toml", "layouts/*.toml", "layouts/*/*.toml", "templates/*", "templates/*/*")
_MOST_BYTES = 100 * 1024 * 1024
"""再大的不会是设定或模板：templates 也许是一个链接，指着别的什么。"""


def provenance(document: Document) -> dict[str, Any]:
    """文档里说明来历的部分：版本、命令、区县、年度、规则集及摘要、截止日、输入和设定文件及 SHA-256。"""
    inputs = [{"file": item.get("file"), "sha256": item.get("sha256")} for item in document.get("inputs") or []]
    return {**{key: document.get(key) for key in KEYS}, "inputs": inputs, "settings": document.get("settings") or []}


def settings_used(folders: Iterable[tuple[str, Path]], overlay: Path | None, style: Path | None) -> list[Row]:
    """用到的设定文件：（名字的前缀，文件夹）里的 pbm.toml、本县覆盖文件夹里的、Word 版式。"""
    found = [(CONFIG, f"{prefix}{NAME}", folder / NAME) for prefix, folder in folders]
    if overlay is not None:
        found += [(OVERLAY, path.relative_to(overlay).as_posix(), path) for path in overlaid(overlay)]
    if style is not None and (overlay is None or not style.is_relative_to(overlay)):
        files = sorted(style.glob("style.*")) if style.is_dir() else [style]
        found += [(STYLE, path.name, path) for path in files]
    return [
        {"file": storable(name), "sha256": digest(path), "role": role} for role, name, path in found if path.is_file()
    ]


def overlaid(overlay: Path) -> Sequence[Path]:
    """覆盖文件夹里起作用的文件，按名字排。"""
    found: Iterator[Path] = (path for pattern in _OVERLAID for path in overlay.glob(pattern))
    files = {path for path in found if path.is_file() and path.name != NAME}
    return sorted(path for path in files if path.stat().st_size <= _MOST_BYTES)


def digest(path: Path) -> str | None:
    """文件的 SHA-256；读不出来为 None。说是空的不打开：/proc 里有的一打开就一直等。"""
    try:
        if not path.stat().st_size:
            return hashlib.sha256().hexdigest()
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def marked_source(source: Mapping[str, Any], file: str, sha256: str) -> str:
    """标注副本里带的一行来历：版本、规则集、截止日，和原件的 SHA-256、名字（太长的不写）。"""
    head = compact({**source, "inputs": []}).rpartition("; ")[0]
    line = f"{head}; input {sha256} {file}"
    return line if len(line) <= _MOST_TEXT else f"{head}; input {sha256}"


def compact(source: dict[str, Any]) -> str:
    """来历的一行文字（文件属性的备注放得下，不超过 255 字符）；输入很多时合成一个摘要。"""
    inputs = source.get("inputs") or []
    together = hashlib.sha256("\n".join(f"{item['file']}\t{item['sha256']}" for item in inputs).encode()).hexdigest()
    parts = (
        f"pbm {source.get('pbm') or ''}",
        f"ruleset {source.get('ruleset') or ''} {str(source.get('ruleset_digest') or '')[:16]}".rstrip(),
        f"on {source.get('on') or ''}",
        f"inputs {len(inputs)} sha256 {together}",
    )
    return "; ".join(parts)[:_MOST_TEXT]


def as_json(source: dict[str, Any]) -> str:
    """来历的 JSON 文字，一行。文件名要认得回来，一字不改，里面的控制符写成 \\u202e 的样子。"""
    written = json.dumps(source, ensure_ascii=False, separators=(",", ":"))
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
