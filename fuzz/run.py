"""按覆盖率引导的模糊测试：python -m fuzz.run 目标 [libFuzzer 的参数…]，例如加 -max_total_time=180。

要先装 atheris（只有 Linux、macOS 有）。新种子写在 .fuzz/目标/（不进仓库）；找到的毛病写成 crash-…，加进
tests/corpus/目标/ 就是回归测试。
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "corpus"
KEPT = ROOT / ".fuzz"
LAZY = (
    "pbm_cli.workbook.delimited", "pbm_cli.workbook.html_tables", "pbm_cli.workbook.spreadsheetml",
    "pbm_cli.workbook.xml_parts",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """运行一个目标，直到时间到或找到毛病；没有 atheris 或不认识目标为 2。"""
    try:
        import atheris  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError:
        sys.stderr.write("没有装 atheris（Linux、macOS：python -m pip install atheris）。\n")
        return 2
    with atheris.instrument_imports(include=["pbm_cli", "jinja2", "tomllib"]):
        for module in LAZY:  # 用到时才装入的，先装好，才量得到覆盖
            importlib.import_module(module)
        from fuzz.targets import TARGETS  # noqa: PLC0415
    if not arguments or arguments[0] not in TARGETS:
        sys.stderr.write(f"用法：python -m fuzz.run 目标 [libFuzzer 参数]；目标：{'、'.join(TARGETS)}\n")
        return 2
    name = arguments[0]
    own = KEPT / name
    own.mkdir(parents=True, exist_ok=True)
    options = ["-timeout=20", "-rss_limit_mb=2048", "-max_len=8192", f"-artifact_prefix={own}/", *arguments[1:]]
    atheris.Setup([sys.argv[0], str(own), str(CORPUS / name), *options], TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
