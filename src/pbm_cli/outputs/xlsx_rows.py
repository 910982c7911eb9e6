"""Excel 的长表：正文一列一列写成 XML 片段，同样的值只写一次，再一行一行拼起来；几万行也只要一两秒。

XlsxWriter 逐格登记、逐格分派，几十万格要几秒；它允许换工作表的类，这里只换“写各行”这一步，其余（表头、图、打印）照旧。
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pbm_cli.text import rounded

LINE_HEIGHT = 15.5
MOST_LINES = 26
MAX_DIGITS = 15
"""Excel 的数只有 15 位有效数字，再长的写成文字。"""
SIDES = 3
"""格里文字两边的空：缩进一字，右边一点。"""
_MARKED = re.compile(r"[&<>_]|^\s|\s\Z")
"""要转义或要保住首尾空格的文字，交给 XlsxWriter 的共用文字表。"""
_MEASURED = ("gbk", "replace")
ROWS_HERE = "<?rows here?>"
"""正文分几段时，部件里留给它们的地方。"""


class LongSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter 没有给出类型
    """多一样本事的工作表：正文各行直接以 XML 给出。"""

    def __init__(self) -> None:
        super().__init__()
        self.long_first = self.long_count = 0
        self.long_blocks: list[bytes] = []

    def text_cell(self, text: str, *, once: bool) -> str:
        """一格文字的 XML（样式以后的部分）。大多只出现一次的文字就地写，其余放进共用文字表，文件小。"""
        if once and text.isprintable() and not _MARKED.search(text):
            return f' t="inlineStr"><is><t>{text}</t></is></c>'
        return f' t="s"><v>{self.str_table._get_shared_string_index(_not_rich(text))}</v></c>'

    def add_lines(self, first: int, columns: int, lines: list[str]) -> None:
        """从第 first 行（从 0 数）起的正文，可以连着给几段；其余单元格不能落在这些行里。记的是字节，省内存。"""
        if not self.long_blocks:
            self.long_first = first
        self.long_count += len(lines)
        self.long_blocks.append("".join(lines).encode())
        self._check_dimensions(first, 0)
        self._check_dimensions(first + len(lines) - 1, columns - 1)

    def _write_string(self, row: int, col: int, string: str, cell_format: Format | None = None) -> Any:
        return super()._write_string(row, col, _not_rich(string), cell_format)

    def _write_rows(self) -> None:
        if not self.long_blocks:
            super()._write_rows()
            return
        low, high = self._bounds()
        after = self.long_first + self.long_count
        self._write_some(low, self.long_first - 1)
        self.fh.write(self.long_blocks[0].decode() if len(self.long_blocks) == 1 else ROWS_HERE)
        self._write_some(after, high)
        self.dim_rowmin, self.dim_rowmax = low, high

    def _bounds(self) -> tuple[int, int]:
        return getattr(self, "dim_rowmin", 0), getattr(self, "dim_rowmax", 0)

    def _write_some(self, low: int, high: int) -> None:
        if low <= high:
            self.dim_rowmin, self.dim_rowmax = low, high
            super()._write_rows()


def _not_rich(text: str) -> str:
    """以 <r> 开头、以 </r> 结尾的文字，XlsxWriter 会当成排好的富文本原样写进文件；末尾加一个空格就只是文字。"""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def packed(made: bytes, blocks: Mapping[str, Sequence[bytes]]) -> bytes:
    """写好的工作簿，把几段正文（部件 → 各段）放到留给它们的地方；一段段压缩，不在内存里拼成一整篇。"""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            rows = blocks.get(entry.filename, ())
            before, _, after = content.partition(ROWS_HERE.encode()) if rows else (content, b"", b"")
            with new.open(entry, "w") as part:
                for piece in (before, *rows, after):
                    part.write(piece)
    return stream.getvalue()


Maker = Callable[[Any], tuple[str, int, int]]
"""值 → （这一格的 XML，显示宽度，要几行才写得下）。"""


@dataclass(slots=True)
class Cells:
    """一列的正文：各格的 XML（<c r="…" 以后的部分）、要的列宽、要几行才写得下的格。"""

    tails: list[str]
    width: float = 0
    tall: Mapping[str, int] = field(default_factory=dict)


def measure(text: str) -> int:
    """显示宽度：汉字算 2，其余算 1；多行取最长的一行。"""
    if "\n" in text:
        return max(map(measure, text.split("\n")))
    return len(text) if text.isascii() else len(text.encode(*_MEASURED))


def shifted(text: str, places: int) -> str | None:
    """十进制数的文字除以 10 的 places 次方，精确；不是普通写法或超过 15 位的为 None。"""
    sign = "-" if text[:1] == "-" else ""
    whole, _, rest = text[len(sign) :].partition(".")
    digits = whole + rest
    if not (whole and digits.isascii() and digits.isdigit()) or len(digits.lstrip("0")) > MAX_DIGITS:
        return None
    point = len(rest) + places
    if not point:
        return sign + digits
    digits = digits.zfill(point + 1)
    return f"{sign}{digits[:-point]}.{digits[-point:]}".rstrip("0").rstrip(".")


def number_cells(values: Sequence[Any], places: int, style: int, make: Maker, most: int) -> Cells:
    """数的一列，各数除以 10 的 places 次方；空的是空格，写不成数的（定性的指标值之类）交给 make。"""
    blank, start = f' s="{style}"/>', f' s="{style}"><v>'
    tails: list[str] = []
    tall: dict[str, int] = {}
    width = longest = 0
    for value in values:
        if value is None:
            tails.append(blank)
            continue
        text = value if type(value) is str else str(value) if type(value) is int else ""
        number = shifted(text, places)
        if number is not None:
            tails.append(f"{start}{number}</v></c>")
            longest = max(longest, len(text))
            continue
        tail, wide, lines = make(value)
        tails.append(tail)
        width = max(width, wide)
        if lines > 1:
            tall[tail] = lines
    return Cells(tails, min(most, max(width, longest + longest // 4) + SIDES), tall)


def text_cells(values: Sequence[Any], make: Maker, most: int) -> Cells:
    """文字的一列：make 交回（XML、显示宽度、要几行）；同样的文字只做一次。"""
    cache: dict[Any, str] = {}
    tails, tall, width = [], {}, 0
    for value in values:
        key = value if type(value) is str or value is None else None
        tail = cache.get(value) if key is value else None
        if tail is None:
            tail, wide, lines = make(value)
            width = max(width, wide)
            if lines > 1:
                tall[tail] = lines
            if key is value:
                cache[value] = tail
        tails.append(tail)
    return Cells(tails, min(most, width + SIDES), tall)


@dataclass(frozen=True, slots=True)
class Ratio:
    """一列公式：同一行里 top 列 ÷ bottom 列，四舍五入到万分之一；只写在与 key 那一列的值一致的行。"""

    key: str
    title: str
    top: tuple[str, str]
    """(键, 列的字母)，下同。"""
    bottom: tuple[str, str]

    def cells(self, rows: Sequence[Mapping[str, Any]], first: int, style: int) -> Cells:
        """各行的公式和算好的值；first 是第一行的行号（从 1 数）。"""
        blank, start = f' s="{style}"/>', f' s="{style}"><f>IF('
        (top, up), (bottom, down) = self.top, self.bottom
        tails = []
        for number, row in enumerate(rows, first):
            value = row.get(self.key)
            if value is None or not agrees(value, row.get(top), row.get(bottom)):
                tails.append(blank)
                continue
            formula = f'{down}{number}=0,"",ROUND({up}{number}/{down}{number},4))'
            tails.append(f"{start}{formula}</f><v>{shifted(value, 2)}</v></c>")
        return Cells(tails, 0)


def agrees(percent: str, top: object, bottom: object) -> bool:
    """百分数（两位小数的文字）正好是 top ÷ bottom（两位小数的金额文字）四舍五入的结果；写法不同的不算。"""
    texts = (percent, top, bottom)
    if any(type(text) is not str or text[-3:-2] != "." for text in texts):
        return False
    share, above, below = (text.replace(".", "") for text in texts)  # type: ignore[attr-defined]
    if not (below.isdigit() and above.lstrip("-").isdigit() and share.lstrip("-").isdigit() and int(below)):
        return False
    return rounded(int(above) * 10_000, int(below)) == int(share)


def lines_of(text: str, most: int) -> int:
    """在 most 宽的列里要占几行。"""
    room = most - 2
    return sum(max(1, -(-measure(line) // room)) for line in text.split("\n"))


def assemble(first: int, columns: Sequence[Cells]) -> list[str]:
    """各列 → 各行的 XML；first 是第一行的行号（从 1 数）。写不下的行加高。"""
    letters = [xl_col_to_name(index) for index in range(len(columns))]
    plain = '<row r="\0">' + "".join(f'<c r="{letter}\0"%s' for letter in letters) + "</row>"
    high = plain.replace('">', '" ht="\1" customHeight="1">', 1)
    tall = [(index, column.tall) for index, column in enumerate(columns) if column.tall]
    found = []
    for number, cells in enumerate(zip(*(column.tails for column in columns), strict=True), first):
        lines = max((heights.get(cells[index], 1) for index, heights in tall), default=1)
        pattern = plain if lines == 1 else high.replace("\1", f"{min(lines, MOST_LINES) * LINE_HEIGHT:g}")
        found.append(pattern.replace("\0", str(number)) % cells)
    return found
