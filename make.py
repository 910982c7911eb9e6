"""备好环境并做事：python make.py demo | test | lint | bench | examples | golden | docs | fuzz |
mutate | sbom | audit | lock | clean。

只用标准库，Linux、Windows、macOS 一样用；Makefile 只是转到这里。环境放在 .venv，按带散列值的锁定文件安装。
锁定文件没有变，就不重新安装；安装好以后不再需要网络。
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
SUFFIX = ".exe" if os.name == "nt" else ""
RUN_LOCK = ROOT / "requirements.txt"
TEST_LOCK = ROOT / "requirements-test.txt"
PACKED = (ROOT / "src", ROOT / "templates", ROOT / "examples" / "luxian-2023")
EDITABLE = b"editable"
OLDEST = (3, 11)
NOTHING_TO_TEST = 5
EDITABLE_NEEDS = "editables"
"""hatchling 以可编辑方式安装时另要的包，它没有写在 pyproject.toml 里。"""
USAGE = """用法：python make.py 任务 [参数…]

  demo      安装，并把泸县 2023 年的例子整年跑一遍，结果在 out/
  test      安装测试所需，运行全部测试（ruff、mypy --strict、pytest）；参数交给 pytest，
            有 --coverage 的同时量分支覆盖率，各房间不够的算没有通过（CI 这样跑）
  lint      只运行 ruff 和 mypy
  bench     运行性能比较；参数交给 benchmarks/bench.py
  examples  重新生成 examples/ 里的例子
  golden    重做金样：examples/luxian-2023/expected/（看过差别再提交）
  docs      刷新文档：参考页、文档里的命令和输出；“docs 图片 [图名…]”重画图片
  fuzz      模糊测试一个目标（要有 atheris）；参数：目标 [-max_total_time=秒数]
  mutate    变异测试：把规则和读格子的代码逐处改错，看测试看不看得出来（要有 mutmut）
  sbom      按锁定文件重写软件物料清单 docs/sbom.cdx.json（不要网络）
  audit     查锁定的包有没有已知漏洞（够不着漏洞库时说明，不算失败）
  lock      按 pyproject.toml 重做两个锁定文件（要有 uv 和网络）
  clean     删去 .venv、缓存和打包的产物（不删 out/）
