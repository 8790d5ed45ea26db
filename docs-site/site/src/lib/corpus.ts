// The corpus as the site shows it: the very files that the tests run, read at build time.
import { parse } from "yaml";

const files = import.meta.glob<string>("../../../../tests/cases/**/*.yaml", {
  query: "?raw",
  import: "default",
  eager: true,
});

export interface CorpusCase {
  /** `journey/pod-to-service` */
  id: string;
  room: string;
  title: string;
  manifests: string;
  question: Record<string, string | number>;
  /** Settings as JSON, when the case has any. */
  settings?: string;
}

/** All cases, by id. */
export const corpus: ReadonlyMap<string, CorpusCase> = new Map(
  Object.entries(files)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([path, text]) => {
      const id = path.replace(/^.*\/tests\/cases\//, "").replace(/\.yaml$/, "");
      const [header = "", ...rest] = text.split("\n---\n");
      const { title, asks, settings } = parse(header) as {
        title: string;
        asks?: { question: Record<string, string | number> }[];
        settings?: object;
      };
      const question = asks?.[0]?.question ?? { ask: "problems" };
      return [id, { id, room: id.split("/")[0] ?? "", title, manifests: rest.join("\n---\n"), question, settings: settings && JSON.stringify(settings) }];
    }),
);

const VIEW: Record<string, string> = {
  trace: "trace",
  diagnose: "diagnose",
  policyVerdict: "policy",
  reachability: "matrix",
  resolve: "dns",
  route: "http",
  gateway: "gateway",
  kubectl: "kubectl",
  service: "service",
  rules: "rules",
  tool: "tool",
};

/** The element's view for a question, or `null` when it has none. */
export function viewOf(question: Record<string, string | number>): string | null {
  return VIEW[String(question["ask"])] ?? null;
}
