"""绩效评价旁边要看的：同一年监控、事前评估的结果，上一年的结果，以及要不要排抽评计划。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pbm_cli.errors import InputError
from pbm_cli.facts import Row
from pbm_cli.facts.changes import previous_document
from pbm_cli.identity import ProjectIndex, ProjectKey
from pbm_cli.text import squeeze


@dataclass(frozen=True, slots=True)
class Earlier:
    """上一年（或上一次）的结果：各环节的行和汇总；没有给的为空。"""

    year: int | None = None
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    summary: Mapping[str, Row] = field(default_factory=dict)

    def of(self, stage: str) -> Sequence[Row]:
        """某一环节的行。"""
        return self.rows.get(stage, ())


@dataclass(frozen=True, slots=True)
class Beside:
    """同一年别的环节的行、上一年的结果、年度和截止日、抽评计划的开关与种子。"""

    monitor: Sequence[Row] = ()
    assess: Sequence[Row] = ()
    earlier: Earlier = field(default_factory=Earlier)
    year: int | None = None
    on: dt.date | None = None
    plan: bool = False
    seed: int | None = None


@dataclass(slots=True)
class RowIndex:
    """一批结果行，可以按记录来找（先单位加编码，再名称）。"""

    rows: Sequence[Row]
    _index: ProjectIndex = field(default_factory=ProjectIndex)

    def __post_init__(self) -> None:
        for row in self.rows:
            self._index.put(row_key(row))

    def find(self, key: ProjectKey) -> Row | None:
        """唯一对上的那一行；没有或有歧义为 None。"""
        found = self._index.find(key)
        return self.rows[found[0]] if len(found) == 1 else None


def row_key(row: Row) -> ProjectKey:
    """结果行说的是哪个项目。"""
    name = row.get("project_name") or row.get("subject")
    unit, code = row.get("budget_unit"), row.get("project_code")
    return ProjectKey(squeeze(str(unit or "")), str(code or ""), squeeze(str(name or "")))


def earlier_result(path: Path) -> Earlier:
    """上次的 JSON 结果 → 各环节的行和汇总；不是 pbm 的结果时抛出 InputError。"""
    data = previous_document(path)
    if not isinstance(data, dict) or not isinstance(data.get("rows"), list) or not isinstance(data.get("pbm"), str):
        raise InputError(path.name, "不是 pbm 的结果", "请给 pbm report 或 pbm evaluate 写出的 JSON")
    command = str(data.get("command"))
    rows: dict[str, list[Row]] = {}
    for row in data["rows"]:
        if isinstance(row, dict):
            rows.setdefault(str(row.get("stage", command)), []).append(row)
    stated = data.get("summary")
    summary: dict[str, Any] = stated if isinstance(stated, dict) else {}
    return Earlier(data.get("year"), rows, summary if command == "report" else {command: summary})
