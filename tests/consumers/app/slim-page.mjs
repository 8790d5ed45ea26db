import * as kubehop from "kubehop/slim";
import { checkCorpus, checkFacade } from "./shared.mjs";

await kubehop.init();
const cases = await (await fetch("/corpus.json")).json();
window.found = { checked: checkFacade(kubehop), ...checkCorpus(kubehop, cases) };
