// The questions the element can ask, each with the fields of its form. Everything else is the engine's.
import type { Question } from "kubehop";

export interface Field {
  name: string;
  label: string;
  /** Suggestions come from the cluster: pods, destinations. */
  suggest?: "pods" | "destinations" | "pods-and-nodes";
  placeholder?: string;
  options?: readonly string[];
  optional?: boolean;
}

export interface View {
  id: string;
  label: string;
  fields: readonly Field[];
  question(values: Record<string, string>): Question;
}

const from: Field = { name: "from", label: "From", suggest: "pods-and-nodes", placeholder: "web/frontend" };
const to: Field = { name: "to", label: "To", suggest: "destinations", placeholder: "http://api.prod" };

/** Drops empty optional fields, since the engine refuses an empty port. */
function compact(values: Record<string, string | number | undefined>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string | number] => entry[1] !== undefined && entry[1] !== ""),
  );
}

export const VIEWS: readonly View[] = [
  {
    id: "trace",
    label: "Trace",
    fields: [from, to],
    question: (values) => ({ ask: "trace", ...compact(values) }) as Question,
  },
  {
    id: "diagnose",
    label: "Diagnose",
    fields: [from, to],
    question: (values) => ({ ask: "diagnose", ...compact(values) }) as Question,
  },
  {
    id: "policy",
    label: "Policy",
    fields: [
      { ...from, suggest: "pods" },
      { ...to, suggest: "pods", placeholder: "prod/api" },
      { name: "port", label: "Port", placeholder: "8080" },
      { name: "protocol", label: "Protocol", options: ["TCP", "UDP", "SCTP"] },
    ],
    question: ({ port, ...rest }) =>
      ({ ask: "policyVerdict", ...compact({ ...rest, port: port ? Number(port) : undefined }) }) as Question,
  },
  {
    id: "matrix",
    label: "Matrix",
    fields: [{ name: "by", label: "By", options: ["workload", "pod", "namespace"] }],
    question: (values) => ({ ask: "reachability", ...compact(values) }) as Question,
  },
  {
    id: "dns",
    label: "DNS",
    fields: [
      { ...from, suggest: "pods" },
      { name: "name", label: "Name", placeholder: "api.prod" },
    ],
    question: (values) => ({ ask: "resolve", ...compact(values) }) as Question,
  },
  {
    id: "http",
    label: "HTTP",
    fields: [{ name: "url", label: "URL", placeholder: "https://shop.example.com/api" }],
    question: (values) => ({ ask: "route", ...compact(values) }) as Question,
  },
  {
    id: "kubectl",
    label: "kubectl",
    fields: [{ name: "command", label: "kubectl", placeholder: "get services -A" }],
    question: (values) => ({ ask: "kubectl", ...compact(values) }) as Question,
  },
];
