"""写出结果：一种形式一个模块，都由 JSON 文档（report 另有叙述）而来，用 atomic.write 写到磁盘。"""

from __future__ import annotations

import importlib.util
import mmap
from collections.abc import Callable, Mapping
from pathlib import Path

from pbm_cli.errors import UsageError
from pbm_cli.outputs.columns import Document

# 每种形式用到时才引入：docx、xlsxwriter 都重，--help 与 --json 不该为它们等。
Renderer = Callable[[Document, str | None, Path | None, Path | None], bytes]
"""文档、叙述、Word 版式文件、本县文件夹 → 字节。"""
_PARQUET_BYTES = 320 * 1024 * 1024
"""装入 pyarrow、写出一个文件至少要的地址空间。"""


def _json(document: Document, narrative: str | None, style: Path | None, overlay: Path | None) -> bytes:
    from pbm_cli.outputs import json  # noqa: PLC0415

    return json.render(document)


def _csv(document: Document, narrative: str | None, style: Path | None, overlay: Path | None) -> bytes:
    from pbm_cli.outputs import csv  # noqa: PLC0415

    return csv.render(document)


def _markdown(document: Document, narrative: str | None, style: Path | None, overlay: Path | None) -> bytes:
    from pbm_cli.outputs import markdown  # noqa: PLC0415

    return markdown.render(document, narrative)


def _xlsx(document: Document, narrative: str | None, style: Path | None, overlay: Path | None) -> bytes:
    from pbm_cli.outputs import xlsx  # noqa: PLC0415

    return xlsx.render(document)


def _docx(document: Document, narrative: str | None, style: Path | None, overlay: Path | None) -> bytes:
    from pbm_cli.outputs import docx, markdown, provenance  # noqa: PLC0415
    from pbm_cli.outputs.style import load_profile  # noqa: PLC0415

    source = provenance.provenance(document)
    return docx.render(narrative or markdown.text(document), load_profile(style), source)


def _html(document: Document, narrative: str | None, style: Path | None, overlay: Path | None) -> bytes:
    from pbm_cli.outputs import html  # noqa: PLC0415

    return html.render(document, narrative, overlay)


def _parquet(document: Document, narrative: str | None, style: Path | None, overlay: Path | None) -> bytes:
    mmap.mmap(-1, _PARQUET_BYTES).close()  # 占一下就放：内存不够时 pyarrow 会直接崩溃，这里只是 OSError
    from pbm_cli.outputs import parquet  # noqa: PLC0415

    return parquet.render(document)


FORMS: Mapping[str, Renderer] = {
    ".xlsx": _xlsx, ".docx": _docx, ".html": _html, ".md": _markdown, ".json": _json, ".csv": _csv,
    ".parquet": _parquet,
}  # fmt: skip


def check_suffix(suffix: str) -> str:
    """能写的后缀（小写）；不能写的抛出 UsageError，列出能写的。"""
    lowered = suffix.lower()
    if lowered not in FORMS:
        shown = f"不能写成“{suffix}”" if suffix else "输出文件没有后缀"
        raise UsageError("-o", shown, f"请用 {'、'.join(FORMS)} 之一")
    if lowered == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise UsageError("-o", "写 .parquet 要用 pyarrow，没有安装", '请先运行 pip install "pbm-cli[parquet]"')
    return lowered


def render(
    suffix: str,
    document: Document,
    narrative: str | None = None,
    *,
    style: Path | None = None,
    overlay: Path | None = None,
) -> bytes:
    """按后缀写成字节。narrative 是 report 的叙述（Markdown）；style 是本县的 Word 版式文件；overlay 是本县的文件夹。"""
    return FORMS[check_suffix(suffix)](document, narrative, style, overlay)
