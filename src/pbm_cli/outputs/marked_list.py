"""副本最后一页“问题清单”：级别、位置（点了就到）、说明、依据，和一个可选的“状态”列。"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from pbm_cli.cells import address
from pbm_cli.fill import LIST_PAGE
from pbm_cli.models import Finding
from pbm_cli.outputs.columns import display_width
from pbm_cli.outputs.marked_cells import Styles, quoted_location, xml_text
from pbm_cli.outputs.marked_package import Package

LEVELS = {"error": "错误", "warning": "警告", "hint": "提示", "red": "红灯", "yellow": "黄灯"}
STATES = ("未处理", "已改正", "无需改正")
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_HEADS = (
    ("序号", 6), ("级别", 8), ("工作表", 18), ("单元格", 10), ("对象", 26), ("问题和怎样改", 70),
    ("编号", 8), ("状态", 10),
)  # fmt: skip
_FONT = '<sz val="10"/>{}<name val="微软雅黑"/><family val="2"/><charset val="134"/>'
_WRAP = '<alignment vertical="top" wrapText="1"/>'
_MOST_TEXT = 32_000
_LINE_POINTS = 15
Rows = Sequence[tuple[Finding, str | None]]


def add_list(package: Package, styles: Styles, rows: Rows, remarks: Sequence[str]) -> str:
    """添上问题清单，交回工作表名。rows 是（发现，副本里的工作表名）。"""
    used = {name.lower() for name, _ in package.sheets()}
    name = next(n for n in ("问题清单", *(f"问题清单{i}" for i in range(2, 1000))) if n not in used)
    part = package.free_name("xl/worksheets/pbmList{}.xml")
    package.put(part, _Page(package, styles, rows, remarks).xml().encode(), _TYPE)
    link = package.relate(package.workbook, "worksheet", part)
    holder = package.root(package.workbook).find(package.tag("sheets"))
    numbers = [int(item.get("sheetId", 0)) for item in holder if isinstance(item.tag, str)]
    item = etree.SubElement(holder, package.tag("sheet"), name=name, sheetId=str(max(numbers, default=0) + 1))
    item.set(package.link, link)
    return name


class _Page:
    """清单这一页的 XML。"""

    def __init__(self, package: Package, styles: Styles, rows: Rows, remarks: Sequence[str]) -> None:
        bold, white = "<b/>", '<b/><color rgb="FFFFFFFF"/>'
        self._main = package.main
        self._title = styles.add(_FONT.format(bold).replace('"10"', '"16"'))
        self._note = styles.add(_FONT.format('<color rgb="FF595959"/>'))
        self._head = styles.add(_FONT.format(white), "FF1F4E78", '<alignment horizontal="center" vertical="center"/>')
        self._body = styles.add(_FONT.format(""), "", _WRAP)
        self._link = styles.add(_FONT.format('<u/><color rgb="FF0563C1"/>'), "", _WRAP)
        self._level = {level: styles.filled(self._body, level) for level in LEVELS}
        self._rows = rows
        self._remarks = remarks

    def xml(self) -> str:
        """整页。"""
        counts = [
            f"{word} {n} 条" for level, word in LEVELS.items() if (n := sum(f.level == level for f, _ in self._rows))
        ]
        notes = [
            f"共 {len(self._rows)} 条：{'、'.join(counts)}。"
            "红底是错误，黄底是警告；有问题的单元格都有批注，点“单元格”一列可以跳过去。",
            "这是副本，原来的工作簿没有改动。请在原来的工作簿里改正；pbm 搜文件夹时不读这个副本。",
            *self._remarks,
        ]
        lines = [self._row(1, [(LIST_PAGE, self._title)], 28)]
        lines += [self._row(2 + i, [(text, self._note)]) for i, text in enumerate(notes)]
        head = 2 + len(notes)
        lines.append(self._row(head, [(word, self._head) for word, _ in _HEADS], 22))
        lines += [self._finding(head + i, i, finding, sheet) for i, (finding, sheet) in enumerate(self._rows, 1)]
        return self._wrapped("".join(lines), head)

    def _finding(self, row: int, number: int, finding: Finding, sheet: str | None) -> str:
        where = finding.where
        cell = where.cell if where is not None and where.cell else ""
        said = finding.message + (f"（依据：{finding.basis}）" if finding.basis else "")
        texts = [
            (str(number), self._body), (LEVELS[finding.level], self._level[finding.level]), (sheet or "", self._body),
            (cell or ("整张表" if sheet else "整个文件"), self._link if sheet else self._body),
            (finding.subject, self._body), (said, self._body), (finding.code, self._body), (STATES[0], self._body),
        ]  # fmt: skip
        most = max(-(-display_width(text) // _HEADS[i][1]) for i, (text, _) in enumerate(texts))
        return self._row(row, texts, max(1, most) * _LINE_POINTS + 3)

    @staticmethod
    def _row(number: int, texts: Sequence[tuple[str, int]], height: int = 0) -> str:
        size = f' ht="{min(height, 400)}" customHeight="1"' if height else ""
        cells = "".join(
            f'<c r="{address(number - 1, column)}" s="{style}" t="inlineStr"><is>'
            f'<t xml:space="preserve">{xml_text(text[:_MOST_TEXT])}</t></is></c>'
            for column, (text, style) in enumerate(texts)
        )
        return f'<row r="{number}"{size}>{cells}</row>'

    def _wrapped(self, rows: str, head: int) -> str:
        last = head + max(len(self._rows), 1)
        letter = address(0, len(_HEADS) - 1).rstrip("1")
        widths = "".join(
            f'<col min="{i}" max="{i}" width="{width}" customWidth="1"/>' for i, (_, width) in enumerate(_HEADS, 1)
        )
        links = "".join(
            f'<hyperlink ref="D{head + i}" location="{xml_text(quoted_location(sheet, _cell(finding)))}"/>'
            for i, (finding, sheet) in enumerate(self._rows, 1)
            if sheet
        )
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f'<worksheet xmlns="{self._main}"><sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
            f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="{head}" topLeftCell="A{head + 1}" '
            'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
            f"<cols>{widths}</cols><sheetData>{rows}</sheetData>"
            f'<autoFilter ref="A{head}:{letter}{last}"/>'
            f'<dataValidations count="1"><dataValidation type="list" allowBlank="1" showErrorMessage="1" '
            f'sqref="{letter}{head + 1}:{letter}{last}"><formula1>"{",".join(STATES)}"</formula1></dataValidation>'
            f"</dataValidations>{f'<hyperlinks>{links}</hyperlinks>' if links else ''}"
            '<pageMargins left="0.5" right="0.5" top="0.75" bottom="0.7" header="0.3" footer="0.3"/>'
            '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
        )


def _cell(finding: Finding) -> str:
    where = finding.where
    return where.cell if where is not None and where.cell else "A1"
