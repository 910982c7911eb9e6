"""叙述（Markdown）→ 段落、标题、表格、落款。Word 由此排版。

约定：第一个“# ”是文件标题，以后的“# 附件1 …”各是一个附件；“## ”“### ”“#### ”是三级标题（序号已在文字里）；
引用块是落款，一行一段；列表是缩进的段落；着重是黑体；其余行内标记只留文字。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from pbm_cli.outputs.columns import clean

Spans = list[tuple[str, bool]]
"""一段文字：(文字, 是否着重)；换行是“\\n”。"""
_ASCII_END = 0x80
_STRONG, _PLAIN = "\ufdd0", "\ufdd1"
_STRONG_PAIR = re.compile(r"(?<![\\*])\*\*(?![\s*])([^*\n]+?)(?<![\\\s])\*\*(?!\*)")


@dataclass(slots=True)
class Heading:
    """标题：level 1 是“# ”。"""

    level: int
    spans: Spans


@dataclass(slots=True)
class Paragraph:
    """正文段落。"""

    spans: Spans


@dataclass(slots=True)
class Signature:
    """落款：一行一段。"""

    lines: list[Spans]


@dataclass(slots=True)
class Grid:
    """表格：aligns 是各列写明的对齐（没写为空）。"""

    aligns: list[str] = field(default_factory=list)
    rows: list[list[Spans]] = field(default_factory=list)


_MARKS = re.compile(f"([{_STRONG}{_PLAIN}])")

Block = Heading | Paragraph | Signature | Grid


def plain(spans: Spans) -> str:
    """一段文字的纯文字。"""
    return "".join(text for text, _ in spans)


def parse(narrative: str) -> list[Block]:
    """Markdown → 块。"""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("emphasis")
    source = clean(narrative).replace(_STRONG, "").replace(_PLAIN, "")
    # CommonMark 的着重遇到“**……。**后面”这样的中文标点不起作用，所以先自己认出来。
    return list(_blocks(parser.parse(_STRONG_PAIR.sub(rf"{_STRONG}\1{_PLAIN}", source))))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    index = 0
    marks: list[str] = []
    while index < len(tokens):
        token = tokens[index]
        if token.type == "heading_open":
            yield Heading(int(token.tag[1:]), spans(tokens[index + 1]))
        elif token.type == "blockquote_open":
            end = _close(tokens, index)
            yield Signature([line for inner in tokens[index:end] if inner.type == "inline" for line in _lines(inner)])
            index = end
        elif token.type == "table_open":
            end = _close(tokens, index)
            yield _grid(tokens[index:end])
            index = end
        elif token.type == "list_item_open":
            marks.append(f"{token.info}{token.markup}" if token.info else "·")
        elif token.type == "paragraph_open":
            lead: Spans = [(marks.pop() + " ", False)] if marks else []
            yield Paragraph(lead + spans(tokens[index + 1]))
        elif token.type in {"fence", "code_block"}:
            yield from (Paragraph([(line, False)]) for line in token.content.splitlines() if line.strip())
        index += 1


def _close(tokens: Sequence[Token], start: int) -> int:
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index
    return len(tokens) - 1


def _grid(tokens: Sequence[Token]) -> Grid:
    found = Grid()
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            found.rows.append([])
        elif token.type in {"th_open", "td_open"}:
            found.rows[-1].append(spans(tokens[index + 1]))
            if token.type == "th_open":
                found.aligns.append(str(token.attrs.get("style", "")).rpartition(":")[2])
    return found


def _lines(token: Token) -> list[Spans]:
    lines: list[Spans] = [[]]
    for text, strong in spans(token, soft="\n"):
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if part.strip():
                lines[-1].append((part.strip(), strong))
    return [line for line in lines if line]


def spans(token: Token, soft: str = "") -> Spans:
    """行内标记 → 文字与着重；相邻同类的合并。源文件里的换行在汉字间不留空格。"""
    found: Spans = []
    strong = False
    pending = False
    for child in token.children or []:
        if child.type == "softbreak" and not soft:
            pending = True
        elif child.type in {"softbreak", "hardbreak"}:
            _add(found, "\n", strong)
        for part in _MARKS.split(child.content):
            if part in {_STRONG, _PLAIN}:
                strong = part == _STRONG
            elif part:
                lead = " " if pending and found and _both_ascii(found[-1][0][-1], part[0]) else ""
                pending = False
                _add(found, lead + part, strong)
    return found


def _both_ascii(one: str, other: str) -> bool:
    return ord(one) < _ASCII_END and ord(other) < _ASCII_END


def _add(found: Spans, text: str, strong: bool) -> None:
    if found and found[-1][1] == strong:
        found[-1] = (found[-1][0] + text, strong)
    else:
        found.append((text, strong))
