"""xlsx 的工作表部件：找出 calamine 丢掉的东西，并在它之前拦下过远的单元格。

大而干净的表要快：一块块地看，去掉数字和汉字以后各行多半一样，只看不一样的那几种（行样），只有可疑的单元格才细看；
写法不合常规（没有 r、单引号、属性换行）的块才逐个单元格地走。

去掉它们只会造出、不会抹掉一个不含数字和汉字的记号，所以行样里没有的，原文里也没有；行样里有的再到原文里找。
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

from pbm_cli.cells import address, column_letters
from pbm_cli.errors import InputError
from pbm_cli.workbook.limits import MIB, Limits
from pbm_cli.workbook.marks import Marks
from pbm_cli.workbook.odd_values import refuse_odd
from pbm_cli.workbook.refusals import damaged, refuse

_LETTERS = re.compile(rb"""\sr=["']([A-Za-z]{1,3})["'][^>/]*>""")
"""行样里写着值的单元格在哪一列。"""
_PLAIN_LETTERS = re.compile(rb' r="([A-Za-z]{1,3})"[^>/]*>')
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_PLACE = re.compile(rb"([A-Za-z]{1,3})([0-9]{1,7})\Z")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:worksheet|dialogsheet|chartsheet|macrosheet)\b")
_ROW_BYTES = 64 * MIB
_TRUE = (b"1", b"true")
_BOUNDS = (6, 13, 19, 26, 52, 104, 208)
_MOST_ROWS = 1_048_576
_DIGITS = b"0123456789"
_DROPPED = _DIGITS + bytes(range(0x80, 0x100))
_ENDS = (b">", b"/", b"\n", b"\t", b"\r")
_ODD = (b"='", b"= ", b' ="', b"=\n", b"\n=", b"=\t", b"\t=", b"=\r", b"\r=")
_KNOWN_ERRORS = frozenset(("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"))


