"""刷新文档：python make.py docs。生成参考页，把手写文档里的命令照样再跑一遍、换上现在的输出。

python docs/refresh.py 只检查 时不写，有不一样的退出码为 1。
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pages import TABLES, pages
from replay import DocumentError, Sandbox, copied, example_year, refreshed, say

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TOP = ("README.md", "README.en.md", "CONTRIBUTING.md")


def written_by_hand() -> list[Path]:
    """手写的文档：最上层的和 docs/ 下除决定记录、参考页以外的。"""
    generated = set(pages())
    inside = (
        path
        for path in sorted(DOCS.rglob("*.md"))
        if "decisions" not in path.parts and path.relative_to(DOCS).as_posix() not in generated
    )
    return [ROOT / name for name in TOP] + list(inside)


def fresh(path: Path, base: Sandbox) -> str:
    """一份手写文档现在应有的全文。"""
    with copied(base) as sandbox:
        try:
            return refreshed(path.read_text(encoding="utf-8"), sandbox, TABLES)
        except DocumentError as error:
            raise DocumentError(f"{path.relative_to(ROOT).as_posix()}：{error}") from error


def all_fresh() -> Iterator[tuple[Path, str]]:
    """每份文档和它应有的全文。"""
    for name, text in pages().items():
        yield DOCS / name, text
    with example_year() as base:
        for path in written_by_hand():
            yield path, fresh(path, base)


def main(arguments: list[str]) -> int:
    """写出有变化的文档，说出是哪几份。"""
    only_check = arguments == ["只检查"]
    changed = 0
    try:
        for path, text in all_fresh():
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            changed += 1
            say(f"{'不一样' if only_check else '已更新'}：{path.relative_to(ROOT).as_posix()}")
            if not only_check:
                path.write_text(text, encoding="utf-8", newline="\n")
    except DocumentError as error:
        say(f"错误：{error}")
        return 2
    say(f"文档{'没有变化' if not changed else f'有 {changed} 份不同'}。")
    return int(only_check and bool(changed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
