// The page of `make preview`: shows each state that the server sends. A page is replaced only when its new picture is
// loaded, so that the view neither moves nor flickers.
"use strict";
(() => {
  const find = (selector) => document.querySelector(selector);
  const main = find("main");
  const sheets = find(".sheets");
  const problems = find(".problems");
  const panel = find(".source");
  const size = find(".size");
  const POINTS_A_PIXEL = 72 / 96;

  const made = (name, className, text = "") => {
    const element = document.createElement(name);
    element.className = className;
    element.textContent = text;
    return element;
  };
  // Set only on change: screen readers announce every assignment.
  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  let state = { pages: [], problems: [] };
  let isReached = true;

  // The pages

  // For each page: its box, its picture and the picture's address. Only pages near the viewport are loaded.
  const near = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) near.add(target);
        else near.delete(target);
      }
      renew();
    },
    { rootMargin: "100%" },
  );

  const showPages = () => {
    state.pages.forEach(({ width, height }, index) => {
      let sheet = sheets.children[index];
      if (!sheet) {
        sheet = made("figure", "sheet");
        sheet.append(made("figcaption", ""), made("div", "paper"));
        sheets.append(sheet);
        watcher.observe(sheet);
      }
      const paper = sheet.lastElementChild;
      paper.style.aspectRatio = `${width} / ${height}`;
      paper.style.width = size.value === "fit" ? "100%" : `${(width / POINTS_A_PIXEL) * size.value}px`;
      say(sheet.firstElementChild, `${index + 1} / ${state.pages.length}ページ`);
    });
    while (sheets.children.length > state.pages.length) {
      watcher.unobserve(sheets.lastElementChild);
      near.delete(sheets.lastElementChild);
      sheets.lastElementChild.remove();
    }
    renew();
    tellPosition();
  };

  const renew = () => {
    for (const sheet of near) renewPicture(sheet);
  };

  const renewPicture = async (sheet) => {
    const paper = sheet.lastElementChild;
    const number = [...sheets.children].indexOf(sheet) + 1;
    const width = Math.round(paper.clientWidth * devicePixelRatio);
    const wanted = `pages/${number}.png?${new URLSearchParams({ made: state.made, width })}`;
    if (!width || sheet.dataset.wanted === wanted) return;
    sheet.dataset.wanted = wanted;
    const picture = new Image();
    picture.alt = `${number}ページの紙面`;
    picture.src = wanted;
    try {
      await picture.decode();
    } catch {
      // The picture or the server is gone; the next state asks again.
      if (sheet.dataset.wanted === wanted) delete sheet.dataset.wanted;
      return;
    }
    if (sheet.dataset.wanted === wanted) {
      paper.replaceChildren(picture);
      sheet.dataset.shown = state.made;
    }
  };

  const tellPosition = () => {
    const all = [...sheets.children];
    const head = find(".bar").getBoundingClientRect().bottom;
    const middle = (Math.max(head, 0) + innerHeight) / 2;
    // The last page that begins above the middle of the viewport.
    const at = all.filter((sheet) => sheet.getBoundingClientRect().top < middle).length;
    say(find(".position"), all.length ? `${Math.max(at, 1)} / ${all.length}ページ` : "");
  };

  // Problems

  // The key of a problem: independent of its line, which moves when lines above it change.
  const key = ({ code, message }) => `${code} ${message}`;
  let opened = null;

  const showProblems = () => {
    const focused = document.activeElement.closest?.(".problems a")?.dataset.key;
    problems.replaceChildren(
      ...state.problems.map((problem, index) => {
        const entry = made("li", problem.isError ? "error" : "warning");
        const link = made("a", "");
        link.href = "#source";
        link.dataset.key = key(problem);
        link.append(
          made("span", "kind", problem.isError ? "誤り" : "警告"),
          " ",
          made("span", "place", problem.place),
          " ",
          made("span", "code", problem.code),
          " ",
          made("span", "said", problem.message),
        );
        link.addEventListener("click", (event) => {
          event.preventDefault();
          open(index, true);
        });
        entry.append(link);
        return entry;
      }),
    );
    if (focused) [...problems.querySelectorAll("a")].find((link) => link.dataset.key === focused)?.focus();
    find(".message").hidden = !state.message;
    say(find(".message"), state.message);
    say(find(".count"), state.count);
    if (opened) {
      const index = state.problems.findIndex((problem) => key(problem) === opened);
      if (index >= 0) open(index, false);
      else close();
    }
  };

  const mark = () => {
    for (const link of problems.querySelectorAll("a")) {
      if (link.dataset.key === opened) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };

  const open = async (index, isAsked) => {
    opened = key(state.problems[index]);
    mark();
    const answer = await fetch(`source?problem=${index}`).catch(() => null);
    // Fixed meanwhile: the next state says so.
    if (!answer?.ok) return;
    const { path, line, column, first, lines } = await answer.json();
    const excerpt = find(".excerpt");
    const kept = excerpt.scrollTop;
    panel.hidden = false;
    say(find("#source"), line ? `${path} ${line}行 ${column}列` : path);
    excerpt.replaceChildren(...lines.map((text, offset) => sourceLine(text, first + offset, line, column)));
    const there = excerpt.querySelector(".here");
    if (isAsked) {
      excerpt.scrollTop = there ? there.offsetTop - excerpt.clientHeight / 3 : 0;
      if (panel.getBoundingClientRect().bottom > innerHeight) panel.scrollIntoView({ block: "nearest" });
      excerpt.focus({ preventScroll: true });
    } else {
      excerpt.scrollTop = kept;
    }
  };

  const sourceLine = (text, number, line, column) => {
    const row = made("div", number === line ? "row here" : "row");
    const content = made("code", "");
    if (number === line) {
      // Columns count code points; some take two UTF-16 units of a JavaScript string.
      const characters = [...text];
      content.append(
        characters.slice(0, column - 1).join(""),
        made("mark", "", characters[column - 1] ?? " "),
        characters.slice(column).join(""),
      );
      row.setAttribute("aria-current", "true");
    } else {
      content.textContent = text;
    }
    row.append(made("span", "number", number), content);
    return row;
  };

  const close = () => {
    // Return the focus to the opener if it was inside.
    const isInside = panel.contains(document.activeElement);
    const link = [...problems.querySelectorAll("a")].find((each) => each.dataset.key === opened);
    opened = null;
    mark();
    panel.hidden = true;
    if (isInside) (link ?? main).focus({ preventScroll: true });
  };

  // State

  const show = (next) => {
    state = next;
    document.body.dataset.phase = isReached ? state.phase : "lost";
    const status = isReached ? state.status : "make preview が終了しています。もう一度実行すると、続きを表示します。";
    say(find(".status"), status);
    say(find(".made"), state.madeSaid);
    // Nothing is inserted above outdated pages, which would move them; the sticky bar says how old they are.
    find(".notice").hidden = state.pages.length > 0;
    say(find(".notice"), status);
    find("a.paper").hidden = state.pages.length === 0;
    const here = decodeURIComponent(location.pathname.split("/")[1]);
    find(".editions ul").replaceChildren(
      ...(state.editions.length > 1 ? state.editions : [here]).map((edition) => {
        const entry = made("li", "");
        const link = made(edition === here ? "span" : "a", "", edition);
        if (edition === here) link.setAttribute("aria-current", "page");
        else link.href = `/${edition}/`;
        entry.append(link);
        return entry;
      }),
    );
    showProblems();
    showPages();
  };

  size.value = sessionStorage.getItem("size") ?? "fit";
  size.addEventListener("change", () => {
    sessionStorage.setItem("size", size.value);
    showPages();
  });
  find(".source button").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  // The bar wraps on narrow screens; sticky elements below it need its height.
  new ResizeObserver(([{ target }]) => {
    document.documentElement.style.setProperty("--bar", `${target.offsetHeight}px`);
  }).observe(find(".bar"));
  addEventListener("scroll", tellPosition, { passive: true });
  let settled = 0;
  addEventListener("resize", () => {
    clearTimeout(settled);
    settled = setTimeout(showPages, 150);
  });

  show(JSON.parse(find("#state").textContent));
  const events = new EventSource("events");
  events.addEventListener("message", ({ data }) => {
    isReached = true;
    show(JSON.parse(data));
  });
  // EventSource reconnects by itself.
  events.addEventListener("error", () => {
    isReached = false;
    show(state);
  });
})();
