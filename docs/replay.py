"""文档里的命令照原样再跑一遍，输出换成真的；文档因此不会说假话。

文档里的记号写在块的上一行；没有记号的 console 块要全文、退出码 0：
<!-- 运行: 摘 1-6 /总灯/ /^灯/+4 末1；退出码 1 -->  console 块：首行 $ pbm …，下面是输出。
<!-- 取自: pbm monitor out --json | summary；多 2 -->  json 块：这条命令的 JSON 里的一段，列表最多几项。
<!-- 键: pbm monitor out --json | summary -->   表：这一段里的每个键、中文名、类型、例子。
<!-- 看: 监控情况.md；摘 1-9 -->  任意块：前面的命令写出的一个文件。
<!-- 文件: 本县规则/monitor.toml -->   任意块：内容写进沙箱，后面的命令要用。
<!-- 表: 退出码 -->   表：由 pages.py 从代码里取。
沙箱是一个新的文件夹，里面已经运行过 pbm demo out。
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pbm_cli.cli import main
from pbm_cli.outputs.columns import Form, column
from pbm_cli.outputs.summary import tables as figure_tables

WIDTH = "96"
GAP = "……"
_MARK = re.compile(r"<!-- (运行|取自|键|文件|看|表): (.*?) -->\s*\Z")
_FENCE = re.compile(r"```(\w*)\s*\Z")
_ITEM = re.compile(r"/([^/]+)/(?:\+(\d+))?|末(\d+)|(\d+)(?:-(\d+))?")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_TYPES: Mapping[Form, str] = {
    "text": "文字", "code": "文字", "money": "金额（元，两位小数的文字）", "percent": "百分数（两位小数的文字）",
    "score": "得分（两位小数的文字）", "number": "数的文字", "count": "整数", "light": "灯", "level": "级别",
    "list": "列表", "indicators": "列表", "origin": "对象",
}  # fmt: skip
_DOCUMENT_KEYS: Mapping[str, str] = {
    "pbm": "版本", "command": "命令", "issuer": "落款单位", "ruleset": "规则集", "ruleset_title": "规则集名称",
    "ruleset_digest": "规则集内容的 SHA-256", "on": "截止日", "inputs": "输入", "summary": "汇总", "rows": "明细",
    "findings": "问题清单", "parameters": "用到的参数", "settings": "设定文件",
}  # fmt: skip
_LONGEST_EXAMPLE = 40
Tables = Mapping[str, Callable[[], str]]


class DocumentError(Exception):
    """文档写得不对：哪一份、哪一块、为什么。"""


@dataclass(slots=True)
class Sandbox:
    """运行命令的文件夹。kept：不写文件的命令，输出记下来，几份文档共用。"""

    folder: Path
    kept: dict[tuple[str, bool], tuple[int, str]] = field(default_factory=dict)

    def run(self, line: str, *, merged: bool = True) -> tuple[int, str]:
        """运行一行 pbm …，返回退出码和输出；merged 时标准错误也算在内，按先后。"""
        words = shlex.split(line)
        if not words or words[0] != "pbm":
            raise DocumentError(f"只会运行 pbm：{line}")
        writes = {"-o", "--out", "demo", "init", "template", "--marked", "--notices"} & set(words)
        if not writes and (line, merged) in self.kept:
            return self.kept[line, merged]
        result = self._run(words[1:], merged)
        if not writes:
            self.kept[line, merged] = result
        return result

    def _run(self, arguments: list[str], merged: bool) -> tuple[int, str]:
        out = io.BytesIO()
        stream = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
        other = stream if merged else io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        columns = os.environ.get("COLUMNS")
        os.environ["COLUMNS"] = WIDTH
        try:
            with contextlib.chdir(self.folder), contextlib.redirect_stdout(stream), contextlib.redirect_stderr(other):
                code = main(arguments)
        finally:
            os.environ.pop("COLUMNS")
            if columns is not None:
                os.environ["COLUMNS"] = columns
        return code, out.getvalue().decode("utf-8")

    def write(self, name: str, lines: list[str]) -> None:
        """写一个文件；以后的命令要重新跑。"""
        path = (self.folder / name).resolve()
        if self.folder.resolve() not in path.parents:
            raise DocumentError(f"文件要写在沙箱里：{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
        self.kept = {}


@contextlib.contextmanager
def example_year() -> Iterator[Sandbox]:
    """一个新的文件夹，里面运行过 pbm demo out。"""
    with tempfile.TemporaryDirectory() as name:
        sandbox = Sandbox(Path(name).resolve())
        code, said = sandbox.run("pbm demo out --quiet")
        if code:
            raise DocumentError(f"pbm demo out 的退出码是 {code}：\n{said}")
        yield sandbox


@contextlib.contextmanager
def copied(base: Sandbox) -> Iterator[Sandbox]:
    """一份文档自己的沙箱。"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "沙箱"
        shutil.copytree(base.folder, folder)
        yield Sandbox(folder, base.kept)


def refreshed(text: str, sandbox: Sandbox, tables: Tables) -> str:
    """整份文档，每个块换成现在的输出。"""
    done: list[str] = []
    lines = text.split("\n")
    place = 0
    mark: tuple[str, str] | None = None
    while place < len(lines):
        line = lines[place]
        if fence := _FENCE.match(line):
            end = _closing(lines, place)
            body = _fenced(fence[1], lines[place + 1 : end], mark, sandbox)
            done += [line, *body, "```"]
            place, mark = end + 1, None
        elif mark and mark[0] in ("键", "表"):
            while place < len(lines) and lines[place].startswith("|"):
                place += 1
            done += _table(mark, sandbox, tables)
            mark = None
        else:
            found = _MARK.match(line)
            if mark and not found:
                raise DocumentError(f"第 {place} 行的记号后面没有块：{mark[1]}")
            mark = (found[1], found[2]) if found else None
            done.append(line)
            place += 1
    return "\n".join(done)


