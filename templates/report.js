
// Filter and search of the list. It only hides and shows rows of the page, and keeps its state in the fragment
// (#status=◎&search=…), so that a shared link shows the same view. report.html inlines this text and names its
// SHA-256 in the Content-Security-Policy; after a change tests/test_web.py prints the new one.
"use strict";
(() => {
  const form = document.querySelector(".filter");
  const boxes = [...form.querySelectorAll("[name=status]")];
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
  const text = (row, cell) => words(row.querySelector(cell).textContent).join("");

  // For each policy: its rows, its entry in the contents, and its measures with their items.
  const lines = document.querySelectorAll(".contents li");
  const policies = [...table.tBodies].map((body, index) => {
    const policy = { body, line: lines[index], measures: [] };
    for (const row of body.rows) {
      if (row.matches(".measure")) {
        policy.measures.push({ row, items: [] });
      } else if (row.matches(".item")) {
        policy.measures.at(-1).items.push({
          row,
          isRepeat: row.matches(".repeat"),
          status: row.querySelector(".status").textContent,
          name: text(row, ".name"),
          findings: row.matches(".repeat") ? "" : text(row, ".findings"),
        });
      }
    }
    return policy;
  });
  const all = policies.flatMap((policy) => policy.measures).flatMap((measure) => measure.items);

  const leaveOut = (element, isLeftOut) => element.classList.toggle("left-out", isLeftOut);

  // A repeat has no status: it matches a search by its name, and no filter by status.
  const show = () => {
    const statuses = boxes.filter((box) => box.checked).map((box) => box.value);
    const wanted = words(search.value);
    const isFiltered = statuses.length > 0 || wanted.length > 0;
    const isShown = (item) =>
      (statuses.length === 0 || (!item.isRepeat && statuses.includes(item.status))) &&
      wanted.every((word) => item.name.includes(word) || item.findings.includes(word));

    const shown = new Set(all.filter(isShown));
    for (const item of all) leaveOut(item.row, !shown.has(item));
    for (const policy of policies) {
      const kept = policy.measures.filter((measure) => !isFiltered || measure.items.some((item) => shown.has(item)));
      for (const measure of policy.measures) leaveOut(measure.row, !kept.includes(measure));
      for (const element of [policy.body, policy.line]) leaveOut(element, isFiltered && kept.length === 0);
    }
    leaveOut(table, isFiltered && shown.size === 0);
    say(isFiltered, [...shown]);
    return { statuses, isFiltered };
  };

  // Repeats are not items and are counted apart.
  const say = (isFiltered, shown) => {
    const count = (items) => items.filter((item) => !item.isRepeat).length;
    const repeats = shown.length - count(shown);
    let said = isFiltered ? `${count(all)}項目中${count(shown)}項目を表示` : `全${count(all)}項目を表示`;
    if (repeats > 0) said += `(ほかに再掲${repeats}行)`;
    if (isFiltered && shown.length === 0) said += "。条件に合う項目はありません。";
    // Set only on change: screen readers announce every assignment.
    if (message.textContent !== said) message.textContent = said;
  };

  const change = () => {
    const { statuses, isFiltered } = show();
    const state = new URLSearchParams(statuses.map((status) => ["status", status]));
    if (search.value.trim()) state.append("search", search.value.trim());
    history.replaceState(null, "", isFiltered ? `#${state}` : location.pathname + location.search);
  };

  const set = (statuses, sought) => {
    for (const box of boxes) box.checked = statuses.includes(box.value);
    search.value = sought;
    show();
  };

  // A fragment is the state of the filter or an id in the page; its row must not stay hidden.
  const follow = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    if (state.has("status") || state.has("search")) {
      set(state.getAll("status"), state.get("search") ?? "");
    } else if (document.querySelector(":target")?.closest(".left-out")) {
      set([], "");
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
    set([], "");
    change();
  });
  addEventListener("hashchange", follow);

  form.hidden = false;
  show();
  follow();
})();
