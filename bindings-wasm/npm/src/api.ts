import { Cluster as Native } from "./glue/glue.js";
import { Questions } from "./questions.js";
import type { Answers, AskError, Question, Settings } from "./types.js";

export type * from "./types.js";

/** One input text: a file, an editor buffer. */
export interface Source {
  /** The name shown in positions, usually a path. */
  readonly name: string;
  /** The text, YAML or JSON. Bytes are taken as they are: what is not UTF-8 becomes a problem. */
  readonly text: string | Uint8Array;
}

/** Sources as `Cluster.load` takes them; a bare text is called `input.yaml`. */
export type Sources = string | Source | Iterable<Source>;

/** What a {@link KubehopError} may be about. */
export type ErrorCode = AskError["code"] | "unreadableSettings" | "unreadableSource" | "panic";

/** A question names something that does not exist, or something given cannot be read. */
export class KubehopError extends Error {
  override readonly name = "KubehopError";
  /** Stable code, to branch on. */
  readonly code: ErrorCode;
  /** All there is to know about a question that cannot be answered: its code, and the nearest name. */
  readonly details: AskError | undefined;

  constructor(message: string, code: ErrorCode, details?: AskError) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/**
 * A settled cluster: what the control plane would make of the manifests. An immutable value.
 *
 * Every answer is plain data, frozen, and outlives the cluster.
 */
export class Cluster extends Questions {
  readonly #native: Native;

  /** Loads manifests. Never fails over what they hold: see `problems()`. */
  static load(sources: Sources, settings?: Settings): Cluster {
    const { names, texts } = listed(sources);
    return new Cluster(guarded(() => new Native(names, texts, json(settings ?? {}, "unreadableSettings"))));
  }

  private constructor(native: Native) {
    super();
    this.#native = native;
  }

  override ask<Q extends Question>(question: Q): Answers[Q["ask"]] {
    const answer = guarded(() => this.#native.ask(json(question, "unreadable")));
    return frozen(JSON.parse(answer)) as Answers[Q["ask"]];
  }

  /** The answer as text for a terminal. */
  askText(question: Question): string {
    return guarded(() => this.#native.askText(json(question, "unreadable")));
  }

  /** A new cluster where each of `sources` takes the place of the one with its name, or is added behind. */
  with(sources: Sources): Cluster {
    const { names, texts } = listed(sources);
    return new Cluster(guarded(() => this.#native.with(names, texts)));
  }
}

function listed(sources: Sources): { names: string[]; texts: (string | Uint8Array)[] } {
  const list =
    typeof sources === "string"
      ? [{ name: "input.yaml", text: sources }]
      : Symbol.iterator in sources
        ? [...sources]
        : [sources];
  return { names: list.map((source) => source.name), texts: list.map((source) => source.text) };
}

/** Errors of the module as {@link KubehopError}. */
function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string") {
      const details = "details" in error ? (error.details as AskError | undefined) : undefined;
      throw new KubehopError(error.message, error.code as ErrorCode, details);
    }
    throw error;
  }
}

/** As JSON, which leaves out what is undefined. What JSON cannot say, such as a cycle, cannot be read. */
function json(value: unknown, code: ErrorCode): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (error) {
    throw new KubehopError(error instanceof Error ? error.message : String(error), code);
  }
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}
