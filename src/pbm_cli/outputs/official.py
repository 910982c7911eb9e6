"""公文的写法：文号的年份用六角括号、号不编虚位（川办发〔2022〕5号），日期不编虚位（2024年1月5日）。"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pbm_cli.outputs.prose import Block, Grid, Signature, Spans

_NUMBER = re.compile(
    r"(?<=[\u4e00-\u9fff])\s?[\[［【（(〔]((?:19|20)\d\d)[\]］】）)〕]\s?(?:第\s?)?0*([1-9]\d{0,4})\s?号"
)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)年0?([1-9]\d?)月(?:0?([1-9]\d?)日)?")


def official(blocks: Sequence[Block]) -> list[Block]:
    """各块的文字照公文的写法；标题里的文号也一样。"""
    for block in blocks:
        if isinstance(block, Grid):
            block.rows[:] = [[_spans(cell) for cell in row] for row in block.rows]
        elif isinstance(block, Signature):
            block.lines[:] = [_spans(line) for line in block.lines]
        else:
            block.spans = _spans(block.spans)
    return list(blocks)


def _spans(spans: Spans) -> Spans:
    return [(written(text), strong) for text, strong in spans]


def written(text: str) -> str:
    """一段文字照公文的写法。"""
    if "号" in text:
        text = _NUMBER.sub(r"〔\1〕\2号", text)
    if "年0" in text or "月0" in text:
        text = _DATE.sub(_date, text)
    return text


def _date(match: re.Match[str]) -> str:
    day = f"{int(match[3])}日" if match[3] else ""
    return f"{match[1]}年{int(match[2])}月{day}"
