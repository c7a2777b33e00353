// The findings: read from the page's data when they are first needed.
const STATES = ["scanned", "partial", "unreachable"];
const STATUSES = ["fail", "unknown", "manual"];
const store = (() => {
  const strings = [];
  const hosts = [];
  const places = new Map();
  let checks = null;
  const text = (value) => (typeof value === "number" ? strings[value] : value);
  const numbers = (value) => (text(value) ? text(value).split(",").map(Number) : []);
  const read = (name) => [...document.querySelectorAll(`script.${name}`)]
    .map((piece) => JSON.parse(piece.textContent));

  const waiver = (fields) => {
    if (!fields) return null;
    const [expires, owner, ticket, reason] = fields.map(text);
    return { expires, owner, ticket, reason };
  };
  const finding = ([engine, resource, message, rank, print, proofs, waived]) => {
    const evidence = [];
    for (let at = 0; at < proofs.length; at += 2) {
      evidence.push([text(proofs[at]), text(proofs[at + 1])]);
    }
    return { engine: text(engine), resource: text(resource), message: text(message), rank, print,
      evidence, waiver: waiver(waived) };
  };
  const result = ([check, kind, rank, message, findings, waived]) => ({
    check: checks[check], status: waived ? "waived" : STATUSES[kind], rank, message: text(message),
    findings: (findings || []).map(finding), waiver: waiver(waived),
  });

  const load = () => {
    if (checks) return;
    checks = read("check").map(([anchor, id, title, rank, why, fix, rules, english], number) =>
      ({ anchor, id, title, rank, why, fix, rules, english: english || [], number }));
    for (const { s, h } of read("data")) {
      for (const one of s) strings.push(one);
      for (const one of h) hosts.push(one);
    }
    hosts.forEach((host, number) => host[11].forEach((told, at) =>
      (told[4] || []).forEach((one, which) => {
        if (!places.has(one[4])) places.set(one[4], [number, at, which]);
      })));
  };

  return {
    load,
    text,
    get count() { load(); return hosts.length; },
    check: (anchor) => { load(); return checks.find((one) => one.anchor === anchor); },
    place: (print) => { load(); return places.get(print); },
    raw: () => { load(); return hosts; },
    checkAt: (number) => checks[number],
    passed: (host) => numbers(host[12]),
    unasked: (host) => host[13].map(([reason, list]) => [text(reason), numbers(list)]),
    name: (number) => hosts[number][0],
    tags: (number) => {
      const [groups, labels] = hosts[number][14] || [[], []];
      return [...groups.map(text), ...labels.map((one) => one.map(text).join("="))];
    },
    named: (target) => hosts.findIndex((one) => one[0] === target && !(one[14] && one[14][2])),
    result: (number, at) => result(hosts[number][11][at]),
    host: (number) => {
      load();
      const of = hosts[number];
      if (!of) return null;
      return {
        number, target: of[0], hostname: of[1], address: of[2], state: STATES[of[3]],
        error: of[4] && { kind: text(of[4][0]), message: text(of[4][1]), hint: text(of[4][2]) },
        engines: of[5].map(([name, version, api, rootless, manager]) => ({ name: text(name),
          version: text(version), api: text(api), rootless, manager: text(manager) })),
        system: of[6].map(text).filter(Boolean), seen: of[7] === 0 ? "" : text(of[7]), took: of[8],
        listeners: of[9].map((one) => one.map(text)),
        certificates: of[10].map((one) => one.map(text)),
        results: of[11].map(result),
        passed: numbers(of[12]).map((check) => checks[check]),
        unasked: of[13].map(([reason, list]) =>
          [text(reason), numbers(list).map((check) => checks[check])]),
        groups: of[14] ? of[14][0].map(text) : [],
        labels: of[14] ? of[14][1].map((one) => one.map(text).join("=")) : [],
        same: of[14] ? of[14][2] : "",
      };
    },
  };
})();
