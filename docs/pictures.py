"""文档里的图：把泸县例子真的跑出来的 Word、Excel、网页、终端变成 PNG。

要有 LibreOffice（soffice）、poppler（pdftoppm、pdftotext、pdfinfo）和 Chromium；只给几个图名就只画那几张。
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl

from palette import Picture, read_png, read_ppm, small_png
from pbm_cli.lines import cell_width
from replay import DocumentError, Sandbox, example_year, say

PICTURES = Path(__file__).resolve().parent / "pictures"
SIZE = 150 * 1024
"""一张图最多这么多字节。"""
COLOURS = (256, 64, 32, 16)
"""太大时依次少用几种颜色。"""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body{margin:0;background:#0c0c0c;color:#ccc}
pre{margin:14px;font:15px/20px monospace}
i{display:inline-block;width:8px;font:13px/1.35 "DejaVu Sans Mono",monospace;text-align:center}
i.w{width:16px;font:15px/1.35 "Noto Sans CJK SC","Noto Sans Mono CJK SC",sans-serif}</style><pre>%s</pre>"""


def tool(*names: str) -> str:
    """外部程序在哪里；都没有是 DocumentError。"""
    for name in names:
        if path := shutil.which(name):
            return path
    raise DocumentError(f"要有 {names[0]} 才能画图")


