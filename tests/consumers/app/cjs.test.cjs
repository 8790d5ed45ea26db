const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const test = require("node:test");
const kubehop = require("kubehop");

const cases = JSON.parse(readFileSync(join(__dirname, "corpus.json"), "utf8"));

test("require: the facade behaves", async () => {
  const { checkFacade } = await import("./shared.mjs");
  assert.ok(checkFacade(kubehop) > 15);
});

test("require: the corpus gives the same bytes as in Rust", async (context) => {
  const { checkCorpus } = await import("./shared.mjs");
  const { differing, equal } = checkCorpus(kubehop, cases);
  context.diagnostic(`${cases.length} cases, ${equal} equal answers`);
  assert.deepEqual(differing, []);
});
