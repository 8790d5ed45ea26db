import { KubehopPlayground } from "./kubehop-playground.js";

if (!customElements.get("kubehop-playground")) customElements.define("kubehop-playground", KubehopPlayground);

export { KubehopPlayground };
