// Every example of the package's README runs as it stands, in a project that installed the package.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { app, root } from "./places.mjs";

const text = readFileSync(join(root, "bindings-wasm/npm/README.md"), "utf8");
const examples = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);

test("there are examples", () => assert.ok(examples.length >= 2));

for (const [index, code] of examples.entries()) {
  test(`example ${index + 1} of the README`, () => {
    const file = join(app, `readme-${index + 1}.mjs`);
    // console.assert only prints: here it must fail.
    writeFileSync(file, `import assert from "node:assert/strict";\nconsole.assert = assert.ok;\n${code}`);
    execFileSync("node", [file], { cwd: app, stdio: ["ignore", "ignore", "pipe"] });
  });
}
