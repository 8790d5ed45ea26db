// The cluster as nested boxes: nodes with their pods, and the Services. Real elements, so that text
// wraps, reflows and is read aloud.
import type { ClusterView } from "kubehop";
import { html, type TemplateResult } from "lit";
import type { Suggestion } from "./views.js";

export type { ClusterView };

/** What is on the way, and where the current step happens: `pod ns/name`, `node name`, `service ns/name`. */
export interface Marks {
  path: ReadonlySet<string>;
  at: string | null;
}

function classes(key: string, marks: Marks, extra = ""): string {
  return ["box", extra, marks.path.has(key) ? "on-path" : "", marks.at === key ? "at" : ""].filter(Boolean).join(" ");
}

/** What the cluster has to offer for a field, in kubectl's notation. */
export function suggestions(kind: Suggestion, cluster: ClusterView): readonly string[] {
  const pods = cluster.pods.map((pod) => `${pod.namespace}/${pod.name}`);
  switch (kind) {
    case "pods":
      return pods;
    case "nodes":
      return cluster.nodes.map((node) => node.name);
    case "services":
      return cluster.services.map((service) => `${service.name}.${service.namespace}`);
    case "clients":
      return [...pods, ...cluster.nodes.map((node) => `node/${node.name}`), "outside"];
    case "destinations": {
      const services = cluster.services.flatMap((service) => {
        const name = `${service.name}.${service.namespace}`;
        return service.ports.length ? service.ports.map((port) => `${name}:${port.port}`) : [name];
      });
      return [...services, ...pods];
    }
  }
}

/** Nodes with their pods, and the Services above them. */
export function clusterTemplate(cluster: ClusterView, marks: Marks): TemplateResult {
  const pod = (each: ClusterView["pods"][number]) => {
    const key = `pod ${each.namespace}/${each.name}`;
    return html`<li class=${classes(key, marks, each.ready ? "" : "not-ready")}>
      ${each.namespace}/<wbr />${each.name}${each.ready ? "" : " (not ready)"}<small>${each.ips.join(", ") || "no address"}</small>
    </li>`;
  };
  const loose = cluster.pods.filter((each) => !each.node);
  return html`<div class="cluster">
    <ul aria-label="Services">
      ${cluster.services.map((service) => {
        const key = `service ${service.namespace}/${service.name}`;
        return html`<li class=${classes(key, marks, "service")}>
          ${service.namespace}/<wbr />${service.name}<small>${service.type} ${service.clusterIps.join(", ")}</small>
        </li>`;
      })}
    </ul>
    ${cluster.nodes.map(
      (node) => html`<div class="node ${marks.path.has(`node ${node.name}`) ? "on-path" : ""}">
        <div class="heading">${node.name} <small>${node.ips.join(", ")} · ${node.podCidrs.join(", ")}</small></div>
        <ul aria-label="Pods on ${node.name}">${cluster.pods.filter((each) => each.node === node.name).map(pod)}</ul>
      </div>`,
    )}
    ${loose.length ? html`<div class="node"><div class="heading">Not on a node</div><ul>${loose.map(pod)}</ul></div>` : ""}
  </div>`;
}
