"""供应链：依赖少，锁定全而有散列值，物料清单是新的，源码里没有会执行数据的写法。"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.txt", "requirements-test.txt")
MOST_DEPENDENCIES = 14
REFUSED_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "yaml", "imp", "telnetlib", "ftplib",
                   "urllib.request", "http.client", "requests", "socket"}  # fmt: skip
"""会执行数据的、会上网的。"""
ALLOWED = {"src/pbm_cli/counties.py": ["socket"]}
"""只问本机叫什么名字（gethostname），不连网。"""
REFUSED_CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
REFUSED_ATTRIBUTES = {
    ("os", "system"), ("os", "popen"), ("os", "startfile"), ("os", "execv"), ("os", "spawnv"),
    ("subprocess", "getoutput"),
}  # fmt: skip


def loaded(path: Path) -> ModuleType:
    """不在包里的脚本。"""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SBOM = loaded(ROOT / "docs" / "sbom.py")
AUDIT = loaded(ROOT / ".ci" / "audit.py")


def bare(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert match is not None
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def test_few_runtime_dependencies() -> None:
    declared = PROJECT["project"]["dependencies"]
    assert 0 < len(declared) <= MOST_DEPENDENCIES


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    pins = SBOM.pins((ROOT / lock).read_text(encoding="utf-8"))
    assert len(pins) > 20
    assert [pin["name"] for pin in pins if not pin["hashes"]] == []
    assert len({(pin["name"], pin["when"]) for pin in pins}) == len(pins)


@pytest.mark.parametrize(
    "line", ["jinja2>=3.1", "git+https://example.invalid/x", "-e .", "--index-url https://example.invalid"]
)
def test_a_lock_with_anything_else_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="不认得"):
        SBOM.pins(f"{line}\n")


def test_the_lock_holds_every_declared_dependency() -> None:
    held = {bare(pin["name"]) for pin in SBOM.pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))}
    wanted = {bare(item) for item in (*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"])}
    assert wanted - held == set()


def test_the_test_lock_agrees_with_the_runtime_lock() -> None:
    run, test = (
        {p["name"]: p["version"] for p in SBOM.pins((ROOT / lock).read_text(encoding="utf-8"))} for lock in LOCKS
    )
    assert {name: test.get(name) for name in run} == run


def test_every_pin_says_who_needs_it() -> None:
    pins = SBOM.pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    declared = {bare(item) for item in PROJECT["project"]["dependencies"]}
    assert {bare(pin["name"]) for pin in pins if "pbm-cli" in pin["via"]} == declared


def test_the_sbom_is_up_to_date() -> None:
    written = (ROOT / "docs" / "sbom.cdx.json").read_text(encoding="utf-8")
    assert written == SBOM.text(), "请运行 python make.py sbom"


def test_the_sbom_is_cyclonedx() -> None:
    made: dict[str, Any] = json.loads(SBOM.text())
    refs = [part["bom-ref"] for part in made["components"]]
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert len(refs) == len(set(refs))
    assert {item["ref"] for item in made["dependencies"]} == {*refs, made["metadata"]["component"]["bom-ref"]}
    assert {target for item in made["dependencies"] for target in item["dependsOn"]} <= set(refs)
    assert {part["name"] for part in made["components"] if part["scope"] == "excluded"} >= {"hatchling", "editables"}
    assert "timestamp" not in made["metadata"]


# ---- 物料清单的样子：CycloneDX 1.6 的模式里与这份清单有关的部分，不用网络也查得出来 ----

TEXT = r"[\s\S]+"
PURL = r"pkg:pypi/[a-z0-9][a-z0-9.-]*@[A-Za-z0-9.+!-]+"
SHAPES: dict[str, dict[str, Any]] = {
    "bom": {
        "$schema!": re.escape("http://cyclonedx.org/schema/bom-1.6.schema.json"), "bomFormat!": "CycloneDX",
        "specVersion!": r"1\.6", "serialNumber": r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "version": int, "metadata": "metadata", "components": ["component"], "dependencies": ["dependency"],
    },
    "metadata": {"timestamp": TEXT, "component": "component", "tools": "tools"},
    "component": {
        "type!": "application|framework|library|platform|operating-system|device|file|data", "name!": TEXT,
        "version": r"[\s\S]{1,1024}", "bom-ref": PURL, "purl": PURL, "scope": "required|optional|excluded",
        "licenses": ["choice"], "hashes": ["hash"], "properties": ["property"],
    },
    "choice": {"license!": "license"},
    "license": {"id!": r"MIT|Apache-2\.0|BSD-[23]-Clause|MulanPSL-2\.0"},
    "hash": {"alg!": "SHA-256", "content!": "[0-9a-f]{64}"},
    "property": {"name!": TEXT, "value": TEXT},
    "dependency": {"ref!": PURL, "dependsOn": [PURL]},
}  # fmt: skip
"""对象 → 键：值的样子（正则、类型、别的对象、它们的清单）；! 是必须有的；没有列出的键不许有。"""


def misshapen(value: Any, shape: Any, at: str = "bom") -> list[str]:
    """不合样子的地方。"""
    if isinstance(shape, type):
        return [] if type(value) is shape else [at]
    if isinstance(shape, list):
        if not isinstance(value, list) or len({json.dumps(item, sort_keys=True) for item in value}) < len(value):
            return [at]
        return [fault for number, item in enumerate(value) for fault in misshapen(item, shape[0], f"{at}[{number}]")]
    if shape not in SHAPES:
        return [] if isinstance(value, str) and re.fullmatch(shape, value) else [at]
    if not isinstance(value, dict):
        return [at]
    known = {key.rstrip("!"): inside for key, inside in SHAPES[shape].items()}
    needed = {key.rstrip("!") for key in SHAPES[shape] if key.endswith("!")}
    found = [f"{at}.{key}" for key in (value.keys() - known.keys()) | (needed - value.keys())]
    return found + [
        fault for key in known if key in value for fault in misshapen(value[key], known[key], f"{at}.{key}")
    ]


def test_the_sbom_has_the_shape_of_cyclonedx() -> None:
    made: dict[str, Any] = json.loads((ROOT / "docs" / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert misshapen(made, "bom") == []
    assert {"serialNumber", "version", "metadata", "components", "dependencies"} <= made.keys()


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        ("", "bomFormat", None), ("", "specVersion", "1.7"), ("", "serialNumber", "urn:uuid:1"), ("", "version", "1"),
        ("", "author", "甲"), ("components", "name", None), ("components", "type", "package"),
        ("components", "scope", "test"), ("components", "purl", "pypi/x"), ("components", "wheel", "x"),
        ("dependencies", "ref", None), ("dependencies", "dependsOn", ["x"]),
        ("components", "hashes", [{"alg": "MD5", "content": "0"}]),
    ],
)  # fmt: skip
def test_another_shape_is_seen(where: str, key: str, value: Any) -> None:
    made: dict[str, Any] = json.loads(SBOM.text())
    changed = made[where][0] if where else made
    if value is None:
        del changed[key]
    else:
        changed[key] = value
    assert len(misshapen(made, "bom")) == 1 + (key == "hashes")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", 0, "没有检查"),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "查了 1 个包，有漏洞的 0 个"),
        ('{"dependencies": [{"name": "a", "skip_reason": "x"}]}', 0, "1 个在漏洞库里查不到"),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}', 1, "CVE-1"),
    ],
)  # fmt: skip
def test_the_audit_says_what_it_did(text: str, code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert AUDIT.verdict("requirements.txt", text) == code
    assert words in capsys.readouterr().err


def refused(code: str) -> list[str]:
    """源码里不该有的写法。"""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [name for name in names if name in REFUSED_MODULES or name.split(".")[0] in REFUSED_MODULES]
        elif isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id in REFUSED_CALLS:
                found.append(function.id)
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                pair = (function.value.id, function.attr)
                found += [".".join(pair)] if pair in REFUSED_ATTRIBUTES else []
            found += [
                "shell=True" for word in node.keywords
                if word.arg == "shell" and not (isinstance(word.value, ast.Constant) and word.value.value is False)
            ]  # fmt: skip
    return found


@pytest.mark.parametrize(
    "path", sorted((ROOT / "src").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_nothing_runs_data_or_goes_out(path: Path) -> None:
    assert refused(path.read_text(encoding="utf-8")) == ALLOWED.get(path.relative_to(ROOT).as_posix(), [])


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("eval('1')", 1), ("exec(x)", 1), ("import pickle", 1), ("from marshal import loads", 1), ("import yaml", 1),
        ("os.system('x')", 1), ("subprocess.run(x, shell=True)", 1), ("subprocess.run(x, shell=wanted)", 1),
        ("import urllib.request", 1), ("re.compile('x')", 0), ("subprocess.run(['x'])", 0), ("frame.eval('x')", 0),
    ],
)  # fmt: skip
def test_the_check_sees_what_it_should(code: str, count: int) -> None:
    assert len(refused(code)) == count


def test_security_rules_of_ruff_are_on() -> None:
    lint = PROJECT["tool"]["ruff"]["lint"]
    off = {code for code in lint["ignore"] if re.fullmatch(r"S\d*", code)}
    assert "S" in lint["select"]
    assert off <= {"S603", "S607"}, "这两条以外的安全规则不许全局关掉"
    source = {c for name, codes in lint["per-file-ignores"].items() if name.startswith("src") for c in codes}
    assert not {code for code in source if code.startswith("S") and code[1:2].isdigit()}
