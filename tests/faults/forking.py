"""装好 pbm 的一个进程：收到一件事就分身去做，省去每次装入的时间，分身由测试在任意时刻杀死。

标准输入一行一件：{"arguments": [...], "folder": "..."}，回一行进程号；再收一行，等它结束，回一行结束的状态。
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commands import Command


class Forks:
    """这个进程的另一头。"""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seconds = 0.0
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Forks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.kill()
        self._server.wait()
        for stream in (self._server.stdin, self._server.stdout):
            if stream is not None:
                stream.close()

    def begin(self, command: Command) -> int:
        """开始做；交回进程号。"""
        self._say(json.dumps({"arguments": command.arguments, "folder": str(self.folder)}))
        return int(self._hear())

    def end(self) -> int:
        """等它结束；交回退出码，被信号结束的是负数。"""
        self._say("")
        return os.waitstatus_to_exitcode(int(self._hear()))

    def whole(self, command: Command) -> int:
        """不打扰，做完；记下用了多少秒。"""
        begun = time.monotonic()
        self.begin(command)
        code = self.end()
        self.seconds = time.monotonic() - begun
        return code

    def killed(self, command: Command, after: float, how: signal.Signals = signal.SIGKILL) -> int:
        """开始后 after 秒发信号。"""
        process = self.begin(command)
        time.sleep(after)
        os.kill(process, how)
        return self.end()

    @property
    def said(self) -> str:
        """最近一次的标准错误。"""
        return (self.folder / "said.txt").read_text(encoding="utf-8", errors="replace")

    def _say(self, line: str) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(line + "\n")
        self._server.stdin.flush()

    def _hear(self) -> str:
        assert self._server.stdout is not None
        return self._server.stdout.readline()


def serve() -> None:
    """服务到标准输入关闭为止。"""
    import pbm_cli.outputs.docx
    import pbm_cli.outputs.html
    import pbm_cli.outputs.marked_files
    import pbm_cli.outputs.notices
    import pbm_cli.outputs.xlsx
    import pbm_cli.rollup
    import pbm_cli.scaffold
    import pbm_cli.screen_rollup
    import pbm_cli.screens  # noqa: F401
    from pbm_cli.__main__ import start

    while line := sys.stdin.readline():
        task = json.loads(line)
        process = os.fork()
        if process == 0:
            os.chdir(task["folder"])
            said = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
            nothing = os.open(os.devnull, os.O_RDWR)
            for number, target in ((0, nothing), (1, nothing), (2, said)):
                os.dup2(target, number)
            start(task["arguments"])
        print(process, flush=True)  # noqa: T201
        sys.stdin.readline()
        print(os.waitpid(process, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
