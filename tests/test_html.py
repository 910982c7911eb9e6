"""网页：写出的文件，以及在真的 Chromium 里打开它——搜索、筛选、排序、说明、导出、打印、不联网、读屏。"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conftest import RunPbm, WriteSheet
from pbm_cli import outputs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EXAMPLE = Path(__file__).parent.parent / "examples" / "luxian-2023"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
HEAD = "单位：万元\n| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 | 偏差原因 |\n"
INDICATORS = "| 项目编码 | 项目名称 | 预算单位 | 一级指标 | 二级指标 | 三级指标 | 指标值 | 完成值 |\n"
EVIL = '<img src=x onerror="document.title=1">'
BREAK = "</script><script>document.title=2</script>"
PROJECTS = (
    f"{HEAD}"
    "| 'P1' | 道路维护 | 甲局 | 100 | 10 | 征地 |\n"
    "| 'P2' | 道路维护 | 乙局 | 200 | 190 | 施工 |\n"
    "| 'P3' | 学校食堂 | 甲局 | 50 | 35 | 招标 |\n"
    "| 'P4' | =1+1 | 丙局 | 1234.5 | 1200 | |\n"
    f"| 'P5' | {EVIL} | 丁局 | 9 | 9 | |\n"
    f"| 'P6' | {BREAK} | 丁局 | 8 | 8 | |\n"
)
DONE = f"{INDICATORS}| 'P2' | 道路维护 | 乙局 | 产出 | 数量 | 里程 | ≥100公里 | 20 |\n"
OVER_A_PAGE = 20_000
MOST_BYTES = 15 * 1024 * 1024


class Parts(HTMLParser):
    """网页里的标签与各个 script 的文字。"""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self._script: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = str(dict(attrs).get("id") or "code") if tag == "script" else None

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._script = None


@pytest.fixture
def written(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> Path:
    """一个小的监控结果。"""
    paths = sheet(PROJECTS, file="执行.xlsx"), sheet(DONE, file="指标.xlsx")
    result = run_pbm("monitor", *paths, "--on", "2023-12-31", "-o", tmp_path / "监控.html")
    assert result.code == 0, result.err
    return tmp_path / "监控.html"


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """示例年度的网页和 JSON。"""
    from pbm_cli.cli import main

    folder = tmp_path_factory.mktemp("年度")
    done = ["-o", str(folder / "总结.html"), "-o", str(folder / "总结.json")]
    assert main(["report", str(EXAMPLE), "--quiet", "--fail-on", "never", *done]) == 0
    return folder / "总结.html"


@pytest.fixture(scope="module")
def found_browser() -> Iterator[dict[str, Browser]]:
    """这个文件的测试共用一个浏览器；第一次用到时才启动，最后关掉。"""
    running: dict[str, Any] = {}
    yield running
    if running:
        running["browser"].close()
        running["driver"].stop()


@pytest.fixture
def browser(needs_tool: Callable[[str], str], found_browser: dict[str, Any]) -> Browser:
    """真的 Chromium；没有时跳过（CI 上失败）。"""
    if "browser" not in found_browser:
        path = needs_tool("chromium")
        api = pytest.importorskip("playwright.sync_api")
        found_browser["driver"] = api.sync_playwright().start()
        found_browser["browser"] = found_browser["driver"].chromium.launch(executable_path=path, args=FLAGS)
    running: Browser = found_browser["browser"]
    return running


class Visit:
    """打开一个网页：记下控制台的错误与一切网络请求，请求一律拦住。"""

    def __init__(self, browser: Browser, path: Path, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1240, "height": 900}, accept_downloads=True, **options)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.route(re.compile("^(?!file:|blob:)"), lambda route: route.abort())
        self.page.goto(path.as_uri())

    def names(self) -> list[str]:
        return self.page.locator(
            "#tables [role=tabpanel]:not([hidden]) tbody tr td:first-child button"
        ).all_inner_texts()

    def exported(self) -> tuple[bytes, list[list[str]]]:
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button", name="导出 CSV").click()
        data = Path(waiting.value.path()).read_bytes()
        return data, list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """打开网页；测试完时没有控制台消息、没有向外的请求，才算通过。"""
    opened: list[Visit] = []

    def go(path: Path, **options: Any) -> Visit:
        opened.append(Visit(browser, path, **options))
        return opened[-1]

    yield go
    for one in opened:
        one.context.close()
        assert one.errors == []
        assert [url for url in one.requests if not url.startswith(("file:", "blob:"))] == []


# 一、写出的文件


def test_the_page_asks_for_nothing_and_allows_nothing_unnamed(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    parts = Parts(text)
    policy = next(a["content"] for tag, a in parts.tags if a.get("http-equiv") == "Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not re.search(r"https?:|data:|\*", policy)
    assert [a for _, a in parts.tags if {"style", "src", "onerror", "onclick"} & a.keys()] == []
    assert [tag for tag, _ in parts.tags if tag in ("link", "img", "iframe", "object", "base", "form")] == []
    assert re.findall(r"(?:url\(|@import|(?:src|href)=)[^;>\s]*", re.sub(r"<script.*", "", text, flags=re.S)) == []


def test_the_page_names_its_origin(written: Path, run_pbm: RunPbm, tmp_path: Path) -> None:
    inputs = [tmp_path / "执行.xlsx", tmp_path / "指标.xlsx"]
    document = json.loads(run_pbm("monitor", *inputs, "--on", "2023-12-31", "--json").out)
    origin = json.loads(Parts(written.read_text(encoding="utf-8")).scripts["provenance"])
    assert {key: origin[key] for key in ("pbm", "command", "ruleset", "ruleset_digest", "on")} == {
        key: document[key] for key in ("pbm", "command", "ruleset", "ruleset_digest", "on")
    }
    assert origin["inputs"] == [{key: item[key] for key in ("file", "sha256")} for item in document["inputs"]]


def test_same_inputs_same_bytes(written: Path, run_pbm: RunPbm, tmp_path: Path) -> None:
    before = written.read_bytes()
    inputs = [tmp_path / "执行.xlsx", tmp_path / "指标.xlsx"]
    assert run_pbm("monitor", *inputs, "--on", "2023-12-31", "-o", tmp_path / "又.html").code == 0
    assert (tmp_path / "又.html").read_bytes() == before


def test_projects_of_the_same_name_keep_their_own_basis_and_cell(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path
) -> None:
    """两个单位都有“道路维护”：一个红在执行，一个红在（定性的）指标，依据和单元格各是各的。"""
    written = tmp_path / "监控.html"
    done = f"{INDICATORS}| 'P2' | 道路维护 | 乙局 | 产出 | 质量 | 路况 | 显著改善 | 未达成预期指标且效果较差 |\n"
    paths = sheet(PROJECTS, file="执行.xlsx"), sheet(done, file="指标.xlsx")
    assert run_pbm("monitor", *paths, "--on", "2023-12-31", "-o", written).code == 0
    data = json.loads(Parts(written.read_text(encoding="utf-8")).scripts["data"])
    rows = {row["c"][0]: row for row in data["tables"][0]["rows"]}
    assert rows["P1"]["k"] == "执行.xlsx›Sheet1!E3"
    assert rows["P2"]["k"] == "指标.xlsx›Sheet1!H2"
    assert data["bases"][rows["P1"]["b"]] != data["bases"][rows["P2"]["b"]]


@pytest.mark.parametrize("command", ["check", "monitor"])
def test_a_folder_without_rows_makes_a_page(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, command: str) -> None:
    result = run_pbm(command, sheet(HEAD), "--on", "2023-12-31", "-o", tmp_path / "空.html")
    assert result.code in (0, 2), result.err
    assert result.code == 2 or "<h1>" in (tmp_path / "空.html").read_text(encoding="utf-8")


def test_a_county_may_replace_style_and_page(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    own = tmp_path / "本县" / "templates" / "page"
    own.mkdir(parents=True)
    (own / "page.css").write_text("body{color:#123456}", encoding="utf-8")
    run: list[str | Path] = [
        "monitor",
        sheet(PROJECTS),
        "--on",
        "2023-12-31",
        "--overlay",
        tmp_path / "本县",
        "-o",
        tmp_path / "县.html",
    ]
    assert run_pbm(*run).code == 0
    text = (tmp_path / "县.html").read_text(encoding="utf-8")
    assert "<style>body{color:#123456}</style>" in text
    assert "先决定这些" in text
    (own / "page.html.j2").write_text("<p>{{ title }}|{{ decisions[0].name }}</p>", encoding="utf-8")
    assert run_pbm(*run).code == 0
    assert (tmp_path / "县.html").read_text(encoding="utf-8").startswith("<p>2023年运行监控|道路维护</p>")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("page.html.j2", "{% if %}", "page.html.j2:1"),
        ("page.html.j2", "{{ nowhere }}", "nowhere"),
        ("page.html.j2", "{{ ''.__class__.__mro__ }}", "page.html.j2"),
        ("page.css", "a{}</style><b>", "</style"),
        ("page.js", "'</SCRIPT>'", "</script"),
    ],
)
def test_a_bad_template_is_named(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, name: str, text: str, said: str
) -> None:
    own = tmp_path / "本县" / "templates" / "page"
    own.mkdir(parents=True)
    (own / name).write_text(text, encoding="utf-8")
    out = tmp_path / "县.html"
    result = run_pbm("monitor", sheet(PROJECTS), "--on", "2023-12-31", "--overlay", tmp_path / "本县", "-o", out)
    assert result.code == 2
    assert said in result.err
    assert not out.exists()


def test_the_charts_are_loaded_only_for_a_page(sheet: WriteSheet, tmp_path: Path) -> None:
    code = (
        "import sys; from pbm_cli.cli import main; "
        "code = main(sys.argv[1:]); sys.stderr.write('pygal' * ('pygal' in sys.modules)); sys.exit(code)"
    )
    path = sheet(PROJECTS)

    def loaded(*arguments: str | Path) -> bool:
        line = [sys.executable, "-c", code, "monitor", str(path), "--on", "2023-12-31", "--quiet", *map(str, arguments)]
        done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", check=True)
        return "pygal" in done.stderr

    assert not loaded("--json")
    assert not loaded("-o", tmp_path / "监控.xlsx")
    assert loaded("-o", tmp_path / "监控.html")


# 二、示例年度：数字与 JSON 相同


def test_the_year_says_what_the_json_says(year: Path, visit: Callable[..., Visit]) -> None:
    document = json.loads(year.with_suffix(".json").read_text(encoding="utf-8"))
    summary = document["summary"]
    page = visit(year).page
    figures = page.locator(".card .figure").all_inner_texts()
    assert [re.sub(r"[^\d.]", "", figure) for figure in figures[:2]] == [
        str(summary["monitor"]["lights"]["red"]), summary["monitor"]["execution_pct"],
    ]  # fmt: skip
    assert page.locator("ol.first strong").all_inner_texts() == [item["subject"] for item in summary["decisions"]]
    assert page.locator("figure").count() == 5
    labels = page.locator("figure svg").first.locator(".axis.y text").all_text_contents()
    units = sorted(summary["monitor"]["by_unit"], key=lambda u: (float(u["execution_pct"] or 999), u["budget_unit"]))
    assert labels == [unit["budget_unit"][:14] for unit in units[:12][::-1]]
    for name, tab in (("monitor", "运行监控"), ("goals", "目标审核"), ("evaluate", "绩效评价"), ("assess", "事前评估")):
        count = sum(1 for row in document["rows"] if row["stage"] == name)
        assert page.get_by_role("tab", name=f"{tab}（{count}）").count() == 1


def test_the_narrative_stands_in_the_page_without_its_annexes(year: Path, visit: Callable[..., Visit]) -> None:
    page = visit(year).page
    prose = page.locator("details.prose")
    assert prose.get_attribute("open") is None
    prose.locator("summary").click()
    assert prose.get_by_role("heading", level=3).first.inner_text().startswith("一、")
    assert "附件1" not in prose.locator("h1,h2,h3,h4").all_inner_texts()
    assert prose.locator("p", has_text="万元").first.is_visible()


def test_a_decision_opens_its_explanation(year: Path, visit: Callable[..., Visit]) -> None:
    page = visit(year).page
    first = page.locator("ol.first li").first
    first.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("heading", level=3).inner_text() == first.locator("strong").inner_text()
    assert {"为什么", "线", "依据", "单元格"} <= set(dialog.locator("h4").all_inner_texts())


# 三、表


def test_search_filter_and_sort(written: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(written)
    page = seen.page
    status = page.get_by_role("status")
    assert seen.names()[:2] == ["道路维护", "道路维护"]  # 红灯在前
    page.get_by_role("searchbox", name="搜索").fill("食堂")
    assert seen.names() == ["学校食堂"]
    assert status.inner_text() == "共 1 行"
    page.get_by_role("searchbox").fill("p4")
    assert seen.names() == ["=1+1"]
    page.get_by_role("searchbox").fill("没有这个")
    assert (seen.names(), status.inner_text()) == ([], "共 0 行")
    page.get_by_role("searchbox").fill("")
    page.get_by_role("combobox", name="预算单位").select_option("甲局")
    assert sorted(seen.names()) == ["学校食堂", "道路维护"]
    page.get_by_role("combobox", name="总灯").select_option("red")
    assert seen.names() == ["道路维护"]
    page.get_by_role("combobox", name="总灯").select_option("")
    page.get_by_role("combobox", name="预算单位").select_option("")
    money = page.get_by_role("columnheader", name="调整后预算（万元）")
    money.get_by_role("button").click()
    cells = page.locator("#tables tbody tr td:nth-child(3)")
    assert cells.all_inner_texts() == ["8.00", "9.00", "50.00", "100.00", "200.00", "1,234.50"]
    assert money.get_attribute("aria-sort") == "ascending"
    money.get_by_role("button").click()
    assert cells.first.inner_text() == "1,234.50"
    assert money.get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("甲局", ["执行率 10.00%", "低于 60%", "执行.xlsx›Sheet1!E3"]),
        ("乙局", ["“里程”", "20", "指标.xlsx›Sheet1!H2"]),
        ("丙局", ["执行绿灯：执行率 97.21%，与序时进度之比 97.21%", "绿灯≥80", "没有指标", "执行.xlsx›Sheet1 第 6 行"]),
    ],
)
def test_each_light_explains_itself(written: Path, visit: Callable[..., Visit], unit: str, said: list[str]) -> None:
    page = visit(written).page
    page.get_by_role("combobox", name="预算单位").select_option(unit)
    light = page.locator("#tables tbody tr").first.get_by_role("button", name="总灯")
    light.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    text = dialog.inner_text()
    assert [words for words in said if words not in text] == []
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert light.evaluate("node => node === document.activeElement")


def test_export_is_what_is_chosen_and_starts_no_formula(written: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(written)
    data, rows = seen.exported()
    assert data.startswith("\ufeff项目编码,项目名称".encode())
    assert len(rows) == 7
    by_code = {row[0]: row for row in rows}
    assert by_code["P4"][1] == "'=1+1"
    assert by_code["P4"][rows[0].index("调整后预算（万元）")] == "1234.50"
    assert by_code["P5"][1] == EVIL
    assert "征地" in by_code["P1"][rows[0].index("理由")]
    seen.page.get_by_role("combobox", name="预算单位").select_option("甲局")
    _, rows = seen.exported()
    assert [row[0] for row in rows[1:]] == ["P1", "P3"]


def test_all_columns_on_demand(written: Path, visit: Callable[..., Visit]) -> None:
    page = visit(written).page
    assert page.get_by_role("columnheader", name="执行率与序时进度之比").count() == 0
    page.get_by_role("button", name="全部列").click()
    assert page.get_by_role("columnheader", name="执行率与序时进度之比").count() == 1
    heads = page.locator("#tables thead th:visible").count()
    assert page.locator("#tables tbody tr").first.locator("td").count() == heads


def test_tabs_by_keyboard(year: Path, visit: Callable[..., Visit]) -> None:
    page = visit(year).page
    tabs = page.get_by_role("tab")
    last = tabs.count() - 1
    tabs.first.focus()
    for key, place in (("ArrowRight", 1), ("End", last), ("ArrowRight", 0), ("ArrowLeft", last), ("Home", 0)):
        page.keyboard.press(key)
        assert tabs.nth(place).get_attribute("aria-selected") == "true"
        assert tabs.nth(place).evaluate("node => node === document.activeElement")
        assert page.locator("[role=tab][tabindex='0']").count() == 1
        assert page.locator("[role=tabpanel]:visible").get_attribute("id") == f"panel{place}"


# 四、数据里的代码只是文字


def test_code_in_the_data_stays_text(written: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(written)
    assert {EVIL, BREAK, "=1+1"} <= set(seen.names())
    seen.page.get_by_role("button", name=EVIL, exact=True).click()
    assert seen.page.get_by_role("dialog").get_by_role("heading", level=3).inner_text() == EVIL
    assert seen.page.locator("img").count() == 0
    assert seen.page.title() == "2023年运行监控"


def test_the_policy_is_in_force(written: Path, browser: Browser) -> None:
    """塞进页面的图片、脚本、样式都不起作用，也不发出请求。"""
    seen = Visit(browser, written)
    seen.page.evaluate(
        """() => { document.body.insertAdjacentHTML("beforeend",
        '<img src="https://example.invalid/a.png" onerror="document.title=1"><b style="color:red">字</b>');
        const code = document.createElement("script");
        code.textContent = "document.title=2";
        document.body.append(code);
        return fetch("https://example.invalid/").catch(() => 0); }"""
    )
    seen.page.wait_for_function("document.images[0].complete")
    assert seen.page.title() == "2023年运行监控"
    assert seen.page.locator("b").evaluate("node => getComputedStyle(node).color") != "rgb(255, 0, 0)"
    assert len([text for text in seen.errors if "Content Security Policy" in text]) >= 3
    assert [url for url in seen.requests if "example.invalid" in url and "a.png" not in url] == []
    seen.context.close()


# 五、给谁看都行


def test_names_and_roles_for_a_screen_reader(year: Path, visit: Callable[..., Visit]) -> None:
    page = visit(year).page
    tree = page.locator("body").aria_snapshot()
    for line in ('heading "先决定这些"', 'tablist "明细"', 'tab "运行监控', 'searchbox "搜索"', 'combobox "总灯"',
                 'table "运行监控"', 'img "总灯"', 'button "总灯：红灯，看为什么"', 'region "主要数字"'):  # fmt: skip
        assert line in tree, line
    assert re.findall(r"- (?:button|tab|combobox|searchbox|img|table|region)(?: *:)? *$", tree, re.MULTILINE) == []
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const back = (node) => {
    for (; node; node = node.parentElement) {
      const colour = rgb(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const part = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const wrong = new Set();
  for (const node of document.querySelectorAll("h1,h2,p,div,span,strong,button:enabled,label,th,td,summary,footer")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.getClientRects().length) continue;
    const two = [light(rgb(getComputedStyle(node).color)), light(back(node))].sort((a, b) => b - a);
    const ratio = (two[0] + 0.05) / (two[1] + 0.05);
    if (ratio < 4.5) wrong.add([node.tagName, node.className, ratio.toFixed(2)].join(" "));
  }
  return [...wrong];
}"""


