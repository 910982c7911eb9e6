"""README 里的图：把泸县例子真的跑出来的 docx、xlsx 变成 PNG。要有 LibreOffice（soffice）和 poppler（pdftoppm）。"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from replay import DocumentError, example_year, say

PICTURES = Path(__file__).resolve().parent / "pictures"
SIZE = 200 * 1024
"""一张图最多这么多字节。"""
PLAN = (("年度总结.docx", "report-docx", 1, 75), ("年度总结.xlsx", "report-xlsx", 1, 100))
"""文件、图名、第几页、每英寸点数。"""


def picture(source: Path, name: str, page: int, dots: int, work: Path) -> Path:
    """一页 → PNG，放进 docs/pictures/。"""
    soffice, pdftoppm = shutil.which("soffice"), shutil.which("pdftoppm")
    if not soffice or not pdftoppm:
        raise DocumentError("要有 soffice 和 pdftoppm 才能画图")
    profile = f"-env:UserInstallation={(work / 'profile').as_uri()}"
    subprocess.run(
        [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", work, source],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    pdf = work / f"{source.stem}.pdf"
    page_range = ("-f", str(page), "-l", str(page), "-r", str(dots))
    subprocess.run([pdftoppm, "-png", "-singlefile", *page_range, pdf, work / name], check=True, timeout=60)
    PICTURES.mkdir(exist_ok=True)
    target = PICTURES / f"{name}.png"
    shutil.copyfile(work / f"{name}.png", target)
    if target.stat().st_size > SIZE:
        raise DocumentError(f"{target.name} 有 {target.stat().st_size} 字节，超过 {SIZE}，请减小点数")
    return target


def main() -> int:
    """画全部图。"""
    try:
        with example_year() as sandbox:
            for file, name, page, dots in PLAN:
                say(f"已画 {picture(sandbox.folder / 'out' / file, name, page, dots, sandbox.folder)}")
    except (DocumentError, subprocess.SubprocessError) as error:
        say(f"错误：{error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
