"use strict";

// Light or dark: as the reader's system has it, until the button is used.
{
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("event-catalog-theme", root.dataset.theme);
    } catch {
      // It holds for this page.
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}

// `/` goes to the search from anywhere.
const search = document.getElementById("search");
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// The list of events: a search in the texts of `search.js`, whose entries are in the order of the rows, and filters.
const table = document.getElementById("events");
if (table && window.eventIndex) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, at) => {
    const [name, type, rest] = window.eventIndex[at];
    return { row, at, name, type, rest, flags: new Set(row.dataset.flags.split(" ")), crate: row.dataset.crate };
  });
  const filters = document.getElementById("filters");
  const found = document.getElementById("found");

  // How well an event has a word; 0 if it has not. A name is better than what is said of the event.
  const rank = (entry, word) => {
    if (entry.name === word) return 6;
    if (entry.name.startsWith(word) || entry.type.startsWith(word)) return 5;
    if (entry.name.includes("." + word) || entry.name.includes("_" + word)) return 4;
    if (entry.name.includes(word)) return 3;
    if (entry.type.includes(word)) return 2;
    return entry.rest.includes(word) ? 1 : 0;
  };

  const select = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = [...filters.querySelectorAll("input:checked")].map((box) => box.value);
    const crate = filters.elements.crate.value;
    const shown = [];
    for (const entry of rows) {
      const ranks = words.map((word) => rank(entry, word));
      const isMeant =
        ranks.every((it) => it > 0) &&
        only.every((flag) => entry.flags.has(flag)) &&
        (crate === "" || entry.crate === crate);
      entry.row.hidden = !isMeant;
      entry.rank = ranks.reduce((sum, it) => sum + it, 0);
      if (isMeant) shown.push(entry);
    }
    const order = [...rows].sort((one, other) => other.rank - one.rank || one.at - other.at);
    body.replaceChildren(...order.map((entry) => entry.row));
    const all = rows.length;
    found.textContent = shown.length === all ? `${all} events` : `${shown.length} of ${all} events`;
    return order.find((entry) => !entry.row.hidden);
  };

  // The selection is in the address, so that it can be sent to somebody, and survives the way back.
  const remember = () => {
    const parameters = new URLSearchParams();
    if (search.value) parameters.set("q", search.value);
    for (const box of filters.querySelectorAll("input:checked")) parameters.append("only", box.value);
    if (filters.elements.crate.value) parameters.set("crate", filters.elements.crate.value);
    const query = parameters.toString();
    try {
      history.replaceState(null, "", location.pathname + (query ? "?" + query : ""));
    } catch {
      // Some browsers let no file change its address.
    }
  };

  const change = () => {
    select();
    remember();
  };
  const parameters = new URLSearchParams(location.search);
  search.value = parameters.get("q") ?? "";
  for (const box of filters.querySelectorAll("input")) box.checked = parameters.getAll("only").includes(box.value);
  filters.elements.crate.value = parameters.get("crate") ?? "";
  // On a phone they would be all that is seen.
  const isNarrow = matchMedia("(max-width: 48rem)").matches;
  filters.querySelector("details").open = !isNarrow || parameters.has("only") || parameters.has("crate");
  search.addEventListener("input", change);
  filters.addEventListener("change", change);
  filters.addEventListener("submit", (event) => event.preventDefault());
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = select();
    if (search.value.trim() && first) location.href = first.row.querySelector("a").href;
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value) {
      search.value = "";
      change();
    }
  });
  select();
}

// Drawings: larger, smaller, and dragged.
for (const drawing of document.querySelectorAll(".drawing")) {
  const canvas = drawing.querySelector(".canvas");
  const svg = canvas.querySelector("svg");
  const [width, height] = [svg.width.baseVal.value, svg.height.baseVal.value];
  let scale = 1;
  const zoom = (to) => {
    const middle = [
      (canvas.scrollLeft + canvas.clientWidth / 2) / scale,
      (canvas.scrollTop + canvas.clientHeight / 2) / scale,
    ];
    scale = Math.min(4, Math.max(0.02, to));
    svg.setAttribute("width", width * scale);
    svg.setAttribute("height", height * scale);
    canvas.scrollLeft = middle[0] * scale - canvas.clientWidth / 2;
    canvas.scrollTop = middle[1] * scale - canvas.clientHeight / 2;
  };
  const fit = () => Math.min(1, canvas.clientWidth / width, (innerHeight * 0.8) / height);
  drawing.querySelector(".zoom").addEventListener("click", (event) => {
    const how = event.target.dataset.zoom;
    if (how === "in") zoom(scale * 1.25);
    if (how === "out") zoom(scale / 1.25);
    if (how === "fit") zoom(fit());
    if (how === "full") zoom(1);
  });
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0 && !event.target.closest("a")) {
      drag = [event.clientX + canvas.scrollLeft, event.clientY + canvas.scrollTop];
      canvas.setPointerCapture(event.pointerId);
    }
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drag) canvas.scrollTo(drag[0] - event.clientX, drag[1] - event.clientY);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      drag = null;
    });
  }
  const focus = svg.querySelector(".focus");
  const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const meant = target && svg.contains(target) ? target : focus;
  if (meant) {
    const [box, view] = [meant.getBoundingClientRect(), canvas.getBoundingClientRect()];
    canvas.scrollLeft += box.left + box.width / 2 - view.left - view.width / 2;
    canvas.scrollTop += box.top + box.height / 2 - view.top - view.height / 2;
  }
}
