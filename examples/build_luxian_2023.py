"""生成 examples/luxian-2023：同样的程序总是写出同样的字节（固定的随机种子，不看时钟）。

用法：python examples/build_luxian_2023.py [--out 文件夹]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from luxian_builder.books import build_books
from luxian_builder.county import build_projects, build_units
from luxian_builder.execution import build_execution
from luxian_builder.indicators import build_indicators
from luxian_builder.readme import TOML, readme


def build() -> dict[str, bytes]:
    """相对路径 → 文件内容。"""
    units = build_units()
    projects = build_projects(units)
    execution = build_execution(projects)
    return {
        "README.md": readme(execution.planted).encode(),
        "pbm.toml": TOML.encode(),
        **execution.files,
        **build_books(units, projects, build_indicators(projects)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="生成泸县 2023 示例县年")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "luxian-2023", help="写到哪个文件夹")
    out = parser.parse_args().out
    for name, data in build().items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    print(f"已写到 {out}")


if __name__ == "__main__":
    main()
