"""命令行上的位置参数和选项：名字、写法、一句说明；每个选项只在这里写一次。"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[list[Path], typer.Argument(metavar="PATH...", help="工作簿，或放工作簿的文件夹", show_default=False)]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="县年度文件夹（有 pbm.toml）", show_default=False)]
Out = Annotated[
    list[Path] | None,
    typer.Option(
        "-o", "--out", metavar="FILE", help="写出结果（可重复）：.xlsx .docx .html .md .json .csv", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="在标准输出打印 JSON")]
On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="数据截止日，如 2023-12-31", show_default=False)]
Ruleset = Annotated[
    str | None, typer.Option("--ruleset", metavar="NAME", help="规则集名字或文件夹，默认 national", show_default=False)
]
Unit = Annotated[
    str | None, typer.Option("--unit", metavar="UNIT", help="没写单位的表用：元 万元 亿元", show_default=False)
]
Overlay = Annotated[
    Path | None, typer.Option("--overlay", metavar="FOLDER", help="本县的参数、版式、模板", show_default=False)
]
FailOn = Annotated[str, typer.Option("--fail-on", metavar="LEVEL", help="到哪一级退出码为 1：never error red yellow")]
Quiet = Annotated[bool, typer.Option("--quiet", help="不显示进度")]
Debug = Annotated[bool, typer.Option("--debug", help="程序出错时显示详细位置")]
Previous = Annotated[
    Path | None,
    typer.Option("--previous", metavar="PATH", help="上次的 JSON 结果或文件夹，比较灯的变化", show_default=False),
]
Plan = Annotated[bool, typer.Option("--plan", help="排财政抽评计划：哪些必须评价、为什么")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="抽取的种子，默认由规则集定", show_default=False)]
OldOn = Annotated[str | None, typer.Option("--old-on", metavar="DATE", help="旧的一边的数据截止日", show_default=False)]
DiffOut = Annotated[
    list[Path] | None,
    typer.Option("-o", "--out", metavar="FILE", help="写出结果（可重复）：.xlsx .csv .json .md", show_default=False),
]
