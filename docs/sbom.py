"""按锁定文件写软件物料清单（CycloneDX 1.6）：python make.py sbom；加“只检查”只说是不是新的。

不用网络；同样的锁定总得同样的字节。
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.txt"
OUT = ROOT / "docs" / "sbom.cdx.json"
PIN = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VIA = re.compile(r"#\s+(?:via )?([A-Za-z0-9_.-]+)(?: \(pyproject\.toml\))?$")
NAMESPACE = uuid.UUID("5b3f6f0e-6f3a-5a52-9a5c-0c1f5f2f7c11")


def pins(text: str) -> list[dict[str, Any]]:
    """锁定文件里的各个包：名字、版本、条件、散列值、谁要它。写法不认得的行是错误。"""
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        stripped = line.strip()
        if match := HASH.match(stripped):
            found[-1]["hashes"].append(match[1])
        elif stripped.startswith("#"):
            if found and (via := VIA.match(stripped)) and via[1] != "via":
                found[-1]["via"].append(via[1].lower())
        elif match := PIN.fullmatch(stripped):
            found.append(
                {"name": match[1].lower(), "version": match[2], "when": match[3] or "", "hashes": [], "via": []}
            )
        elif stripped:
            raise ValueError(f"不认得的一行：{line}")
    return found


def needed(packages: list[dict[str, Any]]) -> set[str]:
    """运行要用的：pbm-cli 要的，和它们要的。"""
    wanted = {package["name"] for package in packages if "pbm-cli" in package["via"]}
    while more := {p["name"] for p in packages if set(p["via"]) & wanted} - wanted:
        wanted |= more
    return wanted


def component(package: dict[str, Any], runs: set[str]) -> dict[str, Any]:
    """一个包。"""
    name, version = package["name"], package["version"]
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "scope": "required" if name in runs else "excluded",
        "purl": f"pkg:pypi/{name}@{version}",
        "hashes": [],
    }
    # 各平台的轮子散列值不同：CycloneDX 的 hashes 只说一个文件，放进属性
    made["properties"] = [{"name": "pbm:wheel-sha256", "value": value} for value in sorted(package["hashes"])]
    if package["when"]:
        made["properties"].append({"name": "pbm:marker", "value": package["when"]})
    del made["hashes"]
    return made


def document(lock: str, project: dict[str, Any]) -> dict[str, Any]:
    """整份清单。"""
    packages = sorted(pins(lock), key=lambda package: str(package["name"]))
    runs = needed(packages)
    refs = {package["name"]: f"pkg:pypi/{package['name']}@{package['version']}" for package in packages}
    own = f"pkg:pypi/{project['name']}@{project['version']}"
    wants: dict[str, list[str]] = {own: [], **{ref: [] for ref in refs.values()}}
    for package in packages:
        for via in package["via"]:
            holder = own if via == project["name"] else refs.get(via)
            if holder:
                wants[holder].append(refs[package["name"]])
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, lock)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": [component(package, runs) for package in packages],
        "dependencies": [{"ref": ref, "dependsOn": sorted(set(found))} for ref, found in sorted(wants.items())],
    }


def text() -> str:
    """清单的文字。"""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = document(LOCK.read_text(encoding="utf-8"), project)
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """写出，或只检查。"""
    made = text()
    if arguments == ["只检查"]:
        same = OUT.is_file() and OUT.read_text(encoding="utf-8") == made
        sys.stderr.write("" if same else "docs/sbom.cdx.json 不是新的，请运行 python make.py sbom\n")
        return 0 if same else 1
    OUT.write_bytes(made.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
