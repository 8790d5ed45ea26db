// Packs the npm package and installs the tarball into an empty project beside the consumers' code.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { app, corpus, here, root } from "./places.mjs";

const npm = (args, cwd) => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

rmSync(app, { recursive: true, force: true });
mkdirSync(app, { recursive: true });
const [{ filename, size, unpackedSize, files }] = JSON.parse(
  npm(["pack", "--json", "--pack-destination", app], join(root, "bindings-wasm/npm")),
);
console.log(`${filename}: ${files.length} files, ${size} bytes packed, ${unpackedSize} unpacked`);

writeFileSync(join(app, "package.json"), '{ "name": "consumer", "private": true }\n');
npm(["install", "--offline", "--no-audit", "--no-fund", join(app, filename)], app);
cpSync(join(here, "app"), app, { recursive: true });
for (const kind of ["mts", "cts"]) copyFileSync(join(app, "consumer.ts"), join(app, `consumer.${kind}`));
copyFileSync(corpus, join(app, "corpus.json"));
