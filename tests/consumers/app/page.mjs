// Runs in a page: what it finds is left in `window.found`.
import * as kubehop from "kubehop";
import { checkCorpus, checkFacade } from "./shared.mjs";

const cases = await (await fetch("/corpus.json")).json();
window.found = { checked: checkFacade(kubehop), ...checkCorpus(kubehop, cases) };
