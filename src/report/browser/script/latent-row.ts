/** Latents as the explorer of meta-latents lists them: number, how strongly, and what is known of them. */
import { element } from "./element.ts"
import type { ExploredMeta } from "./explored-meta.ts"
import { hrefOf } from "./links.ts"
import { shownLabel } from "./masking.ts"
import { numberText } from "./number-text.ts"
import { example } from "./tokens.ts"

export const bar = (share: number): HTMLElement =>
  element("span", { class: "track" }, element("span", { class: "fill", "--w": Math.min(1, share).toFixed(4) }))

export const latentLink = ({ place }: ExploredMeta, id: number): HTMLElement =>
  element("a", { href: hrefOf({ what: "explore", group: place, id }) }, String(id))

export const metaLink = ({ place }: ExploredMeta, id: number, text = `Meta-latent ${id}`): HTMLElement =>
  element("a", { href: hrefOf({ what: "meta", group: place, id }) }, text)

export const latentText = ({ latents, missing }: ExploredMeta, id: number): HTMLElement => {
  const known = latents.get(id)
  return known === undefined
    ? element("span", { class: "empty" }, missing)
    : element("span", {}, shownLabel(known.text))
}

/** Its `most` strongest examples; none where nothing is known of it. */
export const strongestExamples = (explored: ExploredMeta, id: number, most: number): Array<HTMLElement> => {
  const known = explored.latents.get(id)
  const whole = known?.whole()
  return whole === undefined ? [] : whole.top.slice(0, most).map((each) => example(explored, whole.max, each))
}

export const strength = (activation: number, largest: number): Array<HTMLElement> => [
  element("span", { class: "number" }, numberText(activation)),
  bar(activation / largest)
]
