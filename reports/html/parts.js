// Small parts of a page. Text reaches the page as text only: nothing here reads markup.
const words = JSON.parse(document.querySelector("script.words").textContent);
const format = (number) => number.toLocaleString("en");
const fill = (text, values) => values.reduce((all, value) => all.replace("{}", () => value), text);
/** The page's words for a key with an element in their gap. */
const around = (key, inside) => {
  const [before, after] = words[key].split("{}");
  return [before, inside, after];
};
/** The page's words for a key; of a number's two forms the fitting one, by the last number. */
const say = (key, ...values) => {
  const text = words[key];
  if (!Array.isArray(text)) return fill(text, values);
  const shown = values.map((value) => (typeof value === "number" ? format(value) : value));
  return fill(text[values[values.length - 1] === 1 ? 0 : 1], shown);
};

const SVG = "http://www.w3.org/2000/svg";
/** An element: `el("p.quiet", {id: "x"}, "text", node)`; false and null are left out. */
const el = (name, attributes, ...inside) => {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...inside.flat(Infinity).filter((one) => one !== false && one !== null && one !== ""));
  return made;
};
const HANGUL = /[\uac00-\ud7a3]/;
/** Text of hosts and checks, which is English unless it has words of the page's language. */
const en = (text) => (document.documentElement.lang === "en" || !text || HANGUL.test(text)
  ? text : el("span", { lang: "en" }, text));
const icon = (name) => {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", `icon ${name}`);
  drawn.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  drawn.append(use);
  return drawn;
};

const MARKS = { fail: "fail", unknown: "unknown", manual: "manual", waived: "waived", pass: "pass",
  "not-applicable": "na" };
const OPEN_MODES = new Set(["PLAIN", "TLS-NOAUTH", "MTLS", "MTLS-SYSROOTS", "BROKEN", "UNKNOWN"]);
const titled = (check) => (check.english.includes("title") ? en(check.title) : check.title);
const severity = (rank) => {
  const name = words.severities[rank];
  return el(`span.severity.${name}`, null, icon(name), words["severity-names"][rank]);
};
const status = (name) => el(`span.status.s-${name}`, null, icon(MARKS[name]), words[name]);
const mode = (name, reach) => {
  if (!name) return el("span.none", null, words["not-seen"]);
  const kind = reach === "LOCAL" ? "LOCAL" : OPEN_MODES.has(name) ? name : "UNKNOWN";
  return el(`span.mode.m-${kind}`, null, name);
};
const link = (anchor, ...inside) => el("a", { href: `#${anchor}` }, ...inside);
const pairs = (name, rows) =>
  el(`dl.${name}`, null, rows.filter((row) => row && row[1] !== "" && row[1] !== null)
    .map(([label, value]) => el("div", null, el("dt", null, label), el("dd", null, value))));

/** A table that becomes a list of cards where there is no room. */
const sheet = (caption, heads, rows) =>
  el("div.sheet", null, el("table", null, el("caption", null, caption),
    el("thead", null, el("tr", null, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", null, rows.map(([first, ...others]) => el("tr", null,
      el("th", { scope: "row" }, first),
      others.map((cell, at) => el("td", { "data-label": heads[at + 1] }, el("span", null, cell))),
    )))));

const spoken = document.getElementById("spoken");
const tell = (text) => {
  spoken.textContent = "";
  setTimeout(() => { spoken.textContent = text; }, 50);
};
/** A button that copies a text, or else selects what holds it. */
const copier = (text, label, holder) => {
  const button = el("button.copy", { type: "button", "aria-label": label }, words.copy);
  button.addEventListener("click", async () => {
    let said = words.copied;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection().selectAllChildren(holder);
      if (!document.execCommand("copy")) said = words["copy-failed"];
    }
    button.textContent = said;
    tell(said);
    setTimeout(() => { button.textContent = words.copy; }, 2500);
  });
  return button;
};
/** A check's text: prose with code in it, and commands that can be copied. */
const prose = (blocks, english) => blocks.map((block) => {
  if (Array.isArray(block)) {
    return el("p", { lang: english && "en" }, block.map((text, at) => (at % 2 ? el("code", null, text) : text)));
  }
  const code = el("code", null, block);
  return el("div.command", null, el("pre", null, code), copier(block, words["copy-commands"], code));
});

/** Shows the beginning of a long list, and the rest when it is asked for. */
const inParts = (list, items, make, step = 50) => {
  const button = el("button", { type: "button" });
  const row = el("p.more", null, button);
  let at = 0;
  const next = () => {
    list.append(...items.slice(at, at + step).map(make));
    at += step;
    button.textContent = say("more", format(items.length - at));
    row.hidden = at >= items.length;
  };
  button.addEventListener("click", () => {
    const first = at;
    next();
    const shown = list.children[first];
    shown.tabIndex = -1;
    shown.focus();
  });
  next();
  return row;
};
