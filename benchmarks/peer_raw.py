"""对照：只把文件读进来——python-calamine 逐个文件、逐张表读成 Python 的列表，什么也不做。

用法：python benchmarks/peer_raw.py 文件或文件夹…
"""

import json
import sys
from pathlib import Path

import python_calamine


def main(paths: list[str]) -> None:
    files = [file for path in map(Path, paths) for file in (sorted(path.rglob("*.xlsx")) if path.is_dir() else [path])]
    rows = 0
    for file in files:
        with python_calamine.CalamineWorkbook.from_path(str(file)) as book:
            for index in range(len(book.sheet_names)):
                rows += len(book.get_sheet_by_index(index).to_python())
    sys.stdout.write(json.dumps({"files": len(files), "rows": rows}))


if __name__ == "__main__":
    main(sys.argv[1:])
