"""一个省：N 个区县的文件夹（合成数据），量 pbm rollup 一个进程、几个进程各用多久，与只用 python-calamine 读一遍比。

用法：python benchmarks/province.py --counties 181 --rows 1795 --rounds 3
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import sys
import tempfile
from pathlib import Path

import generate
import xlsxwriter
from bench import PBM, Timing, run

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
    timings = {title: Timing() for title in commands}
    seen: set[bytes] = set()
    for _ in range(rounds):
        for title, command in commands.items():
            wall, _, memory, output = run(command, folder)
            timings[title].wall.append(wall)
            timings[title].memory.append(memory or 0)
            if "rollup" in title:
                seen.add(output)
    if len(seen) > 1:
        sys.exit("各种进程数的结果不一样")
    for output in seen:
        total = json.loads(output)["summary"]["total"]["monitor"]
        about = f"{total['projects']} 个项目，预算 {total['budget_yuan']} 元，红灯 {total['lights']['red']} 个"
        print(f"{counties} 个区县，{about}\n")
    raw, one = (statistics.median(timings[title].wall) for title in list(commands)[:2])
    heads = ("命令", "时间（秒）", "与 calamine 之比", "比一个进程快", "每个区县（毫秒）", "进程树内存（MB）")
    print(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}")
    for title, timing in timings.items():
        wall = statistics.median(timing.wall)
        faster = f"{one / wall:.2f} 倍" if "rollup" in title else "—"
        row = (f"{wall:.2f}", f"{wall / raw:.2f}", faster, f"{wall / counties * 1000:.0f}", f"{max(timing.memory):.0f}")
        print(f"| {title} | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
