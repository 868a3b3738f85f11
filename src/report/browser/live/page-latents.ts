/** What the page knows of an SAE's latents: of one that is asked it says what a latent fires on, and leads to all about it. */
import type { BrowserData } from "../browser-data.ts"
import { hrefOf } from "../script/links.ts"
import { type ListedLatent, listedLatents } from "../script/listed-latents.ts"

export interface PageLatents {
  readonly of: (latent: number) => { readonly text: string; readonly href: string } | undefined
}

const made = new Map<string, PageLatents>()

/** @param sae digest; nothing is known of one that the page does not show */
export const pageLatents = (sae: string): PageLatents => {
  const known = made.get(sae)
  if (known !== undefined) return known
  const { subjects } = JSON.parse(document.getElementById("data")?.textContent ?? "") as BrowserData
  const group = subjects.findIndex(({ digest }) => digest === sae)
  const subject = subjects[group]
  const latents = new Map<number, ListedLatent>(
    subject === undefined ? [] : listedLatents(subject, group).map((latent) => [latent.id, latent])
  )
  const found: PageLatents = {
    of: (id) => {
      const text = latents.get(id)?.text
      return text === undefined ? undefined : { text, href: hrefOf({ what: "latent", group, id }) }
    }
  }
  made.set(sae, found)
  return found
}
