import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test from "node:test";
import * as kubehop from "kubehop";
import * as slim from "kubehop/slim";
import { checkCorpus, checkFacade, checkHostile } from "./shared.mjs";

const require = createRequire(import.meta.url);
const cases = JSON.parse(readFileSync(new URL("./corpus.json", import.meta.url), "utf8"));

test("import: the facade behaves", () => {
  assert.ok(checkFacade(kubehop) > 15);
});

test("import: the corpus gives the same bytes as in Rust", (context) => {
  const { differing, equal } = checkCorpus(kubehop, cases);
  context.diagnostic(`${cases.length} cases, ${equal} equal answers`);
  assert.deepEqual(differing, []);
  assert.ok(equal > cases.length);
});

test("import: hostile texts and questions are refused, and the module goes on working", () => {
  assert.ok(checkHostile(kubehop) > 30);
});

test("slim: the module comes from its own file", () => {
  slim.initSync(readFileSync(require.resolve("kubehop/kubehop.wasm")));
  assert.ok(checkFacade(slim) > 15);
});
