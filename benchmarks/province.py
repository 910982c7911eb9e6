"""一个省：N 个区县的文件夹（合成数据），量 pbm rollup 一个进程、几个进程各用多久，与只用 python-calamine 读一遍比。

用法：python benchmarks/province.py --counties 181 --rows 1795 --rounds 3
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import generate
import xlsxwriter

PBM = (sys.executable, "-c", "import sys; from pbm_cli.cli import main; sys.exit(main())")
RAW = """
import sys
from pathlib import Path
from python_calamine import CalamineWorkbook
rows = 0
for path in sorted(Path(sys.argv[1]).rglob('*.xlsx')):
    book = CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        rows += len(book.get_sheet_by_name(name).to_python())
print(rows)
"""
TICK = 0.05


def write(folder: Path, counties: int, rows: int) -> None:
    """counties 个区县，十个一市；每个一张执行表，金额、名称各不相同。"""
    for number in range(counties):
        place = folder / f"市{number // 10 + 1:02}" / f"县{number + 1:04}"
        place.mkdir(parents=True)
        toml = f'[county]\nname = "县{number + 1:04}"\nyear = {generate.YEAR}\n[run]\non = {generate.YEAR}-12-31\n'
        (place / "pbm.toml").write_text(toml, encoding="utf-8")
        county(place / "执行表.xlsx", rows, generate.YEAR * 10_000 + number)


def county(path: Path, rows: int, seed: int) -> None:
    """一个区县的执行表；与 generate.write 同样的列，种子不同。"""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        book.set_properties({"created": dt.datetime(generate.YEAR, 12, 31)})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        page = book.add_worksheet("执行")
        page.write_string(0, 0, f"{generate.YEAR}年项目支出预算执行情况表")
        page.write_string(1, 0, "单位：元")
        for column, title in enumerate(generate.HEADINGS):
            page.write_string(2, column, title)
        for number, row in enumerate(generate.projects(rows, seed), 3):
            for column, value in enumerate(row):
                if column in generate.MONEY_COLUMNS and isinstance(value, int):
                    page.write_number(number, column, value / 100)
                elif isinstance(value, dt.date):
                    page.write_datetime(number, column, value, day)
                elif isinstance(value, int):
                    page.write_number(number, column, value)
                elif value:
                    page.write_string(number, column, value)


def tree_bytes(root: int) -> int:
    """一个进程和它的全部子孙现在占的内存（Linux；别处为 0）。"""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    waiting, total = [root], 0
    while waiting:
        process = waiting.pop()
        waiting += parents.get(process, [])
        try:
            total += int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf(
                "SC_PAGESIZE"
            )
        except (OSError, IndexError):
            continue
    return total


def run(command: tuple[str | Path, ...], folder: Path) -> tuple[float, float, bytes]:
    """运行一次：墙上时间（秒）、整棵进程树最大的内存（MB）、标准输出。"""
    peak = [0]
    with (folder / "out").open("w+b") as out:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        begin = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], stdout=out, stderr=subprocess.DEVNULL, env=environment
        )
        over = threading.Event()

        def watch() -> None:
            while not over.wait(TICK):
                peak[0] = max(peak[0], tree_bytes(process.pid))

        watcher = threading.Thread(target=watch, daemon=True)
        if sys.platform == "linux":
            watcher.start()
        code = process.wait()
        wall = time.perf_counter() - begin
        over.set()
        if code not in (0, 1):
            sys.exit(f"退出码 {code}：{' '.join(map(str, command))}")
        out.seek(0)
        return wall, peak[0] / 2**20, out.read()


def main() -> None:
    parser = argparse.ArgumentParser(description="一个省的区域汇总要多久")
    parser.add_argument("--counties", type=int, default=181)
    parser.add_argument("--rows", type=int, default=1795)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "省", arguments.counties, arguments.rows)
        rollup = (*PBM, "rollup", folder / "省", "--json", "--quiet", "--fail-on", "never")
        commands: dict[str, tuple[str | Path, ...]] = {
            "只用 python-calamine 读": (sys.executable, "-c", RAW, folder / "省")
        }
        commands |= {f"pbm rollup --workers {n}": (*rollup, "--workers", str(n)) for n in arguments.workers}
        report(commands, folder, arguments.rounds, arguments.counties)


def report(commands: dict[str, tuple[str | Path, ...]], folder: Path, rounds: int, counties: int) -> None:
    """轮流运行，核对各种进程数的结果一字不差，印出中位数和比值。"""
    walls: dict[str, list[float]] = {title: [] for title in commands}
    memory: dict[str, float] = dict.fromkeys(commands, 0.0)
    seen: set[bytes] = set()
    for _ in range(rounds):
        for title, command in commands.items():
            wall, peak, output = run(command, folder)
            walls[title].append(wall)
            memory[title] = max(memory[title], peak)
            if "rollup" in title:
                seen.add(output)
    if len(seen) > 1:
        sys.exit("各种进程数的结果不一样")
    for output in seen:
        total = json.loads(output)["summary"]["total"]["monitor"]
        about = f"{total['projects']} 个项目，预算 {total['budget_yuan']} 元，红灯 {total['lights']['red']} 个"
        print(f"{counties} 个区县，{about}\n")
    raw, one = (statistics.median(walls[title]) for title in list(commands)[:2])
    heads = ("命令", "时间（秒）", "与 calamine 之比", "比一个进程快", "每个区县（毫秒）", "进程树内存（MB）")
    print(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}")
    for title, found in walls.items():
        wall = statistics.median(found)
        faster = f"{one / wall:.2f} 倍" if "rollup" in title else "—"
        row = (f"{wall:.2f}", f"{wall / raw:.2f}", faster, f"{wall / counties * 1000:.0f}", f"{memory[title]:.0f}")
        print(f"| {title} | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