def test_light_and_dark_both_read_well(year: Path, visit: Callable[..., Visit]) -> None:
    shots = {}
    for scheme in ("light", "dark"):
        page = visit(year, color_scheme=scheme).page
        shots[scheme] = page.screenshot()
        assert page.evaluate(CONTRAST) == []
    assert shots["light"] != shots["dark"]


@pytest.mark.parametrize("width", [390, 1240])
def test_nothing_sticks_out(year: Path, visit: Callable[..., Visit], width: int) -> None:
    page = visit(year).page
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_print_is_a4_with_repeated_heads(
    year: Path, visit: Callable[..., Visit], tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    page = visit(year).page
    page.pdf(path=str(tmp_path / "总结.pdf"), prefer_css_page_size=True)
    words = subprocess.run(
        [needs_tool("pdftotext"), "-layout", tmp_path / "总结.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    sheets = words.split("\f")
    assert "先决定这些" in sheets[0]
    assert "导出 CSV" not in words
    details = [text for text in sheets if "处置措施" in text]
    assert len(details) > 3
    assert all("总灯" in text and "预算单位" in text for text in details)
    sizes = subprocess.run([needs_tool("pdfinfo"), "-l", "9", tmp_path / "总结.pdf"], capture_output=True, check=True)
    found = re.findall(r"size: +([\d.]+) x ([\d.]+)", sizes.stdout.decode())
    assert {tuple(sorted(round(float(side) / 5) for side in one)) for one in found} == {(119, 168)}


def test_without_scripts_the_page_says_what_to_do(written: Path, visit: Callable[..., Visit]) -> None:
    page = visit(written, java_script_enabled=False).page
    assert page.locator("noscript").inner_text().startswith("浏览器没有运行脚本")
    assert page.locator("ol.first strong").first.is_visible()
    assert page.locator("figure svg").first.is_visible()


# 六、两万行


def test_twenty_thousand_rows(written: Path, year: Path, tmp_path: Path, visit: Callable[..., Visit]) -> None:
    document = json.loads(year.with_suffix(".json").read_text(encoding="utf-8"))
    lit = [row for row in document["rows"] if row["stage"] == "monitor"]
    rows = [
        {**lit[n % len(lit)], "project_code": f"5105212{n:014d}", "project_name": f"第{n}号项目"}
        for n in range(OVER_A_PAGE)
    ]
    big = {**document, "command": "monitor", "summary": document["summary"]["monitor"], "rows": rows}
    data = outputs.render(".html", big)
    assert len(data) < MOST_BYTES
    path = tmp_path / "大.html"
    path.write_bytes(data)
    seen = visit(path)
    status = seen.page.get_by_role("status")
    assert status.inner_text() == "共 20000 行，第 1 / 200 页"
    seen.page.get_by_role("searchbox").fill("第19999号")
    assert seen.names() == ["第19999号项目"]
    seen.page.get_by_role("searchbox").fill("")
    seen.page.get_by_role("columnheader", name="项目名称").get_by_role("button").click()
    assert seen.names()[:3] == ["第0号项目", "第1号项目", "第2号项目"]
    seen.page.get_by_role("button", name="下一页").click()
    assert seen.names()[0] == "第100号项目"
    _, exported = seen.exported()
    assert len(exported) == OVER_A_PAGE + 1
