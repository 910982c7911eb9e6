"""生成 examples/luxian-2022：供 2023 年比较的上一年，同样的程序总是写出同样的字节。

用法：python examples/build_luxian_2022.py [--out 文件夹]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from luxian_builder.county import build_projects, build_units
from luxian_builder.indicators import build_indicators, far_ahead
from luxian_builder.ledgers import build_evaluations
from luxian_builder.previous import build_previous


def main() -> None:
    parser = argparse.ArgumentParser(description="生成泸县 2022 示例")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "luxian-2022", help="写到哪个文件夹")
    out = parser.parse_args().out
    projects = build_projects(build_units())
    rows = build_evaluations(projects, far_ahead(projects, build_indicators(projects)))
    out.mkdir(parents=True, exist_ok=True)
    for name, data in build_previous(projects, rows).items():
        (out / name).write_bytes(data)
    print(f"已写到 {out}")


if __name__ == "__main__":
    main()
