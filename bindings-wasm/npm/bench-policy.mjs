// What NetworkPolicy costs as WebAssembly: the native benchmark, compiled as the module is, run by Node.
//   rustup target add wasm32-wasip1
//   cargo build --profile wasm-release --target wasm32-wasip1 -p kubehop --example policy_bench
//   node --no-warnings bindings-wasm/npm/bench-policy.mjs target/wasm32-wasip1/wasm-release/examples/policy_bench.wasm
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const wasi = new WASI({ version: "preview1", returnOnExit: false });
const module = await WebAssembly.compile(await readFile(process.argv[2]));
wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
