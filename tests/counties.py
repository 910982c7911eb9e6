"""测试用的区县文件夹：几行的执行表、评价结果表，写成 CSV，算得快。"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

Project = tuple[str, str, str, int, int]
"""（编码，名称，单位，预算，支出），元。"""

HEAD = "项目编码,项目名称,预算单位,调整后预算数（元）,累计支出（元）"
PLAIN: tuple[Project, ...] = (
    ("0001", "道路养护", "交通局", 1_000_000, 950_000),
    ("0002", "校舍维修", "教育局", 500_000, 200_000),
)


def county(
    folder: Path,
    name: str,
    projects: Sequence[Project] = PLAIN,
    *,
    year: int = 2023,
    on: str | None = None,
    more: str = "",
    scores: Sequence[str] = (),
) -> Path:
    """写一个区县文件夹。"""
    folder.mkdir(parents=True, exist_ok=True)
    day = on or f"{year}-12-31"
    (folder / "pbm.toml").write_text(
        f'[county]\nname = "{name}"\nyear = {year}\n[run]\non = {day}\n{more}\n', encoding="utf-8"
    )
    if projects:
        lines = [HEAD, *(",".join(map(str, project)) for project in projects)]
        (folder / "执行.csv").write_text("\n".join(lines), encoding="utf-8")
    if scores:
        rows = [f"{name}对象{number},项目,财政抽评,{score}" for number, score in enumerate(scores, 1)]
        text = "\n".join(["评价对象,对象类型,评价层次,评价得分", *rows])
        (folder / "评价.csv").write_text(text, encoding="utf-8")
    return folder


def spent(share: int) -> tuple[Project, ...]:
    """一个项目，支出是预算的百分之 share。"""
    return (("0001", "道路养护", "交通局", 1_000_000, share * 10_000),)
