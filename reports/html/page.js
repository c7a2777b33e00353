// What the page does: addresses, the search, the order of hosts, printing.
const report = document.getElementById("report");
const page = document.getElementById("page");
const title = document.title;
const once = (make) => {
  let made = null;
  return () => (made = made || make());
};
const narrow = (text) => text.trim().toLowerCase();

const hostTable = () => {
  const form = document.getElementById("host-filter");
  const table = document.querySelector("table.matrix tbody");
  if (!form || !table) return;
  const rows = [...table.rows];
  const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
  const [text, order] = [form.querySelector("input"), form.querySelector("select")];
  const shown = document.getElementById("hosts-shown");
  const weight = (row) => {
    let sum = 0;
    for (const hit of row.querySelectorAll(".hit")) {
      sum += 1000 ** (4 - words.severities.indexOf(hit.classList[1])) * parseInt(hit.textContent, 10);
    }
    return sum;
  };
  const apply = () => {
    const wanted = narrow(text.value);
    let count = 0;
    rows.forEach((row, at) => {
      row.hidden = !names[at].includes(wanted);
      count += !row.hidden;
    });
    shown.textContent = say("hosts-shown", format(count), rows.length);
  };
  order.addEventListener("change", () => {
    const sorted = rows.map((row, at) => [row, at]);
    if (order.value === "worst") {
      const weights = rows.map(weight);
      sorted.sort((one, other) => weights[other[1]] - weights[one[1]] || one[1] - other[1]);
    } else if (order.value === "name") {
      sorted.sort((one, other) => (names[one[1]] < names[other[1]] ? -1 : 1));
    }
    table.append(...sorted.map(([row]) => row));
  });
  text.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
};

const search = (() => {
  const form = document.getElementById("filter");
  if (!form) return null;
  const list = document.getElementById("found");
  const state = document.getElementById("filter-state");
  const more = document.getElementById("found-more");
  const boxes = (name) => [...form.querySelectorAll(`[name=${name}]`)];
  const chosen = (name) =>
    new Set(boxes(name).filter((box) => box.checked).map((box) => box.value));
  const STEP = 40;
  let hits = [];
  const PLACE = { fail: 0, waived: 1, unknown: 1, manual: 1, pass: 2, "not-applicable": 2 };
  const ORDER = Object.keys(MARKS);
  const sorted = (list) => list.sort((one, other) => PLACE[one[1]] - PLACE[other[1]]
    || one[2] - other[2] || ORDER.indexOf(one[1]) - ORDER.indexOf(other[1]));

  /** Every finding, and every result that has none: [host, status, severity, check, told, which]. */
  const told = once(() => {
    const list = [];
    store.raw().forEach((host, number) => host[11].forEach((one, at) => {
      const status = one[5] ? "waived" : STATUSES[one[1]];
      const findings = one[4] || [];
      findings.forEach((each, which) =>
        list.push([number, each[6] ? "waived" : status, each[3], one[0], at, which]));
      if (!findings.length) list.push([number, status, one[2], one[0], at, -1]);
    }));
    return sorted(list);
  });
  const clean = once(() => {
    const list = [];
    store.raw().forEach((host, number) => {
      for (const check of store.passed(host)) {
        list.push([number, "pass", store.checkAt(check).rank, check, -1, -1]);
      }
      for (const [reason, checks] of store.unasked(host)) {
        for (const check of checks) {
          list.push([number, "not-applicable", store.checkAt(check).rank, check, -1, -1, reason]);
        }
      }
    });
    return sorted(list);
  });
  const fits = (hit, text) => {
    const [number, , , check, at, which, reason] = hit;
    const has = (value) => store.text(value).toLowerCase().includes(text);
    const { id, title } = store.checkAt(check);
    if ([store.name(number), id, title, reason || ""].some(has)) return true;
    if (store.tags(number).some(has)) return true;
    if (at < 0) return false;
    const result = store.raw()[number][11][at];
    if (which < 0) return has(result[3]);
    const one = result[4][which];
    return [one[2], one[1], one[0], one[4]].some(has) || one[5].some(has);
  };
  const show = ([number, name, rank, of, at, which, reason]) => {
    const check = store.checkAt(of);
    const result = at < 0 ? null : store.result(number, at);
    const one = result && result.findings[which];
    const text = one ? one.message : result ? result.message : reason || "";
    return el("li", null,
      el("p.row", null, severity(rank), status(name), link(`h-${number + 1}`, store.name(number))),
      el("p", null, el("b", null, one ? link(`f-${one.print}`, titled(check))
        : link(check.anchor, titled(check)))),
      text && el("p.found", null, en(text)));
  };
  const apply = () => {
    const text = narrow(form.elements.text.value);
    const [severities, statuses] = [chosen("severity"), chosen("status")];
    const every = statuses.has("pass") || statuses.has("not-applicable")
      ? told().concat(clean()) : told();
    hits = every.filter((hit) => statuses.has(hit[1]) && severities.has(words.severities[hit[2]])
      && (!text || fits(hit, text)));
    list.replaceChildren();
    const row = inParts(list, hits, show, STEP);
    more.replaceChildren(...row.childNodes);
    more.hidden = hits.length <= STEP;
    more.querySelector("button").addEventListener("click", () => {
      more.hidden = list.children.length >= hits.length;
    });
    if (!hits.length) list.append(el("li.nothing", null, words["none-fit"]));
    state.textContent = say("shown", hits.length);
  };
  /** The search as an address, so that it can be handed on; empty for the one that it begins with. */
  const address = () => {
    const given = new URLSearchParams();
    const text = form.elements.text.value.trim();
    if (text) given.set("text", text);
    for (const name of ["severity", "status"]) {
      if (boxes(name).some((box) => box.checked !== box.defaultChecked)) {
        given.set(name, [...chosen(name)].join("."));
      }
    }
    return `${given}`;
  };
  const restore = (query) => {
    const given = new URLSearchParams(query);
    form.elements.text.value = given.get("text") || "";
    for (const name of ["severity", "status"]) {
      const wanted = given.has(name) ? given.get(name).split(".") : null;
      for (const box of boxes(name)) {
        box.checked = wanted ? wanted.includes(box.value) : box.defaultChecked;
      }
    }
    apply();
  };
  let wait;
  const changed = () => {
    clearTimeout(wait);
    wait = setTimeout(() => {
      apply();
      const query = address();
      history.replaceState(null, "", query ? `#findings?${query}` : "#findings");
    }, 150);
  };
  form.addEventListener("input", changed);
  form.addEventListener("reset", () => setTimeout(changed));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("findings-part").hidden = false;
  return { restore, apply };
})();