class SheetScan:
    """走一遍一个工作表部件；结果在 marks 里，strange_errors 是 calamine 不认识的错误值。"""

    def __init__(self, percent_styles: frozenset[int], limits: Limits, *, recalculates: bool) -> None:
        self.marks = Marks()
        self.cells = 0
        self.strange_errors: set[str] = set()
        self._limits = limits
        self._percent = percent_styles
        self._recalculates = recalculates
        self._row = -1
        self._column = -1
        self._bounds = (*(bound for bound in _BOUNDS if bound < limits.columns), limits.columns)
        self._bound = 0

    def run(self, blocks: Iterator[bytes]) -> None:
        """走完全部内容；没有 sheetData 的部件（空表、图表）什么也不记。"""
        head = b""
        for block in blocks:
            head += block
            found = re.search(rb"<(?:[\w.-]+:)?sheetData\b[^>]*>", head)
            if found:
                self._prepare(head[: found.start()], found[0])
                if not found[0].endswith(b"/>"):
                    self._body(head[found.end() :], blocks)
                break
            if len(head) > _ROW_BYTES:
                raise damaged("工作表部件里没有数据区")
        else:
            if not _ROOT.search(head):
                raise damaged("工作表部件里不是工作表")
        for _ in blocks:
            pass

    def _prepare(self, head: bytes, opening: bytes) -> None:
        prefix = opening[1 : opening.index(b"sheetData")]
        tag = rb"<" + re.escape(prefix)
        self._opening = b"<" + prefix + b"c"
        self._formula_tag = b"<" + prefix + b"f"
        self._row_tag = b"<" + prefix + b"row"
        self._closing = b"</" + prefix + b"sheetData"
        self._row_pattern = re.compile(tag + rb"row(?=[\s/>])([^>]*)>")
        end = rb"</" + re.escape(prefix)
        self._cell = re.compile(tag + rb"c(?=[\s/>])([^>]*?)(?:/>|>(.*?)" + end + rb"c\s*>)", re.DOTALL)
        self._value = re.compile(tag + rb"v(?=[\s/>])[^>]*?(?:/>|>(.*?)" + end + rb"v\s*>)", re.DOTALL)
        self._formula = re.compile(tag + rb"f(?=[\s/>])[^>]*?(?:/>|>(.*?)" + end + rb"f\s*>)", re.DOTALL)
        self._filled = re.compile(tag + rb"(?:v|t)(?:\s[^>]*)?>[^<]")
        self._drop = b"" if any(digit in prefix for digit in _DIGITS) else _DROPPED
        self._prepare_quick(tag, end)
        for attrs in re.findall(tag + rb"col(?=\s)([^>]*)>", head):
            found = _attributes(attrs)
            if found.get(b"hidden") in _TRUE:
                first, last = _number(found.get(b"min")), _number(found.get(b"max"))
                self.marks.hidden_columns.update(range(max(first - 1, 0), min(last, self._limits.columns)))

    def _prepare_quick(self, tag: bytes, end: bytes) -> None:
        """一眼认得出的单元格：按百分比显示的数，和有结果（又不是零）的公式。"""
        start = tag + rb'c r="([A-Z]{1,3})([0-9]{1,7})"'
        number = tag + rb"v>(?=[^<]*[^<\s])"
        formula = tag + rb"f(?:\s[^<>]*)?(?:/>|>[^<]*" + end + rb"f>)" + tag + rb"v>(?=[^<]*[^<\s0.])"
        rest = rb"[^<]*" + end + rb"v>" + end + rb"c>"
        self._settled = re.compile(start + rb'(?: s="([0-9]+)")?(?: t="(?:n|str|b)")?>' + formula + rest)
        styles = rb' s="(?:' + b"|".join(b"%d" % style for style in sorted(self._percent)) + rb')"'
        self._percent_style = re.compile(styles) if self._percent else None
        shown = rb'(?:/>|(?: t="n")?>(' + number + rb"|" + formula + rb")" + rest + rb")"
        self._percent_cell = re.compile(start + styles + shown)

    def _body(self, carry: bytes, blocks: Iterator[bytes]) -> None:
        for block in blocks:
            carry += block
            end = carry.find(self._closing)
            if end >= 0:
                carry = carry[:end]
                break
            cut = carry.rfind(self._row_tag)
            if cut > 0:
                self._rows(carry[:cut])
                carry = carry[cut:]
            elif len(carry) > _ROW_BYTES:
                raise damaged("工作表里有一行过长")
        end = carry.find(self._closing)
        self._rows(carry if end < 0 else carry[:end])

    def _rows(self, chunk: bytes) -> None:
        shapes = self._shapes(chunk)
        refuse_odd(chunk, self._shown)
        if b"<!--" in self._shown:
            chunk = re.sub(rb"<!--.*?-->", b"", chunk, flags=re.DOTALL)
            shapes = self._shapes(chunk)
        self._refuse_far(chunk)
        if not self.marks.valued and self._filled.search(chunk):
            self.marks.valued = True
        if self._is_regular(chunk, shapes):
            if b"hidden=" in self._shown:
                self._hidden_rows(chunk)
            last = self._row_pattern.match(chunk, max(chunk.rfind(self._row_tag), 0))
            self._row = _number(_attributes(last[1]).get(b"r")) - 1 if last else self._row
            for start in self._suspects(chunk):
                found = self._cell.match(chunk, start)
                if found:
                    attrs = _attributes(found[1])
                    self._judge(*_placed(attrs.get(b"r", b""), -1, -1), attrs, found[2] or b"")
        else:
            self._every_cell(chunk)

    def _shapes(self, chunk: bytes) -> Counter[bytes]:
        """行样与各有几行；_shown 是全部行样连在一起。"""
        before, *rows = chunk.translate(None, self._drop).split(self._row_tag)
        shapes = Counter(rows)
        self._shown = self._row_tag.join((before, *shapes))
        self._plain = _is_plain(self._shown, self._opening)
        return shapes

    def _is_regular(self, chunk: bytes, shapes: Counter[bytes]) -> bool:
        """各行、各单元格都写成 <c r="…，属性都用双引号，等号两边没有空白。"""
        opening = self._opening
        count = chunk.count(opening + b' r="')
        tags = sum(shape.count(opening + b" ") * number for shape, number in shapes.items())
        if tags != count:  # 去掉数字才像单元格的也数进去了：到原文里数
            tags = chunk.count(opening + b" ")
        if count != tags or not self._plain:
            return False
        rows = chunk.count(self._row_tag + b' r="')
        if rows != sum(shapes.values()) and rows != chunk.count(self._row_tag):
            return False
        self._count(tags)
        return True

    def _count(self, cells: int) -> None:
        self.cells += cells
        if self.cells > self._limits.cells:
            raise refuse(f"单元格超过 {self._limits.cells // 10_000} 万个", "请删去多余的行列或拆成几个文件")

    def _suspects(self, chunk: bytes) -> list[int]:
        opening = self._opening + b" "
        starts, settled = self._percentages(chunk)
        if b't="e"' in self._shown:
            starts.update(chunk.rfind(opening, 0, at) for at in _found(chunk, b't="e"'))
        if self._formula_tag in self._shown:
            for at in _found(chunk, self._formula_tag):
                start = chunk.rfind(opening, 0, at)
                quick = self._settled.match(chunk, start) if start >= 0 else None
                if quick is None or int(quick[3] or 0) in self._percent:
                    starts.add(start)
        starts -= settled
        starts.discard(-1)
        return sorted(starts)

    def _percentages(self, chunk: bytes) -> tuple[set[int], set[int]]:
        """百分比样式的单元格：要细看的，和一眼就认定了的。"""
        hits = [hit.start() for hit in self._percent_style.finditer(chunk)] if self._percent_style else []
        settled: set[int] = set()
        if hits:
            for found in self._percent_cell.finditer(chunk):
                letters, digits, value = found.groups()
                settled.add(found.start())
                if value is not None:
                    self.marks.percentage(int(digits) - 1, _column(letters))
        if len(settled) == len(hits):
            return set(), settled
        return {chunk.rfind(self._opening + b" ", 0, hit + 1) for hit in hits}, settled

    def _hidden_rows(self, chunk: bytes) -> None:
        for found in self._row_pattern.finditer(chunk):
            attrs = _attributes(found[1])
            if attrs.get(b"hidden") in _TRUE:
                self.marks.hidden_rows.add(_number(attrs.get(b"r")) - 1)

    def _every_cell(self, chunk: bytes) -> None:
        rows = list(self._row_pattern.finditer(chunk))
        for found, following in zip_longest(rows, rows[1:]):
            attrs = _attributes(found[1])
            self._row = _number(attrs.get(b"r")) - 1 if attrs.get(b"r") else self._row + 1
            if attrs.get(b"hidden") in _TRUE:
                self.marks.hidden_rows.add(self._row)
            self._column = -1
            end = following.start() if following else len(chunk)
            for cell in self._cell.finditer(chunk, found.end(), end):
                self._count(1)
                cell_attrs = _attributes(cell[1])
                row, column = _placed(cell_attrs.get(b"r", b""), self._row, self._column + 1)
                self._column = column
                if column >= self._limits.columns and cell[2]:
                    raise _too_far(row, column, self._limits)
                self._judge(row, column, cell_attrs, cell[2] or b"")

    def _judge(self, row: int, column: int, attrs: dict[bytes, bytes], body: bytes) -> None:
        if row < 0 or column < 0:
            return
        kind = attrs.get(b"t", b"n")
        found = self._value.search(body)
        value = None if found is None else (found[1] or b"").strip()
        formula = self._formula.search(body)
        if kind == b"e":
            text = _text(value or b"") or "#VALUE!"
            if text not in _KNOWN_ERRORS:
                self.strange_errors.add(text)
            self.marks.error(row, column, text)
        elif formula and self._is_unvalued(kind, value):
            self.marks.unvalued(row, column, _text(formula[1] or b""))
        elif value and kind == b"n" and _number(attrs.get(b"s")) in self._percent:
            self.marks.percentage(row, column)

    def _is_unvalued(self, kind: bytes, value: bytes | None) -> bool:
        if not value:
            return value is None or kind != b"str"
        return self._recalculates and kind == b"n" and not value.strip(b"0.")

    def _refuse_far(self, chunk: bytes) -> None:
        """有值的单元格过远，或已用区域过大：calamine 会为整块区域要内存，先拦下。"""
        bounds = self._bounds
        letters = (_PLAIN_LETTERS if self._plain else _LETTERS).findall(self._shown)
        widest = max(map(_column, set(letters)), default=-1)
        while widest >= bounds[self._bound]:
            far = _beyond(bounds[self._bound]).search(chunk)
            if far is None:
                break
            if self._bound == len(bounds) - 1:
                raise _too_far(*_placed(far[1], 0, 0), self._limits)
            self._bound += 1
        value = _last_value(chunk)
        last = _REFERENCE.search(chunk, chunk.rfind(b"r=", 0, value)) if value > 0 else None
        if last and (int(last[2]) > _MOST_ROWS or int(last[2]) * bounds[self._bound] > self._limits.cells):
            raise refuse(
                f"单元格 {last[1].decode('ascii')}{int(last[2])} 有内容，离表头太远，已用区域过大",
                "请删去表格下方多余的内容后另存，再试",
            )


