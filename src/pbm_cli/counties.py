"""一个文件夹里的各个区县：找出来，一个个照 pbm report 那样算，只交回紧凑的结果。"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pbm_cli import __version__
from pbm_cli.config import NAME, load_config
from pbm_cli.errors import ConfigError, InputError, PbmError, UsageError
from pbm_cli.facts import Facts, Row
from pbm_cli.facts.document import document, finding_row
from pbm_cli.pipeline import Options, UnusableError, run_stage
from pbm_cli.text import storable
from pbm_cli.workbook import Reader

_KEPT = ("county", "issuer", "year", "ruleset", "ruleset_title", "ruleset_digest", "on", "summary", "parameters")


@dataclass(frozen=True, slots=True)
class CountyJob:
    """算一个区县要知道的：文件夹（各个进程、各台机器都看得见的绝对路径）、给人看的相对路径、命令行上的选项。"""

    path: str
    folder: str
    options: Options
    nested: tuple[str, ...] = ()
    version: str = __version__


class KeptReader(Reader):
    """不随一次读入结束的阅读器：子进程从一个区县用到下一个；不预读，一个进程只占一个核。"""

    def __exit__(self, *_: object) -> None:
        """留着子进程。"""

    def ahead(self, path: Path) -> None:
        """不预读。"""


_OWN = threading.local()
_READERS: list[KeptReader] = []


def own_reader() -> KeptReader:
    """这个线程自己的阅读器。"""
    reader: KeptReader | None = getattr(_OWN, "reader", None)
    if reader is None:
        reader = _OWN.reader = KeptReader()
        _READERS.append(reader)
    return reader


def close_readers() -> None:
    """结束这个进程里留着的子进程。"""
    while _READERS:
        _READERS.pop().close()


def find_counties(folder: Path, options: Options) -> list[CountyJob]:
    """文件夹下面有 pbm.toml 的各个文件夹（可以再分市、县），按相对路径排；一个也没有时抛出 UsageError。"""
    if not folder.is_dir():
        raise InputError(str(folder), "找不到这个文件夹", "请给出放着各区县文件夹的文件夹")
    found = sorted((storable(path.relative_to(folder).as_posix()), path) for path in _below(folder))
    if not found:
        own = (folder / NAME).is_file()
        hint = (
            f"这就是一个区县的文件夹，请用 pbm report {folder}"
            if own
            else "每个区县的文件夹里要有 pbm.toml（pbm init）"
        )
        raise UsageError(str(folder), f"下面没有放 {NAME} 的区县文件夹", hint)
    names = [name for name, _ in found]
    return [
        CountyJob(str(path.resolve()), name, options, tuple(inner for inner in names if inner.startswith(f"{name}/")))
        for name, path in found
    ]


def _below(folder: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise InputError(str(error.filename or folder), "没有权限打开这个文件夹", "请检查文件夹的权限") from error

    for place, folders, files in os.walk(folder, onerror=stop):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__MACOSX"]
        if NAME in files and Path(place) != folder:
            yield Path(place)


def county_task(job: CountyJob) -> Row:
    """算一个区县；不能用的写上 error。交回的都是能写成 JSON 的东西，没有逐个项目的行。"""
    try:
        _ready(job)
        facts = run_stage("report", [Path(job.path)], job.options, None, own_reader())
    except UnusableError as error:
        return _failed(job, error, [finding_row(finding) for finding in error.findings])
    except PbmError as error:
        return _failed(job, error, [])
    return _result(job, facts)


def _ready(job: CountyJob) -> None:
    """算之前：版本一样，文件夹看得见，里面没有别的区县。"""
    if job.version != __version__:
        raise ConfigError("", f"{socket.gethostname()} 上的 pbm 是 {__version__}，这里是 {job.version}", "请装同一版本")
    if not Path(job.path).is_dir():
        raise InputError(
            "", f"{socket.gethostname()} 上看不见 {job.path}", "请把文件夹放在各台机器都能用同一路径打开的地方"
        )
    if job.nested:
        inner = "、".join(job.nested[:3])
        raise InputError(
            "", f"文件夹里还有别的区县文件夹（{inner}），会重复计算", "请把本级的表和 pbm.toml 放进单独的文件夹"
        )


def _result(job: CountyJob, facts: Facts) -> Row:
    made = document(facts, detailed=False)
    inputs = [{**given, "file": f"{job.folder}/{given['file']}"} for given in made["inputs"]]
    exact = facts.stages["evaluate"].exact if "evaluate" in facts.stages else {}
    name = made["county"] or job.folder
    return {
        **{key: made[key] for key in _KEPT}, "county": name, "folder": job.folder, "inputs": inputs, "exact": exact,
        "findings": made["findings"], "error": None,
    }  # fmt: skip


def _failed(job: CountyJob, error: PbmError, findings: list[Row]) -> Row:
    """不能用的区县：名称和年度能读到就读。"""
    name, year = name_and_year(job)
    where = f"{error.where}：" if error.where else ""
    hint = f"。{error.hint}" if error.hint else ""
    return {**unusable(job, f"{where}{error.message}{hint}"), "county": name, "year": year, "findings": findings}


def unusable(job: CountyJob, reason: str) -> Row:
    """一个没有算成的区县。"""
    name, year = name_and_year(job)
    return {
        **dict.fromkeys(_KEPT), "county": name, "year": year, "folder": job.folder, "inputs": [], "exact": {},
        "findings": [], "parameters": [], "error": reason,
    }  # fmt: skip


def name_and_year(job: CountyJob) -> tuple[str, int | None]:
    """pbm.toml 写的区县名（没有的用文件夹名）和年度；pbm.toml 写错时年度不知道。"""
    try:
        config = load_config(Path(job.path))
    except PbmError:
        return job.folder, None
    return config.county or job.folder, config.year
