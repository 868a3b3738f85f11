/** A latent's number, as a link into the browser of latents where it was explained. */
import type { Html } from "./html.ts"
import { html } from "./html.ts"

export const latentLink = (subject: number, latent: number, explained: ReadonlySet<number>): Html =>
  explained.has(latent) ? html`<a href="#latent/${subject}/${latent}">${latent}</a>` : html`${latent}`
