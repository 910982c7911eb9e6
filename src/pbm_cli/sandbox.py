"""模板在围栏里运行：只读模板文件夹里的文件，限大小、时间、内存，出了毛病说出文件和行号。

没有尽头的循环靠定时器打断；Linux 上另限内存（别的系统没有这一道）；数与文字的乘法、乘方先看结果有多大。
"""

from __future__ import annotations

import ctypes
import errno
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.exceptions import SecurityError
from jinja2.loaders import split_template_path
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pbm_cli.errors import ConfigError, why
from pbm_cli.resources import content
from pbm_cli.workbook.limits import Limits, mebibytes

Result = TypeVar("Result")
MIB = 1024 * 1024
SECONDS = Limits().template_seconds
SIZE = Limits().template_bytes
MEMORY = 1024 * MIB
"""运行模板时最多再用多少内存。"""
_BITS = 1 << 16
_HELD: ContextVar[Limits | None] = ContextVar("limits", default=None)
_MORE: ContextVar[int] = ContextVar("more", default=0)
"""正在运行的模板，数据本身占多少字节。"""
_HINT = "请改正模板，或删去让 pbm 用自带的"
_FAULTS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError,
)  # fmt: skip


def held() -> Limits:
    """现行的上限。"""
    return _HELD.get() or Limits(template_bytes=SIZE, template_seconds=SECONDS)


@contextmanager
def under(limits: Limits) -> Iterator[None]:
    """里面运行的模板按这些上限。"""
    before = _HELD.set(limits)
    try:
        yield
    finally:
        _HELD.reset(before)


class _TooLong(BaseException):
    """时间到了。不是 Exception：模板里、jinja2 里接不住它。"""


class Sandbox(ImmutableSandboxedEnvironment):
    """运行模板的环境；算出来太大的数和文字不算。"""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """乘法、乘方。"""
        if _weight(operator, left, right) > (
            _BITS if isinstance(left, int) and isinstance(right, int) else held().template_bytes
        ):
            raise OverflowError("too large")
        return super().call_binop(context, operator, left, right)


class _Loader(FileSystemLoader):
    """只读模板文件夹里的、不太大的文件。"""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """模板的文字；UTF-8，可带 BOM。"""
        for folder in map(Path, self.searchpath):
            path = folder.joinpath(*split_template_path(template))
            if path.is_file():
                own_text(path, folder)
                break
        return super().get_source(environment, template)


def environment(folders: Sequence[Path], finalize: Callable[[Any], Any], *, autoescape: bool) -> Sandbox:
    """一个运行模板的环境：folders 里先找到的先用，没有的名字是错误。"""

    def fitting(value: Any) -> Any:
        if isinstance(value, str) and len(value) > held().template_bytes + _MORE.get():
            raise OverflowError("too large")  # 先看多大：十亿个字再逐字去整理，要几十秒
        return finalize(value)

    loader = _Loader([str(folder) for folder in folders], encoding="utf-8-sig")
    return Sandbox(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=autoescape,
        finalize=fitting,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def own_text(path: Path, folder: Path) -> str:
    """模板文件夹里一个文件的文字（UTF-8，可带 BOM）；太大、指向文件夹外面、不是 UTF-8 的抛出 ConfigError。"""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(str(path), "是指向模板文件夹外面的链接，没有读", "请换成文件本身")
    most = held().template_bytes
    try:
        data = content(path, most)
        if len(data) > most:
            raise ConfigError(str(path), f"超过 {mebibytes(most)}，不像模板", _HINT)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "不是 UTF-8 编码的文字", "请另存为 UTF-8，或删去让 pbm 用自带的") from error
    except OSError as error:
        raise ConfigError(str(path), f"读不出来（{why(error)}）", "请检查这个文件") from error


def render(place: Sandbox, name: str, context: Mapping[str, Any], *, more: int = 0) -> str:
    """运行一个模板。写法不对、运行出错、太慢、太大的抛出 ConfigError；more 是数据本身占的字节，不算模板写的。"""
    try:
        return within(held().template_seconds, name, lambda: _told(place, name, context, more))
    except TemplateSyntaxError as error:
        raise ConfigError(f"{error.name or name}:{error.lineno}", f"模板写法不对（{error.message}）", _HINT) from error
    except (TemplateError, *_FAULTS) as error:
        said = f"模板不能用（{_reason(error)}）"
        raise ConfigError(_line_of(error, name), said, "模板里用到的名字见 docs/templates.md") from error


def _told(place: Sandbox, name: str, context: Mapping[str, Any], more: int) -> str:
    most = held().template_bytes
    pieces: list[str] = []
    size = 0
    _MORE.set(more)
    with _enough(MEMORY):
        for piece in place.get_template(name).generate(context):
            size += len(piece)
            if size > most + more:
                raise ConfigError(name, f"模板写出的文字超过 {mebibytes(most)}", _HINT)
            pieces.append(piece)
        return "".join(pieces)


def within(seconds: float, where: str, work: Callable[[], Result]) -> Result:
    """做一件事，最多多少秒；到时间抛出 ConfigError（等正在运行的一步 C 代码结束）。"""
    thread = ctypes.c_ulong(threading.get_ident())
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc
    over = threading.Lock()
    done = False

    def stop() -> None:
        with over:
            if not done:
                throw(thread, ctypes.py_object(_TooLong))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        try:
            timer.start()
            return work()
        finally:
            with over:
                done = True
            timer.cancel()
    except _TooLong:
        raise ConfigError(where, f"模板运行超过 {seconds:g} 秒", "请检查里面的循环，或删去让 pbm 用自带的") from None


@contextmanager
def _enough(more: int) -> Iterator[None]:
    """再用的内存有上限；只有 Linux 有。机器给的更少时，不够不是模板的错，抛出 OSError。"""
    if sys.platform != "linux":
        yield
        return
    import resource  # noqa: PLC0415

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    ours = soft == resource.RLIM_INFINITY or soft > now + more
    if ours:
        resource.setrlimit(resource.RLIMIT_AS, (now + more, hard))
    try:
        yield
    except MemoryError as error:
        if ours:
            raise
        raise OSError(errno.ENOMEM, "cannot allocate memory") from error
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _weight(operator: str, left: Any, right: Any) -> int:
    """结果大约有多大：整数数位，文字和列表数个数；别的不管。"""
    if isinstance(left, int) and isinstance(right, int):
        return left.bit_length() * max(right, 0) if operator == "**" else left.bit_length() + right.bit_length()
    for many, times in ((left, right), (right, left)):
        if isinstance(many, (str, bytes, list, tuple)) and isinstance(times, int):
            return len(many) * times
    return 0


def _reason(error: BaseException) -> str:
    if isinstance(error, UndefinedError):
        return f"没有这个名字：{error.message}"
    if isinstance(error, SecurityError):
        return f"用了不许用的东西：{error.message}"
    if isinstance(error, TemplateNotFound):
        return f"模板文件夹里没有要用的 {error.name}"
    if isinstance(error, MemoryError):
        return f"用的内存超过 {MEMORY // MIB} MB"
    if isinstance(error, RecursionError):
        return "自己调用自己，没有尽头"
    if isinstance(error, OverflowError):
        return "算出来的数或文字太大，或者循环的次数太多"
    return f"{type(error).__name__}：{error}"


def _line_of(error: BaseException, name: str) -> str:
    """出错的地方：模板名和行号；在公用的一段里出错时，说最里面那个模板。"""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith(".j2"):
            return f"{Path(frame.filename).name}:{frame.lineno}"
    return name
