"""体检：这台电脑能不能好好运行 pbm——版本、控制台、字体、读写、可选的库；只看，不改设置。"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

from pbm_cli import __version__
from pbm_cli.errors import PbmError
from pbm_cli.outputs import atomic
from pbm_cli.outputs.style import load_profile
from pbm_cli.outputs.template import template
from pbm_cli.workbook import Reader

DONE, NOTE, WRONG = "正常", "注意", "不行"
_OLDEST = (3, 11)
_FREE_BYTES = 500 * 1024 * 1024
_NARROWEST = 80
_OPTIONAL = {"pyarrow": ("写 .parquet", "parquet"), "distributed": ("rollup --cluster", "cluster")}
_FONT_FILES = {
    "SimSun": ("simsun.ttc",),
    "SimHei": ("simhei.ttf",),
    "FangSong": ("simfang.ttf",),
    "KaiTi": ("simkai.ttf",),
}
"""Windows 自带的中文字体和它们的文件名。"""


@dataclass(frozen=True, slots=True)
class Check:
    """一项检查：看什么、怎样（正常、注意、不行）、看到了什么、怎么办。"""

    subject: str
    state: str
    seen: str
    advice: str = ""


def check_up(folder: Path) -> list[Check]:
    """逐项检查；folder 是打算写结果的文件夹。"""
    return [*_program(), *_terminal(), *_fonts(), _writing(folder), _space(folder), _reading(), *_extras()]


def _program() -> Iterator[Check]:
    python = platform.python_version()
    enough = sys.version_info[:2] >= _OLDEST
    need = ".".join(str(part) for part in _OLDEST)
    yield Check("pbm", DONE, f"{__version__}，在 {Path(__file__).parent}")
    yield Check("Python", DONE if enough else WRONG, python, "" if enough else f"请装 {need} 或更新的版本")
    yield Check("系统", DONE, f"{platform.system()} {platform.release()} {platform.machine()}")
    missing = [name for name in _required() if not _version(name)]
    advice = "请照说明重新安装 pbm" if missing else ""
    yield Check("要用的库", WRONG if missing else DONE, f"缺 {'、'.join(missing)}" if missing else "齐全", advice)


def _required() -> list[str]:
    """pbm 声明要装的库；“extra == …”的是可选的。"""
    declared = [line for line in metadata.requires("pbm-cli") or [] if "extra ==" not in line]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in declared]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _terminal() -> Iterator[Check]:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    page = _code_page()
    shown = f"编码 {encoding}" + (f"，代码页 {page}" if page else "")
    try:
        "红灯项目，〔2024〕".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        yield Check(
            "控制台", WRONG, f"{shown}，显示不了中文", "Windows 请先运行 chcp 936；其他系统请设 LANG=zh_CN.UTF-8"
        )
    else:
        yield Check("控制台", DONE, f"{shown}，能显示中文")
    width = shutil.get_terminal_size().columns
    narrow = width < _NARROWEST
    advice = f"把窗口拉宽到 {_NARROWEST} 列，表格就不折行" if narrow else ""
    yield Check("窗口宽度", NOTE if narrow else DONE, f"{width} 列", advice)


def _code_page() -> int | None:
    """Windows 控制台的输出代码页；别的系统没有。"""
    if sys.platform != "win32":
        return None
    import ctypes  # noqa: PLC0415

    return int(ctypes.windll.kernel32.GetConsoleOutputCP())


def _fonts() -> Iterator[Check]:
    profile = load_profile(None)
    known = _known_fonts()
    if known is None:
        yield Check("字体", NOTE, "这个系统上看不出装了哪些字体", "请打开写出的 Word 文件看一眼")
        return
    for name in dict.fromkeys(profile.fonts.model_dump().values()):
        instead = profile.fallbacks.get(name, name)
        if known(name):
            yield Check(f"字体 {name}", DONE, "已安装")
        elif known(instead):
            yield Check(f"字体 {name}", NOTE, f"没有，Word 和 WPS 会用 {instead} 代替", "要正式印发的，请装上这种字体")
        elif name in profile.fallbacks:
            advice = "在这台电脑上打开会换成别的字体；在装有这种字体的电脑上排印"
            yield Check(f"字体 {name}", NOTE, f"没有，代替的 {instead} 也没有", advice)


def _known_fonts() -> Callable[[str], bool] | None:
    """一种字体装了没有；看不出来时为 None。"""
    if sys.platform == "win32":
        titles = _registered_fonts()
        return lambda name: any(known in title for title in titles for known in (name, *_FONT_FILES.get(name, ())))
    lister = shutil.which("fc-list")
    if lister is None:
        return None
    listed = subprocess.run([lister, ":", "family"], capture_output=True, check=False, timeout=60).stdout
    families = {part.strip() for line in listed.decode("utf-8", "replace").splitlines() for part in line.split(",")}
    return families.__contains__


def _registered_fonts() -> list[str]:
    """Windows 登记的字体：名称和文件名，如“SimSun & NSimSun (TrueType) simsun.ttc”。"""
    if sys.platform != "win32":
        return []
    import winreg  # noqa: PLC0415

    found: list[str] = []
    for root in (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER):
        try:
            key = winreg.OpenKey(root, r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Fonts")
        except FileNotFoundError:
            continue
        with key:
            for number in range(winreg.QueryInfoKey(key)[1]):
                title, file, _ = winreg.EnumValue(key, number)
                found.append(f"{title} {str(file).lower()}")
    return found


def _writing(folder: Path) -> Check:
    if not folder.is_dir():
        return Check("写入", WRONG, f"{folder} 不是文件夹", "请给一个已有的文件夹：pbm doctor 文件夹")
    trial = folder / f"pbm试写-{os.getpid()}.txt"
    try:
        atomic.write(trial, "试写".encode())
        trial.unlink()
    except (OSError, PbmError) as error:
        seen = error.message if isinstance(error, PbmError) else error.strerror or str(error)
        return Check("写入", WRONG, f"{folder}：{seen}", "请换一个文件夹，或请管理员开放权限")
    return Check("写入", DONE, f"{folder} 可以写")


def _space(folder: Path) -> Check:
    if not folder.is_dir():
        return Check("磁盘", NOTE, "没有看", "")
    free = shutil.disk_usage(folder).free
    short = free < _FREE_BYTES
    shown = f"还有 {free / 1024**3:.1f} GB"
    return Check("磁盘", NOTE if short else DONE, shown, "请清出一些空间" if short else "")


def _reading() -> Check:
    """读一张自己写的工作簿：读取程序（子进程）起得来，工作簿读得对。"""
    try:
        with tempfile.TemporaryDirectory(prefix="pbm-doctor-") as place, Reader() as reader:
            path = Path(place) / "试读.xlsx"
            path.write_bytes(template("training"))
            names = [sheet.name for sheet in reader.read(path, path.name).sheets]
    except OSError as error:
        return Check(
            "读工作簿", WRONG, f"临时文件夹写不了：{error.strerror or error}", "请检查磁盘空间和临时文件夹的权限"
        )
    except PbmError as error:
        return Check("读工作簿", WRONG, error.message, error.hint)
    return Check("读工作簿", DONE, f"读取程序正常，试读了 {len(names)} 张表")


def _extras() -> Iterator[Check]:
    for name, (purpose, extra) in _OPTIONAL.items():
        if util.find_spec(name) is None:
            yield Check(f"可选 {name}", NOTE, f"没有装；{purpose} 才用得上", f'要用时：pip install "pbm-cli[{extra}]"')
        else:
            yield Check(f"可选 {name}", DONE, f"{_version(name) or '已安装'}，用于{purpose}")


def as_document(checks: list[Check]) -> dict[str, Any]:
    """--json 的文档：各项状态的个数和逐项结果。"""
    counts = {"fine": DONE, "notes": NOTE, "wrong": WRONG}
    summary = {key: sum(check.state == state for check in checks) for key, state in counts.items()}
    states = {state: key.rstrip("s") for key, state in counts.items()}
    rows = [
        {"subject": c.subject, "state": states[c.state], "seen": c.seen, "advice": c.advice or None} for c in checks
    ]
    return {"pbm": __version__, "command": "doctor", "summary": summary, "rows": rows}