def as_pdf(source: Path, work: Path) -> Path:
    """Word、Excel → PDF。"""
    profile = f"-env:UserInstallation={(work / 'profile').as_uri()}"
    subprocess.run(
        [tool("soffice"), profile, "--headless", "--convert-to", "pdf", "--outdir", work, source],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return work / f"{source.stem}.pdf"


def page_with(pdf: Path, word: str) -> int:
    """第几页有这几个字。"""
    done = subprocess.run([tool("pdftotext"), "-l", "400", pdf, "-"], check=True, capture_output=True, timeout=120)
    for number, text in enumerate(done.stdout.decode("utf-8").split("\f"), start=1):
        if word in text.replace(" ", "").replace("\n", ""):
            return number
    raise DocumentError(f"{pdf.name} 里没有“{word}”")


def landscape_page(pdf: Path) -> int:
    """第一张横的。"""
    done = subprocess.run([tool("pdfinfo"), "-l", "400", pdf], check=True, capture_output=True, timeout=60)
    for number, width, height in re.findall(r"Page +(\d+) size: +([\d.]+) x ([\d.]+)", done.stdout.decode("utf-8")):
        if float(width) > float(height):
            return int(number)
    raise DocumentError(f"{pdf.name} 里没有横的页")


def page(pdf: Path, number: int, dots: int) -> Picture:
    """PDF 的一页。"""
    done = subprocess.run(
        [tool("pdftoppm"), "-f", str(number), "-l", str(number), "-r", str(dots), pdf],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return read_ppm(done.stdout)


def screen(source: Path, width: int, height: int, work: Path) -> Picture:
    """浏览器里看到的一屏。"""
    shot = work / "屏.png"
    subprocess.run(
        [tool(*_BROWSERS), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={work / 'chromium'}", f"--window-size={width},{height}", f"--screenshot={shot}",
         source.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return read_png(shot.read_bytes())


def terminal(text: str, work: Path) -> Picture:
    """终端里的字：一个字一格或两格，排得和真的窗口一样。"""

    def cell(letter: str) -> str:
        return f"<i{' class=w' if cell_width(letter) == 2 else ''}>{html.escape(letter)}</i>"

    lines = text.rstrip("\n").split("\n")
    source = work / "终端.html"
    body = "\n".join("".join(map(cell, line)) for line in lines)
    source.write_text(_TERMINAL % body, encoding="utf-8")
    return screen(source, 8 * 80 + 40, 21 * len(lines) + 20, work)


def _said(sandbox: Sandbox, line: str, columns: int) -> str:
    """一条命令在终端里说的话：标准错误也按窗口的宽度断行。"""
    code = "import pty,sys; pty.spawn([sys.executable, '-m', 'pbm_cli', *sys.argv[1:]])"
    done = subprocess.run(
        [sys.executable, "-c", code, *line.split(), "--quiet"], cwd=sandbox.folder, capture_output=True, timeout=120,
        env={**os.environ, "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"}, check=False,
    )  # fmt: skip
    return done.stdout.decode("utf-8").replace("\r\n", "\n")


def upper(picture: Picture, percent: int) -> Picture:
    """只留上面百分之几。"""
    height = picture.height * percent // 100
    return Picture(picture.width, height, picture.points[: picture.width * height * 3])


def filled(folder: Path) -> None:
    """演示标注副本用的：填报模板里填几行，有几格填错。"""
    path = folder / "填好的执行表.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["项目支出预算执行表"]
    heads = {str(cell.value).rstrip("*"): cell.column for cell in sheet[3]}
    rows = (
        ("河道治理", "县水务局", 100, "123O0"), ("农村公路养护", "县交通运输局", None, 45),
        ("公共文化服务", "县文化广播电视和旅游局", 80, 72), ("村道硬化", "县交通运输局", 60, "约40"),
    )  # fmt: skip
    for number, row in enumerate(rows, start=5):
        for head, value in zip(("项目名称", "预算单位", "调整后预算数（万元）", "累计支出（万元）"), row, strict=True):
            sheet.cell(number, heads[head], value)
    book.save(path)


def plan(sandbox: Sandbox, work: Path) -> Mapping[str, Callable[[], Picture]]:
    """图名 → 怎样画。"""
    folder = sandbox.folder
    out = folder / "out"

    def made(line: str, path: str) -> Path:
        sandbox.run(line)
        return as_pdf(next(folder.glob(path)), work)

    def found(pdf: Path, word: str, dots: int) -> Picture:
        return page(pdf, page_with(pdf, word), dots)

    def marked() -> Picture:
        sandbox.run("pbm template execution -o 填好的执行表.xlsx")
        filled(folder)
        pdf = made("pbm check 填好的执行表.xlsx --marked 标注", "标注/填好的执行表.xlsx")
        return upper(page(pdf, page_with(pdf, "123O0"), 100), 38)

    def annex() -> Picture:
        pdf = as_pdf(out / "年度总结.docx", work)
        return page(pdf, landscape_page(pdf), 75)

    return {
        "report-docx": lambda: page(as_pdf(out / "年度总结.docx", work), 1, 75),
        "report-annex": annex,
        "report-xlsx": lambda: page(as_pdf(out / "年度总结.xlsx", work), 1, 90),
        "xlsx-detail": lambda: found(as_pdf(out / "年度总结.xlsx", work), "明细-运行监控", 90),
        "notice": lambda: page(made("pbm monitor out --notices 通知书", "通知书/01_*.docx"), 1, 75),
        "marked": marked,
        "template": lambda: upper(page(made("pbm template indicator -o 指标.xlsx", "指标.xlsx"), 1, 90), 84),
        "page": lambda: screen(out / "年度总结.html", 1180, 1000, work),
        "terminal": lambda: terminal(_said(sandbox, "monitor out", 80), work),
    }


def keep(name: str, picture: Picture) -> Path:
    """写进 docs/pictures/；太大就少用几种颜色。"""
    PICTURES.mkdir(exist_ok=True)
    target = PICTURES / f"{name}.png"
    for colours in COLOURS:
        data = small_png(picture, colours)
        if len(data) <= SIZE:
            target.write_bytes(data)
            return target
    raise DocumentError(f"{name} 有 {len(data)} 字节，超过 {SIZE}，请减小点数")


def main(wanted: list[str]) -> int:
    """画全部图，或点名的几张。"""
    try:
        with example_year() as sandbox:
            work = sandbox.folder / "画图"
            work.mkdir()
            drawn = plan(sandbox, work)
            for name in wanted or drawn:
                if name not in drawn:
                    raise DocumentError(f"没有叫“{name}”的图，可用：{'、'.join(drawn)}")
                say(f"已画 {keep(name, drawn[name]())}")
    except (DocumentError, subprocess.SubprocessError) as error:
        say(f"错误：{error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
