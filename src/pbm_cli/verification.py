"""核对来历：写出的文件用的输入、规则集、版本现在还是不是那样。"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any
from xml.sax.saxutils import unescape

from pbm_cli import __version__
from pbm_cli.config import Config, load_config
from pbm_cli.errors import ConfigError, InputError, why
from pbm_cli.outputs.provenance import CONFIG, OVERLAY, ROLES
from pbm_cli.parameters import load_ruleset
from pbm_cli.resources import content
from pbm_cli.text import named
from pbm_cli.workbook import Reader

AGREES, CHANGED, MISSING, UNKNOWN = "一致", "已改动", "找不到", "没有记录"
_MOST_BYTES = 256 * 1024 * 1024
_LARGEST = 2 * 1024**3
"""上限最多设到这么大，再大的不会是读过的输入：不必从头读一遍去算。"""
_BLOCK = 1024 * 1024
_HASH = re.compile(r"[0-9a-f]{64}")
_WORD_PART = "customXml/item1.xml"
_CORE_PART = "docProps/core.xml"
_DESCRIPTION = re.compile(r"<(?:\w+:)?description\b[^>]*>(.*?)</", re.DOTALL)
_COMPACT = re.compile(r"^pbm (\S+); ruleset (.+?)(?: ([0-9a-f]{16}))?; on ([^;]*); (.*)$", re.MULTILINE)
_COPIED = re.compile(r"input ([0-9a-f]{64})(?: (.+))?")
_WORD_XML = re.compile(r'<pbm xmlns="urn:pbm:provenance">(.*?)</pbm>', re.DOTALL)
_PAGE_JSON = re.compile(r'<script\b[^>]*\bid="provenance"[^>]*>(.*?)</script>', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_ROLES = {word: role for role, word in ROLES.items()}
_BAR = re.compile(r"(?<!\\)\|")
_ABOUT = re.compile(r"^pbm (\S+?)，规则集 ?([^\s（，。]+)(?:（([0-9a-f]+)）)?", re.MULTILINE)
_DIGEST = re.compile(r"（([^（）]*)，摘要([0-9a-f]+)）")
_XLSX_LABELS = {
    "pbm 版本": "pbm", "规则集": "ruleset", "规则集摘要": "ruleset_digest", "截止日": "on", "区县": "county",
    "年度": "year",
}  # fmt: skip
_REFUSED = "不是 pbm 写出的结果，里面没有来历"
_HINT = "能核对的是 pbm 写出的 .json .xlsx .docx .html .md .parquet（CSV 不带来历，请核对同时写出的 .json）"


@dataclass(frozen=True, slots=True)
class Recorded:
    """一个结果里写着的来历：版本、规则集及摘要、截止日、输入文件及 SHA-256。"""

    version: str
    ruleset: str
    digest: str
    on: str | None = None
    county: str | None = None
    year: Any = None
    inputs: Sequence[tuple[str, str | None]] = ()
    settings: Sequence[tuple[str, str | None, str]] = ()
    """设定文件：（名字，SHA-256，种类）。"""


@dataclass(slots=True)
class Check:
    """一项核对：what 是 input、setting、ruleset、version；state 是 一致、已改动、找不到、没有记录。"""

    what: str
    name: str
    recorded: str | None
    found: str | None
    state: str
    path: str | None = None

    def row(self) -> dict[str, Any]:
        """JSON 里的一行。"""
        keys = ("what", "name", "state", "recorded", "found", "path")
        return {key: getattr(self, key) for key in keys}


def verify(
    output: Path, folders: Sequence[Path], overlay: Path | None = None, ruleset: str | None = None
) -> dict[str, Any]:
    """核对一个结果的 JSON 文档；不是 pbm 的结果时抛出 InputError。

    folders 是找输入文件的地方；没有给时在结果所在的文件夹、它的上一层、当前文件夹里找。overlay、ruleset 是本县的覆盖、
    不随程序发布的规则集现在在哪里；没有给时看找输入的地方的 pbm.toml。
    """
    recorded = read_provenance(output)
    places = list(folders) or [output.parent, output.parent.parent, Path()]
    configs = _configs(places)
    overlays = [overlay] if overlay else [config.overlay for config in configs if config.overlay is not None]
    styles = [config.style.parent for config in configs if config.style is not None]
    checks = [_input(name, digest, places, output) for name, digest in recorded.inputs]
    for name, digest, role in recorded.settings:
        where = overlays if role == OVERLAY else places if role == CONFIG else [*places, *styles]
        checks.append(_input(name, digest, where, output, "setting"))
    rulesets = [ruleset] if ruleset else [recorded.ruleset, *(config.ruleset for config in configs if config.ruleset)]
    checks.append(_ruleset(recorded, overlays if overlay else [None, *overlays], rulesets))
    same = recorded.version == __version__
    checks.append(Check("version", "pbm", recorded.version, __version__, AGREES if same else CHANGED))
    states = [check.state for check in checks]
    counts = {"agree": AGREES, "changed": CHANGED, "missing": MISSING, "unrecorded": UNKNOWN}
    return {
        "pbm": __version__,
        "command": "verify",
        "county": recorded.county,
        "year": recorded.year,
        "ruleset": recorded.ruleset,
        "on": recorded.on,
        "output": output.name,
        "summary": {key: states.count(word) for key, word in counts.items()},
        "rows": [check.row() for check in checks],
        "findings": [],
    }


def read_provenance(output: Path) -> Recorded:
    """从结果里取出来历，按内容认是哪一种形式。"""
    data = _bytes(output)
    if data.startswith(b"PAR1"):
        source = _loaded(_parquet(data, output), output)
    elif data.startswith(b"PK\x03\x04"):
        part = _zipped(data, output, _WORD_PART)
        source = _loaded(unescape(_only(_WORD_XML, part, output)), output) if part else _workbook(data, output)
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        source = _loaded(data.decode("utf-8-sig", "replace"), output)
    else:
        text = data.decode("utf-8-sig", "replace")
        page = _PAGE_JSON.search(text)
        source = _loaded(page[1], output) if page else _markdown(text, output)
    return _recorded(source, output)


def _refuse(output: Path) -> InputError:
    return InputError(str(output), _REFUSED, _HINT)


def _bytes(output: Path) -> bytes:
    try:
        data = content(output, _MOST_BYTES)
    except OSError as error:
        reason = "找不到这个文件" if isinstance(error, FileNotFoundError) else f"读不出来：{why(error)}"
        raise InputError(str(output), reason, "请给 pbm -o 写出的文件") from error
    if len(data) > _MOST_BYTES:
        raise InputError(str(output), "文件太大，不像 pbm 写出的结果", _HINT)
    return data


def _zipped(data: bytes, output: Path, name: str) -> str | None:
    """包里一个部件的文字；没有这个部件为 None。"""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if name not in packed.namelist():
                return None
            with packed.open(name) as part:
                return part.read(_BLOCK * 16).decode("utf-8", "replace")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _refuse(output) from error


def _parquet(data: bytes, output: Path) -> str:
    """Parquet 元数据里的来历。"""
    try:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        hint = '请先运行 pip install "pbm-cli[parquet]"'
        raise InputError(str(output), "读 .parquet 要用 pyarrow，没有安装", hint) from error
    try:
        found = pq.read_schema(io.BytesIO(data)).metadata or {}
    except (pa.ArrowException, OSError) as error:
        raise _refuse(output) from error
    if b"pbm" not in found:
        raise _refuse(output)
    return str(found[b"pbm"], "utf-8", "replace")


def _only(pattern: re.Pattern[str], text: str, output: Path) -> str:
    found = pattern.search(text)
    if found is None:
        raise _refuse(output)
    return found[1]


def _loaded(text: str, output: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refuse(output) from error
    if not isinstance(found, dict):
        raise _refuse(output)
    return found


def _workbook(data: bytes, output: Path) -> Mapping[str, Any]:
    """xlsx：先看备注是不是标注副本的，再看“来源”表。"""
    said = _DESCRIPTION.search(_zipped(data, output, _CORE_PART) or "")
    lines = list(_COMPACT.finditer(unescape(said[1]))) if said else []
    copied = _COPIED.fullmatch(lines[-1][5]) if lines else None
    if copied is None:
        return _sheet(output, bool(lines))
    version, ruleset, digest, on, _ = lines[-1].groups()
    original = {"file": copied[2] or output.name, "sha256": copied[1]}
    return {"pbm": version, "ruleset": ruleset, "ruleset_digest": digest, "on": on, "inputs": [original]}


def _sheet(output: Path, ours: bool) -> Mapping[str, Any]:
    """xlsx 的“来源”表：先是几行名称和值，再是输入、设定文件的表。ours 是备注看得出是 pbm 写的。"""
    with Reader() as reader:
        book = reader.read(output, output.name)
    rows = next((sheet.rows for sheet in book.sheets if sheet.name == "来源"), None)
    if rows is None and ours:
        raise InputError(str(output), "通知的目录不带各个输入的来历", "请核对同一文件夹里的各份通知（.docx）")
    if rows is None:
        raise _refuse(output)
    source: dict[str, Any] = {"inputs": [], "settings": []}
    columns: tuple[int, int] | None = None
    for row in rows:
        cells = ["" if value is None else str(value) for value in row]
        if columns is None and "文件" in cells and "SHA-256" in cells:
            columns = cells.index("文件"), cells.index("SHA-256")
        elif columns is not None and len(cells) > max(columns) and cells[columns[0]]:
            role = next((_ROLES[cell] for cell in cells if cell in _ROLES), None)
            item = {"file": cells[columns[0]], "sha256": cells[columns[1]], "role": role}
            source["settings" if role else "inputs"].append(item)
        elif columns is None and len(cells) > 1 and cells[0] in _XLSX_LABELS:
            source[_XLSX_LABELS[cells[0]]] = cells[1]
    return source


def _markdown(text: str, output: Path) -> Mapping[str, Any]:
    """Markdown 的数据来源：一行版本和规则集，一张有 SHA-256 的表。"""
    plain = _ESCAPED.sub(r"\1", text)
    about = _ABOUT.search(plain)
    if about is None:
        raise _refuse(output)
    digest = about[3] or next((m[2] for m in _DIGEST.finditer(plain) if m[1] == about[2]), "")
    found = [{"file": name, "sha256": sha256, "role": role} for name, sha256, role in _table(text)]
    inputs, settings = ([item for item in found if bool(item["role"]) is setting] for setting in (False, True))
    return {"pbm": about[1], "ruleset": about[2], "ruleset_digest": digest, "inputs": inputs, "settings": settings}


def _table(text: str) -> Iterator[tuple[str, str, str]]:
    """文件、SHA-256、种类（输入为空）。"""
    columns: tuple[int, int] | None = None
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        cells = [_ESCAPED.sub(r"\1", cell.strip()) for cell in _BAR.split(line.rstrip().removesuffix("|"))[1:]]
        if "SHA-256" in cells:
            first = next((n for n, cell in enumerate(cells) if cell in ("文件", "输入文件")), None)
            columns = None if first is None else (first, cells.index("SHA-256"))
        elif columns is not None and len(cells) > max(columns) and cells[columns[0]].strip("-: "):
            yield cells[columns[0]], cells[columns[1]], next((_ROLES[cell] for cell in cells if cell in _ROLES), "")


def _recorded(source: Mapping[str, Any], output: Path) -> Recorded:
    version, inputs = source.get("pbm"), source.get("inputs")
    if not isinstance(version, str) or not isinstance(inputs, list) or not isinstance(source.get("ruleset"), str):
        raise _refuse(output)
    settings = source.get("settings")
    return Recorded(
        version, str(source["ruleset"]), str(source.get("ruleset_digest") or ""), source.get("on") or None,
        source.get("county"), source.get("year"), [(name, digest) for name, digest, _ in _named(inputs, output)],
        _named(settings if isinstance(settings, list) else [], output),
    )  # fmt: skip


def _named(items: Sequence[Any], output: Path) -> list[tuple[str, str | None, str]]:
    """（名字，SHA-256，种类），同样的只要一次。"""
    named: dict[tuple[str, str | None, str], None] = {}
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("file"), str):
            raise _refuse(output)
        digest = str(item.get("sha256") or "")
        named[item["file"], digest if _HASH.fullmatch(digest) else None, str(item.get("role") or "")] = None
    return list(named)


def _input(name: str, digest: str | None, places: Sequence[Path], output: Path, what: str = "input") -> Check:
    """一个输入或设定文件：各处都找，有一处相同就是一致。"""
    own = named(name)
    relative = PurePosixPath(own)
    found: list[tuple[Path, str | None]] = []
    if not relative.is_absolute() and ".." not in relative.parts and ":" not in own and "\\" not in own:
        for place in places:
            path = place if place.is_file() and place.name == relative.name else place / own
            if path.is_file() and not (output.exists() and path.samefile(output)):
                found.append((path, _digest(path) if digest else None))  # 没有记录的无从比起，不读
    if not found:
        return Check(what, name, digest, None, MISSING)
    path, actual = next((pair for pair in found if pair[1] == digest), found[0])
    state = UNKNOWN if digest is None else AGREES if actual == digest else CHANGED
    return Check(what, name, digest, actual, state, path.as_posix())


def _digest(path: Path) -> str | None:
    """文件的 SHA-256；大得不会是读过的输入为 None。"""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(str(path), f"读不出来：{why(error)}", "请检查文件的权限") from error


def _ruleset(recorded: Recorded, overlays: Sequence[Path | None], names: Sequence[str]) -> Check:
    """规则集：名字或文件夹是 names 之一的（盖上本县的覆盖）摘要还一样不一样。点名要看的读不了时抛出 ConfigError。"""
    found: list[str] = []
    wrong: ConfigError | None = None
    for name, overlay in dict.fromkeys(product(names, overlays)):
        try:
            loaded = load_ruleset(name, overlay)
        except ConfigError as error:
            wrong = error
            continue
        if loaded.name == recorded.ruleset:
            found.append(loaded.digest)
    if not found and wrong is not None and (None not in overlays or names[0] != recorded.ruleset):
        raise wrong
    if not found:
        return Check("ruleset", recorded.ruleset, recorded.digest, None, MISSING)
    if not recorded.digest:
        return Check("ruleset", recorded.ruleset, None, found[0], UNKNOWN)
    same = next((digest for digest in found if digest.startswith(recorded.digest)), None)
    return Check("ruleset", recorded.ruleset, recorded.digest, same or found[-1], AGREES if same else CHANGED)


def _configs(places: Sequence[Path]) -> list[Config]:
    """几个文件夹的 pbm.toml；写错的不管，它的摘要自会对不上。"""
    found = []
    for place in places:
        try:
            found.append(load_config(place))
        except ConfigError:
            continue
    return found
