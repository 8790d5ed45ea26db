// core as a bare WebAssembly module imports nothing, and works without anything.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { target } from "./places.mjs";

const path = join(target, "wasm32-unknown-unknown/wasm-release/kubehop_purity.wasm");
const compiled = new WebAssembly.Module(readFileSync(path));

test("core has no imports: no clock, no files, no network, no chance", () => {
  assert.deepEqual(WebAssembly.Module.imports(compiled), []);
});

test("core answers with no host at all", () => {
  const { exports } = new WebAssembly.Instance(compiled, {});
  const put = (text) => {
    const bytes = new TextEncoder().encode(text);
    const at = exports.reserve(bytes.length);
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
    return [at, bytes.length];
  };
  const manifests = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {portz: []}\n";
  const at = exports.ask(...put(manifests), ...put('{"ask": "problems"}'));
  const length = new DataView(exports.memory.buffer).getUint32(at, true);
  const answer = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at + 4, length));
  assert.match(answer, /portz/);
});
