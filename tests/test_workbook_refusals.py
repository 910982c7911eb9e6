"""阅读室不收的文件：每一种说清是什么、怎么办；拒绝之后还能接着读下一个。"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from pbm_cli.errors import InputError
from pbm_cli.workbook import Limits, Reader
from pbm_cli.workbook.marks import Marks
from pbm_cli.workbook.search import written_by_pbm
from pbm_cli.workbook.values import Values

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    limits = Limits(unpacked_bytes=24 * MIB, part_bytes=16 * MIB, entries=50, shared_strings=1_000, cells=2_000_000)
    with Reader(limits) as shared:
        yield shared


def packed(*parts: tuple[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return target.getvalue()


WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{OFFICE}/{{}}" Target="{{}}"/></Relationships>'
)
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def book(rows: str | bytes, *more: tuple[str, str | bytes], workbook: str = WORKBOOK) -> bytes:
    """最小的 xlsx：一张表，rows 是 sheetData 里的东西（字节时是整个部件）。"""
    return packed(
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", RELS.format("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", RELS.format("worksheet", "worksheets/sheet1.xml")),
        ("xl/worksheets/sheet1.xml", rows if isinstance(rows, bytes) else SHEET.format(rows)),
        *more,
    )


GOOD = '<row r="1"><c r="A1"><v>1</v></c></row>'


def compound(*streams: str) -> bytes:
    """只有目录的 OLE 文件。"""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIII", head, 44, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", head, 76, 0, *[0xFFFFFFFF] * 108)
    fat = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = b""
    for kind, name in ((5, "Root Entry"), *((2, stream) for stream in streams)):
        raw = name.encode("utf-16-le")
        entry = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2, kind, 1) + b"\xff" * 12 + bytes(36)
        directory += entry + struct.pack("<IQ", 0xFFFFFFFE, 0)
    return bytes(head) + fat + directory.ljust(512, b"\0")


def locked_xls() -> bytes:
    target = io.BytesIO()
    old = xlwt.Workbook()
    old.add_sheet("表").write(0, 0, "甲")
    old.save(target)
    data = target.getvalue()
    at = data.index(b"\x09\x08\x10\x00") + 20
    return data[:at] + b"\x2f\x00" + data[at + 2 :]


def duplicated() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate"):
        return book(GOOD, ("xl/worksheets/sheet1.xml", "x"))


def lying() -> bytes:
    data = bytearray(book(GOOD))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 5)
    return bytes(data)


def overlapping() -> bytes:
    """第二个目录项指到第一个部件的数据里。"""
    inner = packed(("b", b"x"), method=zipfile.ZIP_STORED)[: 30 + 1 + 1]
    data = bytearray(packed(("xl/a", inner), ("b", b"x"), method=zipfile.ZIP_STORED))
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 42, 30 + 4)
    return bytes(data)


def encrypted_zip() -> bytes:
    data = bytearray(book(GOOD))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


NOISE = hashlib.shake_128().digest(13 * MIB)
UTF16 = SHEET.format(GOOD).encode("utf-16")
FULL = '<row r="1"><c r="A1"><v>1</v></c>{}</row>'
REFUSED = {
    "空.xlsx": (b"", "空的", "重新"),
    "文档.xlsx": (packed(("word/document.xml", "<w/>")), "Word", "另存为"),
    "演示.xlsx": (packed(("ppt/presentation.xml", "<p/>")), "演示文稿", "另存为"),
    "版式.xlsx": (packed(("OFD.xml", "<o/>")), "OFD", "另存为"),
    "包.xlsx": (packed(("a.txt", "x")), "压缩包", "解压"),
    "文字.ods": (packed(("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", "<x/>")),
        "不是表格", ""),
    "档.xls": (b"%PDF-1.7", "PDF", "xlsx"),
    "图.xls": (b"\x89PNG\r\n\x1a\n", "PNG", "xlsx"),
    "照.xls": (b"\xff\xd8\xff\xe0", "JPEG", "xlsx"),
    "包.xls": (b"Rar!\x1a\x07", "RAR", "xlsx"),
    "七.xls": (b"7z\xbc\xaf\x27\x1c", "7z", "xlsx"),
    "压.csv": (b"\x1f\x8b\x08\0", "gzip", "xlsx"),
    "程序.xls": (b"MZ\x90\0\3", "可执行程序", "xlsx"),
    "富.xls": (b"{\\rtf1 }", "RTF", "xlsx"),
    "旧.xls": (b"\x09\x08\x10\0\0\6\5\0", "缺少文件外壳", "另存为"),
    "断的旧.xls": (b"\x09\0\x04\0\x02\0\x10\0", "没有结束就断了", ""),
    "旧文档.xls": (compound("WordDocument"), "Word", "另存为"),
    "锁.xlsx": (compound("EncryptedPackage", "EncryptionInfo"), "密码", "去掉密码"),
    "锁.xls": (locked_xls(), "密码", "去掉密码"),
    "空壳.xls": (compound("其他"), "没有工作簿", ""),
    "断.xls": (compound("Workbook")[:700], "损坏|不完整", ""),
    "断.xlsx": (book(GOOD)[:-200], "不完整", "重新下载"),
    "密包.xlsx": (encrypted_zip(), "密码", "去掉"),
    "重名.xlsx": (duplicated(), "同名部件", "另存为"),
    "大小写.xlsx": (book(GOOD, ("XL/Workbook.xml", "x")), "同名部件", "另存为"),
    "外出.xlsx": (book(GOOD, ("../a", "x")), "可疑的部件名", ""),
    "绝对.xlsx": (book(GOOD, ("/etc/a", "x")), "可疑的部件名", ""),
    "盘符.xlsx": (book(GOOD, ("C:\\a", "x")), "可疑的部件名", ""),
    "谎.xlsx": (lying(), "校验不符", ""),
    "叠.xlsx": (overlapping(), "重叠", ""),
    "多件.xlsx": (book(GOOD, *((f"xl/{number}", "") for number in range(60))), "部件，超过 50", ""),
    "炸弹.xlsx": (book(GOOD, ("xl/media/a.bin", bytes(8 * MIB))), "压缩倍数", ""),
    "大件.xlsx": (book(GOOD, ("xl/a.bin", NOISE[:MIB] * 17)), "超过 16 MB", ""),
    "总大.xlsx": (book(GOOD, ("a", NOISE), ("b", NOISE)), "总共超过 24 MB", ""),
    "实体.xlsx": (book(b"<!DOCTYPE a><a/>"), "DOCTYPE", ""),
    "实体16.xlsx": (book(GOOD, ("docProps/a.xml", "<!DOCTYPE a><a/>".encode("utf-16"))), "DOCTYPE", ""),
    "双字节.xlsx": (book(UTF16), "UTF-8", "另存为"),
    "声明.xlsx": (book(b'<?xml version="1.0" encoding="UTF-7"?><a/>'), "UTF-8", "另存为"),
    "缺表.xlsx": (book(GOOD, workbook=WORKBOOK.replace("r1", "r2")), "缺少工作表“表”", ""),
    "缺簿.xlsx": (packed(("xl/a.xml", "<a/>")), "缺少部件 xl/workbook.xml", ""),
    "坏簿.xlsx": (book(GOOD, workbook="<workbook>"), "写坏了", ""),
    "远列.xlsx": (book(FULL.format('<c r="XFD1"><v>1</v></c>')), "XFD1 .*512 列", "删去"),
    "近列.xlsx": (book(FULL.format('<c r="SS1"><v>1</v></c>')), "SS1 .*512 列", "删去"),
    "远行.xlsx": (book(GOOD + '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'), "A1048576 .*区域过大", "删去"),
    "无址远列.xlsx": (book("<row>" + "<c><v>1</v></c>" * 513 + "</row>"), "512 列", "删去"),
    "串.xlsx": (book(GOOD, ("xl/sharedStrings.xml", "<sst>" + "<si/>" * 1_001 + "</sst>")), "共享文字", "拆"),
    "坏数.xlsx": (book('<row r="1"><c r="A1" t="s"><v>9</v></c></row>'), "“表”读不出来", ""),
    "散文.csv": ("这是一份说明，\n里面没有表格。\n只有文字。\n".encode(), "一段文字", "选错"),
    "代码.csv": (b"int main(void)\n{\n  return f(1, 2);\n}\n", "一段文字", "选错"),
    "引号.csv": ("甲,乙\n1,2\n\"3,4\n5,6\n".encode(), "第 3 行.*双引号没有闭合", "补上"),
    "坏字.csv": (("项目名称,预算金额\n" * 20).encode() + b"\xe6\xff,1\n", "第 21 行.*UTF-8", "CSV UTF-8"),
    "乱码.csv": (b"\x81\x20,\xff\xff\n" * 3, "编码认不出", "CSV UTF-8"),
    "二进制.csv": (bytes(range(256)) * 4, "不是文字文件", ""),
    "控制.csv": (b"a,b\n1,\x1b[31m2\n", "第 2 行有控制符", ""),
    "宽.csv": (b"," * 600 + b"x\n" + b"," * 600 + b"y\n", "512 列", ""),
    "网页.xls": (b"<html><body><p>x</p></body></html>", "没有两行以上的表格", "另存为"),
    "框架.xls": (b"<html><frameset><frame src=a.htm></frameset></html>", "分成几个文件", "另存为"),
    "单页.xls": (b"MIME-Version: 1.0\r\nX: y\r\n", "单个文件网页", "另存为"),
    "别的.xls": (b"<?xml version='1.0'?><note/>", "XML", "另存为"),
    "实体.xls": (b'<!DOCTYPE a><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "DOCTYPE", ""),
    "半截.xls": (b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet', "写坏了", ""),
    "重复.ods": (
        packed(
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
            ("META-INF/manifest.xml", "<manifest/>"),
            (
                "content.xml",
                '<a xmlns:t="t" xmlns:o="o"><t:table><t:table-row t:number-rows-repeated="1048576"><t:table-cell '
                't:number-columns-repeated="500" o:value-type="float" o:value="1"/></t:table-row></t:table></a>',
            ),
        ),
        "展开后过大",
        "删去",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_reason_and_remedy(reader: Reader, tmp_path: Path, name: str) -> None:
    data, words, remedy = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        reader.read(path, name)
    assert caught.value.where == name
    assert remedy in caught.value.hint
    assert caught.value.hint
    str(caught.value).encode("gbk")


def test_the_smallest_book_is_read(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "小.xlsx"
    path.write_bytes(book(GOOD))
    assert reader.read(path, "小.xlsx").sheets[0].rows == [[1]]


def test_far_cells_without_content_do_no_harm(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "远而空.xlsx"
    path.write_bytes(book(GOOD + '<row r="1048576"><c r="A1048576" s="0"/><c r="XFD1048576" s="0"/></row>'))
    assert reader.read(path, "远而空.xlsx").sheets[0].rows == [[1]]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows 没有命名管道")
def test_a_pipe_is_not_read(reader: Reader, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "管道")
    with pytest.raises(InputError, match="不是普通文件"):
        reader.read(tmp_path / "管道", "管道")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows 没有命名管道")
def test_a_pipe_is_not_opened_to_see_whose_it_is(tmp_path: Path) -> None:
    """管道里有 pbm 写的 CSV 的表头：打开来看，就会当成自己的结果；没有人写的，就会一直等。"""
    pipe = tmp_path / "管道.csv"
    os.mkfifo(pipe)
    other = os.open(pipe, os.O_RDWR)
    try:
        os.write(other, "\ufeff单位,出处\n".encode())
        assert not written_by_pbm(pipe)
    finally:
        os.close(other)


def test_paths_that_are_not_files(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="不见了"):
        reader.read(tmp_path / "没有.xlsx", "没有.xlsx")
    with pytest.raises(InputError, match="文件夹"):
        reader.read(tmp_path, "夹")


def test_size_sheets_and_cells_are_limited(tmp_path: Path) -> None:
    path = tmp_path / "大.xlsx"
    with xlsxwriter.Workbook(path) as full:
        for _ in range(3):
            full.add_worksheet().write_column(0, 0, range(20))
    for limits, words in (
        (Limits(file_bytes=1_000), "文件有 .*超过"),
        (Limits(sheets=2), "工作表.*超过 2 张"),
        (Limits(cells=50), "单元格超过|区域过大"),
        (Limits(columns=1), ""),
    ):
        with Reader(limits) as small:
            if words:
                with pytest.raises(InputError, match=words):
                    small.read(path, "大.xlsx")
            else:
                assert len(small.read(path, "大.xlsx").sheets) == 3


def test_a_sheet_that_came_out_empty_is_refused() -> None:
    marks = Marks()
    with Values(io.BytesIO(book(""))) as values:
        assert list(values.sheet(0, marks, "表").rows) == []
        marks.valued = True
        with pytest.raises(InputError, match="“表”里有内容，却一个单元格也读不出来"):
            values.sheet(0, marks, "表")
