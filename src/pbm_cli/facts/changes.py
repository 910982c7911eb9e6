"""与上一次监控比：哪些项目的灯变了。"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pbm_cli.errors import InputError, why
from pbm_cli.facts import Row
from pbm_cli.identity import ProjectIndex, ProjectKey
from pbm_cli.resources import content
from pbm_cli.text import squeeze

_MOST_BYTES = 256 * 1024 * 1024
_REMEDY = "请给 pbm -o 结果.json 写出的文件"


def previous_document(path: Path) -> Any:
    """上一次的 JSON 结果，原样；读不出来、太大、不是 JSON 时抛出 InputError。"""
    try:
        data = content(path, _MOST_BYTES)
        if len(data) > _MOST_BYTES:
            raise InputError(path.name, "文件太大，不像 pbm 写出的结果", _REMEDY)
        return json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise InputError(path.name, f"读不出来：{why(error)}", "--previous 要给上次的 JSON 结果或文件夹") from error
    except (ValueError, RecursionError) as error:
        raise InputError(path.name, "不是 JSON 结果文件", _REMEDY) from error


def previous_rows(path: Path) -> list[Row]:
    """从上一次的 JSON 结果取出监控的各行；不是 pbm 的监控结果时抛出 InputError。"""
    data = previous_document(path)
    rows = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not isinstance(data.get("pbm"), str):
        raise InputError(path.name, "不是 pbm 的监控结果", "请给 pbm monitor 或 pbm report 写出的 JSON")
    chosen = [r for r in rows if isinstance(r, dict) and r.get("stage", "monitor") == "monitor" and "light" in r]
    if rows and not chosen:
        raise InputError(path.name, "里面没有监控的各行", "请给 pbm monitor 或 pbm report 写出的 JSON")
    return chosen


def light_changes(before: Sequence[Row], after: Sequence[Row]) -> Row:
    """灯变了的项目、新出现的、不再出现的。按这一次的次序。"""
    index = ProjectIndex()
    old: list[Row] = []
    for row in before:
        index.put(_key(row))
        old.append(row)
    changed, appeared, matched = [], 0, set()
    for row in after:
        found = index.find(_key(row))
        if len(found) != 1:
            appeared += 1
            continue
        matched.add(found[0])
        was = old[found[0]]["light"]
        row["previous_light"] = was
        if was != row["light"]:
            changed.append(
                {
                    "project_code": row["project_code"],
                    "project_name": row["project_name"],
                    "budget_unit": row["budget_unit"],
                    "old": was,
                    "new": row["light"],
                }
            )
    return {"lights_changed": changed, "appeared": appeared, "vanished": len(old) - len(matched)}


def _key(row: Row) -> ProjectKey:
    name, unit = row.get("project_name"), row.get("budget_unit")
    return ProjectKey(squeeze(str(unit or "")), str(row.get("project_code") or ""), squeeze(str(name or "")))
