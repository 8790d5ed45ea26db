// The codes of problems and assumptions: what they mean from the registries of core, examples and remedies
// from the file that a test runs.
import { parse } from "yaml";
import text from "../../../../tests/codes.yaml?raw";

const registries = import.meta.glob<string>("../../../../core/src/{manifest,admission,model}/codes.rs", {
  query: "?raw",
  import: "default",
  eager: true,
});

export interface Code {
  /** `manifest/unknown-field` */
  code: string;
  room: string;
  means: string;
  example?: string;
  says?: string;
  fix: string;
}

const meanings = new Map(
  Object.values(registries).flatMap((source) =>
    [...source.matchAll(/"([a-z]+\/[a-z0-9-]+)",\s*"([^"]+)"/g)].map((match) => [match[1] ?? "", match[2] ?? ""] as const),
  ),
);

/** All codes, in order of the registries. */
export const codes: readonly Code[] = (parse(text) as Omit<Code, "room" | "means">[]).map((entry) => {
  const means = meanings.get(entry.code);
  if (!means) throw new Error(`${entry.code} is in no registry`);
  return { ...entry, room: entry.code.split("/")[0] ?? "", means };
});
