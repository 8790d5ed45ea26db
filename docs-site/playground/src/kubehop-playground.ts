// <kubehop-playground>: a question, its answer with every hop, the cluster and the manifests.
//
// Attributes: src, settings (JSON), view, from, to, name, url, port, command, readonly, theme, heading-level.
// Child <script type="application/yaml"> holds the manifests; without JavaScript it is shown as text.
// Events: "answer" and "change", bubbling and composed, with the engine's own data as detail.
import { Cluster, type Journey, type Place, type Problem, type ProblemList, type Settings } from "kubehop";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type ClusterView, clusterTemplate, type Marks, suggestions } from "./cluster-view.js";
import type { Editor } from "./editor.js";
import { journeyTemplate, marksOf, placeOf, prose, stepCount, tone } from "./journey-view.js";
import { styles } from "./styles.js";
import { type Field, question, type View, VIEWS } from "./views.js";

/** The page that explains the codes of these rooms. */
const CODES = "https://kubehop.dev/reference/codes/#";
const EXPLAINED = /^(manifest|admission|model)\//;

/** A code, with a link to what it means where there is a page for it. */
const coded = (code: string): TemplateResult | typeof nothing =>
  EXPLAINED.test(code) ? html`<a class="code" href=${CODES + code} target="_blank" rel="noopener">${code}</a>` : nothing;

interface Result {
  view: string;
  data: unknown;
  text: string;
  error: string | null;
}

export class KubehopPlayground extends LitElement {
  static override styles = styles;
  static override properties = {
    src: {},
    settings: {},
    view: {},
    readonly: { type: Boolean },
    theme: { reflect: true },
    headingLevel: { type: Number, attribute: "heading-level" },
    values: { state: true },
    cluster: { state: true },
    result: { state: true },
    branch: { state: true },
    step: { state: true },
    failed: { state: true },
  };

  declare src: string | null;
  declare settings: string | null;
  declare view: string;
  declare readonly: boolean;
  declare theme: string | null;
  declare headingLevel: number;
  declare values: Record<string, string>;
  declare cluster: Cluster | null;
  declare result: Result | null;
  declare branch: number;
  declare step: number;
  declare failed: string | null;

