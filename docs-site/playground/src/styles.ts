import { css } from "lit";

// Every colour is a custom property with a light and a dark value; pages may override any of them.
export const styles = css`
  :host {
    --kh-text: light-dark(#1b1f24, #e6e9ee);
    --kh-muted: light-dark(#57606a, #a3adb8);
    --kh-pane: light-dark(#ffffff, #14181d);
    --kh-back: light-dark(#f4f6f8, #0e1115);
    --kh-edge: light-dark(#8c959f, #6e7681);
    --kh-soft: light-dark(#d5dbe1, #30363d);
    --kh-accent: light-dark(#0b57d0, #8ab4f8);
    --kh-good: light-dark(#116329, #6fdd8b);
    --kh-bad: light-dark(#a40e26, #ff8f88);
    --kh-wait: light-dark(#7a4e00, #f0c36d);
    --kh-tint: light-dark(#fff3c4, #4a3c10);
    --kh-line: light-dark(#0b57d00d, #8ab4f81a);
    --kh-select: light-dark(#b6d4fe, #264f78);
    --kh-key: light-dark(#0a3069, #a5d6ff);
    --kh-string: light-dark(#0a5a3c, #9fe0b8);
    --kh-mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
    display: block;
    container-type: inline-size;
    color: var(--kh-text);
    font: 0.9375rem/1.5 var(--sl-font, system-ui, sans-serif);
  }
  :host([theme="light"]) { color-scheme: light; }
  :host([theme="dark"]) { color-scheme: dark; }
  * { box-sizing: border-box; }
  .frame { border: 1px solid var(--kh-edge); border-radius: 8px; background: var(--kh-back); overflow: clip; }

  form { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: end; padding: 0.75rem; border-bottom: 1px solid var(--kh-soft); }
  label { display: grid; gap: 0.125rem; font-size: 0.875rem; color: var(--kh-muted); min-width: 0; }
  label.wide { flex: 1 1 14rem; }
  input, select, button { font: inherit; color: inherit; min-height: 2.25rem; border: 1px solid var(--kh-edge); border-radius: 6px; background: var(--kh-pane); padding: 0.25rem 0.5rem; max-width: 100%; }
  input, select { color: var(--kh-text); width: 100%; }
  button { cursor: pointer; }
  button.primary { background: var(--kh-accent); color: light-dark(#ffffff, #0e1115); border-color: var(--kh-accent); }
  :is(input, select, button, summary, .scroll):focus-visible { outline: 2px solid var(--kh-accent); outline-offset: 2px; }

  .verdict { display: flex; gap: 0.5rem; align-items: baseline; padding: 0.75rem; font-size: 1.125rem; font-weight: 600; border-bottom: 1px solid var(--kh-soft); background: var(--kh-pane); overflow-wrap: anywhere; }
  .verdict.stale { opacity: 0.6; }
  .good { color: var(--kh-good); }
  .bad { color: var(--kh-bad); }
  .wait { color: var(--kh-wait); }

  .panes { display: grid; gap: 1px; background: var(--kh-soft); }
  section { background: var(--kh-pane); padding: 0.75rem; min-width: 0; }
  .heading { margin: 0 0 0.5rem; font-size: 0.875rem; font-weight: 600; color: var(--kh-muted); }
  @container (min-width: 48rem) {
    .panes { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
    /* Beside the answer there is room on the left; the order of the page, and of Tab, stays answer first. */
    .manifests { grid-column: 1; grid-row: 1 / span 2; }
    .panes > section:not(.manifests) { grid-column: 2; }
  }
  @container (min-width: 68rem) {
    .panes { grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr) minmax(0, 1.1fr); }
    .manifests { grid-row: 1; }
    .panes > section:nth-of-type(1) { grid-column: 2; grid-row: 1; }
    .panes > section:nth-of-type(2) { grid-column: 3; grid-row: 1; }
  }

  ol.steps { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.25rem; }
  ol.steps button { display: grid; grid-template-columns: 1.5rem 1fr; gap: 0.25rem 0.5rem; width: 100%; text-align: start; border-color: transparent; background: transparent; padding: 0.375rem 0.5rem; overflow-wrap: anywhere; }
  ol.steps button[aria-current="step"] { border-color: var(--kh-accent); background: var(--kh-line); }
  .step-name { font-weight: 600; }
  .step-text { grid-column: 2; }
  .where { grid-column: 2; font-family: var(--kh-mono); font-size: 0.8125rem; color: var(--kh-muted); overflow-wrap: anywhere; }
  .branches { display: flex; flex-wrap: wrap; gap: 0.25rem; margin-bottom: 0.5rem; }
  .branches button[aria-pressed="true"] { border-color: var(--kh-accent); background: var(--kh-line); font-weight: 600; }

  .cluster { display: grid; gap: 0.75rem; }
  .cluster ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.375rem; }
  .box { border: 1px solid var(--kh-edge); border-radius: 6px; padding: 0.375rem 0.5rem; font-size: 0.875rem; min-width: 0; max-width: 100%; background: var(--kh-pane); overflow-wrap: anywhere; text-align: start; }
  button.box { min-height: 1.75rem; }
  .box small { display: block; font-family: var(--kh-mono); font-size: 0.75rem; color: var(--kh-muted); }
  .box.service { border-style: dashed; }
  .box.not-ready { border-style: dotted; color: var(--kh-muted); }
  .box.on-path { border-color: var(--kh-accent); box-shadow: inset 0 0 0 1px var(--kh-accent); }
  .box.at { background: var(--kh-tint); }
  .node { border: 1px solid var(--kh-soft); border-radius: 8px; padding: 0.5rem; }
  .node > .heading { display: flex; flex-wrap: wrap; gap: 0 0.5rem; }
  .node > .heading small { font-family: var(--kh-mono); font-weight: 400; }

  .editor { height: 28rem; border: 1px solid var(--kh-soft); border-radius: 6px; overflow: hidden; }
  code { font: 0.92em var(--kh-mono); }
  pre { margin: 0; white-space: pre; overflow: auto; font: 0.8125rem/1.5 var(--kh-mono); }
  pre.answer { white-space: pre-wrap; overflow-wrap: anywhere; }
  .below { border-top: 1px solid var(--kh-soft); background: var(--kh-pane); padding: 0.5rem 0.75rem; display: grid; gap: 0.25rem; }
  summary { cursor: pointer; min-height: 1.5rem; }
  details ul { margin: 0.25rem 0; padding-inline-start: 1.25rem; }
  details li { overflow-wrap: anywhere; }
  a.code { color: var(--kh-accent); font-size: 0.875em; white-space: nowrap; }
  .link { border: none; background: none; padding: 0; min-height: 1.5rem; color: var(--kh-accent); text-decoration: underline; text-align: start; }
  .scroll { overflow: auto; }
  table { border-collapse: collapse; font-size: 0.8125rem; }
  th, td { border: 1px solid var(--kh-soft); padding: 0.25rem 0.5rem; text-align: start; font-weight: 400; }
  th { font-weight: 600; }
  @media (forced-colors: active) { .box.on-path, ol.steps button[aria-current="step"] { outline: 2px solid Highlight; } }
  @media print { .editor { height: auto; } form button { display: none; } }
`;
