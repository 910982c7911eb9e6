"""终端：八十列的窗口里每个命令都不超宽、断得自然，代码页 936 印得出来，进了管道没有颜色，最后一句是下一步。"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pbm_cli.cli import main
from pbm_cli.lines import cell_width, folded, longest_piece
from pbm_cli.pipeline import Options, read

COLUMNS = 80
ONE = "预算执行/学校医院项目支出预算执行情况.csv"
COMMANDS = [
    "assess 示例/事前绩效评估结果.xlsx",
    "goals 示例/绩效目标",
    f"monitor 示例/{ONE} --on 2023-12-31 --what-if execution_bands.黄灯=70 --notices 通知书",
    "evaluate 示例/绩效评价",
    "evaluate 示例/绩效评价 --plan --ruleset sichuan-2025 --on 2025-12-31",
    "report 示例 -o 总结.md",
    "rollup 区域",
    f"check 示例/{ONE} --marked 标注",
    "explain 示例 assess.reduction_pct",
    "explain 示例 公路养护上年结转资金",
    f"diff 示例/{ONE} 示例/预算执行/镇街项目支出预算执行情况.xls --on 2023-12-31 --old-on 2023-12-31",
    "verify 示例/年度总结.docx",
    "limits",
    "limits 示例",
    "doctor",
    "layouts",
    f"layouts 示例/{ONE}",
    "rules",
    "rules M01",
    "rules D01",
    "params",
    "params execution_bands",
    "rulesets",
    "template execution -o 模板.xlsx",
    "init 某县2024",
]
STAGES = {"assess", "goals", "monitor", "evaluate", "report", "rollup", "check", "explain", "diff"}
"""会显示进度的命令：进度不进比较，加 --quiet。"""
NAMES = ["", *sorted({line.split()[0] for line in COMMANDS} | {"demo"})]
Said = Callable[..., str]


class Screen(io.TextIOWrapper):
    """一个假的终端：说自己是终端，字进一个缓冲区。"""

    def isatty(self) -> bool:
        """是不是终端。"""
        return True


@contextmanager
def standing_in(
    monkeypatch: pytest.MonkeyPatch, columns: int, *, terminal: bool, encoding: str
) -> Iterator[io.BytesIO]:
    """标准输出和标准错误都进同一个缓冲区，按先后。"""
    kept = io.BytesIO()
    stream = (Screen if terminal else io.TextIOWrapper)(kept, encoding=encoding, newline="", write_through=True)
    with monkeypatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        patch.setenv("TERM", "xterm")
        patch.setattr(sys, "stdout", stream)
        patch.setattr(sys, "stderr", stream)
        yield kept
    stream.detach()


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """运行过 pbm demo 示例 的文件夹，和它在八十列的终端上说的话。"""
    folder = tmp_path_factory.mktemp("终端")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with standing_in(patch, COLUMNS, terminal=True, encoding="gbk") as kept:
            main(["demo", "示例", "--quiet"])
        return folder, kept.getvalue().decode("gbk")


@pytest.fixture
def said(year: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """运行一条命令，返回屏幕上的字；示例 是共用的，写的东西在自己的文件夹里。"""
    (tmp_path / "示例").symlink_to(year[0] / "示例")
    (tmp_path / "区域" / "甲县").mkdir(parents=True)
    for name in ("pbm.toml", "事前绩效评估结果.xlsx"):
        shutil.copyfile(year[0] / "示例" / name, tmp_path / "区域" / "甲县" / name)
    monkeypatch.chdir(tmp_path)

    def run(line: str, *, columns: int = COLUMNS, terminal: bool = True, encoding: str = "gbk") -> str:
        with standing_in(monkeypatch, columns, terminal=terminal, encoding=encoding) as kept:
            main([*line.split(), *(["--quiet"] if line.split(maxsplit=1)[0] in STAGES else [])])
        return kept.getvalue().decode(encoding)

    return run


def too_wide(text: str, columns: int) -> list[str]:
    return [line for line in text.splitlines() if cell_width(line) > columns]


def last_line(text: str) -> str:
    """最后一句话：断成几行的（后面的行缩进）接回来。"""
    lines = text.rstrip("\n").splitlines()
    while len(lines) > 1 and lines[-1].startswith("  "):
        lines[-2:] = [lines[-2] + lines[-1].strip()]
    return lines[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="要建链接")
@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_fits_the_window_and_says_what_comes_next(said: Said, line: str) -> None:
    text = said(line)
    assert text.strip()
    assert too_wide(text, COLUMNS) == []
    assert last_line(text).startswith("下一步：")
    assert "自己出了毛病" not in text


def test_the_demo_fits_too(year: tuple[Path, str]) -> None:
    assert too_wide(year[1], COLUMNS) == []
    assert last_line(year[1]).startswith("下一步：")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("columns", [60, COLUMNS, 140])
def test_help_fits_the_window(monkeypatch: pytest.MonkeyPatch, name: str, columns: int) -> None:
    with standing_in(monkeypatch, columns, terminal=True, encoding="gbk") as kept:
        assert main([*([name] if name else []), "--help"]) == 0
    text = kept.getvalue().decode("gbk")
    assert too_wide(text, columns) == []
    assert not re.search(r"[A-Za-z]{3,} (?:the|and|this|for) ", text)
    assert "[[" not in text


@pytest.mark.skipif(sys.platform == "win32", reason="要建链接")
@pytest.mark.parametrize("columns", [60, 140])
def test_other_widths_are_used(said: Said, columns: int) -> None:
    line = f"monitor 示例/{ONE} --on 2023-12-31"
    assert too_wide(said(line, columns=columns), columns) == []
    assert max(map(cell_width, said("rules", columns=140).splitlines())) > COLUMNS


@pytest.mark.skipif(sys.platform == "win32", reason="要建链接")
def test_in_a_pipe_a_message_is_one_line_without_colour(said: Said) -> None:
    """管道里一句一行，好查找；表照样按宽度排。"""
    line = "goals 示例/绩效目标"
    piped, shown = said(line, terminal=False, encoding="utf-8"), said(line)
    assert "\x1b" not in piped
    warnings = [text for text in piped.splitlines() if text.startswith("警告 T")]
    assert max(map(cell_width, warnings)) > COLUMNS
    assert all(text.rstrip().endswith(("”", "重写", "名", "重", "效果")) for text in warnings)
    assert len(shown.splitlines()) > len(piped.splitlines())


@pytest.mark.skipif(sys.platform == "win32", reason="要建链接")
def test_code_page_936_gets_rules_of_minus_signs(said: Said) -> None:
    assert "─" in said("rulesets", encoding="utf-8")
    text = said("rulesets")
    assert "─" not in text
    assert "-----" in text


def test_nothing_is_coloured_under_no_color_or_in_a_pipe(year: tuple[Path, str]) -> None:
    for extra in ({"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"PYTHONIOENCODING": "gbk"}):
        encoding = extra.get("PYTHONIOENCODING", "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pbm_cli", "rules", "M01"], capture_output=True, check=True, cwd=year[0],
            env={**os.environ, "PYTHONIOENCODING": encoding, **extra},
        )  # fmt: skip
        text = done.stdout.decode(encoding)
        assert "\x1b" not in text
        assert text.startswith("M01（运行监控）")


def test_progress_names_the_file_and_counts(tmp_path: Path) -> None:
    for name in ("甲", "乙"):
        body = "单位：万元\n项目名称,预算单位,调整后预算数,累计支出\n道路,县交通局,100,50\n桥梁,县交通局,80,40\n"
        (tmp_path / f"{name}.csv").write_text(body, encoding="utf-8")
    steps: list[str] = []
    read([tmp_path], Options(), steps.append)
    assert steps == ["乙.csv（第 1/2 个，已读 0 行）", "甲.csv（第 2/2 个，已读 2 行）"]


@pytest.mark.skipif(sys.platform == "win32", reason="要建链接")
@pytest.mark.parametrize(("terminal", "seen"), [(True, True), (False, False)])
def test_progress_shows_only_on_a_terminal(
    year: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, terminal: bool, seen: bool
) -> None:
    with standing_in(monkeypatch, COLUMNS, terminal=terminal, encoding="utf-8") as kept:
        main(["explain", str(year[0] / "示例"), "assess.reduction_pct"])
    assert ("正在读入" in kept.getvalue().decode("utf-8")) is seen


@pytest.mark.skipif(sys.platform == "win32", reason="要建链接")
def test_marked_copies_are_named(said: Said) -> None:
    text = said("check 示例/预算执行 --marked 标注", terminal=False, encoding="utf-8")
    assert f"已标注 {Path('标注') / '行政单位项目支出预算执行情况.xlsx'}" in text


# 断行


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("预算执行率", 10, ["预算执行率"]),
        ("预算执行率", 6, ["预算执", "行率"]),
        ("甲乙丙，丁", 6, ["甲乙", "丙，丁"]),
        ("甲乙（丙）", 6, ["甲乙", "（丙）"]),
        ("金额346.64万元", 10, ["金额346.64", "万元"]),
        ("金额 346.64 万元", 8, ["金额", "346.64", "万元"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("甲\n乙", 4, ["甲", "乙"]),
        ("", 4, [""]),
    ],
)
def test_lines_break_where_a_reader_expects(text: str, width: int, lines: list[str]) -> None:
    assert folded(text, width) == lines


def test_later_lines_hang_and_ambiguous_letters_can_count_double() -> None:
    assert folded("说明是这样的话", 8, hang=2) == ["说明是这", "  样的话"]
    assert cell_width("“甲”") == 4
    assert cell_width("“甲”", ambiguous=True) == 6
    assert longest_piece("金额346.64万元") == len("346.64")


# 补全


def completed(line: str) -> list[str]:
    """bash 里在这一行末尾按 Tab，补出什么。"""
    environment = {
        **os.environ, "PYTHONIOENCODING": "utf-8", "_PBM_COMPLETE": "complete_bash",
        "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1),
    }  # fmt: skip
    code = "from pbm_cli.cli import main; main([])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=False)
    return done.stdout.decode("utf-8").split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pbm te", ["template"]),
        ("pbm template exe", ["execution"]),
        ("pbm template self", ["self_evaluation_form"]),
        ("pbm rules M0", [f"M0{n}" for n in range(1, 10)]),
        ("pbm rules d2", [f"d2{n}" for n in range(10)]),
        ("pbm params execution_b", ["execution_bands"]),
        ("pbm monitor 表.xlsx --ruleset si", ["sichuan-2025"]),
        ("pbm monitor 表.xlsx --fail-on r", ["red"]),
        ("pbm monitor 表.xlsx --what-if execution_b", ["execution_bands="]),
        ("pbm check --mark", ["--marked"]),
    ],
)
def test_tab_completes(line: str, words: list[str]) -> None:
    assert completed(line) == words


def test_installing_completion_speaks_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    from pbm_cli.completion import install

    said: list[str] = []

    def done() -> None:
        sys.stdout.write("bash completion installed in /家/pbm.sh\nCompletion will take effect\n")
        raise SystemExit(0)

    assert install(done, said.append) == 0
    assert said[0] == "已给 bash 装上补全，写在 /家/pbm.sh。"
    assert said[-1].startswith("下一步：")


def test_a_terminal_that_cannot_complete_is_said() -> None:
    from pbm_cli.completion import install
    from pbm_cli.errors import UsageError

    with pytest.raises(UsageError, match="认不出"):
        install(lambda: sys.stdout.write("Shell cmd is not supported.\n"), lambda _: None)
