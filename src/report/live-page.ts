/** The report's page with what only a server can give: a run as it goes, and a model that answers. */
import { createHash } from "node:crypto"
import { liveScript } from "./browser/live-script.ts"
import { html } from "./page/html.ts"
import { runReport } from "./run-report.ts"
import type { RunReportInput } from "./page/made-experiment.ts"

const section = html`<section id="live">
  <h2>Live</h2>
  <div id="live-run" role="status"></div>
  <div id="live-curves"></div>
  <h3>Ask the model</h3>
  <p class="note">
    Type a text: which latents fire on each of its tokens; what those of a token do to the next one; how the model goes
    on where some are clamped.
  </p>
  <div id="live-prompt"></div>
  <noscript><p class="warn">Asking needs JavaScript.</p></noscript>
</section>`

/** `'sha256-...'` of the page's own script, which an artifact of another version has otherwise. */
const policyMeta = /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"\s*\/>/

export const livePage = (input: RunReportInput): { readonly html: string; readonly policy: string } => {
  const page = runReport(input, section)
  const script = liveScript()
  const own = /sha256-[A-Za-z0-9+/=]+/.exec(policyMeta.exec(page)?.[1] ?? "")?.[0]
  const hashes = [own, `sha256-${createHash("sha256").update(script).digest("base64")}`]
    .flatMap((hash) => (hash === undefined ? [] : [`'${hash}'`]))
    .join(" ")
  return {
    // The policy comes as a header, which says more than an element can. Functions: `$&` in a text is no pattern.
    html: page.replace(policyMeta, "").replace("</body>", () => `<script>${script}</script></body>`),
    policy: `default-src 'none'; style-src 'unsafe-inline'; script-src ${hashes}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  }
}
