// The installed package in Chromium: a plain page, and pages that bundlers made.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { copyFile, cp, mkdir } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import test, { after, before } from "node:test";
import { build as esbuild } from "esbuild";
import { chromium } from "playwright-core";
import { build as vite } from "vite";
import { app } from "./places.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".json": "application/json" };
// What a careful page allows: nothing from elsewhere, and WebAssembly.
const POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";

function browserPath() {
  const found = ["chromium", "google-chrome", "chromium-browser"].flatMap((name) => {
    try {
      return [execFileSync("which", [name], { encoding: "utf8" }).trim()];
    } catch {
      return [];
    }
  });
  const path = process.env.CHROMIUM ?? found[0];
  assert.ok(path, "no Chromium: set CHROMIUM to its path, or install it");
  return path;
}

function serve(folder) {
  const server = createServer((request, response) => {
    const path = join(folder, normalize(new URL(request.url, "http://localhost").pathname));
    if (!path.startsWith(folder) || !existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(readFileSync(path));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: browserPath(), args: ["--no-sandbox"] });
});
after(() => browser?.close());

async function opens(context, folder, file) {
  const server = await serve(folder);
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("favicon")) faults.push(message.text());
  });
  try {
    await page.goto(`http://127.0.0.1:${server.address().port}/${file}`);
    const found = await page.waitForFunction(() => window.found, undefined, { timeout: 60_000 }).catch((error) => {
      assert.fail(`${error.message}\n${faults.join("\n")}`);
    });
    const { checked, equal, differing } = await found.jsonValue();
    context.diagnostic(`${checked} facts, ${equal} equal answers`);
    assert.deepEqual(differing, []);
    assert.ok(checked > 15 && equal > 0);
  } finally {
    await page.close();
    server.close();
  }
}

test("a plain page with <script type=module>", (context) => opens(context, app, "bare.html"));

test("a page bundled by esbuild", async (context) => {
  const out = join(app, "out-esbuild");
  await esbuild({ entryPoints: [join(app, "page.mjs")], outfile: join(out, "page.mjs"), bundle: true, format: "esm", logLevel: "warning" });
  await cp(join(app, "page.html"), join(out, "page.html"));
  await copyFile(join(app, "corpus.json"), join(out, "corpus.json"));
  await opens(context, out, "page.html");
});

for (const page of ["page", "slim-page"]) {
  test(`${page === "page" ? "the inlined" : "the slim"} entry in a page built by vite`, async (context) => {
    const out = join(app, `out-vite-${page}`);
    await mkdir(out, { recursive: true });
    await vite({
      root: app,
      configFile: false,
      logLevel: "warn",
      build: { outDir: out, emptyOutDir: true, target: "es2022", rollupOptions: { input: join(app, `${page}.html`) } },
    });
    await copyFile(join(app, "corpus.json"), join(out, "corpus.json"));
    await opens(context, out, `${page}.html`);
  });
}
