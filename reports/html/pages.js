// The pages of a host, a check and a finding.
const waived = (one) => one && el("p.waiver", null, icon("waived"), el("span", null,
  one.expires && el("b", null, say("waived-until", one.expires)),
  one.expires && ` ${words.by} ${one.owner}${one.ticket ? ` (${one.ticket})` : ""}: `, one.reason));
const proofs = (evidence) => evidence.length > 0
  && pairs("evidence", evidence.map((proof) => proof.map(en)));
const why = (check) => prose(check.why, check.english.includes("why"));
const fix = (check) => prose(check.fix, check.english.includes("fix"));
const rules = (check) => check.rules.length > 0 && el("span", null,
  check.rules.map(([name, id, anchor]) =>
    el("span.rule", null, `${name} `, link(anchor, id), " ")));
const advice = (check, decide) => pairs("advice", [
  check.why.length > 0 && [words.why, why(check)],
  check.fix.length > 0 && [decide ? words.decide : words.fix, fix(check)],
  check.rules.length > 0 && [words.rules, rules(check)],
]);
const found = (one, rank) => el("section.finding", null,
  el("p.found", null, en(one.message), one.rank !== rank && [" ", severity(one.rank)]),
  proofs(one.evidence),
  waived(one.waiver),
  el("p.mark", null,
    one.engine && el("span", null, `${words.engine} ${one.engine}`),
    el("span", null, `${words.resource} `, el("code", null, one.resource)),
    one.print && el("a", { href: `#f-${one.print}`, "aria-label": say("opened", one.print.slice(0, 12)) },
      `#${one.print.slice(0, 12)}`)));
const article = (result) => el(`article.result.${words.severities[result.rank]}.s-${result.status}`, null,
  el("header", null,
    el("h4", null, link(result.check.anchor, titled(result.check))),
    el("p.tags", null, severity(result.rank), " ", el("code", null, result.check.id))),
  waived(result.waiver),
  result.findings.length
    ? result.findings.map((one) => found(one, result.rank))
    : el("p.found", null, en(result.message)),
  advice(result.check, result.status === "manual"));

const worstFirst = (results) => [...results].sort((one, other) => one.rank - other.rank
  || (one.check.id < other.check.id ? -1 : 1));
const group = (title, mark, ...inside) => el("section.group", null,
  el("h3", null, icon(mark), title), ...inside);
const fold = (title, mark, ...inside) => el("details.group", null,
  el("summary", null, el("h3", null, icon(mark), title)), ...inside);
const checkList = (checks) => el("ul.checks", null, checks.map((check) =>
  el("li", null, link(check.anchor, el("code", null, check.id)))));

/** All that is known of one host. */
const hostParts = (host) => {
  const of = (status) => worstFirst(host.results.filter((one) => one.status === status));
  const [failed, unknown, manual, excused] = ["fail", "unknown", "manual", "waived"].map(of);
  const reasons = new Map();
  for (const one of unknown) {
    reasons.set(one.message, [...(reasons.get(one.message) || []), one]);
  }
  const many = host.engines.length > 1;
  const address = ([engine, where]) =>
    [el("code", null, where), many && [" ", el("span.quiet", null, engine)]];
  return [
    host.same && el("p.nothing", null, icon("na"), el("span", null, around("same-host",
      store.named(host.same) < 0 ? el("b", null, host.same)
        : link(`h-${store.named(host.same) + 1}`, host.same)))),
    (host.state !== "unreachable" || host.groups.length > 0 || host.labels.length > 0)
      && pairs("meta", [
      host.hostname && [words.name, host.hostname],
      host.address && [words.address, host.address],
      host.system.length > 0 && [words.system, host.system.join(", ")],
      host.seen && [words.seen, `${host.seen}, ${say("in", host.took)}`],
      host.groups.length > 0 && [words.groups, host.groups.join(", ")],
      host.labels.length > 0 && [words.labels, host.labels.join(", ")],
    ]),
    host.error && !host.same && el("div.trouble", null, icon("unknown"), el("div", null,
      el("p", null, el("b", null,
        host.state === "unreachable" ? words["unreachable-text"] : words.part),
        " ", en(host.error.message), " ", el("span.kind", null, en(host.error.kind))),
      host.error.hint && el("p", null, around("helps", en(host.error.hint))))),
    (host.engines.length || host.listeners.length || host.certificates.length) ? el("div.tables", null,
      host.engines.length > 0 && sheet(words.engines,
        [words.engine, words.version, words.api, words["runs-as"], words["started-by"]],
        host.engines.map((one) => [one.name, one.version || words["not-known"],
          one.api || words["not-known"], one.rootless ? words.rootless : words.root, one.manager])),
      host.listeners.length > 0 && sheet(words.listeners,
        [words.address, words.reach, words["next-start"], words["this-start"], words.observed],
        host.listeners.map((one) => [address(one),
          [el("b", null, one[2]), " ", el("span.quiet", null, words.reaches[one[2]] || "")],
          ...one.slice(3).map((name) => mode(name, one[2]))])),
      host.certificates.length > 0 && sheet(words.certificates,
        [words.path, words.whose, words.subject, words.ends],
        host.certificates.map(([path, role, engine, subject, day]) => [el("code", null, path),
          [words.roles[role] || role, many && engine && [" ", el("span.quiet", null, engine)]],
          subject, el("time", { datetime: day }, day)])))
      : host.state !== "unreachable" && !host.same
        && el("p.nothing", null, icon("na"), words["no-engine"]),
    failed.length
      ? group(say("failed-checks", failed.length), "fail", failed.map(article))
      : host.passed.length > 0 && !unknown.length && el("p.nothing", null, icon("pass"),
        excused.length ? words["clean-waived"] : words.clean),
    unknown.length > 0 && el("section.group.gap", null,
      el("h3", null, icon("unknown"), say("unknown-checks", unknown.length)),
      el("p.quiet", null, words.gap),
      el("ul.reasons", null, [...reasons].map(([reason, list]) => el("li", null,
        el("p", null, en(reason)),
        el("ul.checks", null, list.map((one) => el("li", null,
          link(one.check.anchor, el("code", null, one.check.id)), " ", severity(one.rank)))))))),
    manual.length > 0 && group(say("manual-checks", manual.length), "manual", manual.map(article)),
    excused.length > 0 && group(say("waived-checks", excused.length), "waived", excused.map(article)),
    host.passed.length > 0 && fold(say("passed-checks", host.passed.length), "pass",
      checkList(host.passed)),
    host.unasked.length > 0 && fold(
      say("not-applicable-checks", host.unasked.reduce((sum, [, list]) => sum + list.length, 0)), "na",
      el("ul.reasons", null, host.unasked.map(([reason, list]) =>
        el("li", null, el("p", null, en(reason)), checkList(list))))),
  ].filter(Boolean);
};
const badge = (host) => (host.same ? el("span.badge.scanned", null, words.repeated)
  : el(`span.badge.${host.state}`, null, host.state !== "scanned" && icon("unknown"),
    words[host.state]));
