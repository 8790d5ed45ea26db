/**
 * What a Kubernetes network would do with a packet, and why.
 *
 * The module is inlined and instantiated while this file is imported: nothing to await, nothing to
 * fetch. `kubehop/slim` loads it from its own file instead.
 */
import { initSync } from "./glue/glue.js";
import { bytes } from "./inline.js";

export * from "./api.js";

initSync({ module: bytes() });
