"use strict";
// Tables that are sorted, filtered and narrowed, and words that explain themselves.
(function () {
  function element(tag, attributes, text) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // the first number of a cell; what has none sorts as text
  function value(cell) {
    const number = cell.textContent.replace(/,/g, "").match(/^[^\d(]*?([+-]?\d+(\.\d+)?(e[+-]?\d+)?)/i);
    return number && /^[<≥≤~ ]*[+-]?\d/.test(cell.textContent) ? Number(number[1]) : null;
  }

  function compare(one, other) {
    const first = value(one), second = value(other);
    if (first !== null && second !== null) return first - second;
    if ((first === null) !== (second === null)) return first === null ? 1 : -1;
    return one.textContent.localeCompare(other.textContent, "en", { numeric: true });
  }

  function sorting(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const button = element("button", { type: "button", class: "sort" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].sort((one, other) => compare(one.cells[place], other.cells[place]));
        body.append(...(down ? rows.reverse() : rows));
      });
    });
  }

  function filtering(table, name) {
    const field = element("input", { type: "search", placeholder: "Filter rows", "aria-label": "Filter rows of " + name });
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
    return field;
  }

  function choosing(table, block) {
    const heads = [...table.tHead.rows[0].cells];
    const chooser = element("details", { class: "columns" });
    const hidden = () => heads.filter((head) => head.hidden).length;
    const summary = element("summary", {});
    const told = () => {
      summary.textContent = hidden() ? "Columns (" + hidden() + " more)" : "Columns";
      stick(table);
      hint(block);
    };
    chooser.append(summary);
    heads.forEach((head, place) => {
      const show = (shown) => {
        head.hidden = !shown;
        for (const row of table.tBodies[0].rows) row.cells[place].hidden = !shown;
      };
      const label = element("label", {});
      const box = element("input", { type: "checkbox" });
      const filled = [...table.tBodies[0].rows].some((row) => row.cells[place].textContent.trim());
      box.checked = !head.hasAttribute("data-more") && filled;
      box.addEventListener("change", () => {
        if (hidden() === heads.length - 1 && !box.checked) box.checked = true; // one stays
        show(box.checked);
        told();
      });
      show(box.checked);
      label.append(box, " " + head.textContent);
      chooser.append(label);
    });
    told();
    return chooser;
  }

  // the first column that is shown stays in sight when its table is scrolled
  function stick(table) {
    const first = [...table.tHead.rows[0].cells].findIndex((head) => !head.hidden);
    for (const row of table.rows) {
      [...row.cells].forEach((cell, place) => cell.classList.toggle("first", place === first));
    }
  }

  // says that a table goes on, as long as there is more to its right
  function hint(block) {
    const wide = block.querySelector(".wide");
    const left = wide.scrollWidth - wide.clientWidth - wide.scrollLeft;
    block.querySelector(".more").hidden = wide.scrollWidth - wide.clientWidth < 2;
    block.classList.toggle("goes-on", left > 1);
  }

  for (const block of document.querySelectorAll("[data-table]")) {
    const table = block.querySelector("table");
    const title = document.getElementById(block.querySelector(".wide").getAttribute("aria-labelledby"));
    const tools = element("div", { class: "tools" });
    const chooser = choosing(table, block);
    if (table.tBodies[0].rows.length > 2) tools.append(filtering(table, title.textContent));
    tools.append(chooser);
    block.prepend(tools);
    sorting(table);
    block.querySelector(".wide").addEventListener("scroll", () => hint(block), { passive: true });
  }
  const hints = () => document.querySelectorAll("[data-table]").forEach(hint);
  window.addEventListener("resize", hints);
  hints();

  const tip = element("div", { id: "tip", role: "tooltip", hidden: "" });
  document.body.append(tip);
  function show(word) {
    tip.textContent = word.dataset.tip;
    tip.hidden = false;
    word.setAttribute("aria-describedby", "tip");
    const place = word.getBoundingClientRect();
    const left = Math.min(place.left, innerWidth - tip.offsetWidth - 8);
    const below = place.bottom + 6 + tip.offsetHeight < innerHeight;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = (below ? place.bottom + 6 : place.top - tip.offsetHeight - 6) + "px";
  }
  function hide() {
    tip.hidden = true;
    document.querySelector("[aria-describedby=tip]")?.removeAttribute("aria-describedby");
  }
  for (const word of document.querySelectorAll("[data-tip]")) {
    word.addEventListener("pointerenter", () => show(word));
    word.addEventListener("pointerleave", hide);
    word.addEventListener("focus", () => show(word));
    word.addEventListener("blur", hide);
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
})();