/** Where the reader was in the report before a page was opened. */
let left = 0;
let here = "";
const show = (made) => {
  if (page.hidden) left = scrollY;
  const heading = el("h2", { tabindex: "-1" }, made.shown || made.title);
  page.replaceChildren(
    el("p.back", null, link(here, words.back)),
    el("header", null, el("p.kind", null, made.kind), heading, el("p.tags", null, made.beside)),
    ...made.parts);
  report.hidden = true;
  page.hidden = false;
  document.title = `${made.title}, ${title}`;
  scrollTo(0, 0);
  heading.focus({ preventScroll: true });
};
const back = (anchor) => {
  const came = !page.hidden;
  page.hidden = true;
  page.replaceChildren();
  report.hidden = false;
  document.title = title;
  const target = anchor && document.getElementById(anchor);
  if (came && anchor === here.split("?")[0]) {
    scrollTo(0, left);
  } else if (target) {
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) {
      box.open = true;
    }
    // Parts above may still have guessed heights: come back when they have real ones.
    target.scrollIntoView();
    requestAnimationFrame(() => requestAnimationFrame(() => target.scrollIntoView()));
  }
  if (came) (target || document.getElementById("main")).focus({ preventScroll: true });
};
const missing = () => ({ title: words["not-found"], kind: "", beside: "",
  parts: [el("p", null, words["not-found-text"])] });
const route = () => {
  let anchor = location.hash.slice(1);
  try {
    anchor = decodeURIComponent(anchor);
  } catch { /* It is no address of ours. */ }
  const host = /^h-([0-9]{1,7})$/.exec(anchor);
  const print = /^f-(.+)$/.exec(anchor);
  if (host) return show(hostPage(Number(host[1]) - 1) || missing());
  if (print) return show(findingPage(print[1]) || missing());
  if (/^(c|check)-/.test(anchor)) return show(checkPage(anchor) || missing());
  const [name, query] = [anchor.split("?")[0], location.hash.split("?")[1]];
  if (name === "findings" && query && search && page.hidden) search.restore(query);
  back(name);
  here = name === "findings" && query ? `${name}?${query}` : name;
  return undefined;
};

const MOST_PRINTED = 3000;
const folded = [];
addEventListener("beforeprint", () => {
  for (const box of document.querySelectorAll("details:not([open], .older)")) {
    box.open = true;
    folded.push(box);
  }
  if (!page.hidden) return;
  const sheets = document.getElementById("print");
  let room = MOST_PRINTED;
  let skipped = 0;
  sheets.replaceChildren();
  for (let number = 0; number < store.count; number += 1) {
    room -= store.raw()[number][11].length + 1;
    if (room < 0) {
      skipped += 1;
      continue;
    }
    const host = store.host(number);
    const made = el(`section.host.${host.state}`, null,
      el("header", null, el("h2", null, host.target), badge(host)), ...hostParts(host));
    for (const box of made.querySelectorAll("details")) box.open = true;
    sheets.append(made);
  }
  if (skipped) sheets.prepend(el("p.note", null, say("left-out", skipped)));
  sheets.hidden = false;
});
addEventListener("afterprint", () => {
  for (const box of folded.splice(0)) box.open = false;
  const sheets = document.getElementById("print");
  sheets.replaceChildren();
  sheets.hidden = true;
});

document.getElementById("unscripted")?.remove();
// Without a script these addresses lead to rows. With one they are pages, and the browser need not
// lay out a long table to look for the row.
for (const row of document.querySelectorAll("tr[id^=h-], tr[id^=c-], tr[id^=check-]")) {
  row.removeAttribute("id");
}
for (const item of document.querySelectorAll("#nav .scripted")) item.hidden = false;
hostTable();
addEventListener("hashchange", route);
if (location.hash) route();
// The first picture of the page comes before the work that it does not need.
requestAnimationFrame(() => setTimeout(() => {
  if (search && !location.hash.startsWith("#findings?")) search.apply();
  performance.mark("ready");
}));
