"""pbm monitor --notices：每个有红灯、黄灯项目的单位一份 Word 通知，另有一份目录。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pbm_cli.outputs import docx
from pbm_cli.outputs.atomic import refuse_inputs, write
from pbm_cli.outputs.columns import Column, Document, Row, title
from pbm_cli.outputs.provenance import compact, provenance
from pbm_cli.outputs.style import Profile, load_profile
from pbm_cli.outputs.xlsx_book import Book, grid, titled
from pbm_cli.report import sections

FOLDER = "notice"
INDEX = "目录.xlsx"
_LONGEST = 20
"""文件名里单位简称最多几个字。"""
_DROPPED = re.compile(r"[^0-9A-Za-z\u4e00-\u9fff]")
"""文件名里只留汉字、数字和英文字母：路径符号、点、空白、双向控制符、不在字库里的字都不留。"""
_OWN_NAME = re.compile(r"\d{2,}_.+\.docx")
_INDEX_COLUMNS = (
    Column("number", "序号", "count"), Column("file", "文件", "code"), Column("budget_unit", "单位"),
    Column("kind", "种类"), Column("red", "红灯项目", "count"), Column("yellow", "黄灯项目", "count"),
    Column("budget_yuan", "调整后预算", "money"), Column("expenditure_yuan", "累计支出", "money"),
    Column("deadline", "反馈期限"),
)  # fmt: skip


@dataclass(slots=True)
class Written:
    """写出的通知（rows 是 JSON 的 notices）和目录；stale 是文件夹里不是这次写的通知。"""

    rows: list[Row] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    index: Path | None = None
    stale: list[str] = field(default_factory=list)

    def remarks(self, issuer: str | None) -> list[str]:
        """要告诉用户的话。"""
        found = []
        if not issuer:
            found.append("pbm.toml 的 [county] 里没有写 issuer，通知的落款是“（发文单位）”，发出前请填上。")
        if any(row["budget_unit"] is None for row in self.rows):
            found.append("有的项目没有填单位，合成了一份通知；请补填单位后再运行。")
        if self.stale:
            shown = "、".join(self.stale[:3]) + ("等" if len(self.stale) > 3 else "")
            found.append(f"文件夹里还有 {len(self.stale)} 份不是这次写的通知（{shown}），没有动；发出前请核对目录。")
        return found


def write_notices(
    folder: Path, document: Document, notices: Sequence[Row], inputs: Collection[Path], *,
    style: Path | None = None, overlay: Path | None = None,
) -> Written:  # fmt: skip
    """写出各份通知和目录；没有通知时什么也不写。有一份会落在输入文件上时，一份也不写（OutputError）。"""
    done = Written()
    if not notices:
        return done
    names = file_names([notice["budget_unit"] for notice in notices])
    for name in (*names, INDEX):
        refuse_inputs(folder / name, inputs)
    tell, profile, source = sections(FOLDER, overlay), load_profile(style), provenance(document)
    about = _about(document)
    lines = []
    for number, (name, notice) in enumerate(zip(names, notices, strict=True), start=1):
        letter = {**about, **notice, "number": number, "kind": kind(notice)}
        path = write(folder / name, _letter(tell(letter), profile, source), inputs)
        done.paths.append(path)
        done.rows.append({"file": path.name, **{key: notice[key] for key in ("budget_unit", "red", "yellow")}})
        lines.append({**letter, "file": path.name, "deadline": notice["deadline"]["sentence"]})
    done.index = write(folder / INDEX, _index(document, lines), inputs)
    own = {path.name for path in done.paths}
    done.stale = sorted(p.name for p in folder.iterdir() if _OWN_NAME.fullmatch(p.name) and p.name not in own)
    return done


def kind(notice: Row) -> str:
    """有红灯的是整改通知，只有黄灯的是预警通知。"""
    return "整改通知" if notice["red"] else "预警通知"


def file_names(units: Sequence[str | None]) -> list[str]:
    """文件名：序号加单位简称，任何系统上都能用，不会重名。单位名称不可信，只取其中的汉字、数字和英文字母。"""
    width = max(2, len(str(len(units))))
    return [f"{number:0{width}d}_{_short(unit)}.docx" for number, unit in enumerate(units, start=1)]


def _short(unit: str | None) -> str:
    return _DROPPED.sub("", unicodedata.normalize("NFKC", unit or "未填单位"))[:_LONGEST] or "单位"


def _letter(narrative: str, profile: Profile, source: dict[str, Any]) -> bytes:
    """一份通知的字节；只有一个附件的，附件不编号。"""
    alone = "\n# 附件2 " not in narrative
    return docx.render(narrative.replace("\n# 附件1 ", "\n# 附件：") if alone else narrative, profile, source)


def _about(document: Document) -> dict[str, Any]:
    """各份通知都有的名字。"""
    keys = ("county", "issuer", "year", "on", "ruleset", "ruleset_title")
    return {**{key: document.get(key) for key in keys}, "version": document.get("pbm")}


def _index(document: Document, lines: Sequence[Row]) -> bytes:
    """目录：哪一份给哪个单位。"""
    name = f"{title(document)} 通知目录"
    book = Book(name, compact(provenance(document)))
    total = "，".join(
        f"{word} {sum(line[key] for line in lines)} 个" for key, word in (("red", "红灯"), ("yellow", "黄灯"))
    )
    sheet = titled(book, "目录", name, f"共 {len(lines)} 份；{total}；截止日：{document.get('on')}；金额单位：万元")
    grid(book, sheet, 2, _INDEX_COLUMNS, lines)
    return book.bytes()
