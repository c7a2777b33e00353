"use strict";
(() => {
  const form = document.getElementById("filter");
  const hosts = [...document.querySelectorAll(".host")];
  if (!form || !hosts.length) return;
  const results = hosts.map((host) => [...host.querySelectorAll("[data-status]")]);
  const state = document.getElementById("filter-state");
  const chosen = (name) =>
    new Set([...form.querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value));

  const apply = () => {
    const text = form.elements.host.value.trim().toLowerCase();
    const severities = chosen("severity");
    const statuses = chosen("status");
    let hostsShown = 0, shown = 0, all = 0;
    hosts.forEach((host, at) => {
      const named = host.dataset.host.toLowerCase().includes(text);
      const sections = new Map();
      let here = 0;
      for (const one of results[at]) {
        const fits = statuses.has(one.dataset.status) && severities.has(one.dataset.severity);
        if (one.hidden === fits) one.hidden = !fits;
        const section = one.closest(".group");
        sections.set(section, (sections.get(section) || 0) + fits);
        here += fits;
      }
      for (const [section, count] of sections) section.hidden = !count;
      const gone = !results[at].length && !statuses.has("unknown");
      const visible = named && (here > 0 || !results[at].length) && !gone;
      host.hidden = !visible;
      hostsShown += visible;
      shown += visible ? here : 0;
      all += results[at].length;
    });
    const number = (count) => count.toLocaleString("en");
    state.textContent =
      `Showing ${number(shown)} of ${number(all)} results on ` +
      `${number(hostsShown)} of ${number(hosts.length)} hosts.`;
  };

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) {
      form.reset();
      apply();
    }
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) {
      box.open = true;
    }
    // Sections above may still have guessed heights: come back when they have real ones.
    target.scrollIntoView();
    requestAnimationFrame(() => requestAnimationFrame(() => target.scrollIntoView()));
  };

  let wait;
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(apply, 80);
  });
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => {
    for (const box of document.querySelectorAll("details")) box.open = true;
  });
  form.hidden = false;
  apply();
  if (location.hash) reveal();
})();
