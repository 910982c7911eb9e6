"""文档不说假话：参考页与代码一致，文里的命令再跑一遍输出相同，链接不断，中英两份 README 同一个样子。"""

from __future__ import annotations

import difflib
import importlib.util
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import palette  # noqa: E402
import pictures  # noqa: E402
import refresh  # noqa: E402
from pages import TABLES, pages  # noqa: E402
from replay import DocumentError, Sandbox, commands, copied, example_year, refreshed  # noqa: E402

MOST_PICTURES = 12
MOST_BYTES = 150 * 1024
HAND_WRITTEN = refresh.written_by_hand()
EVERY = [*HAND_WRITTEN, *(DOCS / name for name in pages())]
READMES = [ROOT / "README.md", ROOT / "README.en.md"]
GUIDE = sorted((DOCS / "guide").glob("*.md"))
LINKED = [
    *EVERY, ROOT / "CHANGELOG.md", *sorted((DOCS / "decisions").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]  # fmt: skip
OTHERS = [path for path in HAND_WRITTEN if path not in (*READMES, *GUIDE)]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def year() -> Iterator[Sandbox]:
    with example_year() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("空"))


def stale(path: Path, fresh: str) -> str:
    """文档与应有的不同时的几行对照；相同为空。"""
    diff = difflib.unified_diff(text(path).splitlines(), fresh.splitlines(), name(path), "现在", lineterm="", n=1)
    return "\n".join(list(diff)[:40])


# 一、与代码、与运行一致


@pytest.mark.parametrize("page", sorted(pages()))
def test_reference_pages_are_up_to_date(page: str) -> None:
    assert stale(DOCS / page, pages()[page]) == "", "请运行 python make.py docs"


@pytest.mark.parametrize("group", [READMES, GUIDE, OTHERS], ids=["README", "手册", "其余"])
def test_commands_in_the_documents_give_the_output_shown(group: list[Path], year: Sandbox) -> None:
    differences = [stale(path, refresh.fresh(path, year)) for path in group]
    assert [item for item in differences if item] == [], "请运行 python make.py docs"


def test_every_command_shown_is_replayed() -> None:
    loose = [
        f"{name(path)}: {line}"
        for path in HAND_WRITTEN
        for line in re.findall(r"^\$ .*$", text(path), re.MULTILINE)
        if line[2:] not in commands(text(path))
    ]
    assert loose == []
    assert sum(len(commands(text(path))) for path in HAND_WRITTEN) > 30


def test_the_documents_name_only_commands_that_exist() -> None:
    import typer

    from pbm_cli.cli import app

    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    wrong = [
        f"{name(path)}: pbm {word}"
        for path in HAND_WRITTEN
        for word in re.findall(r"[`\n] ?pbm ([a-z]+)", re.sub(r"\$ pbm monter", "", text(path)))
        if word not in known
    ]
    assert wrong == []


