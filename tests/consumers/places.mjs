// Where things are.
import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";

export const here = fileURLToPath(new URL(".", import.meta.url));
export const root = resolve(here, "../..");
export const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
/** The empty project that the packed tarball is installed into. */
export const app = join(target, "consumers");
/** What Rust answers: `cargo test` records it. */
export const corpus = process.env.KUBEHOP_CORPUS ?? join(root, "target/corpus/corpus.json");
