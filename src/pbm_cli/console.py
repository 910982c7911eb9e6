"""唯一往终端写字的地方：结果到标准输出，话、进度、警告到标准错误。

印出来的字都在 GBK 里（代码页 936 的终端也能看）；JSON 按 UTF-8 的字节写。
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from pbm_cli.errors import Exit, PbmError
from pbm_cli.text import visible

_QUIET = {"progress": False}
_STAND_INS = str.maketrans({"›": ">", "•": "·", "\xa0": " ", "✓": "√", "✗": "×", "−": "-"})


def printable(text: str) -> str:
    """换成终端一定能显示的字：不在 GBK 里的换成替代字或问号，控制符去掉。"""
    safe = visible(text.translate(_STAND_INS))
    return safe.encode("gbk", errors="replace").decode("gbk")


def quiet(on: bool) -> None:
    """不显示进度。"""
    _QUIET["progress"] = on


def say(text: str) -> None:
    """一句话，到标准错误。"""
    _write(sys.stderr, printable(text) + "\n")


def put(text: str) -> None:
    """一段结果，到标准输出。"""
    _write(sys.stdout, printable(text) + "\n")


def emit(pieces: str | Iterable[str]) -> None:
    """JSON（或它的各段），按 UTF-8 字节到标准输出；孤立的代理字符写成 JSON 转义。"""
    sys.stdout.flush()
    stream = getattr(sys.stdout, "buffer", None)
    for piece in [pieces] if isinstance(pieces, str) else pieces:
        if stream is None:
            sys.stdout.write(piece)
        else:
            stream.write(piece.encode("utf-8", errors="backslashreplace"))
    sys.stdout.flush()


def _write(stream: IO[str], text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding: str = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.encode(encoding, errors="replace").decode(encoding))
    stream.flush()


def render(*parts: Any, to_error: bool = False) -> None:
    """rich 的表格等。数据不当标记，不用颜色表达意思。"""
    from rich.console import Console  # noqa: PLC0415

    stream = sys.stderr if to_error else sys.stdout
    console = Console(file=stream, markup=False, emoji=False, highlight=False, color_system=None, width=_width())
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    text = "\n".join(line.rstrip() for line in captured.get().splitlines())
    _write(stream, text.translate(_STAND_INS).encode("gbk", errors="replace").decode("gbk") + "\n")


def _width() -> int | None:
    """不是终端又没有设 COLUMNS 时用 100 列。"""
    import os  # noqa: PLC0415

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
        yield lambda name: status.update(f"正在读入 {printable(name)}")


def show_error(error: PbmError, as_json: bool = False) -> int:
    """不能继续：说哪里、为什么、怎么办。--json 时照样给一份只有 findings 的文档。"""
    if as_json:
        _emit_error(error.where, f"{error.message}。{error.hint}" if error.hint else error.message)
    where = f"{error.where}：" if error.where else ""
    say(f"错误：{where}{error.message.rstrip('。')}。")
    if error.hint:
        say(f"怎么办：{error.hint.rstrip('。')}。")
    return Exit.UNUSABLE


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
    emit(json.dumps({"pbm": __version__, "findings": [finding]}, ensure_ascii=False, indent=2) + "\n")


def show_bug(error: Exception, debug: bool) -> int:
    """程序自己的毛病。"""
    if debug:
        say("".join(traceback.format_exception(error)))
    else:
        say(f"pbm 自己出了毛病（{type(error).__name__}: {error}）。请加 --debug 再运行一次，把显示的内容发给维护者。")
    return Exit.BUG
