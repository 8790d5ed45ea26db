// Counts the tests of every surface from what the steps left in target/results. Fails when any failed.
import { readFileSync, readdirSync } from "node:fs";

const results = new URL("../target/results/", import.meta.url);
/** How each runner says what passed and failed. */
const COUNTS = [
  /^test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed/gm, // cargo
  /^[#ℹ] pass (?<passed>\d+)\n[#ℹ] fail (?<failed>\d+)/gm, // node --test
  /^=* ?(?:(?<failed>\d+) failed, )?(?<passed>\d+) passed.* in [\d.]+s/gm, // pytest
  /^\s+(?<passed>\d+) passed \([\d.]+m?s\)/gm, // Playwright
  /^\s+(?<failed>\d+) failed$/gm, // Playwright
  /^[\w-]+: (?<passed>\d+) passed, (?<failed>\d+) failed, \d+ skipped/gm, // conformance
];

const surfaces = new Map();
const faults = [];
for (const name of readdirSync(results).sort().filter((name) => name.endsWith(".log"))) {
  const surface = name.split(".")[1];
  const total = surfaces.get(surface) ?? { passed: 0, failed: 0 };
  const text = readFileSync(new URL(name, results), "utf8").replace(/\x1b\[[\d;]*m/g, "");
  const [status, what] = readFileSync(new URL(name.replace(/log$/, "status"), results), "utf8").split("\n");
  let failed = 0;
  for (const pattern of COUNTS) {
    for (const { groups } of text.matchAll(pattern)) {
      total.passed += Number(groups.passed ?? 0);
      failed += Number(groups.failed ?? 0);
    }
  }
  // A step that fails without saying how often (a build, a lint) has failed once.
  if (status !== "0") {
    failed = Math.max(failed, 1);
    faults.push(`${surface}: ${what}`);
  }
  total.failed += failed;
  surfaces.set(surface, total);
}

console.log("");
for (const fault of faults) console.log(`FAILED ${fault}`);
let [passed, failed] = [0, 0];
for (const [surface, total] of surfaces) {
  console.log(`${surface.padEnd(10)} ${total.passed} passed, ${total.failed} failed`);
  passed += total.passed;
  failed += total.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
