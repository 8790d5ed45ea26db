// The installed package in Node, and what its types accept.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { app, here } from "./places.mjs";

const run = promisify(execFile);
const passes = async (command, args) => {
  const environment = { ...process.env };
  delete environment.NODE_TEST_CONTEXT;
  const { stdout } = await run(command, args, { cwd: app, env: environment }).catch((error) => {
    assert.fail(`${error.message}\n${error.stdout}`);
  });
  return stdout;
};

for (const file of ["esm.test.mjs", "cjs.test.cjs"]) {
  test(`node --test ${file}`, async (context) => {
    const output = await passes("node", ["--test", "--test-reporter=tap", file]);
    for (const line of output.match(/\d+ cases, \d+ equal answers/g) ?? []) context.diagnostic(line);
  });
}

const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false", "--types", ""];
for (const [name, options] of Object.entries({
  "Node ESM": ["--module", "nodenext", "--target", "es2022", "consumer.mts"],
  "Node CJS": ["--module", "nodenext", "--target", "es2022", "consumer.cts"],
  "a bundler": ["--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", "consumer.ts"],
  "a bundler without DOM": ["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022", "consumer.ts"],
})) {
  test(`tsc --strict for ${name}`, async () => {
    await passes("node", [join(here, "node_modules/typescript/bin/tsc"), ...strict, ...options]);
  });
}
