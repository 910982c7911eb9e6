"""故障测试用的命令：小小的输入，先后两个样子；写出的东西与旧的、新的逐字节比。"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from counties import PLAIN, county

FORMS = ("xlsx", "docx", "html", "md", "json", "csv")
FAULTS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
OWN = ".pbm"
"""临时文件、锁文件的名字都这样开头。"""
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Command:
    """一个会写文件的命令：参数（从工作文件夹算起，结果在“出”里）；keeps 是已有的文件从不覆盖。"""

    name: str
    arguments: tuple[str, ...]
    keeps: bool = False


def _outputs(stem: str, *forms: str) -> tuple[str, ...]:
    return tuple(part for form in forms for part in ("-o", f"出/{stem}.{form}"))


COMMANDS = (
    Command("report", ("report", "年", *_outputs("年度总结", *FORMS))),
    Command("check", ("check", "年", "--marked", "出/标注")),
    Command("monitor", ("monitor", "年", *_outputs("监控", "xlsx", "docx"), "--notices", "出/通知")),
    Command("rollup", ("rollup", "市", "--workers", "1", *_outputs("汇总", "xlsx", "md", "json"))),
    Command("init", ("init", "出/泸县2023"), keeps=True),
    Command("template", ("template", "execution", "-o", "出/表/执行.xlsx"), keeps=True),
    Command("diff", ("diff", "年/执行.csv", "市/甲县/执行.csv", *_outputs("比较", "xlsx", "json"))),
)
KILLED = COMMANDS[:3] + COMMANDS[4:5]
by_name = {command.name: command for command in COMMANDS}


def inputs(folder: Path, new: bool) -> None:
    """写输入；new 是后来的样子。"""
    spent = 100_000 if new else 300_000
    projects = [*PLAIN, ("0003", "场镇整治", "某镇", 1_000_000, spent)]
    county(folder / "年", "泸县", projects, scores=("88", "61"))
    bad = "项目编码,项目名称,预算单位,调整后预算数（元）,累计支出（元）\n0009,坏数,某镇,100,x" + ("y" if new else "")
    (folder / "年" / "乡镇").mkdir(exist_ok=True)
    (folder / "年" / "乡镇" / "执行.csv").write_text(bad, encoding="utf-8")
    for name in ("甲县", "乙县"):
        county(folder / "市" / name, name, projects)


def run(command: Command, folder: Path) -> subprocess.CompletedProcess[str]:
    """真的运行一次，在自己的进程里。"""
    return subprocess.run(
        [sys.executable, "-m", "pbm_cli", *command.arguments], cwd=folder, text=True, encoding="utf-8", check=False,
        capture_output=True, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip


def prepared(command: Command, folder: Path, go: Callable[[Command], int]) -> tuple[Files, Files]:
    """（旧的结果，新的结果）；从不覆盖的命令没有旧的。之后输入是新的样子，“出”是空的。"""
    found = []
    for new in (False, True):
        inputs(folder, new)
        shutil.rmtree(folder / "出", ignore_errors=True)
        assert go(command) in (0, 1)
        found.append(files(folder / "出"))
        shutil.rmtree(folder / "出")
    (folder / "出").mkdir()
    assert found[1]
    return ({} if command.keeps else found[0]), found[1]


def files(folder: Path) -> dict[str, bytes]:
    """文件夹里的全部文件：相对的名字 → 字节。"""
    there = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in there}


def left_by_pbm(folder: Path) -> list[str]:
    """留下的临时文件和锁。"""
    return [name for name in files(folder) if name.rpartition("/")[2].startswith(OWN)]


def put_back(folder: Path, old: Files, new: Files) -> None:
    """结果放回旧的样子；留下的临时文件不动，让它们攒着。"""
    for name in new:
        (folder / name).unlink(missing_ok=True)
    for name, data in old.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def assert_old_or_whole(folder: Path, old: Files, new: Files) -> int:
    """每个文件没有、是旧的、或是完整的新的；交回新的有几个。"""
    fresh = 0
    for name, data in files(folder).items():
        if name.rpartition("/")[2].startswith(OWN):
            continue
        own = name if name in new else name.replace("_1.", ".", 1)
        assert data in (old.get(own), new.get(own)), f"{name} 既不是旧的，也不是完整的新的（{len(data)} 字节）"
        fresh += data == new.get(own)
    return fresh
