"""成对比较：pbm 与各种对照轮流整进程运行，取中位数与比值，并核对各边的总数一致。

用法：python benchmarks/bench.py [--rows 1795 20000 200000] [--rounds 5] [--cases 执行 公式 目标 自评表] [--only 脚本]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import generate
import generate_lists

HERE = Path(__file__).resolve().parent
PBM = (sys.executable, "-m", "pbm_cli")
SCRIPT = "脚本 pandas + openpyxl"
BETTER = "更好的脚本 pandas calamine + XlsxWriter"
RAW = "裸读 python-calamine"
OFFICE = "LibreOffice 重算"
COMPARED = ("projects", "budget_yuan", "expenditure_yuan", "execution_lights")
INDICATORS_PROJECTS = 1795
FORMS, FORM_FILES = 40, 300
LARGE_ROWS = 100_000
"""这么多行以上只跑一轮：脚本一次就要两分多钟。"""
POLL_SECONDS = 0.02
OFFICE_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""

Command = tuple[str | Path, ...]
Figures = dict[str, object]


@dataclass
class Timing:
    """一个命令各轮的时间（秒）、处理器时间（秒）和内存（MB，整个进程树同一时刻之和的最大值；不知道时为空）。"""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@dataclass
class Case:
    """要比的一组：名字、各命令（名字就是表里的行）、怎样核对；figures 为空时只看退出码。"""

    title: str
    commands: dict[str, Command]
    figures: Callable[[str, bytes], Figures | None]
    rounds: int


def surroundings(folder: Path) -> dict[str, str]:
    """子进程的环境：编译好的字节码放在 folder 里，各边都像安装好的程序那样不必每次重新编译。"""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def tree(pid: int) -> list[int]:
    """一个进程和它现在的全部后代（Linux 的 /proc）。"""
    found = [pid]
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [(task / "children").read_text(encoding="ascii").split() for task in tasks]
    except OSError:  # 刚刚结束
        return found
    for child in (int(number) for numbers in children for number in numbers):
        found += tree(child)
    return found


def resident(pids: Sequence[int]) -> float:
    """这些进程现在一共占多少内存（MB）；共用的页各算各的。"""
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):  # 刚刚结束
            continue
    return total * page / (1024 * 1024)


def run(command: Command, folder: Path) -> tuple[float, float, float | None, bytes]:
    """运行一次，返回墙上时间、处理器时间、进程树的最大内存（MB）和标准输出；退出码 2 以上就停下。"""
    watched = sys.platform == "linux"
    before = os.times()
    with (folder / "out.json").open("w+b") as out, (folder / "err.txt").open("w+b") as err:
        begin = time.perf_counter()
        called = [str(part) for part in command]
        process = subprocess.Popen(called, stdout=out, stderr=err, cwd=folder, env=surroundings(folder))
        memory = 0.0
        while watched:
            memory = max(memory, resident(tree(process.pid)))
            try:
                process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        process.wait()
        wall = time.perf_counter() - begin
        after = os.times()
        if process.returncode not in (0, 1):
            err.seek(0)
            said = err.read().decode("utf-8", "replace").strip()
            sys.exit(f"退出码 {process.returncode}：{' '.join(called)}\n{said}")
        out.seek(0)
        processor = after.children_user + after.children_system - before.children_user - before.children_system
        return wall, processor, memory if watched else None, out.read()


# 各组


def execution_case(folder: Path, rows: int, rounds: int) -> Case:
    """项目支出预算执行表：脚本、更好的脚本、裸读。"""
    source = folder / "执行表.xlsx"
    generate.write(source, rows)
    monitor = (*PBM, "monitor", source, "--on", f"{generate.YEAR}-12-31", "--json", "--quiet")
    written = [part for name in ("结果.xlsx", "结果.docx", "结果.html") for part in ("-o", folder / name)]
    commands: dict[str, Command] = {
        SCRIPT: (sys.executable, HERE / "peer_script.py", source, folder / "peer.xlsx"),
        BETTER: (sys.executable, HERE / "peer_better.py", source, folder / "better.xlsx"),
        RAW: (sys.executable, HERE / "peer_raw.py", source),
        "pbm monitor --json": monitor,
        "pbm monitor --json -o 结果.xlsx": (*monitor, *written[:2]),
    }
    if rows >= LARGE_ROWS:  # 只跑一轮，没有预热：先编译好字节码
        small = folder / "小.xlsx"
        generate.write(small, 1)
        run((*PBM, "monitor", small, "--on", f"{generate.YEAR}-12-31", "--json", "-o", folder / "小结果.xlsx"), folder)
    else:
        commands["pbm monitor --json -o 结果.xlsx、.docx、.html"] = (*monitor, *written)
    title = f"执行表：{rows} 行 × {len(generate.HEADINGS)} 列"
    return Case(title, commands, stated, 1 if rows >= LARGE_ROWS else rounds)


def formula_case(folder: Path, rows: int, rounds: int) -> Case | None:
    """写着公式的同一张表：LibreOffice 打开、重算、另存；pbm 读已经有结果的那一张。没有 LibreOffice 时跳过。"""
    office = shutil.which("soffice")
    if office is None:
        return None
    source, formulas = folder / "执行表.xlsx", folder / "公式.xlsx"
    generate.write(source, rows)
    generate.write_formulas(formulas, rows)
    settings = folder / "office" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(OFFICE_SETTINGS, encoding="utf-8")
    recalculate = (
        office,
        f"-env:UserInstallation={(folder / 'office').as_uri()}",
        "--headless",
        "--convert-to",
        "xlsx",
    )
    commands: dict[str, Command] = {
        OFFICE: (*recalculate, "--outdir", folder / "算好", formulas),
        "pbm monitor --json": (*PBM, "monitor", source, "--on", f"{generate.YEAR}-12-31", "--json", "--quiet"),
    }

    def figures(title: str, output: bytes) -> Figures | None:
        return recalculated(folder / "算好" / "公式.xlsx", rows) if title == OFFICE else stated(title, output)

    return Case(f"公式表：{rows} 行，由 LibreOffice 重算", commands, figures, rounds)


def goals_case(folder: Path, rounds: int) -> Case:
    """目标表与指标表，每个项目十条指标。"""
    source = folder / "目标与指标.xlsx"
    generate_lists.write_goals(source, INDICATORS_PROJECTS)
    count = INDICATORS_PROJECTS * len(generate_lists.INDICATORS)
    commands: dict[str, Command] = {
        RAW: (sys.executable, HERE / "peer_raw.py", source),
        "pbm goals --json": (*PBM, "goals", source, "--json", "--quiet"),
    }
    title = f"目标与指标：{INDICATORS_PROJECTS} 个项目，{count} 条指标"
    return Case(title, commands, counted("indicators", count), rounds)


def forms_cases(folder: Path, rounds: int) -> list[Case]:
    """自评表：四十份在一本里；三百份各一个文件。"""
    book, many = folder / "自评表.xlsx", folder / "自评表"
    generate_lists.write_forms(book, range(1, FORMS + 1))
    generate_lists.write_form_files(many, FORM_FILES)
    cases = []
    for source, count, what in ((book, FORMS, "在一本工作簿里"), (many, FORM_FILES, "各一个文件")):
        commands: dict[str, Command] = {
            RAW: (sys.executable, HERE / "peer_raw.py", source),
            "pbm evaluate --json": (*PBM, "evaluate", source, "--json", "--quiet"),
        }
        cases.append(Case(f"自评表：{count} 份，{what}", commands, counted("subjects", count), rounds))
    return cases


# 核对


def stated(title: str, output: bytes) -> Figures | None:
    """执行表：项目数、预算、支出、各色灯数；灯按名字取，没有的算 0。裸读没有这些。"""
    if title == RAW:
        return None
    summary = json.loads(output)["summary"]
    found = {name: summary[name] for name in COMPARED}
    found["execution_lights"] = {name: count for name, count in found["execution_lights"].items() if count}
    return found


def counted(name: str, count: int) -> Callable[[str, bytes], Figures | None]:
    """目标、自评表：读到的条数与生成的一样。"""

    def figures(title: str, output: bytes) -> Figures | None:
        if title == RAW:
            return {name: count}
        return {name: json.loads(output)["summary"][name]}

    return figures


def recalculated(path: Path, rows: int) -> Figures:
    """LibreOffice 算好的合计行：预算、支出、各色灯数。"""
    import python_calamine  # 只在核对时用

    with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
        last = book.get_sheet_by_index(0).to_python()[generate.FIRST_ROW + rows]
    width = len(generate.HEADINGS)
    lights = ("red", "yellow", "green", "none")
    counts = {name: int(str(last[width + place]).partition(".")[0] or 0) for place, name in enumerate(lights)}
    return {
        "projects": rows,
        "budget_yuan": f"{last[14]:.2f}",
        "expenditure_yuan": f"{last[15]:.2f}",
        "execution_lights": {name: count for name, count in counts.items() if count},
    }


def measure(case: Case, folder: Path, only: str) -> dict[str, Timing]:
    """各命令轮流运行，每轮换一个先后次序；多于一轮的，先空跑一轮不计。每一轮都核对。"""
    chosen = {title: command for title, command in case.commands.items() if only in title}
    timings = {title: Timing() for title in chosen}
    seen: Figures | None = None
    warm = int(case.rounds > 1)
    for turn in range(case.rounds + warm):
        titles = list(chosen)
        for title in titles[turn % len(titles) :] + titles[: turn % len(titles)]:
            wall, processor, memory, output = run(chosen[title], folder)
            found = case.figures(title, output)
            seen = seen or found
            if found is not None and found != seen:
                sys.exit(f"{title} 的结果与前一个命令不同：\n{found}\n{seen}")
            if turn >= warm:
                timings[title].wall.append(wall)
                timings[title].processor.append(processor)
                timings[title].memory += [memory] if memory else []
    return timings


def ratio(timings: dict[str, Timing], title: str, peer: str) -> str:
    """每一轮里与 peer 之比的中位数，括号里是最小、最大。"""
    if title == peer or peer not in timings:
        return "—"
    ratios = [own / other for own, other in zip(timings[title].wall, timings[peer].wall, strict=True)]
    spread = f"（{min(ratios):.2f}–{max(ratios):.2f}）" if len(ratios) > 1 else ""
    return f"{statistics.median(ratios):.2f}{spread}"


def table(case: Case, timings: dict[str, Timing]) -> str:
    """Markdown 表：中位数与比值。"""
    peers = [peer for peer in (SCRIPT, OFFICE, RAW) if peer in timings]
    heads = "".join(f" 与{peer.split(' ')[0]}之比 |" for peer in peers)
    lines = [f"\n{case.title}（{case.rounds} 轮）\n", f"| 命令 | 时间（秒） |{heads} 处理器（秒） | 内存（MB） |",
             f"|---|---:|{'---:|' * len(peers)}---:|---:|"]  # fmt: skip
    for title, timing in timings.items():
        memory = f"{statistics.median(timing.memory):.0f}" if timing.memory else "—"
        shown = "".join(f" {ratio(timings, title, peer)} |" for peer in peers)
        processor = statistics.median(timing.processor)
        lines.append(f"| {title} | {statistics.median(timing.wall):.3f} |{shown} {processor:.2f} | {memory} |")
    return "\n".join(lines)


def report(build: Callable[[Path], Sequence[Case | None]], only: str) -> None:
    """生成一组输入，比，打印；输入用完就删。"""
    with tempfile.TemporaryDirectory() as name:
        for case in build(Path(name)):
            if case is not None:
                print(table(case, measure(case, Path(name), only)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="pbm 与脚本、裸读、LibreOffice 比快慢")
    parser.add_argument("--rows", type=int, nargs="+", default=[1795, 20_000, 200_000])
    parser.add_argument("--rounds", type=int, default=5, help=f"每组几轮；{LARGE_ROWS} 行以上只有一轮")
    parser.add_argument("--cases", nargs="+", default=["执行", "公式", "目标", "自评表"], help="比哪几组")
    parser.add_argument("--only", default="", help="只运行名字里有这些字的命令，例如 脚本")
    arguments = parser.parse_args()
    rounds, only = max(1, arguments.rounds), arguments.only
    if "执行" in arguments.cases:
        for rows in arguments.rows:
            report(lambda folder, rows=rows: [execution_case(folder, rows, rounds)], only)  # type: ignore[misc]
    if "公式" in arguments.cases:
        report(lambda folder: [formula_case(folder, arguments.rows[0], rounds)], only)
    if "目标" in arguments.cases:
        report(lambda folder: [goals_case(folder, rounds)], only)
    if "自评表" in arguments.cases:
        report(lambda folder: forms_cases(folder, rounds), only)


if __name__ == "__main__":
    main()
