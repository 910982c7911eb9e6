"""Word 的样式、设置与字体表：由版式（style.Profile）写成 XML。"""

from __future__ import annotations

import re
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from pbm_cli.outputs.style import Profile
from pbm_cli.text import half_up

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_SIZE = re.compile(r'<w:sz(?:Cs)? w:val="\d+"/>')
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
CHARACTERS = 100
"""w:firstLineChars 等以百分之一字计。"""

_NOTE_TEXT, NOTE_FIRST, NOTE_NEXT = Decimal("6.5"), Decimal("4.5"), Decimal("1.5")

# 不能在行尾的字符：除通行的以外加上数字、小数点与不换行空格，数就不会与后面的单位分在两行；
# 不能在行首的字符加上“元”“次”，“万元”“人次”就不会从中断开。
NO_LINE_END = "$([{£¥·‘“〈《「『【〔〖〝﹙﹛﹝＄（．［｛￡￥0123456789.,\u00a0\u2060"
NO_LINE_START = "元次!%),.:;>?]}¢¨°·ˇˉ―‖’”…‰′″›℃∶、。〃〉》」』】〕〗〞︶︺︾﹀﹄﹚﹜﹞！＂％＇），．：；？］｀｜｝～￠"


def xml_text(text: str) -> str:
    """放进 w:t 的文字：换行变空格，XML 里不许有的字符去掉。"""
    return escape(_UNFIT.sub("", text).replace("\n", " "))


def text_run(text: str, properties: str) -> str:
    """一个 run；没有文字时没有 run。"""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{xml_text(text)}</w:t></w:r>' if text else ""


def joined(unit: str, fonts: str) -> str:
    """不许与前面断开的字：每个字前放一个不可见的连接符，语言标为西文，LibreOffice 才不在此处换行。

    连接符用 w:sym、1 磅：取文字时没有它，缺字形的字体也看不出它。Word 另有 settings 里的行尾禁则。
    """
    language = '<w:lang w:eastAsia="en-US"/>'
    small = _SIZE.sub("", fonts)
    joiner = (
        f'<w:r><w:rPr>{small}<w:sz w:val="2"/>{language}</w:rPr><w:sym w:font="Segoe UI Symbol" w:char="2060"/></w:r>'
    )
    return "".join(joiner + text_run("\u00a0" if letter == " " else letter, fonts + language) for letter in unit)


def twips(points: Decimal) -> int:
    """磅 → 缇。"""
    return int(half_up(points * 20, 0))


def half_points(points: Decimal) -> int:
    """磅 → 半磅（w:sz）。"""
    return int(half_up(points * 2, 0))


def character_spacing(profile: Profile) -> int:
    """正文字距的调整，缇：使每行正好放下 characters 个字。

    不用文档网格的“行和字符”方式：负的 charSpace 在 LibreOffice 里会让每个字占两格。
    """
    page = profile.page
    return (page.width - page.left - page.right) // profile.grid.characters - twips(profile.sizes.body)


def run_fonts(east: str, profile: Profile) -> str:
    """w:rFonts：中文、西文都写明；引号等两可的字符用中文字体。"""
    latin, east = quoteattr(profile.fonts.latin), quoteattr(east)
    return f'<w:rFonts w:hint="eastAsia" w:ascii={latin} w:hAnsi={latin} w:eastAsia={east} w:cs={latin}/>'


def run_size(points: Decimal) -> str:
    """w:sz 与 w:szCs。"""
    return f'<w:sz w:val="{half_points(points)}"/><w:szCs w:val="{half_points(points)}"/>'


def exact(points: Decimal, *, before: int = 0, after: int = 0) -> str:
    """固定行距；before、after 以百分之一行计（points 大小的行）。"""
    line = twips(points)
    return _spaced(line, line, before, after)


def _spaced(line: int, unit: int, before: int, after: int) -> str:
    around = (
        f'w:beforeLines="{before}" w:before="{unit * before // 100}" '
        f'w:afterLines="{after}" w:after="{unit * after // 100}"'
    )
    return f'<w:spacing {around} w:line="{line}" w:lineRule="exact"/>'


def first_line(profile: Profile) -> str:
    """首行缩进若干字。"""
    count = profile.spacing.first_line
    return f'<w:ind w:firstLineChars="{count * CHARACTERS}" w:firstLine="{twips(profile.sizes.body * count)}"/>'


def note_indent(profile: Profile, mark: Decimal) -> str:
    """附件说明：名称从左空六个半字起，回行时对齐；mark 是名称前面的“附件：1．”或“1．”占几个字。"""
    size = profile.sizes.body
    return f'<w:ind w:left="{twips(size * _NOTE_TEXT)}" w:firstLineChars="0" w:hanging="{twips(size * mark)}"/>'


