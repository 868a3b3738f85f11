/** The frame of the explorer of meta-latents, which the page's script shows in place of the report. */
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import type { PlacedMeta } from "../page/subjects.ts"

/** Undefined where no meta-SAE was trained. */
export const explorerSection = (metaSaes: ReadonlyArray<PlacedMeta>): Html | undefined =>
  metaSaes.length === 0
    ? undefined
    : html`<h2>Meta-latents: an explorer</h2>
        <p class="note">
          A latent is a sum of a few meta-latents, and other latents have the same ones: the latent of Einstein may be
          made of one for scientists and one for Germany. What a meta-latent stands for is told through the latents that
          it is part of: the words that many of them fire on or promote, and few others do.
        </p>
        <nav class="views" aria-label="Explorer">
          <a href="#explore/0">Latents</a> <a href="#meta/0">Meta-latents</a>
          <a href="#meta-latents">Back to the report</a>
        </nav>
        <div class="browser" id="explore-browser"></div>
        <div class="browser" id="meta-browser" hidden></div>`
