
// Filter and search of the list. It only hides and shows rows of the page, and keeps its state in the fragment
// (#status=◎&search=…), so that a shared link shows the same view. report.html inlines this text and names its
// SHA-256 in the Content-Security-Policy; after a change tests/test_web.py prints the new one.
"use strict";
(() => {
  const form = document.querySelector(".filter");
  const boxes = [...form.querySelectorAll("[type=checkbox]")];
  const columns = [...new Set(boxes.map((box) => box.name))];
  const table = document.querySelector(".report");
  const search = form.querySelector("[name=search]");
  const message = form.querySelector("[role=status]");

  // Search ignores width, case, variants of a character, look-alike marks and line breaks.
  const fold = (text) =>
    text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]/gu, "")
      .replace(/[\u2010-\u2015\u2212]/g, "-")
      .replace(/\u301C/g, "~");
  const words = (text) => fold(text).split(/\s+/).filter(Boolean);
  const cell = (row, column) => row.querySelector(`[headers~="head-${column}"]`);

  // The rows in printed order: headings with their depth, items with their texts and the rows below them.
  const lines = [];
  const items = [];
  for (const row of table.querySelectorAll("tbody > tr")) {
    if (row.matches(".heading")) {
      lines.push({ row, depth: [...row.cells].filter((one) => one.matches(".level")).length });
    } else if (row.matches(".item")) {
      const isRepeat = row.matches(".repeat");
      const values = Object.fromEntries(columns.map((column) => [column, cell(row, column).textContent]));
      items.push({ row, rows: [row], isRepeat, values, said: isRepeat ? [row.querySelector(".name")] : [...row.cells] });
      lines.push(items.at(-1));
    } else {
      items.at(-1).rows.push(row);
      items.at(-1).said.push(...row.cells);
    }
  }
  for (const item of items) {
    const searched = item.said.filter((one) => one.matches(".name, .prose, .text, .department"));
    item.text = words(searched.map((one) => one.textContent).join(" ")).join("");
  }
  const entries = [...document.querySelectorAll(".contents li")];

  const leaveOut = (element, isLeftOut) => element.classList.toggle("left-out", isLeftOut);

  // A repeat has no values: it matches a search by its name, and no filter.
  const show = () => {
    const chosen = columns.map((column) => [column, boxes.filter((box) => box.name === column && box.checked)]);
    const filters = chosen.map(([column, checked]) => [column, checked.map((box) => box.value)]).filter(([, one]) => one.length);
    const wanted = words(search.value);
    const isFiltered = filters.length > 0 || wanted.length > 0;
    const isShown = (item) =>
      filters.every(([column, values]) => !item.isRepeat && values.includes(item.values[column])) &&
      wanted.every((word) => item.text.includes(word));

    const shown = new Set(items.filter(isShown));
    for (const item of items) for (const row of item.rows) leaveOut(row, !shown.has(item));
    // From the end: the depths of the headings to show, until one of that depth is reached.
    const kept = new Set();
    let needed = -1;
    for (const line of lines.toReversed()) {
      if (line.depth === undefined) {
        if (shown.has(line)) needed = Infinity;
      } else {
        if (!isFiltered || line.depth < needed) kept.add(line);
        if (line.depth < needed) needed = line.depth;
      }
    }
    const outermost = lines.filter((line) => line.depth === 0);
    for (const line of lines) if (line.depth !== undefined) leaveOut(line.row, !kept.has(line));
    outermost.forEach((line, index) => leaveOut(entries[index], !kept.has(line)));
    for (const body of table.tBodies) leaveOut(body, ![...body.rows].some((row) => !row.matches(".left-out")));
    leaveOut(table, isFiltered && shown.size === 0);
    say(isFiltered, [...shown]);
    return { filters, isFiltered };
  };

  // Repeats are not items and are counted apart.
  const say = (isFiltered, shown) => {
    const count = (rows) => rows.filter((row) => !row.isRepeat).length;
    const repeats = shown.length - count(shown);
    let said = isFiltered ? `${count(items)}項目中${count(shown)}項目を表示` : `全${count(items)}項目を表示`;
    if (repeats > 0) said += `(ほかに再掲${repeats}行)`;
    if (isFiltered && shown.length === 0) said += "。条件に合う項目はありません。";
    // Set only on change: screen readers announce every assignment.
    if (message.textContent !== said) message.textContent = said;
  };

  const change = () => {
    const { filters, isFiltered } = show();
    const state = new URLSearchParams(filters.flatMap(([column, values]) => values.map((value) => [column, value])));
    if (search.value.trim()) state.append("search", search.value.trim());
    history.replaceState(null, "", isFiltered ? `#${state}` : location.pathname + location.search);
  };

  const set = (state) => {
    for (const box of boxes) box.checked = state.getAll(box.name).includes(box.value);
    search.value = state.get("search") ?? "";
    show();
  };

  // A fragment is the state of the filter or an id in the page; its row must not stay hidden.
  const follow = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    if ([...columns, "search"].some((name) => state.has(name))) {
      set(state);
    } else if (document.querySelector(":target")?.closest(".left-out")) {
      set(new URLSearchParams());
      document.querySelector(":target").scrollIntoView();
    }
  };

  form.addEventListener("input", (event) => {
    // Ignore kana that an input method is still converting.
    if (!event.isComposing) change();
  });
  form.addEventListener("compositionend", change);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("button").addEventListener("click", () => {
    set(new URLSearchParams());
    change();
  });
  addEventListener("hashchange", follow);

  form.hidden = false;
  show();
  follow();
})();
