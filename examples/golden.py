"""重做金样：examples/luxian-2023/expected/ 里的年度总结.md 与汇总.json。用法：python make.py golden。"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent / "luxian-2023"
EXPECTED = EXAMPLE / "expected"


def main() -> int:
    """运行一遍 pbm report，写出总结与汇总；pbm 的退出码不是 0 就停下。"""
    EXPECTED.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pbm_cli", "report", str(EXAMPLE), "--json", "-o", str(EXPECTED / "年度总结.md")]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        return done.returncode
    summary = json.dumps(json.loads(done.stdout)["summary"], ensure_ascii=False, indent=1)
    (EXPECTED / "汇总.json").write_text(summary + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
