"""成对比较：pbm monitor 与 pandas + openpyxl 脚本轮流整进程运行，取中位数与比值，并核对两边的总数一致。

用法：python benchmarks/bench.py --rows 1795 [更多行数…] --rounds 5
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import generate

HERE = Path(__file__).resolve().parent
PBM = (sys.executable, "-c", "import sys; from pbm_cli.cli import main; sys.exit(main())")
PEER = "脚本 pandas + openpyxl"
COMPARED = ("projects", "budget_yuan", "expenditure_yuan", "execution_lights")


@dataclass
class Timing:
    """一个命令各轮的时间（秒）和内存（MB；最大的一个进程；不知道时为空）。"""

    wall: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


def commands(folder: Path, source: Path) -> dict[str, tuple[str | Path, ...]]:
    """要比的命令；名字就是表里的行。"""
    monitor = (*PBM, "monitor", source, "--on", f"{generate.YEAR}-12-31", "--json", "--quiet")
    return {
        PEER: (sys.executable, HERE / "peer_script.py", source, folder / "peer.xlsx"),
        "pbm monitor --json": monitor,
        "pbm monitor --json -o 结果.xlsx": (*monitor, "-o", folder / "pbm.xlsx"),
    }


def surroundings(folder: Path) -> dict[str, str]:
    """子进程的环境：编译好的字节码放在 folder 里，两边都像安装好的程序那样不必每次重新编译。"""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def run(command: tuple[str | Path, ...], folder: Path) -> tuple[float, float | None, bytes]:
    """运行一次，返回墙上时间、最大内存（MB）和标准输出；退出码 2 以上就停下。"""
    with (folder / "out.json").open("w+b") as out:
        begin = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=out, cwd=folder, env=surroundings(folder))
        memory = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            memory = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
        else:
            process.wait()
        wall = time.perf_counter() - begin
        if process.returncode not in (0, 1):
            sys.exit(f"退出码 {process.returncode}：{' '.join(str(part) for part in command)}")
        out.seek(0)
        return wall, memory, out.read()


def figures(output: bytes) -> dict[str, object]:
    """标准输出的 JSON 里要核对的数；灯按名字取，没有的算 0。"""
    summary = json.loads(output)["summary"]
    found = {name: summary[name] for name in COMPARED}
    found["execution_lights"] = {name: count for name, count in found["execution_lights"].items() if count}
    return found


def measure(rows: int, rounds: int, only: str) -> dict[str, Timing]:
    """各命令轮流运行 rounds 轮（先空跑一轮不计），每轮换一个先后次序。"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "执行表.xlsx"
        generate.write(source, rows)
        chosen = {title: command for title, command in commands(folder, source).items() if only in title}
        timings = {title: Timing() for title in chosen}
        seen: dict[str, object] | None = None
        for turn in range(rounds + 1):
            titles = list(chosen)
            for title in titles[turn % len(titles) :] + titles[: turn % len(titles)]:
                wall, memory, output = run(chosen[title], folder)
                if turn == 0:
                    seen = seen or figures(output)
                    if seen != figures(output):
                        sys.exit(f"{title} 的结果与前一个命令不同：\n{figures(output)}\n{seen}")
                    continue
                timings[title].wall.append(wall)
                timings[title].memory += [memory] if memory else []
    return timings


def table(rows: int, timings: dict[str, Timing]) -> str:
    """Markdown 表：中位数；比值是每一轮里与脚本之比的中位数，括号里是最小、最大。"""
    lines = [f"\n{rows} 行 × {len(generate.HEADINGS)} 列\n",
             "| 命令 | 时间（秒） | 与脚本之比 | 内存（MB） |", "|---|---:|---:|---:|"]  # fmt: skip
    for title, timing in timings.items():
        against = "—"
        if title != PEER and PEER in timings:
            ratios = [own / peer for own, peer in zip(timing.wall, timings[PEER].wall, strict=True)]
            against = f"{statistics.median(ratios):.2f}（{min(ratios):.2f}–{max(ratios):.2f}）"
        memory = f"{statistics.median(timing.memory):.0f}" if timing.memory else "—"
        lines.append(f"| {title} | {statistics.median(timing.wall):.3f} | {against} | {memory} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="pbm 与 pandas + openpyxl 脚本比快慢")
    parser.add_argument("--rows", type=int, nargs="+", default=[1795])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="只运行名字里有这些字的命令，例如 脚本")
    arguments = parser.parse_args()
    for rows in arguments.rows:
        print(table(rows, measure(rows, max(1, arguments.rounds), arguments.only)), flush=True)


if __name__ == "__main__":
    main()