def right_indent(characters: int, size: Decimal) -> str:
    """右缩进若干字，没有首行缩进。"""
    chars, width = characters * CHARACTERS, twips(size * characters)
    return f'<w:ind w:rightChars="{chars}" w:right="{width}" w:firstLineChars="0" w:firstLine="0"/>'


def _style(name: tuple[str, str], paragraph: str, run: str) -> str:
    key, shown = name
    base, default = ("", ' w:default="1"') if key == "Normal" else ('<w:basedOn w:val="Normal"/>', "")
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"{default}><w:name w:val="{shown}"/>'
        f'{base}<w:next w:val="Normal"/><w:uiPriority w:val="1"/><w:qFormat/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def _heading_styles(profile: Profile) -> list[str]:
    fonts, size, line = profile.fonts, profile.sizes.body, profile.spacing.line
    found = []
    for level, east in enumerate((fonts.level1, fonts.level2, fonts.level3), start=1):
        paragraph = f'<w:keepNext/>{exact(line)}{first_line(profile)}<w:outlineLvl w:val="{level - 1}"/>'
        run = f'{run_fonts(east, profile)}<w:b w:val="0"/>{run_size(size)}'
        found.append(_style((f"Heading{level}", f"heading {level}"), paragraph, run))
    return found


def _text_styles(profile: Profile) -> list[str]:
    """正文、文件标题、附件、落款。"""
    fonts, sizes, spacing = profile.fonts, profile.sizes, profile.spacing
    body = f'{run_fonts(fonts.body, profile)}<w:spacing w:val="{character_spacing(profile)}"/>{run_size(sizes.body)}'
    title = f"{run_fonts(fonts.title, profile)}{_UNSPACED}{run_size(sizes.title)}"
    mark = run_fonts(fonts.annex, profile) + run_size(sizes.body)
    indent = right_indent(spacing.signature, sizes.body)
    centred = f'{_FLUSH}<w:jc w:val="center"/>'
    line, title_line = twips(spacing.line), twips(spacing.title_line)
    above, annex_above = _spaced(title_line, line, 100, 100), _spaced(title_line, line, 40, 60)
    note = f'<w:keepNext/>{exact(spacing.line)}{note_indent(profile, NOTE_FIRST)}<w:jc w:val="left"/>'
    return [
        # 左对齐：两端对齐时 LibreOffice 会丢掉悬挂在行末的标点，带长数字的行也会被拉得很稀。
        _style(("Normal", "Normal"), f'{exact(spacing.line)}{first_line(profile)}<w:jc w:val="left"/>', body),
        _style(("Title", "Title"), f"<w:keepNext/>{above}{centred}", title),
        _style(("AnnexMark", "附件标记"), f'<w:keepNext/>{exact(spacing.line)}{_FLUSH}<w:jc w:val="left"/>', mark),
        _style(("AnnexNote", "附件说明"), note, body),
        _style(("AnnexTitle", "附件标题"), f'<w:keepNext/>{annex_above}{centred}<w:outlineLvl w:val="0"/>', title),
        _style(("Signature", "落款"), f'<w:keepLines/>{exact(spacing.line)}{indent}<w:jc w:val="right"/>', body),
    ]


def _table_styles(profile: Profile) -> list[str]:
    """表格、表题、表注与页码：不对齐网格。"""
    fonts, sizes = profile.fonts, profile.sizes
    loose = f'<w:snapToGrid w:val="0"/>{_UNSPACED}'
    text = f"{run_fonts(fonts.table, profile)}{loose}{run_size(sizes.table)}"
    head = f"{run_fonts(fonts.table_head, profile)}{loose}{run_size(sizes.table)}"
    number = f"{run_fonts(fonts.page_number, profile)}{loose}{run_size(sizes.page_number)}"
    number = number.replace(quoteattr(fonts.latin), quoteattr(fonts.page_number))
    above = exact(profile.spacing.line)
    return [
        _style(("TableText", "表格文字"), f"{_FLAT}{_FLUSH}", text),
        _style(("TableHead", "表头文字"), f'<w:keepNext/>{_FLAT}{_FLUSH}<w:jc w:val="center"/>', head),
        _style(("Caption", "表题"), f'<w:keepNext/>{above}{_FLUSH}<w:jc w:val="center"/>', head),
        _style(("TableNote", "表注"), f'<w:keepNext/>{_FLAT}{_FLUSH}<w:jc w:val="right"/>', text),
        _style(("Footer", "footer"), f"{_FLAT}{_FLUSH}", number),
    ]


def styles_xml(profile: Profile) -> bytes:
    """styles.xml：正文、标题、三级标题、附件、落款、表格、页码。"""
    parts = [*_text_styles(profile), *_heading_styles(profile), *_table_styles(profile)]
    return f'{_HEAD}<w:styles xmlns:w="{W}">{_defaults(profile)}{"".join(parts)}{_FIXED_STYLES}</w:styles>'.encode()


