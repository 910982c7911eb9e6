"""唯一往终端写字的地方：结果到标准输出，话、进度、警告到标准错误。

印出来的字都在 GBK 里（代码页 936 的终端也能看）；JSON 按 UTF-8 的字节写。
"""

from __future__ import annotations

import codecs
import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pbm_cli.errors import Exit, OutputError, PbmError
from pbm_cli.lines import folded
from pbm_cli.personal import masked
from pbm_cli.text import one_line, visible

codecs.lookup("gbk")  # 先装入：内存不够时再装入就晚了，那时正要说话
_BLOCK_BYTES = 256 * 1024
_NARROWEST = 40
_CHINESE_PAGES = frozenset({"gbk", "cp936", "gb2312", "gb18030"})
_QUIET = {"progress": False}
_STAND_INS = str.maketrans({"›": ">", "•": "·", "\xa0": " ", "✓": "√", "✗": "×", "−": "-"})


def printable(text: str) -> str:
    """换成终端一定能显示的字：不在 GBK 里的换成替代字或问号，控制符去掉。"""
    safe = visible(text.translate(_STAND_INS))
    return safe.encode("gbk", errors="replace").decode("gbk")


def open_streams() -> None:
    """关着的标准输入、输出、错误接到空设备：不然后面打开的文件占了它们的号码，话会写进结果里。"""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def quiet(on: bool) -> None:
    """不显示进度。"""
    _QUIET["progress"] = on


def say(text: str) -> None:
    """一句话，到标准错误。"""
    _write(sys.stderr, _fitted(sys.stderr, masked(printable(text))) + "\n")


def put(text: str) -> None:
    """一段结果，到标准输出。"""
    _write(sys.stdout, _fitted(sys.stdout, printable(text)) + "\n")


def emit(pieces: Iterable[bytes]) -> None:
    """JSON 的各段，UTF-8 字节，到标准输出。"""
    with _to(sys.stdout):
        sys.stdout.flush()
        stream = getattr(sys.stdout, "buffer", None)
        for data in _blocks(pieces):
            if stream is None:
                sys.stdout.write(data.decode("utf-8"))
            else:
                stream.write(data)
        sys.stdout.flush()


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """攒够一批再写，不必一段一次系统调用。"""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _BLOCK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _write(stream: IO[str], text: str) -> None:
    if stream is sys.stderr:
        text = "\n".join(map(masked, text.split("\n")))  # 标准错误常被存成日志：个人信息不进去
    with _to(stream):
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding: str = getattr(stream, "encoding", None) or "ascii"
            stream.write(text.encode(encoding, errors="replace").decode(encoding))
        stream.flush()


@contextmanager
def _to(stream: IO[str]) -> Iterator[None]:
    """往外写；对方不看了（| head）不算错，以后的不再写；标准输出写不下（磁盘已满）抛出 OutputError。"""
    try:
        yield
    except OSError as error:
        _send_nowhere(stream)
        closed = (errno.EPIPE, errno.EINVAL) if sys.platform == "win32" else (errno.EPIPE,)
        if error.errno not in closed and stream is sys.stdout:
            reason = "磁盘已满" if error.errno == errno.ENOSPC else error.strerror or str(error)
            raise OutputError("标准输出", f"写不出去：{reason}", "请换一个位置，或用 -o 写成文件") from error


def _send_nowhere(stream: IO[str]) -> None:
    """以后往这里写的都不要了；不然退出时解释器还要再写一次，再错一次。"""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def render(*parts: Any, to_error: bool = False) -> None:
    """rich 的表格等。数据不当标记，不用颜色表达意思。"""
    from rich.console import Console  # noqa: PLC0415

    stream = sys.stderr if to_error else sys.stdout
    console = Console(file=stream, markup=False, emoji=False, highlight=False, color_system=None, width=_width())
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    text = "\n".join(line.rstrip() for line in captured.get().splitlines())
    text = text.replace("─", "-") if _plain_rule(stream) else text
    _write(stream, printable(text) + "\n")


def _fitted(stream: IO[str], text: str) -> str:
    """终端上太长的话断成几行，后几行缩进；不是终端（管道、文件）的一句一行，好查找。"""
    width = _terminal_width(stream)
    if width is None:
        return text
    lines = (folded(line, width, hang=_hang(line), ambiguous=True) for line in text.split("\n"))
    return "\n".join(part for parts in lines for part in parts)


def _hang(line: str) -> int:
    return len(line) - len(line.lstrip(" ")) + 2


def _terminal_width(stream: IO[str]) -> int | None:
    """终端有几列；不是终端为 None。"""
    if not stream.isatty():
        return None
    import shutil  # noqa: PLC0415

    return max(shutil.get_terminal_size().columns, _NARROWEST)


def _plain_rule(stream: IO[str]) -> bool:
    """横线要不要用减号：代码页 936 里 ─ 占两格，一行会变成两行。"""
    if (getattr(stream, "encoding", None) or "").lower().replace("-", "") in _CHINESE_PAGES:
        return True
    if sys.platform != "win32" or not stream.isatty():
        return False
    import ctypes  # noqa: PLC0415

    return ctypes.windll.kernel32.GetConsoleOutputCP() in (936, 54936)


def _width() -> int | None:
    """不是终端又没有设 COLUMNS 时用 100 列。"""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return None
    return 100


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """读到哪个文件了；只在终端上显示。"""
    if _QUIET["progress"] or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True, markup=False).status("正在读入…", spinner="line") as status:
        yield lambda name: status.update(f"正在读入 {masked(printable(name))}")


def show_error(error: PbmError, as_json: bool = False) -> int:
    """不能继续：说哪里、为什么、怎么办。--json 时照样给一份只有 findings 的文档。"""
    if as_json:
        _emit_error(error.where, f"{error.message}。{error.hint}" if error.hint else error.message)
    where = f"{one_line(error.where)}：" if error.where else ""
    say(f"错误：{where}{_ended(error.message)}")
    if error.hint:
        say(f"怎么办：{_ended(error.hint)}")
    return Exit.UNUSABLE


def _ended(text: str) -> str:
    """句末只有一个标点。"""
    return text if text.endswith(("？", "！")) else f"{text.rstrip('。')}。"


def show_usage(said: str, as_json: bool = False) -> int:
    """命令用法不对。--json 时照样给一份只有 findings 的文档。"""
    if as_json:
        _emit_error("命令行", said)
    say(said)
    return Exit.UNUSABLE


def _emit_error(subject: str, message: str) -> None:
    from pbm_cli import __version__  # noqa: PLC0415

    finding = {
        "code": "D17", "level": "error", "subject": subject, "message": message, "where": None, "basis": None,
    }  # fmt: skip
    said = json.dumps({"pbm": __version__, "findings": [finding]}, ensure_ascii=False, indent=2)
    emit([f"{said}\n".encode("utf-8", errors="backslashreplace")])


def show_bug(error: Exception, debug: bool) -> int:
    """程序自己的毛病。"""
    if debug:
        say("".join(traceback.format_exception(error)))
    else:
        say(f"pbm 自己出了毛病（{type(error).__name__}: {error}）。请加 --debug 再运行一次，把显示的内容发给维护者。")
    return Exit.BUG
