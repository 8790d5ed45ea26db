// What every consumer checks, wherever it runs: no imports, so that it runs in a page as in Node.

export const broken = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {portz: []}\n";

/** Throws unless the facade behaves. Returns the number of facts checked. */
export function checkFacade({ Cluster, KubehopError }) {
  let checked = 0;
  const fact = (holds, what) => {
    if (!holds) throw new Error(`does not hold: ${what}`);
    checked += 1;
  };
  const thrown = (run) => {
    try {
      run();
    } catch (error) {
      return error;
    }
    throw new Error("nothing was thrown");
  };

  const cluster = Cluster.load([{ name: "web/api.yaml", text: broken }]);
  const { problems } = cluster.problems();
  fact(problems.length > 0, "a broken manifest has problems");
  const [problem] = problems;
  fact(problem.place.file === "web/api.yaml" && problem.place.line === 4, "a problem has its place");
  fact(problem.message.includes("portz"), "a problem says what is wrong");
  fact(Object.isFrozen(problems) && Object.isFrozen(problem.place), "answers are frozen");
  fact(Object.getPrototypeOf(problem) === Object.prototype, "answers are plain objects");
  fact(cluster.askText({ ask: "problems" }).includes("web/api.yaml:4:"), "answers have a text");
  fact(!("field" in (problems.find(({ field }) => field === undefined) ?? {})), "what is absent is no key");

  const bytes = new TextEncoder().encode(broken);
  const same = Cluster.load({ name: "web/api.yaml", text: bytes }).problems();
  fact(JSON.stringify(same.problems) === JSON.stringify(problems), "bytes are read as text is");
  const some = Cluster.load(new Set([{ name: "a", text: broken }]));
  fact(some.problems().problems.length === problems.length, "any iterable is a list of sources");
  fact(Cluster.load({ name: "a", text: Uint8Array.of(0x6b, 0xff, 0xfe) }).problems().problems.length > 0,
    "what is not UTF-8 is a problem");

  const edited = cluster.with([{ name: "web/api.yaml", text: "" }, { name: "new.yaml", text: broken }]);
  fact(edited.problems().problems[0].place.file === "new.yaml", "an edit replaces sources by name");
  fact(cluster.problems().problems[0].place.file === "web/api.yaml", "the edited cluster stays as it was");

  const unknown = thrown(() => cluster.ask({ ask: "weather" }));
  fact(unknown instanceof KubehopError && unknown instanceof Error, "errors have a class");
  fact(unknown.code === "unreadable" && unknown.details.what === "question", "errors have code and details");
  const settings = thrown(() => Cluster.load("", { kubernets: "1.36" }));
  fact(settings.code === "unreadableSettings" && settings.message.includes("kubernets"), "settings are read strictly");
  const text = thrown(() => Cluster.load({ name: "a", text: 5 }));
  fact(text.code === "unreadableSource", "a text is a text");
  const missing = thrown(() => cluster.trace({ from: "web/nobody", to: "10.96.0.1:443", port: undefined }));
  fact(missing.code === "notFound" && missing.details.name.includes("nobody"), "who does not exist is named");
  fact(cluster.problems().problems.length === problems.length, "an error leaves the cluster as it was");
  return checked;
}

const laughs = (levels, fanout) =>
  Array.from({ length: levels }, (_, level) =>
    level === 0 ? "l0: &l0 [lol]" : `l${level}: &l${level} [${Array(fanout).fill(`*l${level - 1}`).join(", ")}]`,
  ).join("\n");
const pod = (spec) => `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n${spec}\n`;
const nested = (open, close, depth) => open.repeat(depth) + close.repeat(depth);

