"""写坏的设定和模板：pbm.toml、规则集、本县的参数、版式、Word 版式、报告模板。旁边总有一张好的表。"""

from __future__ import annotations

from pathlib import Path

from bad.content import table

COUNTY = '[county]\nname = "虚构县"\nissuer = "虚构县财政局"\nyear = 2023\n[run]\non = 2023-12-31\n'
OVERLAY = "本县"
BASIS = '{ title = "虚构的办法", evidence = "practice" }'


def config(
    folder: Path, text: str = "", encoding: str = "utf-8", repeat: int = 1, head: str = "", tail: str = ""
) -> Path:
    """一份写坏的 pbm.toml；repeat 是 text 写几遍。"""
    (folder / "好.xlsx").write_bytes(table())
    path = folder / "pbm.toml"
    path.write_bytes((head + text * repeat + tail).encode(encoding))
    return path


def overlay(
    folder: Path, file: str, text: str, encoding: str = "utf-8", repeat: int = 1, head: str = "", tail: str = ""
) -> Path:
    """本县文件夹里一个写坏的文件；pbm.toml 写明用这个文件夹。"""
    config(folder, f'{COUNTY}overlay = "{OVERLAY}"\n')
    path = folder / OVERLAY / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((head + text * repeat + tail).encode(encoding))
    return path


def parameter(folder: Path, name: str = "conclusion_floors", values: str = "", more: str = "") -> Path:
    """本县的一个参数。"""
    return overlay(folder, "parameters/assess.toml", f"[{name}]\n{more}\n{values}")


def dated(folder: Path, *, value: str, days: list[str], basis: str = BASIS, name: str = "full_score") -> Path:
    """本县的一个参数，几个施行日期，值都一样。"""
    blocks = (f"[[{name}.values]]\neffective = {day}\n{value}\nbasis = {basis}\n" for day in days)
    return overlay(folder, "parameters/assess.toml", "".join(blocks))


def ruleset(folder: Path, builds_on: str = "national", more: str = "", second: str = "") -> Path:
    """一个规则集文件夹；second 是另一个规则集建立在什么上面。"""
    config(folder, f'{COUNTY}ruleset = "{folder.as_posix()}/规则"\n')
    for name, base in (("规则", builds_on), ("规则二", second)):
        path = folder / name / "ruleset.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'name = "{name}"\ntitle = "虚构"\nbuilds_on = "{base}"\n{more}', encoding="utf-8")
    return folder / "规则" / "ruleset.toml"


def link(folder: Path, target: str, place: str = OVERLAY) -> Path:
    """本县文件夹（或其中一个文件）是一个链接。"""
    config(folder, f'{COUNTY}overlay = "{OVERLAY}"\n')
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


def template(
    folder: Path, text: str, file: str = "report/30_assess.md.j2", encoding: str = "utf-8", repeat: int = 1,
    tail: str = "",
) -> Path:  # fmt: skip
    """本县的一个报告模板。"""
    return overlay(folder, f"templates/{file}", text, encoding, repeat, tail=tail)


def nested(folder: Path, count: int) -> Path:
    """许多层括号，都有收尾。"""
    return template(folder, "{{ " + "(" * count + "1" + ")" * count + " }}")


def twice(folder: Path) -> Path:
    """同一个参数在两个文件里。"""
    text = f"[[full_score.values]]\neffective = 2023-01-01\nvalue = 100\nbasis = {BASIS}\n"
    overlay(folder, "parameters/a.toml", text)
    return overlay(folder, "parameters/b.toml", text)