_FLUSH = '<w:ind w:firstLineChars="0" w:firstLine="0"/>'
_FLAT = (
    '<w:snapToGrid w:val="0"/><w:spacing w:beforeLines="0" w:before="0" w:afterLines="0" w:after="0" w:line="240" '
    'w:lineRule="auto"/>'
)
_UNSPACED = '<w:spacing w:val="0"/>'
_FIXED_STYLES = (
    '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
    '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/><w:unhideWhenUsed/></w:style>'
    '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
    '<w:uiPriority w:val="99"/><w:semiHidden/><w:unhideWhenUsed/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
    "<w:tblCellMar>"
    '<w:top w:w="0" w:type="dxa"/><w:left w:w="80" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/>'
    '<w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
    '<w:style w:type="numbering" w:default="1" w:styleId="NoList"><w:name w:val="No List"/>'
    '<w:uiPriority w:val="99"/><w:semiHidden/><w:unhideWhenUsed/></w:style>'
)


def _defaults(profile: Profile) -> str:
    run = run_fonts(profile.fonts.body, profile) + run_size(profile.sizes.body)
    language = '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
    return f"<w:docDefaults><w:rPrDefault><w:rPr>{run}{language}</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"


def settings_xml(*, odd_even: bool = True) -> bytes:
    """settings.xml：奇偶页不同、行首行尾禁则、现行 Word 的兼容方式。"""
    compat = "".join(
        f'<w:compatSetting w:name="{name}" w:uri="http://schemas.microsoft.com/office/word" w:val="{value}"/>'
        for name, value in (
            ("compatibilityMode", 15),
            ("overrideTableStyleFontSizeAndJustification", 1),
            ("enableOpenTypeFeatures", 1),
            ("doNotFlipMirrorIndents", 1),
        )
    )
    return (
        f'{_HEAD}<w:settings xmlns:w="{W}"><w:zoom w:percent="100"/><w:bordersDoNotSurroundHeader/>'
        '<w:bordersDoNotSurroundFooter/><w:defaultTabStop w:val="420"/>'
        f"{'<w:evenAndOddHeaders/>' if odd_even else ''}"
        '<w:characterSpacingControl w:val="compressPunctuation"/>'
        f'<w:noLineBreaksAfter w:lang="zh-CN" w:val={quoteattr(NO_LINE_END)}/>'
        f'<w:noLineBreaksBefore w:lang="zh-CN" w:val={quoteattr(NO_LINE_START)}/>'
        f"<w:compat><w:balanceSingleByteDoubleByteWidth/><w:useFELayout/>{compat}</w:compat>"
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>'
    ).encode()


def font_table_xml(profile: Profile) -> bytes:
    """fontTable.xml：每种字体与它的替代字体。"""
    fonts = profile.fonts
    names = dict.fromkeys(getattr(fonts, name) for name in type(fonts).model_fields)
    parts = []
    for name in names:
        other = profile.fallbacks.get(name)
        alternative = f"<w:altName w:val={quoteattr(other)}/>" if other else ""
        charset = "00" if name == fonts.latin else "86"
        family = "roman" if name == fonts.latin else "auto"
        parts.append(
            f"<w:font w:name={quoteattr(name)}>{alternative}"
            f'<w:charset w:val="{charset}"/><w:family w:val="{family}"/><w:pitch w:val="variable"/></w:font>'
        )
    for other in dict.fromkeys(profile.fallbacks.values()):
        parts.append(f'<w:font w:name={quoteattr(other)}><w:charset w:val="86"/><w:family w:val="auto"/></w:font>')
    return f'{_HEAD}<w:fonts xmlns:w="{W}">{"".join(parts)}</w:fonts>'.encode()


def footer_runs(profile: Profile) -> str:
    """页码“— 1 —”的各个 run。"""
    east = quoteattr(profile.fonts.page_number)
    style = (
        f'<w:rPr><w:rFonts w:hint="eastAsia" w:ascii={east} w:hAnsi={east} w:eastAsia={east} w:cs={east}/>'
        f"{run_size(profile.sizes.page_number)}</w:rPr>"
    )
    text = '<w:r>{0}<w:t xml:space="preserve">{1}</w:t></w:r>'
    char = '<w:r>{0}<w:fldChar w:fldCharType="{1}"/></w:r>'
    code = f'<w:r>{style}<w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    field = (
        char.format(style, "begin") + code + char.format(style, "separate") + text.format(style, "1")
        + char.format(style, "end")
    )  # fmt: skip
    return text.format(style, escape("— ")) + field + text.format(style, escape(" —"))
