// Sizes of what a page downloads. `node sizes.mjs` prints them, `--record` keeps them in sizes.json,
// `--check` fails above the budget.
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const FILES = ["kubehop.wasm", "index.js", "slim.js"];
const record = new URL("./sizes.json", import.meta.url);

/** Bytes of kubehop.wasm after gzip that a change must not exceed without a word in the changelog. */
const { budget } = JSON.parse(readFileSync(record, "utf8"));

export function report() {
  const sizes = {};
  for (const file of FILES) {
    const bytes = readFileSync(new URL(`./dist/${file}`, import.meta.url));
    sizes[file] = {
      raw: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
      brotli: brotliCompressSync(bytes).length,
    };
    const { raw, gzip, brotli } = sizes[file];
    console.log(`${file.padEnd(13)} raw ${raw}  gzip ${gzip}  brotli ${brotli}`);
  }
  return sizes;
}

if (process.argv.includes("--record")) {
  writeFileSync(record, `${JSON.stringify({ budget, ...report() }, null, 2)}\n`);
}
if (process.argv.includes("--check")) {
  const { gzip } = report()["kubehop.wasm"];
  if (gzip > budget) {
    console.error(`kubehop.wasm is ${gzip} bytes after gzip; the budget is ${budget}`);
    process.exit(1);
  }
}