_REFERENCE = re.compile(rb"""r=["']([A-Za-z]{1,3})([0-9]{1,7})""")


def _is_plain(shown: bytes, opening: bytes) -> bool:
    """属性都写成 名="值"，单元格都以空格接属性。没有换行、等号后面都是双引号的（几乎都是）不必逐个记号找。"""
    if any(blank in shown for blank in (b"\n", b"\t", b"\r")) or shown.count(b"=") != shown.count(b'="'):
        return not any(mark in shown for mark in (*_ODD, *(opening + end for end in _ENDS)))
    return not any(mark in shown for mark in (b" =", opening + b">", opening + b"/"))


@lru_cache
def _beyond(bound: int) -> re.Pattern[bytes]:
    """第 bound 列以右而有值的单元格。"""
    first = column_letters(bound)
    same = [first]
    for index, letter in enumerate(first):
        if letter != "Z":
            same.append(f"{first[:index]}[{chr(ord(letter) + 1)}-Z][A-Z]{{{len(first) - index - 1}}}")
    longer = f"|[A-Z]{{{len(first) + 1},3}}" if len(first) < 3 else ""
    letters = f"(?:{'|'.join(same)}{longer})".encode("ascii")
    return re.compile(rb"""\sr=["'](""" + letters + rb"""[0-9]+)["'][^>/]*>(?!</)""", re.IGNORECASE)


def _last_value(chunk: bytes) -> int:
    value = chunk.rfind(b"v>")
    return max(value, chunk.rfind(b"t>", max(value, 0)))


def _too_far(row: int, column: int, limits: Limits) -> InputError:
    return refuse(
        f"单元格 {address(row, column)} 有内容，列数超过 {limits.columns} 列",
        "请删去表格右边多余的内容后另存，再试",
    )


def _found(chunk: bytes, mark: bytes) -> Iterator[int]:
    at = chunk.find(mark)
    while at >= 0:
        yield at
        at = chunk.find(mark, at + len(mark))


def _attributes(text: bytes) -> dict[bytes, bytes]:
    return {name: double or single for name, double, single in _ATTRIBUTE.findall(text)}


def _placed(reference: bytes, row: int, column: int) -> tuple[int, int]:
    found = _PLACE.match(reference)
    return (int(found[2]) - 1, _column(found[1])) if found else (row, column)


@lru_cache(4096)
def _column(letters: bytes) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + letter - 64
    return column - 1


def _number(text: bytes | None) -> int:
    return int(text[:9]) if text and text.isdigit() else 0


def _text(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text
