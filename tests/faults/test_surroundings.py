"""四周不对劲：关着的标准输出、不是 UTF-8 的文件名、管道和设备、删去的当前文件夹、太小的上限。"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import files, inputs, left_by_pbm
from processes import alive, alive_in

from conftest import RunPbm
from pbm_cli import parallel
from pbm_cli.text import named, storable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="要 POSIX 的描述符、管道和文件名")
PBM = (sys.executable, "-m", "pbm_cli")
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
GBK = os.fsdecode("执行".encode("gbk") + b".csv")
"""别的电脑上打包的 GBK 文件名，在 UTF-8 的系统上解不出来。"""


def run(folder: Path, *arguments: str, before: str = "", **more: str) -> tuple[int, str]:
    """（退出码，标准错误）；before 是先做的 shell 命令。"""
    done = subprocess.run(
        ["/bin/sh", "-c", f'{before}\nexec "$@"', "sh", *PBM, *arguments], cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=False, timeout=60, env={**os.environ, "PYTHONUTF8": "1", **more},
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in said
    return done.returncode, said


@pytest.fixture
def year(tmp_path: Path) -> Path:
    inputs(tmp_path, True)
    return tmp_path


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize("arguments", ["monitor 年 -o 出/监控.xlsx", "monitor 年 --json", "limits 年"])
def test_closed_streams(year: Path, arguments: str, closed: tuple[int, ...]) -> None:
    """标准输出、标准错误关着：照样做完，退出码同平常，写出的文件里没有话。"""
    process = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {" ".join(f"{number}>&-" for number in closed)}', "sh", *PBM, *arguments.split()],
        cwd=year, capture_output=True, check=False, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert process.returncode == (0 if arguments.startswith("limits") else 1), process.stderr
    if "-o" in arguments:
        assert (year / "出" / "监控.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    "arguments",
    [
        "check 年 --marked 出/标注 -o 出/a.xlsx -o 出/a.csv",
        "monitor 年 -o 出/a.xlsx -o 出/a.docx -o 出/a.html -o 出/a.md",
        "monitor 年 --notices 出/通知 -o 出/a.json",
        "report 年 -o 出/a.docx",
        "diff 年 年 -o 出/a.xlsx -o 出/a.md",
        "rollup 区 --workers 1 -o 出/a.xlsx -o 出/a.docx",
    ],
)
def test_names_that_are_not_utf8(year: Path, arguments: str) -> None:
    """文件名、区县文件夹的名字不是 UTF-8：结果照写，名字里的字节写成 \\xd6 的样子。"""
    (year / "年" / "执行.csv").rename(year / "年" / GBK)
    (year / "区").mkdir()
    shutil.copytree(year / "年", year / "区" / GBK.removesuffix(".csv"))
    code, said = run(year, *arguments.split())
    assert code in (0, 1), said
    assert "自己出了毛病" not in said
    assert files(year / "出")


def test_names_that_are_not_utf8_are_verified_and_protected(year: Path) -> None:
    """verify 找得到这样的输入；结果也不能写在它上面。"""
    (year / "年" / "执行.csv").rename(year / "年" / GBK)
    assert run(year, "monitor", "年", "-o", "出/a.xlsx")[0] == 1
    assert run(year, "verify", "出/a.xlsx", "--inputs", "年")[0] == 0
    (year / "年" / GBK).rename(year / "市" / "甲县" / GBK)
    before = files(year / "市")
    code, said = run(year, "rollup", "市", "--workers", "1", "-o", f"市/甲县/{GBK}")
    assert (code, "结果不能写在输入文件上" in said) == (2, True), said
    assert files(year / "市") == before


@pytest.mark.parametrize("command", ["check", "monitor", "layouts", "explain", "diff"])
def test_names_that_would_drive_the_terminal(year: Path, command: str) -> None:
    """文件名里有终端控制和双向控制符：屏幕上、Markdown 里、网页里都没有；文件照样读。"""
    bad = "\x1b[31m红\x01\x9b2J反\u202excod.csv"
    (year / "年" / "乡镇" / "执行.csv").rename(year / "年" / "乡镇" / bad)
    (year / "年" / "\x1b]0;坏\x07.xlsx").write_bytes(b"PK")
    (year / "年" / "\x9b没认出\u202e.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    more = {"explain": ["monitor.projects"], "diff": ["市/甲县", "-o", "出/a.md"], "layouts": []}
    arguments = [command, "年", *more.get(command, ["-o", "出/a.md", "-o", "出/a.html", "-o", "出/a.csv"])]
    done = subprocess.run([*PBM, *arguments], cwd=year, capture_output=True, check=False)
    texts = {path.name: path.read_text(encoding="utf-8-sig") for path in (year / "出").glob("a.*")}
    texts |= {"标准输出": done.stdout.decode(), "标准错误": done.stderr.decode()}
    assert done.returncode in (0, 1), texts["标准错误"]
    assert {name: CONTROLS.findall(text) for name, text in texts.items() if CONTROLS.search(text)} == {}
    if command == "check":
        told = subprocess.run(
            [*PBM, "verify", "出/a.html", "--inputs", "年", "--json"], cwd=year, capture_output=True, check=False
        )
        assert {row["name"]: row["state"] for row in json.loads(told.stdout)["rows"]}[f"乡镇/{bad}"] == "一致"


@pytest.mark.parametrize("name", ["执行.xlsx", "a b.csv", GBK, "换\n行.csv", "💩.csv", "a\\b.csv"])
def test_stored_names_come_back(name: str) -> None:
    storable(name).encode("utf-8")
    assert named(storable(name)) == name


def test_a_system_that_cannot_write_chinese_names(year: Path) -> None:
    """文件名编码是 ASCII：读得了的照读，要写中文名字的说怎么办。"""
    ascii_only = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "PYTHONIOENCODING": "utf-8"}
    assert run(year, "monitor", "年", "-o", "a.xlsx", **ascii_only)[0] == 1
    code, said = run(year, "init", "x", **ascii_only)
    assert (code, "PYTHONUTF8=1" in said) == (2, True), said


@pytest.mark.parametrize("target", ["pipe", "device"])
def test_output_on_a_pipe_or_device(year: Path, target: str) -> None:
    place = year / "结果.xlsx"
    if target == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(os.devnull)
    kind = place.stat().st_mode
    code, said = run(year, "monitor", "年", "-o", place.name)
    assert (code, "不是普通文件" in said, place.name in said) == (2, True, True), said
    assert place.stat().st_mode == kind
    assert left_by_pbm(year) == []


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ("monitor 年 --previous 管.json", "不是普通文件"),
        ("evaluate 年 --previous 管.json", "不是普通文件"),
        ("report 年 --style 管.toml -o 出/a.docx", "不是普通文件"),
        ("report 年 --overlay 县", "不是普通文件"),
        ("rules --ruleset 规则", "规则"),
        ("verify 管.json", "不是普通文件"),
        ("check 坏年", "pbm.toml：不是普通文件"),
    ],
)
def test_a_pipe_where_a_file_should_be(year: Path, arguments: str, word: str) -> None:
    """没有人写的管道，打开就会一直等下去：不打开，说出来。"""
    for name in ("管.json", "管.toml", "规则/ruleset.toml", "县/parameters/a.toml", "坏年/pbm.toml"):
        (year / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(year / name)
    code, said = run(year, *arguments.split())
    assert (code, word in said) == (2, True), said


@pytest.mark.parametrize("name", ["管.csv", "管.xlsx"])
def test_a_pipe_among_the_workbooks(year: Path, name: str) -> None:
    """文件夹里有一个没有人写的管道：说出来，别的照常，不会一直等下去。"""
    os.mkfifo(year / "年" / name)
    assert run(year, "monitor", "年", "-o", "出/a.json")[0] == 1
    made = json.loads((year / "出" / "a.json").read_text(encoding="utf-8"))
    assert [item["file"] for item in made["inputs"] if item["error"]] == [name]
    assert made["summary"]["projects"] > 0


def test_templates_that_lead_elsewhere(year: Path) -> None:
    """本县的 templates 是一个链接，指着很大、很深的地方：不逐个去读。"""
    deep = year / "别处" / "一" / "二" / "三"
    deep.mkdir(parents=True)
    (deep / "深.md").write_text("甲", encoding="utf-8")
    with (year / "别处" / "一" / "大.bin").open("wb") as stream:
        stream.truncate(2**40)
    (year / "县").mkdir()
    (year / "县" / "templates").symlink_to(year / "别处")
    code, said = run(year, "report", "年", "--overlay", "县", "-o", "出/a.json")
    assert code == 1, said
    made = json.loads((year / "出" / "a.json").read_text(encoding="utf-8"))
    assert [item["file"] for item in made["settings"]] == ["pbm.toml"]


@pytest.mark.skipif(sys.platform != "linux", reason="要 /proc")
def test_templates_that_lead_into_proc(year: Path) -> None:
    """指着 /proc 里说是空的、一打开就一直等的文件：不打开。"""
    (year / "县" / "templates").mkdir(parents=True)
    (year / "县" / "templates" / "甲").symlink_to("/proc/kmsg")
    code, said = run(year, "report", "年", "--overlay", "县", "-o", "出/a.json")
    assert code == 1, said


def test_an_endless_device_as_the_earlier_result(year: Path) -> None:
    (year / "无尽.json").symlink_to("/dev/zero")
    code, said = run(year, "monitor", "年", "--previous", "无尽.json")
    assert (code, "不是普通文件" in said) == (2, True), said


def test_an_earlier_result_nested_too_deep(year: Path) -> None:
    (year / "深.json").write_text("[" * 200_000, encoding="utf-8")
    code, said = run(year, "monitor", "年", "--previous", "深.json")
    assert (code, "不是 JSON" in said) == (2, True), said


@pytest.mark.parametrize(
    ("command", "told"), [("explain 年 monitor.projects", "空.xlsx：文件是空的"), ("layouts 年", "")]
)
def test_one_bad_file_is_always_told(year: Path, command: str, told: str) -> None:
    """有一个文件读不了：追溯、看版式也说出它，照样做完，退出码是 1。"""
    (year / "年" / "乡镇" / "执行.csv").unlink()
    (year / "年" / "空.xlsx").touch()
    code, said = run(year, *command.split())
    assert (code, told in said) == (1, True), said


def test_what_is_not_found_may_be_in_a_file_that_was_not_read(year: Path) -> None:
    (year / "年" / "空.xlsx").touch()
    code, said = run(year, "explain", "年", "没有这个项目")
    assert (code, "1 个文件读不了，如 空.xlsx" in said) == (2, True), said


def test_the_current_folder_is_gone(tmp_path: Path) -> None:
    """当前文件夹删去了：说这一句，不是程序的毛病。"""
    code, said = run(tmp_path, "init", "新", before="mkdir gone && cd gone && rmdir ../gone")
    assert (code, "当前文件夹已经被删去" in said) == (2, True), said


def test_no_file_may_grow(year: Path) -> None:
    """ulimit -f 0：几个进程要的信号量也建不了，照样说清楚。"""
    code, said = run(year, "rollup", "市", "--workers", "2", "-o", "出.xlsx", before="ulimit -f 0")
    assert (code, "文件大小受到限制" in said) == (2, True), said


def test_a_mask_that_takes_every_right_away(year: Path) -> None:
    """umask 777：几个进程共用的信号量照样打得开。"""
    code, said = run(year, "rollup", "市", "--workers", "2", before="umask 777", PYTHONDONTWRITEBYTECODE="1")
    assert code in (0, 1), said
    mask = os.umask(0o777)
    try:
        with parallel._pool(1, parallel.nothing):
            inside = os.umask(0o777)
    finally:
        os.umask(mask)
    assert inside == 0o777, "别的文件照用户定的来"


@pytest.mark.parametrize("command", ["template execution -o", "init", "limits", "verify", "doctor", "rollup", "check"])
def test_a_name_that_is_too_long(tmp_path: Path, command: str) -> None:
    name = "长" * 300 + (".xlsx" if command.startswith("template") else "")
    code, said = run(tmp_path, *command.split(), name)
    assert code in (1, 2), said
    assert "自己出了毛病" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.25, 0.4, 0.55])
def test_ctrl_c_on_a_region(year: Path, share: float) -> None:
    """终端的 Ctrl-C 也发给正在启动的各个进程：一句话，没有一个说 Traceback，没有一个留下。"""
    command, span = [*PBM, "rollup", "市", "--workers", "2"], 0.0
    for interrupted in (False, True):
        begun = time.monotonic()
        with subprocess.Popen(
            command, cwd=year, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            encoding="utf-8",
        ) as process:  # fmt: skip
            if interrupted:
                time.sleep(span * share)
                os.killpg(process.pid, signal.SIGINT)
            said = process.communicate(timeout=60)[1]
        span = time.monotonic() - begun
    assert process.returncode in (0, 130, -signal.SIGINT), said
    assert "Traceback" not in said
    assert alive_in(process.pid) == []


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL], ids=lambda stop: stop.name)
def test_a_region_killed(year: Path, stop: signal.Signals) -> None:
    """kill、kill -9 落在几个进程正在算的时候：一个不留；收信号量的进程不说英文。"""
    with subprocess.Popen(
        [*PBM, "rollup", "市", "--workers", "2"], cwd=year, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        until = time.monotonic() + 60
        while process.poll() is None and len(alive(process.pid)) < 4 and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(stop)
        said = process.communicate(timeout=60)[1]
    assert alive_in(process.pid) == []
    if stop == signal.SIGTERM:
        assert (process.returncode, said.strip()) == (130, "已中断。")
    else:
        assert (process.returncode, "resource_tracker" in said) == (-stop, False), said


def test_an_interrupt_wrapped_in_another_error(run_pbm: RunPbm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C 落在装入一个类的半路上，Python 把它包成 RuntimeError：照样是中断，不是毛病。"""

    def wrapped(*_: object) -> int:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise RuntimeError("Error calling __set_name__") from error

    monkeypatch.setattr("pbm_cli.inquiry.show_limits", wrapped)
    result = run_pbm("limits")
    assert (result.code, result.err.strip()) == (130, "已中断。")


def test_memory_of_the_machine_is_not_the_fault_of_a_template(year: Path) -> None:
    """电脑给的内存比模板的上限还少：说内存不够，不怪模板。"""
    told = """
import resource, sys
from pathlib import Path
from pbm_cli import cli, report, sandbox
real = sandbox._told
def told(*given):
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 2**20, resource.RLIM_INFINITY))
    with sandbox._enough(sandbox.MEMORY):
        bytearray(2**26)
    return real(*given)
sandbox._told = told
sys.exit(cli.main(sys.argv[1:]))
"""
    if sys.platform != "linux":
        pytest.skip("模板的内存上限只有 Linux 有")
    done = subprocess.run(
        [sys.executable, "-c", told, "report", "年", "-o", "出/a.md"], cwd=year, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, "内存不够" in done.stderr, "模板不能用" in done.stderr) == (2, True, False), done.stderr
