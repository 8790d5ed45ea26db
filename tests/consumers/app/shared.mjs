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