def test_make_tasks_in_the_documents_exist() -> None:
    spec = importlib.util.spec_from_file_location("make", ROOT / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    named = {
        task
        for path in HAND_WRITTEN
        for task in re.findall(r"(?:make\.py|`make|^make) ([a-z]+)", text(path), re.MULTILINE)
    }
    assert {"demo", "test", "docs"} <= named
    assert named - set(make.TASKS) == set()


# 二、链接、图、双语


def anchors(path: Path) -> set[str]:
    """一份 Markdown 里各标题的锚点，同 GitHub 的算法。"""
    plain = re.sub(r"^```.*?^```", "", text(path), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def broken_links(path: Path) -> list[str]:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", text(path), flags=re.M | re.S)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor.lower() not in anchors(target)):
            broken.append(f"{name(path)}: {link}")
    return broken


@pytest.mark.parametrize("path", LINKED, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    assert broken_links(path) == []


def test_the_link_check_sees_a_broken_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    page = tmp_path / "页.md"
    page.write_text("# 有\n\n[甲](没有.md) [乙](页.md#没有) [丙](页.md#有)\n", encoding="utf-8")
    assert broken_links(page) == ["页.md: 没有.md", "页.md: 页.md#没有"]


def test_the_guide_lists_every_page() -> None:
    index = text(DOCS / "guide" / "README.md")
    assert [page.name for page in GUIDE if page.name != "README.md" and f"]({page.name})" not in index] == []


def test_every_command_has_a_place_in_the_guide() -> None:
    import typer

    from pbm_cli.cli import app

    said = "".join(text(path) for path in GUIDE)
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert [command for command in known if not re.search(rf"pbm {command}\b", said)] == []
    options = {
        option for command in known.values() for parameter in command.params for option in parameter.opts
        if option.startswith("--")
    }  # fmt: skip
    everyday = options - {"--help", "--county", "--year", "--out"}
    assert sorted(option for option in everyday if option not in said) == []


def test_every_picture_can_be_drawn_again() -> None:
    drawn = {path.stem for path in (DOCS / "pictures").iterdir()}
    assert drawn == set(pictures.plan(Sandbox(Path()), Path()))


def test_a_drawn_picture_keeps_its_colours_in_few_bytes() -> None:
    """两种颜色的图：调色板里就是这两种；读 PPM 和真彩 PNG 得到一样的点。"""
    red, white = b"\xc8\x10\x10", b"\xff\xff\xff"
    points = (red + white * 2) * 4
    drawn = palette.read_ppm(b"P6\n3 4\n255\n" + points)
    assert drawn == palette.Picture(3, 4, points)
    data = palette.small_png(drawn)
    assert data[data.index(b"PLTE") + 4 :][:6] == white + red
    rows = b"".join(b"\x02" + (points[:9] if row == 0 else bytes(9)) for row in range(4))
    parts = (b"IHDR", struct.pack(">IIBBBBB", 3, 4, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows))
    coloured = data[:8] + b"".join(struct.pack(">I4s", len(body), kind) + body + bytes(4) for kind, body in parts)
    assert palette.read_png(coloured) == drawn


def test_pictures_are_few_small_and_used() -> None:
    found = sorted((DOCS / "pictures").iterdir())
    assert 1 <= len(found) <= MOST_PICTURES
    for picture in found:
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(data) <= MOST_BYTES
        assert min(struct.unpack(">II", data[16:24])) > 300
        assert any(picture.name in text(path) for path in HAND_WRITTEN)


def shape(path: Path) -> tuple[list[str], list[str]]:
    """标题的层次，和各代码块的内容。"""
    blocks = re.findall(r"^```\w*\n.*?^```", text(path), re.MULTILINE | re.DOTALL)
    outside = re.sub(r"^```.*?^```", "", text(path), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+(?= )", outside, re.MULTILINE), blocks


def test_the_two_readmes_have_the_same_shape() -> None:
    chinese, english = (shape(path) for path in READMES)
    assert chinese[0] == english[0]
    assert chinese[1] == english[1]
    assert len(chinese[1]) > 5


# 三、重跑的办法自己也要对


@pytest.fixture
def remade(empty: Sandbox) -> Callable[[str], str]:
    def make(body: str) -> str:
        with copied(empty) as sandbox:
            return refreshed(body, sandbox, TABLES)

    return make


def test_a_shown_output_is_replaced_by_the_real_one(remade: Callable[[str], str]) -> None:
    before = "前\n<!-- 运行: 摘 /M01/ -->\n```console\n$ pbm rules M01\n假的输出\n```\n后\n"
    after = remade(before)
    assert "假的输出" not in after
    assert "\nM01（运行监控）预算执行灯" in after
    assert after.startswith("前\n<!-- 运行")
    assert after.endswith("```\n后\n")
    assert remade(after) == after


def test_left_out_lines_are_marked(remade: Callable[[str], str]) -> None:
    after = remade("<!-- 运行: 摘 2-3 -->\n```console\n$ pbm rules\n```")
    lines = after.split("\n")
    assert lines[3] == "……"
    assert lines[-2] == "……"
    assert len(lines) == 8


def test_files_shown_are_the_files_used(remade: Callable[[str], str]) -> None:
    shown = "<!-- 文件: 甲.csv -->\n```text\n单位：万元\n项目名称,调整后预算数,累计支出\n道路,{},50\n```\n"
    run = "<!-- 运行: 摘 /^红灯|总灯/ -->\n```console\n$ pbm monitor 甲.csv --on 2023-12-31\n```"
    assert "红灯 1，黄灯 0" in remade(shown.format(100) + run)
    assert "红灯 0，黄灯 1" in remade(shown.format(80) + run)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("```console\n$ pbm rules M99\n```", "退出码是 2"),
        ("<!-- 运行: 退出码 1 -->\n```console\n$ pbm rules M01\n```", "退出码是 0"),
        ("<!-- 运行: 摘 /没有这句/ -->\n```console\n$ pbm rules M01\n```", "没有这句"),
        ("```console\n$ rm -rf x\n```", "只会运行 pbm"),
        ("```console\npbm rules\n```", "第一行要写"),
        ("```console\n$ pbm rules\n", "没有结束"),
        ("<!-- 文件: ../外面.txt -->\n```text\n甲\n```", "沙箱里"),
        ("<!-- 文件: 甲.txt -->\n\n文字\n", "后面没有块"),
        ("<!-- 表: 没有的 -->\n| |\n", "没有叫"),
        ("<!-- 取自: pbm rules M01 | rows -->\n```json\n```", "没有给出 JSON"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_refused(remade: Callable[[str], str], body: str, said: str) -> None:
    with pytest.raises(DocumentError, match=re.escape(said)):
        remade(body)
