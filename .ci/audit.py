"""查锁定的包有没有已知的漏洞：python make.py audit。来源够不着时说明白，照样往下走；查到漏洞是失败。

用 pip-audit（不在锁定里：它只看锁定文件，不随 pbm 安装）。没有它时装进临时的环境，装不上就说没有检查。
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.txt", "requirements-test.txt")
VERSION = "2.10.1"
SECONDS = 300


def say(text: str) -> None:
    """说一句话。"""
    sys.stderr.write(f"{text}\n")


def program(folder: Path) -> str | None:
    """pip-audit 在哪里；没有时装进 folder，装不上为 None。"""
    if found := shutil.which("pip-audit"):
        return found
    venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(folder)
    place = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [
        str(place / "python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        f"pip-audit=={VERSION}",
    ]
    done = subprocess.run(command, check=False, timeout=SECONDS)
    return str(place / "pip-audit") if done.returncode == 0 else None


def verdict(lock: str, text: str) -> int:
    """pip-audit 的 JSON → 退出码：1 有漏洞，0 没有或没能检查；说清查了几个。"""
    try:
        found: list[dict[str, Any]] = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        say(f"{lock}：漏洞库够不着（没有网络），没有检查。")
        return 0
    checked = [package for package in found if "vulns" in package]
    bad = [package for package in checked if package["vulns"]]
    for package in bad:
        names = "、".join(item["id"] for item in package["vulns"])
        fixed = sorted({version for item in package["vulns"] for version in item.get("fix_versions", [])})
        say(
            f"{lock}：{package['name']} {package['version']} 有漏洞 {names}；修好的版本：{'、'.join(fixed) or '还没有'}"
        )
    if len(checked) < len(found):
        say(f"{lock}：{len(found)} 个包里有 {len(found) - len(checked)} 个在漏洞库里查不到，没有检查。")
    say(f"{lock}：查了 {len(checked)} 个包，有漏洞的 {len(bad)} 个。")
    return 1 if bad else 0


def main() -> int:
    """查两个锁定文件。"""
    with tempfile.TemporaryDirectory() as name:
        audit = program(Path(name))
        if audit is None:
            say("没有 pip-audit，也装不上（没有网络）；没有检查漏洞。")
            return 0
        codes = []
        for lock in LOCKS:
            options = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
            done = subprocess.run(
                [audit, "-r", str(ROOT / lock), *options], capture_output=True, text=True, check=False, timeout=SECONDS
            )
            codes.append(verdict(lock, done.stdout))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
