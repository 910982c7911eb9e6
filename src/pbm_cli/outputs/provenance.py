"""来历：写出的每个文件都带着它用的输入、规则集、版本与截止日，供 verify 核对。"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pbm_cli.outputs.columns import Document

KEYS = ("pbm", "command", "county", "year", "ruleset", "ruleset_digest", "on")


def provenance(document: Document) -> dict[str, Any]:
    """文档里说明来历的部分：版本、命令、区县、年度、规则集及摘要、截止日、输入文件及 SHA-256。"""
    inputs = [{"file": item.get("file"), "sha256": item.get("sha256")} for item in document.get("inputs") or []]
    return {**{key: document.get(key) for key in KEYS}, "inputs": inputs}


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
    return "; ".join(parts)[:255]


def as_json(source: dict[str, Any]) -> str:
    """来历的 JSON 文字，一行。"""
    return json.dumps(source, ensure_ascii=False, separators=(",", ":"))
