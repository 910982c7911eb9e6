"""pbm 从这里开始：python -m pbm_cli，和装好以后的 pbm。"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any, NoReturn

_AGAIN_SECONDS = 0.01
_STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""叫停的信号：Ctrl-C、kill、终端关了。"""


def start(argv: Sequence[str] | None = None) -> None:
    """装入命令行，运行，退出。装入的时候叫停，当场结束，什么也不说；做完以后叫的不算。kill 同 Ctrl-C，收拾好再走。"""
    usual = (signal.default_int_handler, signal.SIG_DFL)
    ours = [stop for stop in _STOPS if signal.getsignal(stop) in usual]  # 后台运行的可能本来就不理 Ctrl-C
    _answer(ours, signal.SIG_DFL)
    from pbm_cli.cli import main  # noqa: PLC0415
    from pbm_cli.errors import Exit  # noqa: PLC0415

    code: int = Exit.INTERRUPTED
    try:
        sys.unraisablehook = _raised_nowhere
        _answer(ours, signal.default_int_handler)
        code = main(argv)
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    finally:
        _answer(ours, signal.SIG_IGN)
    _leave(code)


def _leave(code: int) -> NoReturn:
    """写完就走，不把几百万个对象一个个拆掉：几十万行能省零点几秒，平常的命令省百分之几。登记了要收拾的照样收拾。"""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # 对方不看了；要说的 console 已经说过
            stream.flush()
    os._exit(code)


def _answer(stops: Sequence[signal.Signals], how: Any) -> None:
    """这些信号来了怎么办。"""
    for stop in stops:
        signal.signal(stop, how)


def _raised_nowhere(raised: sys.UnraisableHookArgs) -> None:
    """中断落在 C 代码叫回来的一小段里，没有地方抛：稍等再中断一次，不然就丢了。别的照 Python 的样子说。"""
    if issubclass(raised.exc_type, KeyboardInterrupt):
        again = threading.Timer(_AGAIN_SECONDS, _thread.interrupt_main)
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(raised)


if __name__ == "__main__":
    start()