  #text = "";
  #initial = "";
  #editor: Editor | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.src = null;
    this.settings = null;
    this.view = "trace";
    this.readonly = false;
    this.theme = null;
    this.headingLevel = 3;
    this.values = {};
    this.cluster = null;
    this.result = null;
    this.branch = 0;
    this.step = -1;
    this.failed = null;
  }

  /** The manifests as they stand in the editor. */
  get manifests(): string {
    return this.#text;
  }

  set manifests(text: string) {
    this.#text = text;
    this.#editor?.setText(text);
    this.#load();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    for (const name of new Set(VIEWS.flatMap((view) => view.fields.map((field) => field.name)))) {
      const value = this.getAttribute(name);
      if (value !== null) this.values = { ...this.values, [name]: value };
    }
    void this.#start();
  }

  async #start(): Promise<void> {
    const inline = this.querySelector("script[type='application/yaml'], pre")?.textContent ?? "";
    this.#text = this.src ? await (await fetch(this.src)).text() : inline.replace(/^\n/, "");
    this.#initial = this.#text;
    this.#restore();
    this.#load();
  }

  override firstUpdated(): void {
    const place = this.renderRoot.querySelector<HTMLElement>(".editor");
    if (!place) return;
    // The editor is three times the size of everything else: it loads when it comes into sight.
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      void this.#edit(place);
    });
    observer.observe(place);
  }

  async #edit(place: HTMLElement): Promise<void> {
    const { createEditor } = await import("./editor.js");
    place.replaceChildren();
    this.#editor = createEditor({
      parent: place,
      root: this.renderRoot as ShadowRoot,
      text: this.#text,
      readonly: this.readonly,
      label: "Kubernetes manifests",
      onChange: (text) => {
        this.#text = text;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          this.#load();
          this.dispatchEvent(new CustomEvent("change", { bubbles: true, composed: true, detail: { manifests: text } }));
        }, 250);
      },
    });
    this.#mark();
  }

  #load(): void {
    try {
      const settings = this.settings ? (JSON.parse(this.settings) as Settings) : undefined;
      this.cluster = Cluster.load([{ name: "manifests.yaml", text: this.#text }], settings);
      this.failed = null;
    } catch (error) {
      this.failed = error instanceof Error ? error.message : String(error);
    }
    this.#ask();
  }

  #ask(): void {
    const view = this.#view();
    if (!this.cluster) return;
    const wanted = view.fields.filter((field) => !field.optional && !field.options);
    if (wanted.some((field) => !this.values[field.name])) {
      this.result = null;
      return;
    }
    try {
      const asked = question(view, this.values);
      const data = this.cluster.ask(asked);
      this.result = { view: view.id, data, text: this.cluster.askText(asked), error: null };
      this.dispatchEvent(new CustomEvent("answer", { bubbles: true, composed: true, detail: data }));
    } catch (error) {
      this.result = { view: view.id, data: null, text: "", error: error instanceof Error ? error.message : String(error) };
    }
    this.branch = 0;
    this.step = this.#lastStep();
  }

  #view(): View {
    return VIEWS.find((view) => view.id === this.view) ?? (VIEWS[0] as View);
  }

  #journey(): Journey | null {
    return this.result?.view === "trace" && !this.result.error ? (this.result.data as Journey) : null;
  }

  #lastStep(): number {
    const journey = this.#journey();
    return journey ? stepCount(journey, this.branch) - 1 : -1;
  }

  override updated(changed: PropertyValues): void {
    if (["result", "branch", "step", "cluster"].some((name) => changed.has(name))) this.#mark();
  }

  #mark(): void {
    const problems = this.#problems()?.problems ?? [];
    this.#editor?.setProblems(problems);
    const journey = this.#journey();
    this.#editor?.show(journey ? placeOf(journey, this.branch, this.step) : null);
  }

  #problems(): ProblemList | null {
    return this.cluster ? (this.cluster.ask({ ask: "problems" }) as ProblemList) : null;
  }

  #show(place: Place): void {
    this.#editor?.show(place);
    this.renderRoot.querySelector<HTMLElement>(".cm-content")?.focus();
  }

  #set(name: string, value: string): void {
    this.values = { ...this.values, [name]: value };
    this.#ask();
  }

  #choose(view: string): void {
    this.view = view;
    this.#ask();
  }

  #reset(): void {
    this.manifests = this.#initial;
  }

  #restore(): void {
    const match = /[#&]kubehop=([\w-]+)/.exec(globalThis.location?.hash ?? "");
    if (!match?.[1] || !this.hasAttribute("share")) return;
    try {
      const bytes = Uint8Array.from(atob(match[1].replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
      const state = JSON.parse(new TextDecoder().decode(bytes)) as { view: string; values: Record<string, string>; text: string };
      this.view = state.view;
      this.values = state.values;
      this.#text = state.text;
    } catch {
      // A damaged link shows the page's own example.
    }
  }

  async #share(): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify({ view: this.view, values: this.values, text: this.#text }));
    const code = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    history.replaceState(null, "", `#kubehop=${code.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`);
    await navigator.clipboard?.writeText(location.href).catch(() => undefined);
  }

  override render(): TemplateResult {
    if (this.failed) return html`<div class="frame"><p class="verdict bad">The engine could not start: ${this.failed}</p></div>`;
    const journey = this.#journey();
    const marks: Marks = journey ? marksOf(journey, this.branch, this.step) : { path: new Set(), at: null };
    const cluster = this.cluster ? (this.cluster.ask({ ask: "cluster" }) as ClusterView) : null;
    return html`<div class="frame">
      ${this.#form(cluster)} ${this.#verdict(journey)}
      <div class="panes">
        <section aria-label="Why">${this.#heading("Why")} ${this.#why(journey)}</section>
        <section aria-label="Cluster">${this.#heading("Cluster")} ${cluster ? clusterTemplate(cluster, marks) : nothing}</section>
        <section class="manifests" aria-label="Manifests">
          ${this.#heading("Manifests")}
          <div class="editor"><pre class="scroll" tabindex="0">${this.#text}</pre></div>
        </section>
      </div>
      ${this.#notes(journey)}
    </div>`;
  }

  #heading(text: string): TemplateResult {
    return html`<div class="heading" role="heading" aria-level=${this.headingLevel}>${text}</div>`;
  }

  #form(cluster: ClusterView | null): TemplateResult {
    return html`<form @submit=${(event: Event) => { event.preventDefault(); this.#ask(); }}>
      <label>Question
        <select @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>
          ${VIEWS.map((view) => html`<option value=${view.id} ?selected=${view.id === this.view}>${view.label}</option>`)}
        </select>
      </label>
      ${this.#view().fields.map((field) => this.#field(field, cluster))}
      <button class="primary">Ask</button>
      <button type="button" @click=${() => this.#reset()}>Reset</button>
      ${this.hasAttribute("share") ? html`<button type="button" @click=${() => void this.#share()}>Share</button>` : nothing}
    </form>`;
  }

  #field(field: Field, cluster: ClusterView | null): TemplateResult {
    const value = this.values[field.name] ?? "";
    const change = (event: Event) => this.#set(field.name, (event.target as HTMLInputElement).value);
    if (field.options) {
      return html`<label>${field.label}
        <select @change=${change}>${field.options.map((option) => html`<option ?selected=${option === value}>${option}</option>`)}</select>
      </label>`;
    }
    const offered = cluster && field.suggest ? suggestions(field.suggest, cluster) : [];
    return html`<label class="wide">${field.label}
      <input name=${field.name} .value=${value} placeholder=${field.placeholder ?? ""} list="${field.name}-list"
        autocomplete="off" autocapitalize="off" spellcheck="false" @change=${change} />
      <datalist id="${field.name}-list">${offered.map((name) => html`<option value=${name}></option>`)}</datalist>
    </label>`;
  }

  #verdict(journey: Journey | null): TemplateResult {
    const error = this.result?.error;
    const [symbol, kind] = error ? ["!", "bad"] : journey ? tone(journey) : ["", ""];
    const text = error ?? journey?.summary ?? (this.result ? this.result.text.split("\n")[0] : "Fill in the question above.");
    return html`<div class="verdict ${kind}" role="status"><span aria-hidden="true">${symbol}</span><span>${prose(text ?? "")}</span></div>`;
  }

  #why(journey: Journey | null): TemplateResult {
    if (!journey) return html`<pre class="answer scroll" tabindex="0">${this.result?.text ?? ""}</pre>`;
    return journeyTemplate(journey, {
      branch: this.branch,
      step: this.step,
      onBranch: (branch) => { this.branch = branch; this.step = this.#lastStep(); },
      onStep: (step) => { this.step = step; },
    });
  }

  #notes(journey: Journey | null): TemplateResult {
    const list = this.#problems();
    const problems: readonly Problem[] = list?.problems ?? [];
    const assumptions = journey?.assumptions ?? list?.assumptions ?? [];
    const line = (problem: Problem) => `${problem.place ? `line ${problem.place.line}: ` : ""}${problem.field ? `${problem.field}: ` : ""}${problem.message}`;
    return html`<div class="below">
      <details ?open=${problems.some((problem) => problem.severity === "error")}>
        <summary>Problems (${problems.length})</summary>
        <ul>${problems.map((problem) => html`<li>
          ${problem.place
            ? html`<button class="link" @click=${() => this.#show(problem.place as Place)}>${line(problem)}</button>`
            : line(problem)}
          ${problem.help ? html`<br />${problem.help}` : nothing}
          ${coded(problem.code)}
        </li>`)}</ul>
      </details>
      <details>
        <summary>Assumptions (${assumptions.length})</summary>
        <ul>${assumptions.map((assumption) => html`<li>${assumption.message} ${coded(assumption.code)}</li>`)}</ul>
      </details>
    </div>`;
  }
}
