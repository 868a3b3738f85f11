/** The script of the live page, beside the report's own. Runs in the reader's browser. */
import { element } from "../script/element.ts"
import { prompt } from "./prompt.ts"
import { watchRun } from "./watch-run.ts"

const [run, curves, place] = ["live-run", "live-curves", "live-prompt"].map((id) => document.getElementById(id))
if (run && curves) watchRun(run, curves)
if (place) {
  prompt(place).catch((error: unknown) => {
    place.append(element("p", { class: "warn" }, `The SAEs of the store cannot be listed: ${String(error)}`))
  })
}
// The token has done its work: it is in a cookie now, and need not stand in the address.
if (location.search !== "") history.replaceState(null, "", location.pathname + location.hash)
