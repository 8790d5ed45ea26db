// Runs in a page: what it finds is left in `window.found`.
import * as kubehop from "kubehop";
import { checkCorpus, checkFacade, checkHostile } from "./shared.mjs";

try {
  const cases = await (await fetch("/corpus.json")).json();
  window.found = { checked: checkFacade(kubehop) + checkHostile(kubehop), ...checkCorpus(kubehop, cases) };
} catch (error) {
  window.found = { checked: 0, equal: 0, differing: [String(error)] };
}