"""


class StopError(Exception):
    """做不下去：一句话说为什么、怎么办。"""


def say(text: str) -> None:
    """说一句话；写到标准错误，不混进结果。"""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def run(*command: str | Path) -> int:
    """在仓库根目录运行一个命令，返回它的退出码。"""
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode


def tool(name: str) -> Path:
    """.venv 里的一个程序。"""
    return BIN / f"{name}{SUFFIX}"


def digest(*parts: bytes) -> str:
    """几段内容合起来的散列值。"""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def lock_digest(lock: Path) -> str:
    """锁定文件与 Python 版本：哪个变了，依赖都要重新安装。"""
    return digest(lock.read_bytes(), sys.version.encode())


def project_digest() -> str:
    """装进包里的全部文件：哪个变了，pbm 自己要重新安装。"""
    files = [ROOT / "pyproject.toml"]
    for folder in PACKED:
        files += sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return digest(*(part for path in files for part in (str(path).encode(), path.read_bytes())))


def marked(name: str) -> str:
    """装好以后在 .venv 里留的记号；没有装好为空。"""
    mark = VENV / f"{name}.installed"
    return mark.read_text(encoding="ascii") if tool("python").exists() and mark.exists() else ""


def mark(name: str, value: str) -> None:
    """留下记号。"""
    (VENV / f"{name}.installed").write_text(value, encoding="ascii")


def installed(lock: Path) -> bool:
    """依赖是不是已经照这个锁定文件装好了。"""
    return marked(lock.stem) == lock_digest(lock)


def create() -> None:
    """建一个空的 .venv；旧的先删掉。"""
    if VENV in Path(sys.executable).parents:
        raise StopError(
            "依赖变了，要重建 .venv，可是正在用 .venv 里的 Python。请先 deactivate，再用系统的 Python 运行。"
        )
    if importlib.util.find_spec("ensurepip") is None:
        raise StopError("这个 Python 没有 venv 所需的 ensurepip。Debian、Ubuntu 请先运行：apt-get install python3-venv")
    say("建立 .venv ……")
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(VENV)


def pip_install(*arguments: str | Path) -> bool:
    """在 .venv 里用 pip 安装；成了为真。"""
    return not run(tool("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def install_dependencies(lock: Path) -> None:
    """照锁定文件安装依赖：核对散列值，只用现成的包。已装好就什么也不做。"""
    if installed(lock) or (lock == RUN_LOCK and installed(TEST_LOCK)):
        return
    if not (lock == TEST_LOCK and installed(RUN_LOCK)):
        create()
    say(f"照 {lock.name} 安装 ……")
    if not pip_install("--require-hashes", "--only-binary", ":all:", "-r", lock):
        raise StopError("依赖没有装上。请看上面 pip 的话；连不上网时，可用 PIP_INDEX_URL 指定内网镜像后再试。")
    mark(lock.stem, lock_digest(lock))


def install(lock: Path) -> None:
    """装好依赖和 pbm 自己：运行时装成普通的包，与用户手里的一样；开发时可编辑，改了源码马上有效。"""
    install_dependencies(lock)
    editable = lock == TEST_LOCK
    if editable:
        # 旧版 Python 在中文 Windows 上读不对可编辑安装留下的中文路径，这里另指一次。
        os.environ["PYTHONPATH"] = str(ROOT / "src")
    live = digest(EDITABLE, (ROOT / "pyproject.toml").read_bytes())
    wanted = live if editable else project_digest()
    if marked("pbm") in (wanted, live):
        return
    say("安装 pbm ……")
    how = ("--editable", ROOT) if editable else ("--force-reinstall", ROOT)
    if not pip_install("--no-deps", "--no-build-isolation", *how):
        raise StopError("pbm 自己没有装上。请看上面 pip 的话。")
    mark("pbm", wanted)


def demo(arguments: list[str]) -> int:
    """装好运行所需，整年跑一遍泸县的例子。"""
    install(RUN_LOCK)
    return run(tool("pbm"), "demo", *(arguments or ["out"]))


def lint(arguments: list[str]) -> int:
    """代码检查；一项不过，其余照样检查，最后一起算。"""
    install(TEST_LOCK)
    codes = [
        run(tool("ruff"), "check", *arguments, "."),
        run(tool("ruff"), "format", "--check", "."),
        run(tool("mypy")),
    ]
    return int(any(codes))


def test(arguments: list[str]) -> int:
    """代码检查和全部测试。给了参数就只运行 pytest；--coverage 同时量覆盖率，不算参数。"""
    install(TEST_LOCK)
    given = [argument for argument in arguments if argument != "--coverage"]
    checked = 0 if given else lint([])
    runner: tuple[str | Path, ...] = ("-m", "pytest", *(given or ["-n", "auto"]))
    if given != arguments:
        runner = (ROOT / "tests" / "coverage_limits.py", *given)
    tested = run(tool("python"), *runner)
    if tested == NOTHING_TO_TEST:
        say("一个测试也没有运行。")
    if checked:
        say("代码检查没有通过，见上面 ruff、mypy 的话。")
    return tested or checked


def bench(arguments: list[str]) -> int:
    """与对照脚本比快慢。"""
    install(TEST_LOCK)
    return run(tool("python"), ROOT / "benchmarks" / "bench.py", *arguments)


def examples(arguments: list[str]) -> int:
    """重新生成例子。"""
    install(TEST_LOCK)
    builders = sorted((ROOT / "examples").glob("build_*.py"))
    failed = [builder for builder in builders if run(tool("python"), builder, *arguments)]
    return int(bool(failed))


def golden(arguments: list[str]) -> int:
    """重做泸县一年的金样。"""
    install(TEST_LOCK)
    return run(tool("python"), ROOT / "examples" / "golden.py", *arguments)


def docs(arguments: list[str]) -> int:
    """刷新文档；参数“只检查”只说哪些不一样，“图片”重画图片（要有 LibreOffice、poppler 和 Chromium）。"""
    install(TEST_LOCK)
    drawing = arguments[:1] == ["图片"]
    script = "pictures.py" if drawing else "refresh.py"
    return run(tool("python"), ROOT / "docs" / script, *(arguments[1:] if drawing else arguments))


def fuzz(arguments: list[str]) -> int:
    """按覆盖率引导的模糊测试；用现在的 Python（atheris 不在锁定文件里）。"""
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    return run(sys.executable, "-m", "fuzz.run", *arguments)


def mutate(arguments: list[str]) -> int:
    """变异测试；参数交给 mutmut。"""
    install(TEST_LOCK)
    return run(tool("python"), ROOT / "tests" / "mutation.py", *arguments)


def sbom(arguments: list[str]) -> int:
    """软件物料清单；参数“只检查”只说是不是新的。"""
    return run(sys.executable, ROOT / "docs" / "sbom.py", *arguments)


def audit(arguments: list[str]) -> int:
    """已知漏洞。"""
    return run(sys.executable, ROOT / ".ci" / "audit.py", *arguments)


def lock(arguments: list[str]) -> int:
    """重做锁定文件：一份管 Linux、Windows，Python 3.11 起；构建所需的 hatchling 也在里面。参数如 --upgrade。"""
    import tomllib  # noqa: PLC0415 - 放在这里，好让太旧的 Python 也能走到 main 里的那句提示

    uv = shutil.which("uv")
    if uv is None:
        raise StopError("没有找到 uv。请先安装：python -m pip install uv")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build_needs = "\n".join([*project["build-system"]["requires"], EDITABLE_NEEDS])
    common = (
        uv, "pip", "compile", "pyproject.toml", "-", "--universal", "--python-version", "3.11", "--generate-hashes",
        "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "python make.py lock", "--quiet",
    )  # fmt: skip
    for extra in (("-o", RUN_LOCK.name), ("--extra", "test", "-c", RUN_LOCK.name, "-o", TEST_LOCK.name)):
        done = subprocess.run([*common, *extra, *arguments], input=build_needs, text=True, cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0


def clean(arguments: list[str]) -> int:
    """删去能重新生成的东西；out/ 里可能有人放的文件，不删。"""
    if arguments:
        raise StopError(f"clean 不要参数：{arguments[0]}")
    for name in (".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "build", "dist"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    return 0


TASKS = {
    "demo": demo, "test": test, "lint": lint, "bench": bench, "examples": examples, "golden": golden,
    "docs": docs, "lock": lock, "clean": clean, "fuzz": fuzz, "sbom": sbom, "audit": audit,
    "mutate": mutate,
}  # fmt: skip


def main(argv: list[str]) -> int:
    """按第一个参数做事，返回退出码；用法不对或环境备不好时为 2。"""
    if sys.version_info < OLDEST:
        say(f"pbm 要 Python {OLDEST[0]}.{OLDEST[1]} 或更新的版本，现在是 {sys.version.split()[0]}。")
        return 2
    if not argv or argv[0] not in TASKS:
        say(USAGE)
        return 0 if argv in (["-h"], ["--help"]) else 2
    try:
        return TASKS[argv[0]](argv[1:])
    except StopError as stop:
        say(str(stop))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