def commands(text: str) -> list[str]:
    """文档里会跑的命令，按先后。"""
    return [line[2:] for line in re.findall(r"^```console\n(.*)$", text, re.MULTILINE)]


def _closing(lines: list[str], start: int) -> int:
    for place in range(start + 1, len(lines)):
        if lines[place] == "```":
            return place
    raise DocumentError(f"第 {start + 1} 行的块没有结束")


def _fenced(info: str, body: list[str], mark: tuple[str, str] | None, sandbox: Sandbox) -> list[str]:
    kind, text = mark or ("", "")
    if info == "console":
        return _replayed(body, text if kind == "运行" else "", sandbox)
    if kind == "取自":
        value, most = _fragment(text, sandbox)
        return json.dumps(_shortened(value, most), ensure_ascii=False, indent=2).split("\n")
    if kind == "看":
        name, _, wanted = text.partition("；摘 ")
        return _excerpt((sandbox.folder / name).read_text(encoding="utf-8").rstrip("\n").split("\n"), wanted)
    if kind == "文件":
        sandbox.write(text, body)
    return body


def _replayed(body: list[str], text: str, sandbox: Sandbox) -> list[str]:
    if not body or not body[0].startswith("$ "):
        raise DocumentError(f"console 块的第一行要写“$ 命令”：{body[:1]}")
    options = dict(part.strip().split(" ", 1) for part in text.split("；") if part)
    code, said = sandbox.run(body[0][2:])
    if code != int(options.get("退出码", "0")):
        raise DocumentError(f"{body[0]} 的退出码是 {code}：\n{said}")
    lines = [line.rstrip() for line in said.strip("\n").split("\n")]
    return [body[0], *_excerpt(lines, options.get("摘", ""))]


def _excerpt(lines: list[str], wanted: str) -> list[str]:
    """选出的几行，略去的地方是……；没有说要哪些就是全部。"""
    shown: list[str] = []
    last = -1
    for number in _chosen(lines, wanted) if wanted else range(len(lines)):
        shown += [*([GAP] if number > last + 1 else []), lines[number]]
        last = number
    return [*shown, *([GAP] if last < len(lines) - 1 else [])]


def _chosen(lines: list[str], wanted: str) -> list[int]:
    """“1-6 9 /总灯/ /^灯/+4 末1” → 行号（从 0 数）；+4 是连同后面四行。"""
    found: set[int] = set()
    for pattern, more, last_lines, first, last in _ITEM.findall(wanted):
        if pattern:
            hits = [number for number, line in enumerate(lines) if re.search(pattern, line)]
            if not hits:
                raise DocumentError(f"输出里没有 /{pattern}/：\n" + "\n".join(lines))
            found |= {number + step for number in hits for step in range(int(more or 0) + 1)}
        elif last_lines:
            found |= set(range(len(lines))[-int(last_lines) :])
        else:
            found |= set(range(int(first) - 1, int(last or first)))
    return sorted(number for number in found if number < len(lines))


def _fragment(text: str, sandbox: Sandbox) -> tuple[Any, int]:
    source, _, rest = text.partition("；")
    line, _, path = (part.strip() for part in source.partition("|"))
    code, said = sandbox.run(line, merged=False)
    try:
        value = json.loads(said)
    except json.JSONDecodeError as error:
        raise DocumentError(f"{line} 没有给出 JSON（退出码 {code}）：{error}") from error
    for key, number in _STEP.findall(path):
        value = value[int(number)] if number else value[key]
    return value, int(rest.removeprefix("多 ") or 2)


def _shortened(value: Any, most: int) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(item, most) for key, item in value.items()}
    return [_shortened(item, most) for item in value[:most]] if isinstance(value, list) else value


def _table(mark: tuple[str, str], sandbox: Sandbox, tables: Tables) -> list[str]:
    kind, text = mark
    if kind == "表":
        if text not in tables:
            raise DocumentError(f"没有叫“{text}”的表，可用：{'、'.join(tables)}")
        return tables[text]().strip("\n").split("\n")
    value, _ = _fragment(text, sandbox)
    stage = shlex.split(text)[1]
    lines = ["| 键 | 中文名 | 类型 | 例 |", "|---|---|---|---|"]
    return lines + [_key_line(stage, key, item) for key, item in value.items()]


def _key_line(stage: str, key: str, value: Any) -> str:
    known = column(stage, key)
    groups = figure_tables(stage, {key: value}) if isinstance(value, dict | list) else []
    title = _DOCUMENT_KEYS.get(key) or (groups[0].title if groups else known.title)
    title = "" if title == key else title
    if isinstance(value, dict):
        return f"| `{key}` | {title} | 对象 | {cell('、'.join(list(value)[:4]))} |"
    if isinstance(value, list):
        inner = f"每项：{'、'.join(value[0])}" if value and isinstance(value[0], dict) else ""
        return f"| `{key}` | {title} | 列表 | {cell(inner)} |"
    kind = "整数" if type(value) is int else "是否" if type(value) is bool else _TYPES[known.form]
    return f"| `{key}` | {title} | {kind} | {cell('null' if value is None else str(value))} |"


def cell(text: str) -> str:
    """表的一格：竖线转义，换行成空格，太长的截去。"""
    flat = " ".join(text.split())
    flat = flat if len(flat) <= _LONGEST_EXAMPLE else f"{flat[:_LONGEST_EXAMPLE]}…"
    return flat.replace("|", "\\|")


def say(text: str) -> None:
    """一句话，到标准错误。"""
    sys.stderr.write(f"{text}\n")
