// Builds dist/: compiles the module, makes its glue, inlines it, bundles, writes the types.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { report } from "./sizes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
const run = (command, args, cwd = root) => execFileSync(command, args, { cwd, stdio: "inherit" });
const tool = (name) => join(here, "node_modules/.bin", name);

const cargo = ["--profile", "wasm-release", "--target", "wasm32-unknown-unknown", "--locked", "-p", "kubehop-wasm"];
run("cargo", ["build", ...cargo]);
const compiled = join(target, "wasm32-unknown-unknown/wasm-release/kubehop_wasm.wasm");

const glue = join(here, "src/glue");
rmSync(glue, { recursive: true, force: true });
run("cargo", ["run", "--quiet", "--locked", "-p", "kubehop-pack", "--", compiled, glue]);
const module = join(glue, "glue_bg.wasm");

writeFileSync(
  join(here, "src/inline.js"),
  `const text = "${readFileSync(module).toString("base64")}";
/** The module. @returns {Uint8Array<ArrayBuffer>} */
export function bytes() {
  return Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
`,
);
writeFileSync(join(here, "src/inline.d.ts"), "export function bytes(): Uint8Array<ArrayBuffer>;\n");

const dist = join(here, "dist");
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const bundle = (entry, outfile, format) =>
  build({
    entryPoints: [join(here, "src", entry)],
    outfile: join(dist, outfile),
    format,
    bundle: true,
    platform: "neutral",
    target: "es2022",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    // Never reached: the inlined module is given to initSync. CommonJS knows no import.meta.
    define: format === "cjs" ? { "import.meta.url": "undefined" } : {},
  });
await bundle("index.ts", "index.js", "esm");
await bundle("index.ts", "index.cjs", "cjs");
await bundle("slim.ts", "slim.js", "esm");
copyFileSync(module, join(dist, "kubehop.wasm"));

run(tool("tsc"), ["-p", "tsconfig.json"], here);
for (const file of readdirSync(dist).filter((file) => file.endsWith(".d.ts") && file !== "slim.d.ts")) {
  const text = readFileSync(join(dist, file), "utf8").replaceAll('.js"', '.cjs"');
  writeFileSync(join(dist, file.replace(".d.ts", ".d.cts")), text);
}
report();
