"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = { red: "红灯", yellow: "黄灯", green: "绿灯", blue: "蓝灯", none: "无灯" };
  const PAGE = 100;
  const el = (tag, text, cls) => {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    if (cls) node.className = cls;
    return node;
  };
  const numeric = new Set(["money", "percent", "score", "number", "count"]);
  const shown = (form, value) => {
    if (value === null || value === undefined || value === "") return "";
    if (form === "light") return words[value] || value;
    if (form === "money") {
      const parts = String(value).split(".");
      return parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, ",") + "." + parts[1];
    }
    return String(value);
  };

  function explain(table, row) {
    const dialog = document.getElementById("why");
    dialog.replaceChildren();
    const head = table.columns.findIndex((c) => c.key === "project_name" || c.key === "subject");
    dialog.append(el("h3", head < 0 ? table.title : row.cells[head]));
    const list = el("dl");
    table.columns.forEach((column, i) => {
      if (row.cells[i] === null || row.cells[i] === "") return;
      list.append(el("dt", column.title), el("dd", shown(column.form, row.cells[i])));
    });
    const reasons = el("ul");
    (row.why.length ? row.why : ["没有触发红灯、黄灯的线。"]).forEach((text) => reasons.append(el("li", text)));
    const facts = el("dl");
    if (row.basis !== null) facts.append(el("dt", "依据"), el("dd", data.bases[row.basis].replace(/^依据：/, "")));
    if (row.cell) facts.append(el("dt", "单元格"), el("dd", row.cell));
    const close = el("button", "关闭", "close");
    close.addEventListener("click", () => dialog.close());
    dialog.append(reasons, facts, list, close);
    dialog.showModal();
  }

  function safe(form, value) {
    const text = shown(form, value).replace(/,/g, form === "money" ? "" : ",");
    return !numeric.has(form) && /^[=+\-@\t\r＝＋－＠]/.test(text) ? "'" + text : text;
  }

  function csv(table, rows) {
    const quote = (text) => (/[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text);
    const lines = [table.columns.map((c) => quote(c.title)).join(",")];
    rows.forEach((row) => lines.push(table.columns.map((c, i) => quote(safe(c.form, row.cells[i]))).join(",")));
    const link = el("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = table.title + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function build(table, panel) {
    const state = { text: "", filters: {}, sort: null, up: true, page: 0 };
    const tools = el("div", null, "tools");
    const label = el("label", "搜索");
    const search = el("input");
    search.type = "search";
    search.placeholder = "项目、编码、单位…";
    label.append(search);
    tools.append(label);
    table.columns.forEach((column, i) => {
      if (!column.filter) return;
      const box = el("label", column.title);
      const select = el("select");
      select.append(new Option("全部", ""));
      const seen = [...new Set(table.rows.map((r) => r.cells[i]))].filter((v) => v !== null && v !== "");
      seen.sort((a, b) => String(a).localeCompare(String(b), "zh"));
      seen.forEach((value) => select.append(new Option(shown(column.form, value), value)));
      select.addEventListener("change", () => { state.filters[i] = select.value; state.page = 0; draw(); });
      box.append(select);
      tools.append(box);
    });
    const button = el("button", "导出 CSV");
    tools.append(button);
    const scroll = el("div", null, "scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", table.title);
    const grid = el("table");
    const head = grid.createTHead().insertRow();
    table.columns.forEach((column, i) => {
      const cell = el("th", null, numeric.has(column.form) ? "num" : "");
      cell.scope = "col";
      const sort = el("button", column.title + (column.form === "money" ? "（万元）" : column.form === "percent" ? "（%）" : ""));
      sort.addEventListener("click", () => { state.up = state.sort === i ? !state.up : true; state.sort = i; draw(); });
      cell.append(sort);
      head.append(cell);
    });
    const body = grid.createTBody();
    scroll.append(grid);
    const pages = el("div", null, "pages");
    const back = el("button", "上一页");
    const next = el("button", "下一页");
    const status = el("span");
    status.setAttribute("role", "status");
    pages.append(back, next, status);
    panel.append(tools, scroll, pages);
    const haystack = table.rows.map((row) => row.cells.join("\u0001").toLowerCase());
    let current = [];

    function chosen() {
      const text = state.text.toLowerCase();
      let rows = table.rows.filter((row, n) => (!text || haystack[n].includes(text)) &&
        Object.entries(state.filters).every(([i, value]) => value === "" || String(row.cells[i]) === value));
      if (state.sort !== null) {
        const i = state.sort;
        const number = numeric.has(table.columns[i].form);
        const order = ["red", "yellow", "green", "blue", "none"];
        rows = rows.slice().sort((a, b) => {
          let x = a.cells[i], y = b.cells[i];
          if (x === null || x === "") return 1;
          if (y === null || y === "") return -1;
          if (table.columns[i].form === "light") { x = order.indexOf(x); y = order.indexOf(y); }
          const way = number || typeof x === "number" ? Number(x) - Number(y) : String(x).localeCompare(String(y), "zh");
          return state.up ? way : -way;
        });
      }
      return rows;
    }

    function draw() {
      current = chosen();
      const last = Math.max(0, Math.ceil(current.length / PAGE) - 1);
      state.page = Math.min(state.page, last);
      [...head.cells].forEach((cell, i) => cell.setAttribute("aria-sort", state.sort === i ? (state.up ? "ascending" : "descending") : "none"));
      const rows = current.slice(state.page * PAGE, (state.page + 1) * PAGE).map((row) => {
        const line = document.createElement("tr");
        table.columns.forEach((column, i) => {
          const value = row.cells[i];
          const cell = el("td", null, numeric.has(column.form) ? "num" : column.form === "code" ? "code" : "");
          if (column.form === "light" && value) {
            const light = el("button", shown("light", value), "light " + value);
            light.setAttribute("aria-label", shown("light", value) + "，看为什么");
            light.addEventListener("click", () => explain(table, row));
            cell.append(light);
          } else cell.textContent = shown(column.form, value);
          line.append(cell);
        });
        return line;
      });
      body.replaceChildren(...rows);
      status.textContent = "共 " + current.length + " 行" + (last ? "，第 " + (state.page + 1) + " / " + (last + 1) + " 页" : "");
      back.disabled = state.page === 0;
      next.disabled = state.page >= last;
    }
    search.addEventListener("input", () => { state.text = search.value.trim(); state.page = 0; draw(); });
    back.addEventListener("click", () => { state.page -= 1; draw(); });
    next.addEventListener("click", () => { state.page += 1; draw(); });
    button.addEventListener("click", () => csv(table, current));
    draw();
  }

  const host = document.getElementById("tables");
  const bar = el("div");
  bar.setAttribute("role", "tablist");
  const panels = [];
  data.tables.forEach((table, n) => {
    const tab = el("button", table.title + "（" + table.rows.length + "）");
    tab.setAttribute("role", "tab");
    tab.id = "tab" + n;
    tab.setAttribute("aria-controls", "panel" + n);
    const panel = el("section");
    panel.id = "panel" + n;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    panels.push({ tab, panel, table, built: false });
    tab.addEventListener("click", () => show(n));
    tab.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step) { const to = (n + step + panels.length) % panels.length; show(to); panels[to].tab.focus(); }
    });
    bar.append(tab);
  });
  host.append(bar, ...panels.map((p) => p.panel));
  function show(n) {
    panels.forEach((p, i) => {
      p.tab.setAttribute("aria-selected", i === n);
      p.tab.tabIndex = i === n ? 0 : -1;
      p.panel.hidden = i !== n;
    });
    if (!panels[n].built) { build(panels[n].table, panels[n].panel); panels[n].built = true; }
  }
  if (panels.length) show(0);
})();
