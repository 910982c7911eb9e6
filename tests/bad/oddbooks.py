"""写法古怪的 xlsx：严格模式、前缀、缺部件、关系乱指、图表页、各种单元格写法。"""

from __future__ import annotations

from bad.packages import (
    BOOK,
    BOOK_RELS,
    MAIN,
    OFFICE,
    ROWS,
    SHEET,
    STRICT,
    STRINGS,
    Entry,
    book,
    changed,
    good,
    packed,
    relation,
    relations,
    sheet,
    strings,
    workbook,
)

STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
FIRST = '<sheet name="评估" sheetId="1" r:id="rId1"/>'
EMPTY = '<row r="1"><c r="A1"/></row>'


def strict() -> bytes:
    """严格模式的 OOXML（openpyxl 读成没有工作表）。"""
    parts: dict[str, str | bytes | None] = {}
    for name, content in good().items():
        assert isinstance(content, str)
        parts[name] = content.replace(MAIN, STRICT).replace(OFFICE, STRICT_OFFICE)
    return book(parts)


def prefixed(parts: list[str]) -> bytes:
    """主要的部件都用命名空间前缀。"""
    held: dict[str, str | bytes | None] = {}
    for name in parts:
        content = good()[name]
        assert isinstance(content, str)
        text = content.replace("</", "\0").replace("<", "<x:").replace("\0", "</x:")
        held[name] = text.replace(f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"')
    return book(held)


def without(names: list[str]) -> bytes:
    """缺几个部件。"""
    return book(dict.fromkeys(names))


def sheets(listed: list[str], before: str = "", after: str = "", more: dict[str, str] | None = None) -> bytes:
    """工作簿里这样列工作表；more 是添的部件。"""
    return book({BOOK: workbook(*listed, before=before, after=after), **(more or {})})


def many_sheets(count: int) -> bytes:
    """许多张表都指着同一个部件。"""
    return sheets([f'<sheet name="表{n}" sheetId="{n + 1}" r:id="rId1"/>' for n in range(count)])


def linked(target: str = "worksheets/sheet1.xml", kind: str = "worksheet", more: str = "") -> bytes:
    """第一张表的关系这样写。"""
    links = (
        relation("rId1", kind, target, more=more),
        relation("rId2", "sharedStrings", "sharedStrings.xml"),
        relation("rId3", "styles", "styles.xml"),
    )
    return book({BOOK_RELS: relations(*links)})


def second(kind: str, part: str, state: str = "visible", path: str = "other/sheet2.xml") -> bytes:
    """第二张是图表页、对话框、宏表或空表。"""
    listed = workbook(FIRST, f'<sheet name="另一张" sheetId="2" state="{state}" r:id="rId9"/>')
    links = good()[BOOK_RELS]
    assert isinstance(links, str)
    held = links.replace("</Relationships>", relation("rId9", kind, path) + "</Relationships>")
    return book({BOOK: listed, BOOK_RELS: held, f"xl/{path}": part})


def hidden_data(state: str) -> bytes:
    """好表是隐藏的。"""
    return book({BOOK: workbook(FIRST.replace("/>", f' state="{state}"/>'))})


def relocated(home: str, upper: bool = False) -> bytes:
    """工作簿不在 xl/ 里，或部件名大写。"""
    entries = changed({"_rels/.rels": relations(relation("rId1", "officeDocument", f"{home}/workbook.xml"))})
    for entry in entries:
        name = entry.name.replace("xl/", f"{home}/", 1) if entry.name.startswith("xl/") else entry.name
        entry.name = name.upper() if upper and name.startswith(home) else name
    return packed(entries)


def cell(written: str, base: str = '<c r="B2"><v>100</v></c>') -> bytes:
    """甲渠的申报金额这样写。"""
    return book({SHEET: sheet(ROWS.replace(base, written))})


def inline(rich: bool = False, phonetic: bool = False) -> bytes:
    """没有共享文字，文字写在单元格里。"""
    rows = ROWS
    for number, text in enumerate(("项目名称", "申报金额（万元）", "审定金额（万元）", "甲渠", "乙路")):
        half = len(text) // 2
        body = f"<r><t>{text[:half]}</t></r><r><rPr/><t>{text[half:]}</t></r>" if rich else f"<t>{text}</t>"
        extra = '<rPh sb="0" eb="1"><t>拼音</t></rPh><phoneticPr fontId="0"/>' if phonetic else ""
        rows = rows.replace(f't="s"><v>{number}</v>', f't="inlineStr"><is>{body}{extra}</is>')
    return book({SHEET: sheet(rows), STRINGS: None})


def texts(replacement: dict[str, str], attributes: str = "") -> bytes:
    """共享文字里换掉几条的写法。"""
    held = strings()
    for old, new in replacement.items():
        held = held.replace(f"<si><t>{old}</t></si>", new)
    return book({STRINGS: held.replace("<sst ", f"<sst {attributes} ")})


def surrounded(before: str = "", after: str = "") -> bytes:
    """数据区前后的别的东西。"""
    return book({SHEET: sheet(before=before, after=after)})


def merged(count: int) -> bytes:
    """许多合并区域。"""
    refs = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(5, count + 5))
    return book({SHEET: sheet(after=f"<mergeCells>{refs}</mergeCells>")})


def alternate(where: str) -> bytes:
    """mc:AlternateContent 包着工作簿里或数据区外的东西。"""
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    first = '<mc:Choice Requires="x15"><a/></mc:Choice>'
    choice = f'<mc:AlternateContent xmlns:mc="{mc}">{first}<mc:Fallback/></mc:AlternateContent>'
    if where == "book":
        return book({BOOK: workbook(before=choice)})
    if where == "sheet":
        return book({SHEET: sheet(before=choice, after=choice)})
    inside = f'<mc:AlternateContent xmlns:mc="{mc}"><mc:Choice Requires="x15">{FIRST}</mc:Choice></mc:AlternateContent>'
    return book({BOOK: workbook(inside)})


def extra(names: list[str], content: str = "<a/>") -> bytes:
    """带着宏、外部链接之类的部件。"""
    return packed([*changed({}), *(Entry(name, content.encode()) for name in names)])


def only_empty() -> bytes:
    """只有一张空表。"""
    return book({SHEET: sheet(EMPTY)})
