"""命令行上的位置参数和选项：名字、写法、一句说明；每个选项只在这里写一次。"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pbm_cli import completion

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", help="工作簿，或放工作簿的文件夹", show_default=False, readable=False),
]
Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="县年度文件夹（有 pbm.toml）", show_default=False, readable=False)
]
Out = Annotated[
    list[Path] | None,
    typer.Option(
        "-o",
        "--out",
        metavar="FILE",
        help="写出结果（可重复）：.xlsx .docx .html .md .json .csv .parquet",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="在标准输出打印 JSON")]
On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="数据截止日，如 2023-12-31", show_default=False)]
Ruleset = Annotated[
    str | None,
    typer.Option(
        "--ruleset", metavar="NAME", help="规则集名字或文件夹，默认 national", show_default=False,
        autocompletion=completion.rulesets,
    ),
]  # fmt: skip
Unit = Annotated[
    str | None,
    typer.Option(
        "--unit", metavar="UNIT", help="没写单位的表用：元 万元 亿元", show_default=False,
        autocompletion=completion.units,
    ),
]  # fmt: skip
Overlay = Annotated[
    Path | None, typer.Option("--overlay", metavar="FOLDER", help="本县的参数、版式、模板", show_default=False)
]
Style = Annotated[
    Path | None,
    typer.Option(
        "--style", metavar="FILE", help="Word 版式：.toml 改字体尺寸；.docx 给页面、样式、红头", show_default=False
    ),
]
FailOn = Annotated[
    str,
    typer.Option(
        "--fail-on", metavar="LEVEL", help="到哪一级退出码为 1：never error red yellow",
        autocompletion=completion.levels,
    ),
]  # fmt: skip
Publish = Annotated[
    bool, typer.Option("--publish", help="结果要公开：身份证、手机、银行卡号码遮住中间的数字（标注副本除外）")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="不显示进度")]
Debug = Annotated[bool, typer.Option("--debug", help="程序出错时显示详细位置")]
Previous = Annotated[
    Path | None,
    typer.Option("--previous", metavar="PATH", help="上次的 JSON 结果或文件夹，比较灯的变化", show_default=False),
]
Notices = Annotated[
    Path | None,
    typer.Option(
        "--notices", metavar="DIR", help="给有红灯、黄灯项目的单位各写一份 Word 通知，放进 DIR", show_default=False
    ),
]
WhatIf = Annotated[
    list[str] | None,
    typer.Option(
        "--what-if",
        metavar="PARAM=VALUE",
        help="试算：换一个参数值，看哪些灯会变（可重复），如 execution_bands.黄灯=70",
        show_default=False,
        autocompletion=completion.trials,
    ),
]
Plan = Annotated[bool, typer.Option("--plan", help="排财政抽评计划：哪些必须评价、为什么")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="抽取的种子，默认由规则集定", show_default=False)]
OldOn = Annotated[str | None, typer.Option("--old-on", metavar="DATE", help="旧的一边的数据截止日", show_default=False)]
DiffOut = Annotated[
    list[Path] | None,
    typer.Option("-o", "--out", metavar="FILE", help="写出结果（可重复）：.xlsx .csv .json .md", show_default=False),
]
Region = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER", help="放着各区县文件夹的文件夹（可以再分市、县）", show_default=False, readable=False
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="用几个进程，默认一个核一个", show_default=False)
]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="dask 调度器的地址，如 tcp://主机:8786", show_default=False),
]
Code = Annotated[
    str | None,
    typer.Argument(metavar="[CODE]", help="规则号，如 M01", show_default=False, autocompletion=completion.codes),
]
Parameter = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="参数名", show_default=False, autocompletion=completion.parameters),
]
Kind = Annotated[
    str,
    typer.Argument(metavar="KIND", help="哪一种表，如 assessment", show_default=False, autocompletion=completion.kinds),
]
