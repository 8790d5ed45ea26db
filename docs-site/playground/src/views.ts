// The questions the element can ask, each with the fields of its form. Everything else is the engine's.
import type { Question } from "kubehop";

export type Suggestion = "pods" | "nodes" | "services" | "clients" | "destinations";

export interface Field {
  name: string;
  label: string;
  /** What the cluster has to offer for it. */
  suggest?: Suggestion;
  placeholder?: string;
  options?: readonly string[];
  optional?: boolean;
}

export interface View {
  id: string;
  label: string;
  ask: Question["ask"];
  fields: readonly Field[];
}

const from: Field = { name: "from", label: "From", suggest: "clients", placeholder: "web/frontend" };
const to: Field = { name: "to", label: "To", suggest: "destinations", placeholder: "http://api.prod" };

/** The question a filled form asks; empty fields are left out. */
export function question(view: View, values: Record<string, string>): Question {
  const given = view.fields.flatMap((field) => {
    const value = values[field.name] ?? field.options?.[0] ?? "";
    return value === "" ? [] : [[field.name, value]];
  });
  // A form is not typed: what does not fit, the engine refuses with a message that is shown.
  return { ask: view.ask, ...Object.fromEntries(given) } as unknown as Question;
}

export const VIEWS: readonly View[] = [
  {
    id: "trace",
    label: "Trace",
    ask: "trace",
    fields: [from, to],
  },
  {
    id: "diagnose",
    label: "Diagnose",
    ask: "diagnose",
    fields: [{ ...from, optional: true }, { ...to, optional: true }],
  },
  {
    id: "policy",
    label: "Policy",
    ask: "policyVerdict",
    fields: [
      { ...from, suggest: "pods" },
      { ...to, suggest: "pods", placeholder: "prod/api" },
      { name: "port", label: "Port", placeholder: "8080" },
      { name: "protocol", label: "Protocol", options: ["TCP", "UDP", "SCTP"] },
    ],
  },
  {
    id: "matrix",
    label: "Matrix",
    ask: "reachability",
    fields: [{ name: "by", label: "By", options: ["workload", "pod", "namespace"] }],
  },
  {
    id: "dns",
    label: "DNS",
    ask: "resolve",
    fields: [
      { ...from, suggest: "pods" },
      { name: "name", label: "Name", placeholder: "api.prod" },
    ],
  },
  {
    id: "http",
    label: "HTTP",
    ask: "route",
    fields: [{ name: "url", label: "URL", placeholder: "https://shop.example.com/api" }],
  },
  {
    id: "gateway",
    label: "Gateway",
    ask: "gateway",
    fields: [
      { name: "url", label: "URL", placeholder: "https://shop.example.com/api" },
      { name: "gateway", label: "Gateway", placeholder: "default/front", optional: true },
      { name: "protocol", label: "Protocol", options: ["http", "grpc"] },
    ],
  },
  {
    id: "service",
    label: "Service",
    ask: "service",
    fields: [{ name: "service", label: "Service", suggest: "services", placeholder: "api.prod" }],
  },
  {
    id: "rules",
    label: "Rules",
    ask: "rules",
    fields: [
      { name: "node", label: "Node", suggest: "nodes", placeholder: "node-a" },
      { name: "mode", label: "As", options: ["iptables", "nftables", "ipvs"] },
    ],
  },
  {
    id: "tool",
    label: "DNS tool",
    ask: "tool",
    fields: [
      { ...from, suggest: "pods" },
      { name: "command", label: "Typed in the pod", placeholder: "nslookup api.prod" },
    ],
  },
  {
    id: "kubectl",
    label: "kubectl",
    ask: "kubectl",
    fields: [{ name: "command", label: "kubectl", placeholder: "get services -A" }],
  },
];