/** Texts that have broken readers before; each must give a problem, and the next one be read. */
export const hostile = {
  "aliases that explode": laughs(9, 9),
  "aliases that explode deeply": laughs(1000, 2),
  "an alias of itself": "a: &x {b: *x}",
  "merges of itself": "&x {<<: *x}",
  "an unknown alias": "a: *b",
  "lists without end": "[".repeat(200_000),
  "maps without end": "{a: ".repeat(200_000),
  "sequences without end": "- ".repeat(200_000),
  "JSON without end": `{"a":${"[".repeat(200_000)}`,
  "deep but legal lists": pod(`  foo: ${nested("[", "]", 9_000)}`),
  "deep but legal lists in a field": pod(`  hostname: ${nested("[", "]", 9_000)}`),
  "deep but legal maps in containers": pod(`  containers: ${nested("[{a: ", "}]", 4_000)}`),
  "deep but legal JSON": `{"apiVersion":"v1","kind":"Pod","spec":${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}}`,
  "a List of Lists": '{"apiVersion":"v1","kind":"List","items":['.repeat(500) + "5" + "]}".repeat(500),
  "one line of 20 MB": "a".repeat(20 << 20),
  "an open quote": `a: "${"x".repeat(1 << 20)}`,
  "a port out of range": pod("  containers: [{name: c, image: c, ports: [{containerPort: 99999}]}]"),
  "a port that is no number": pod("  containers: [{name: c, image: c, ports: [{containerPort: [80]}]}]"),
  "a huge number": pod(`  containers: [{name: c, image: c, ports: [{containerPort: ${"9".repeat(5_000)}}]}]`),
  "a number without end": `apiVersion: v1\nkind: Pod\nmetadata: {name: 1e${"9".repeat(4_000)}}`,
  "names twice": pod("  containers: [{name: c, image: c}]") + "---\n" + pod("  containers: [{name: c, image: c}]"),
  "a tab": "a:\n\tb: c",
  "a NUL": "a: \0",
  "a lone surrogate": "kind: \ud800",
  "no kind": "a: b",
  "not an object": "- a\n- b",
  "wrong types everywhere": "apiVersion: v1\nkind: Service\nmetadata: []\nspec: {ports: 5, selector: [a], type: {}}",
  "cidrs of nonsense": "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 1.2.3/99, except: [x]}}]}]}",
  "a template": "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}",
  "a million documents": "---\n".repeat(100_000) + "a: b",
  "UTF-16": Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x3a, 0),
  "text cut within a letter": Uint8Array.of(0x61, 0x3a, 0x20, 0xe2, 0x82),
};

/** Throws unless each hostile text gives a problem in bounded time and the module goes on working. */
export function checkHostile({ Cluster, KubehopError }) {
  let checked = 0;
  for (const [name, text] of Object.entries(hostile)) {
    const start = Date.now();
    const { problems } = Cluster.load([{ name: "hostile.yaml", text }]).problems();
    if (problems.length === 0) throw new Error(`${name}: no problem is found`);
    if (Date.now() - start > 20_000) throw new Error(`${name}: took ${Date.now() - start} ms`);
    if (Cluster.load(broken).problems().problems.length === 0) throw new Error(`${name}: nothing works after it`);
    checked += 1;
  }
  const endless = { ask: "trace" };
  endless.from = endless;
  for (const question of [endless, null, 5, "x", [], { ask: {} }, { ask: "trace", from: "\ud800", to: "" }]) {
    try {
      Cluster.load(broken).ask(question);
      throw new Error(`${typeof question} is answered`);
    } catch (error) {
      if (!(error instanceof KubehopError)) throw error;
      checked += 1;
    }
  }
  return checked;
}

/** The answers that differ from Rust's, and the number of those that do not. */
export function checkCorpus({ Cluster, KubehopError }, cases) {
  const differing = [];
  let equal = 0;
  const check = (id, expected, actual) => {
    if (expected === actual) equal += 1;
    else differing.push(`${id}\n  rust: ${expected}\n  here: ${actual}`);
  };
  for (const { id, settings, sources, problems, answers } of cases) {
    const cluster = Cluster.load(sources.map(([name, text]) => ({ name, text })), settings ?? undefined);
    check(id, problems, JSON.stringify(cluster.problems()));
    for (const [question, expected, text] of answers) {
      const name = `${id} ${JSON.stringify(question)}`;
      try {
        check(name, expected, JSON.stringify(cluster.ask(question)));
        check(`${name} as text`, text, cluster.askText(question));
      } catch (error) {
        if (!(error instanceof KubehopError)) throw error;
        check(name, expected, JSON.stringify(error.details));
      }
    }
  }
  return { differing, equal };
}
