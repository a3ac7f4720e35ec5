"use strict";
(() => {
  // ---- charts take their colours from the page, now and when the reader's preference changes ----------------
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function paint(figure) {
    const [soft, grid] = [css("--soft"), css("--grid")];
    for (const axis of [...figure.below, ...figure.left, ...figure.right]) {
      axis.setv({ major_label_text_color: soft, axis_label_text_color: soft });
      if (figure.below.includes(axis)) axis.setv({ axis_line_color: grid, major_tick_line_color: grid });
    }
    for (const one of figure.center) if (one.grid_line_color !== undefined && one.grid_line_color !== null) one.grid_line_color = grid;
  }

  // ---- the names above a chart show and hide what they name ---------------------------------------------------
  function keys(figure) {
    const section = document.getElementById(figure.name);
    for (const button of section.querySelectorAll(".keys button")) {
      button.addEventListener("click", () => {
        const shown = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(shown));
        for (const one of figure.renderers) if (one.name === button.dataset.name) one.visible = shown;
      });
    }
  }

  // ---- one period for every chart ------------------------------------------------------------------------------
  const YEAR = 365.25 * 86400000;

  function show(range, years) {
    const [first, last] = range.bounds;
    range.setv({ start: years ? Math.max(first, last - years * YEAR) : first, end: last });
  }

  function periods(range) {
    const bar = document.querySelector(".periods");
    const [first, last] = range.bounds;
    for (const button of bar.querySelectorAll("button")) {
      const years = Number(button.dataset.years);
      button.hidden = years * YEAR >= last - first;
      button.addEventListener("click", () => {
        show(range, years);
        for (const other of bar.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
      });
    }
    bar.hidden = false;
  }

  function begin() {
    const figures = Bokeh.documents.flatMap((one) => one.roots());
    if (figures.length < document.querySelectorAll(".chart").length) {
      requestAnimationFrame(begin);
      return;
    }
    const all = () => figures.forEach(paint);
    all();
    figures.forEach(keys);
    dark.addEventListener("change", all);
    periods(figures[0].x_range);
    document.documentElement.dataset.charts = String(figures.length);
  }

  // ---- tables that sort ----------------------------------------------------------------------------------------
  const number = (text) => Number(text.replace(/[ ,%]/g, ""));

  function sort(table, column, head) {
    const rows = [...table.tBodies[0].rows];
    const numeric = head.classList.contains("n");
    const down = head.getAttribute("aria-sort") !== "descending";
    const key = (row) => row.cells[column].textContent;
    rows.sort((a, b) => (numeric ? number(key(a)) - number(key(b)) : key(a).localeCompare(key(b))) * (down ? -1 : 1));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => sort(table, column, head));
    });
  }

  begin();
})();
