
// Filter and search of the list. It only hides and shows what stands in the page, and keeps its state in the
// address, as #status=◎&search=…, so that a link shows what its sender saw. report.html takes this text in
// and names its hash, without which no browser runs it: tests/test_web.py says what it is after a change.
"use strict";
(() => {
  const form = document.querySelector(".filter");
  const boxes = [...form.querySelectorAll("[name=status]")];
  const table = document.querySelector(".report");
  const search = form.querySelector("[name=search]");
  const message = form.querySelector("[role=status]");

  // Width, case, variants of one character and marks that look alike make no difference; a cell's line breaks neither.
  const fold = (text) =>
    text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]/gu, "")
      .replace(/[\u2010-\u2015\u2212]/g, "-")
      .replace(/\u301C/g, "~");
  const words = (text) => fold(text).split(/\s+/).filter(Boolean);
  const text = (row, cell) => words(row.querySelector(cell).textContent).join("");

  // Each policy: its rows, its line in the contents, and its measures with their items.
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

  // A repeat has no status of its own: it is found by its name alone, and not where a status is asked for.
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

  // Repeats are no items: they are counted apart.
  const say = (isFiltered, shown) => {
    const count = (items) => items.filter((item) => !item.isRepeat).length;
    const repeats = shown.length - count(shown);
    let said = isFiltered ? `${count(all)}項目中${count(shown)}項目を表示` : `全${count(all)}項目を表示`;
    if (repeats > 0) said += `(ほかに再掲${repeats}行)`;
    if (isFiltered && shown.length === 0) said += "。条件に合う項目はありません。";
    // Read aloud only when it is something else.
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

  // A fragment is either the state of the filter or a place in the page, which must not be out of sight.
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
    // Kana on their way to kanji are not what is sought.
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
