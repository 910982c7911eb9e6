"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = { red: "红灯", yellow: "黄灯", green: "绿灯", blue: "蓝灯", none: "无灯" };
  const order = Object.keys(words);
  const numeric = new Set(["money", "percent", "score", "number", "count"]);
  const collator = new Intl.Collator("zh", { numeric: true });
  const PAGE = 100;
  const dialog = document.getElementById("why");

  const empty = (value) => value === null || value === undefined || value === "";
  const el = (tag, text, cls) => {
    const node = document.createElement(tag);
    if (!empty(text)) node.textContent = text;
    if (cls) node.className = cls;
    return node;
  };
  const press = (text, cls, act) => {
    const node = el("button", text, cls);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  };
  const shown = (form, value) => {
    if (empty(value)) return "";
    if (form === "light") return words[value] || String(value);
    if (form === "money") {
      const parts = String(value).split(".");
      return parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, ",") + "." + parts[1];
    }
    return String(value);
  };
  const unit = (form) => (form === "money" ? "（万元）" : form === "percent" ? "（%）" : "");
  const full = (form, value) => shown(form, value) + (form === "money" ? " 万元" : form === "percent" ? "%" : "");
  const at = (row) => row.k || (row.p ? data.places[row.p[0]] + " 第 " + row.p[1] + " 行" : "");

  /* 一盏灯为什么是这样：值、线、依据、单元格。绿灯也说值。 */
  function values(table, row) {
    const by = {};
    table.columns.forEach((column, i) => { by[column.key] = row.c[i]; });
    const said = [];
    if (empty(by.execution_pct)) said.push("执行" + words[by.execution_light || "none"] + "：没有执行率（没有预算数，或预算数为 0），不判执行灯。");
    else said.push("执行" + words[by.execution_light] + "：执行率 " + by.execution_pct + "%，与序时进度之比 " + by.progress_ratio_pct + "%。");
    const counts = row.n.map((n, i) => (n ? words[order[i]] + " " + n + " 条" : "")).filter(Boolean);
    said.push("目标" + words[by.goal_light || "none"] + "：" + (counts.length ? "指标" + counts.join("，") : "没有指标") +
      (empty(by.goal_completion_pct) ? "。" : "；目标完成率 " + by.goal_completion_pct + "%。"));
    return said;
  }
  const section = (title, node) => { dialog.append(el("h4", title), node); };
  const bullets = (texts) => { const list = el("ul"); texts.forEach((text) => list.append(el("li", text))); return list; };

  function explain(table, row) {
    const head = table.columns.findIndex((c) => c.name);
    const light = row.c[table.columns.findIndex((c) => c.key === "light")];
    const title = el("h3", head < 0 ? table.title : row.c[head]);
    title.id = "why-title";
    const close = press("关闭", "close", () => dialog.close());
    const bar = el("div", null, "bar");
    bar.append(title, close);
    dialog.replaceChildren(bar);
    if (row.n && !(row.w && /red|yellow/.test(light))) section("值", bullets(values(table, row)));
    if (row.w) section(table.stage === "goals" ? "审核意见" : "为什么", bullets(row.w));
    const basis = el("dl");
    (row.n && table.lines || []).forEach((line) => {
      const cell = el("dd", line.value);
      cell.append(el("small", line.basis));
      basis.append(el("dt", line.label), cell);
    });
    if (basis.childElementCount) section("线", basis);
    if (row.b !== undefined) section("依据", el("p", data.bases[row.b].replace(/^依据：/, "")));
    if (at(row)) section("单元格", el("p", at(row)));
    const list = el("dl");
    table.columns.forEach((column, i) => {
      if (!empty(row.c[i])) list.append(el("dt", column.title), el("dd", full(column.form, row.c[i])));
    });
    section("这一行", list);
    dialog.showModal();
    dialog.scrollTop = 0;
  }
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  /* 表格软件会把 = + - @ 开头的文字当公式，前面加 ' ；数不加。 */
  function safe(form, value) {
    const text = form === "light" ? shown(form, value) : empty(value) ? "" : String(value);
    return !numeric.has(form) && /^\s*[=+\-@\t\r＝＋－＠]/.test(text) ? "'" + text : text;
  }

  function csv(table, rows) {
    const quote = (text) => (/[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text);
    const more = table.stage !== "findings";
    const titles = table.columns.map((c) => c.title + unit(c.form)).concat(more ? ["理由", "出处"] : []);
    const lines = [titles.map(quote).join(",")];
    rows.forEach((row) => {
      const cells = table.columns.map((c, i) => safe(c.form, row.c[i]));
      if (more) cells.push(safe("text", (row.w || []).join("；")), safe("text", at(row)));
      lines.push(cells.map(quote).join(","));
    });
    const link = el("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = table.title + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function compare(form, x, y) {
    if (form === "light") return order.indexOf(x) - order.indexOf(y);
    if (numeric.has(form)) return Number(x) - Number(y);
    return collator.compare(x, y);
  }

  function build(table, panel) {
    const firstLight = table.columns.findIndex((c) => c.key === "light");
    const state = { text: "", filters: {}, sort: firstLight < 0 ? null : firstLight, up: true, page: 0, all: false };
    const code = table.columns.findIndex((c) => c.key === "project_code");
    const tools = el("div", null, "tools");
    const label = el("label", "搜索");
    const search = el("input");
    search.type = "search";
    search.placeholder = "项目、编码、单位…";
    label.append(search);
    tools.append(label);
    table.columns.forEach((column, i) => {
      if (!column.filter) return;
      const seen = [...new Set(table.rows.map((r) => r.c[i]))].filter((v) => !empty(v));
      if (seen.length < 2) return;
      seen.sort((a, b) => compare(column.form, a, b));
      const box = el("label", column.title);
      const select = el("select");
      select.append(new Option("全部", ""));
      seen.forEach((value) => select.append(new Option(shown(column.form, value), value)));
      select.addEventListener("change", () => { state.filters[i] = select.value; state.page = 0; draw(); });
      box.append(select);
      tools.append(box);
    });
    const more = press("全部列", "", () => { state.all = !state.all; draw(); });
    if (table.columns.some((c) => !c.main)) tools.append(more);
    tools.append(press("导出 CSV", "", () => csv(table, chosen())));
    const scroll = el("div", null, "scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", table.title + "，可以左右滚动");
    const grid = el("table");
    grid.setAttribute("aria-label", table.title);
    const head = grid.createTHead().insertRow();
    table.columns.forEach((column, i) => {
      const cell = el("th", null, numeric.has(column.form) ? "num" : "");
      cell.scope = "col";
      cell.append(press(column.title + unit(column.form), "", () => {
        state.up = state.sort === i ? !state.up : true;
        state.sort = i;
        state.page = 0;
        draw();
      }));
      head.append(cell);
    });
    const body = grid.createTBody();
    scroll.append(grid);
    const pages = el("div", null, "pages");
    const back = press("上一页", "", () => { state.page -= 1; draw(); });
    const next = press("下一页", "", () => { state.page += 1; draw(); });
    const status = el("span");
    status.setAttribute("role", "status");
    pages.append(back, next, status);
    panel.append(tools, scroll, pages);
    const haystack = table.rows.map((row) => row.c.join("\u0001").toLowerCase());

    function chosen() {
      const text = state.text.toLowerCase();
      const filters = Object.entries(state.filters).filter(([, value]) => value !== "");
      const rows = table.rows.filter((row, n) => (!text || haystack[n].includes(text)) &&
        filters.every(([i, value]) => String(row.c[i]) === value));
      if (state.sort === null) return rows;
      const i = state.sort, form = table.columns[i].form;
      return rows.sort((a, b) => {
        const x = a.c[i], y = b.c[i];
        if (empty(x) || empty(y)) return empty(x) - empty(y);
        return state.up ? compare(form, x, y) : compare(form, y, x);
      });
    }

    function draw() {
      const current = chosen();
      const last = Math.max(0, Math.ceil(current.length / PAGE) - 1);
      state.page = Math.min(state.page, last);
      const visible = (column) => state.all || column.main;
      more.setAttribute("aria-pressed", state.all);
      [...head.cells].forEach((cell, i) => {
        cell.hidden = !visible(table.columns[i]);
        cell.setAttribute("aria-sort", state.sort === i ? (state.up ? "ascending" : "descending") : "none");
      });
      body.replaceChildren(...current.slice(state.page * PAGE, (state.page + 1) * PAGE).map((row) => {
        const line = el("tr");
        table.columns.forEach((column, i) => {
          if (!visible(column)) return;
          const value = row.c[i];
          const cell = el("td", null, numeric.has(column.form) ? "num" : column.form === "code" ? "code" : column.form === "light" ? "lit" : "");
          if (column.name) {
            cell.append(press(value, "name", () => explain(table, row)));
            if (code >= 0 && !state.all) cell.append(el("span", row.c[code], "code"));
          } else if (column.form === "light" && words[value]) {
            const light = press(words[value], "light " + value, () => explain(table, row));
            light.setAttribute("aria-label", column.title + "：" + words[value] + "，看为什么");
            cell.append(light);
          } else cell.textContent = shown(column.form, value);
          line.append(cell);
        });
        return line;
      }));
      status.textContent = "共 " + current.length + " 行" + (last ? "，第 " + (state.page + 1) + " / " + (last + 1) + " 页" : "");
      back.disabled = state.page === 0;
      next.disabled = state.page >= last;
    }
    search.addEventListener("input", () => { state.text = search.value.trim(); state.page = 0; draw(); });
    draw();
  }

  const host = document.getElementById("tables");
  const bar = el("div");
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", "明细");
  const panels = [];
  const steps = { ArrowRight: (n) => n + 1, ArrowLeft: (n) => n - 1, Home: () => 0, End: () => -1 };
  data.tables.forEach((table, n) => {
    const tab = press(table.title + "（" + table.rows.length + "）", "", () => show(n));
    tab.setAttribute("role", "tab");
    tab.id = "tab" + n;
    tab.setAttribute("aria-controls", "panel" + n);
    const panel = el("section");
    panel.id = "panel" + n;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    panels.push({ tab, panel, table, built: false });
    tab.addEventListener("keydown", (event) => {
      if (!steps[event.key]) return;
      event.preventDefault();
      const to = (steps[event.key](n) + panels.length) % panels.length;
      show(to);
      panels[to].tab.focus();
    });
    bar.append(tab);
  });
  function show(n) {
    panels.forEach((p, i) => {
      p.tab.setAttribute("aria-selected", i === n);
      p.tab.tabIndex = i === n ? 0 : -1;
      p.panel.hidden = i !== n;
    });
    if (!panels[n].built) { build(panels[n].table, panels[n].panel); panels[n].built = true; }
  }
  if (panels.length) {
    host.append(bar, ...panels.map((p) => p.panel));
    show(0);
  } else host.append(el("p", "没有可以列出的行。"));
  document.querySelectorAll("button[data-table]").forEach((button) => button.addEventListener("click", () => {
    const table = data.tables[Number(button.dataset.table)];
    explain(table, table.rows[Number(button.dataset.row)]);
  }));
})();
