/** kubehop with its module in a file of its own: call `init()` (or `initSync()`) before anything else. */
import load, { initSync as loadSync } from "./glue/glue.js";

export * from "./api.js";

/** Where the module comes from: its address, a response, its bytes, or the compiled module. */
export type ModuleSource =
  | string
  | URL
  | Response
  | Promise<Response>
  | BufferSource
  | WebAssembly.Module;

/** Loads the module, by default from `kubehop.wasm` beside this file. */
export async function init(source?: ModuleSource): Promise<void> {
  await load({ module_or_path: source ?? new URL("./kubehop.wasm", import.meta.url) });
}

/** Instantiates the module at once from its bytes or the compiled module. */
export function initSync(source: BufferSource | WebAssembly.Module): void {
  loadSync({ module: source });
}
