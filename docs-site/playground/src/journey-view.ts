// A journey as a list of steps one can walk through.
import type { Journey, Place, Step } from "kubehop";
import { html, nothing, type TemplateResult } from "lit";
import type { Marks } from "./cluster-view.js";

interface Flat {
  step: Step;
  hop: number;
}

function flatten(journey: Journey, branch: number): readonly Flat[] {
  const trace = journey.traces[branch];
  return trace ? trace.hops.flatMap((hop, index) => hop.steps.map((step) => ({ step, hop: index }))) : [];
}

/** The engine's sentences set names in backticks; here they are code. */
export function prose(text: string): readonly (string | TemplateResult)[] {
  return text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));
}

/** How many steps a branch has. */
export function stepCount(journey: Journey, branch: number): number {
  return flatten(journey, branch).length;
}

/** Symbol and class of the outcome: never colour alone. */
export function tone(journey: Journey): readonly [string, string] {
  switch (journey.outcome) {
    case "connected":
      return ["✓", "good"];
    case "sometimes":
      return ["◐", "wait"];
    case "undetermined":
      return ["?", "wait"];
    default:
      return ["✕", "bad"];
  }
}

const SYMBOLS: Record<string, readonly [string, string]> = {
  denied: ["✕", "bad"],
  dropped: ["✕", "bad"],
  refused: ["✕", "bad"],
  undetermined: ["?", "wait"],
  permitted: ["✓", "good"],
  accepted: ["✓", "good"],
};

/** Where the deciding field of a step stands. */
export function placeOf(journey: Journey, branch: number, step: number): Place | null {
  const evidence = flatten(journey, branch)[step]?.step.evidence ?? [];
  return evidence.find((item) => item.place)?.place ?? null;
}

/** What the cluster drawing marks: everything on the way, and where the step happens. */
export function marksOf(journey: Journey, branch: number, step: number): Marks {
  const trace = journey.traces[branch];
  const path = new Set<string>();
  let at: string | null = null;
  trace?.hops.forEach((hop, index) => {
    const key = hop.at.kind === "pod" ? `pod ${hop.at.namespace}/${hop.at.name}` : hop.at.kind === "node" ? `node ${hop.at.name}` : "";
    if (key) path.add(key);
    if (flatten(journey, branch)[step]?.hop === index) at = key;
    for (const item of hop.steps.flatMap((each) => each.evidence)) {
      if (item.object.kind === "Service") path.add(`service ${item.object.namespace}/${item.object.name}`);
    }
  });
  return { path, at };
}

/** Steps as buttons; branches above them when there are several ways. */
export function journeyTemplate(
  journey: Journey,
  state: {
    branch: number;
    step: number;
    onBranch: (branch: number) => void;
    onStep: (step: number) => void;
  },
): TemplateResult {
  const steps = flatten(journey, state.branch);
  const walk = (event: KeyboardEvent) => {
    const delta = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : event.key === "ArrowUp" || event.key === "ArrowLeft" ? -1 : 0;
    if (!delta) return;
    event.preventDefault();
    const next = Math.min(Math.max(state.step + delta, 0), steps.length - 1);
    state.onStep(next);
    const list = event.currentTarget as HTMLElement;
    list.querySelectorAll<HTMLElement>("li > button")[next]?.focus();
  };
  return html`
    ${journey.traces.length > 1
      ? html`<div class="branches" role="group" aria-label="Ways the connection may go">
          ${journey.traces.map(
            (trace, index) => html`<button type="button" aria-pressed=${index === state.branch} @click=${() => state.onBranch(index)}>
              ${trace.share} ${trace.disposition.kind === "connected" ? "✓" : "✕"}
            </button>`,
          )}
        </div>`
      : nothing}
    <ol class="steps" @keydown=${walk}>
      ${steps.map(({ step, hop }, index) => stepTemplate(step, journey.traces[state.branch]?.hops[hop]?.at, index, state))}
    </ol>
  `;
}

function stepTemplate(
  step: Step,
  at: Journey["traces"][number]["hops"][number]["at"] | undefined,
  index: number,
  state: { step: number; onStep: (step: number) => void },
): TemplateResult {
  const [symbol, kind] = SYMBOLS[step.action] ?? ["→", ""];
  const place = step.evidence.find((item) => item.place)?.place;
  const object = step.evidence[0];
  const where = at ? (at.kind === "pod" ? `pod ${at.namespace}/${at.name}` : at.kind === "node" ? `node ${at.name}` : at.kind === "loadBalancer" ? `load balancer ${at.address}` : at.address) : "";
  return html`<li>
    <button type="button" aria-current=${index === state.step ? "step" : "false"} @click=${() => state.onStep(index)}>
      <span class=${kind} aria-hidden="true">${symbol}</span>
      <span class="step-name">${index + 1}. ${where}</span>
      <span class="step-text">${prose(step.sentence)}</span>
      ${step.nearMiss ? html`<span class="step-text wait">${prose(step.nearMiss.sentence)}</span>` : nothing}
      ${object
        ? html`<span class="where">${place ? `line ${place.line} · ` : ""}${object.object.kind} ${object.object.name}${object.field ? ` · ${object.field}` : ""}</span>`
        : nothing}
    </button>
  </li>`;
}
