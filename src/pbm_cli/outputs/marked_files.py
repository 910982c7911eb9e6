"""把一次检查的发现标到每个工作簿的副本上，写进一个文件夹。"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pbm_cli.cells import Workbook
from pbm_cli.config import config_for
from pbm_cli.errors import InputError, why
from pbm_cli.loading import FileReport
from pbm_cli.models import Finding
from pbm_cli.outputs.atomic import Inputs, known, refuse_inputs, write
from pbm_cli.outputs.marked import marked_copy
from pbm_cli.outputs.provenance import marked_source
from pbm_cli.text import storable
from pbm_cli.workbook import Limits, Reader, find_workbooks

_KEPT = (".xlsx",)


@dataclass(slots=True)
class Marked:
    """写出的副本；clean 是没有发现、不写副本的文件数；said 是要告诉用户的话。"""

    written: list[Path] = field(default_factory=list)
    clean: int = 0
    said: list[str] = field(default_factory=list)


def write_marked(
    folder: Path, paths: Sequence[Path], reports: Sequence[FileReport], findings: Sequence[Finding],
    source: Mapping[str, Any] | None = None,
) -> Marked:  # fmt: skip
    """给每个有发现的工作簿写一个副本：folder/相对名字.xlsx；source 是这次检查的来历。

    目标正是某个输入文件时，一个也不写，抛出 OutputError。读不了的、读过以后又变了的文件不写，说明原因。
    """
    there = find_workbooks([path for path in paths if path.exists()])
    sources = [(path, storable(shown)) for path, shown in there]
    done = Marked()
    digests = {report.file: report.sha256 for report in reports if report.error is None}
    several = {name for name, count in Counter(shown for _, shown in sources).items() if count > 1}
    done.said += [
        f"{name}：给出的文件里有几个同名，分不清发现是哪一个的，没有写副本；请分开检查。" for name in sorted(several)
    ]
    mine: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.where is not None:
            mine.setdefault(finding.where.file, []).append(finding)
    usable = [(path, shown) for path, shown in sources if shown in digests and shown not in several]
    done.clean = sum(shown not in mine for _, shown in usable)
    targets = _targets(folder, [shown for _, shown in usable if shown in mine])
    inputs = known([path for path, _ in sources])
    limits = config_for(paths).limits
    for target in targets.values():
        refuse_inputs(target, inputs)
    with Reader(limits) as reader:
        for path, shown in usable:
            if shown in targets:
                about = marked_source(source, shown, digests[shown]) if source else ""
                place = _Place(path, shown, digests[shown], targets[shown])
                _write_one(done, place, mine[shown], inputs, reader, limits, about)
    return done


def _targets(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """副本的路径：后缀一律 .xlsx；表.xls 与 表.xlsx 都在时，后一个另取名字。"""
    chosen: dict[str, Path] = {}
    used: set[str] = set()
    for name in sorted(names, key=lambda name: not name.lower().endswith(_KEPT)):
        own = PurePosixPath(name)
        target = own if own.suffix.lower() in _KEPT else own.with_suffix(".xlsx")
        number = 2
        while str(target).casefold() in used:
            target = own.with_name(f"{own.stem}_{number}.xlsx")
            number += 1
        used.add(str(target).casefold())
        chosen[name] = folder.joinpath(*target.parts)
    return chosen


@dataclass(frozen=True, slots=True)
class _Place:
    """一个工作簿：在哪里，给人看的名字，检查时的摘要，副本写到哪里。"""

    path: Path
    shown: str
    digest: str
    target: Path


def _write_one(
    done: Marked, place: _Place, findings: Sequence[Finding], inputs: Inputs, reader: Reader, limits: Limits, about: str
) -> None:
    shown = place.shown

    def values() -> Workbook:
        return reader.read(place.path, shown)

    try:
        data = place.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != place.digest:
            done.said.append(f"{shown}：检查之后文件又变了，没有写副本；请再运行一次。")
            return
        copy = marked_copy(data, findings, values, limits, about)
    except OSError as error:
        done.said.append(f"{shown}：读不了（{why(error)}），没有写副本。")
        return
    except InputError as error:
        done.said.append(f"{shown}：{error.message}，没有写副本。")
        return
    written = write(place.target, copy.data, inputs)
    done.written.append(written)
    done.said += [f"{shown}：{remark}" for remark in copy.remarks]
