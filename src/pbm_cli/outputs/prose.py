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
from pbm_cli.sandbox import held, within

Spans = list[tuple[str, bool]]
"""一段文字：(文字, 是否着重)；换行是“\\n”。"""
_ASCII_END = 0x80
_STRONG, _PLAIN = "\ufdd0", "\ufdd1"
_STRONG_PAIR = re.compile(r"(?<![\\*])\*\*(?![\s*])([^*\n]+?)(?<![\\\s])\*\*(?!\*)")
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]*\n")
_RULE = re.compile(r"\|(\s*:?-+:?\s*\|)+\s*")
_BAR = re.compile(r"(?<!\\)\|")
_ALIGNS = {(False, False): "", (True, False): "left", (False, True): "right", (True, True): "center"}
_INLINE = re.compile(f"[`\\[<&{_STRONG}{_PLAIN}]|\\\\$")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


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
    """Markdown → 块；本县的模板写得再怪，也不会没有尽头。"""
    return within(held().template_seconds, "叙述", lambda: _parsed(narrative))


def _parsed(narrative: str) -> list[Block]:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("emphasis")
    source = clean(narrative).replace(_STRONG, "").replace(_PLAIN, "")
    # CommonMark 的着重遇到“**……。**后面”这样的中文标点不起作用，所以先自己认出来。
    marked = _STRONG_PAIR.sub(rf"{_STRONG}\1{_PLAIN}", source)
    if _FENCE.search(marked):
        return list(_blocks(parser.parse(marked)))
    found: list[Block] = []
    pending: list[str] = []
    for chunk in _BLANK.split(marked):
        grid = _plain_grid(chunk, parser)
        if grid is None:
            pending.append(chunk)
            continue
        found += [*_blocks(parser.parse("\n\n".join(pending))), grid]
        pending = []
    return [*found, *_blocks(parser.parse("\n\n".join(pending)))]


def _plain_grid(chunk: str, parser: MarkdownIt) -> Grid | None:
    """前后空行、每行以竖线开头的表直接拆：两万行的表经语法分析要多用几百 MB 内存。不是这样的表为 None。"""
    lines = chunk.strip("\n").split("\n")
    if len(lines) < 2 or not _RULE.fullmatch(lines[1]) or not all(line.startswith("|") for line in lines):
        return None
    aligns = [_ALIGNS[rule.startswith(":"), rule.endswith(":")] for rule in _columns(lines[1])]
    rows = [_columns(line) for line in (lines[0], *lines[2:])]
    count = len(aligns)
    if len(rows[0]) != count:
        return None
    return Grid(aligns, [[_cell(cell, parser) for cell in (row + [""] * (count - len(row)))[:count]] for row in rows])


def _columns(line: str) -> list[str]:
    cells = [cell.strip() for cell in _BAR.split(line.strip())[1:]]
    return cells[:-1] if cells and not cells[-1] else cells


def _cell(text: str, parser: MarkdownIt) -> Spans:
    text = text.replace("\\|", "|")
    if not _INLINE.search(text):
        return [(_ESCAPED.sub(r"\1", text), False)] if text else []
    return spans(parser.parseInline(text)[0])


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