const hostPage = (number) => {
  const host = store.host(number);
  if (!host) return null;
  return { title: host.target, kind: words.host, beside: badge(host), parts: hostParts(host) };
};

const findingPage = (print) => {
  const place = store.place(print);
  if (!place) return null;
  const [number, at, which] = place;
  const result = store.result(number, at);
  const one = result.findings[which];
  const { check } = result;
  const address = location.href.split("#")[0] + `#f-${print}`;
  const holder = el("code", null, print);
  const excuse = result.waiver || one.waiver;
  return {
    title: one.message, shown: en(one.message), kind: titled(check),
    beside: status(result.status === "fail" && one.waiver ? "waived" : result.status),
    parts: [
      pairs("facts", [
        [words.severity, severity(one.rank)],
        [words.host, link(`h-${number + 1}`, store.name(number))],
        [words.check, [link(check.anchor, titled(check)), " ", el("code.quiet", null, check.id)]],
        one.engine && [words.engine, one.engine],
        [words.resource, el("code", null, one.resource)],
        print && [words.fingerprint, [holder, " ", copier(address, words["copy-link"], holder)]],
      ]),
      waived(excuse),
      one.evidence.length > 0 && el("section.group", null, el("h3", null, words.evidence),
        proofs(one.evidence)),
      check.why.length > 0 && el("section.group", null, el("h3", null, words.why), why(check)),
      check.fix.length > 0 && el("section.group", null,
        el("h3", null, result.status === "manual" ? words.decide : words.fix), fix(check)),
      check.rules.length > 0 && el("section.group", null, el("h3", null, words.rules), rules(check)),
    ].filter(Boolean),
  };
};

const checkPage = (anchor) => {
  const check = store.check(anchor);
  if (!check) return null;
  const by = { fail: [], unknown: [], manual: [], waived: [], pass: [] };
  const reasons = new Map();
  store.raw().forEach((host, number) => {
    host[11].forEach((told, at) => {
      if (told[0] !== check.number) return;
      const result = store.result(number, at);
      by[result.status].push([number, result]);
    });
    if (store.passed(host).includes(check.number)) by.pass.push([number]);
    for (const [reason, list] of store.unasked(host)) {
      if (list.includes(check.number)) reasons.set(reason, [...(reasons.get(reason) || []), number]);
    }
  });
  const where = (number) => link(`h-${number + 1}`, store.name(number));
  const names = (list) => {
    const names = el("ul.checks");
    return [names, inParts(names, list, (number) => el("li", null, where(number)), 200)];
  };
  const told = (status, key) => {
    if (!by[status].length) return false;
    const list = el("ul.hits");
    const more = inParts(list, by[status], ([number, result]) => el("li", null,
      el("p", null, el("b", null, where(number)), " ", severity(result.rank)),
      waived(result.waiver),
      result.findings.length
        ? result.findings.map((one) => el("p.found", null, link(`f-${one.print}`, en(one.message))))
        : el("p.found", null, en(result.message))));
    return group(`${say("hosts", by[status].length)}: ${words[status]}`, MARKS[status], list, more);
  };
  const unasked = [...reasons.values()].flat().length;
  return {
    title: check.title, shown: titled(check), kind: words.check, beside: severity(check.rank),
    parts: [
      el("p.quiet", null, el("code", null, check.id)),
      advice(check, false),
      ["fail", "unknown", "manual", "waived"].map((status) => told(status)),
      by.pass.length > 0 && fold(`${say("hosts", by.pass.length)}: ${words.pass}`, "pass",
        names(by.pass.map(([number]) => number))),
      unasked > 0 && fold(`${say("hosts", unasked)}: ${words["not-applicable"]}`, "na",
        el("ul.reasons", null, [...reasons].map(([reason, list]) =>
          el("li", null, el("p", null, en(reason)), names(list))))),
    ].flat().filter(Boolean),
  };
};
