/** How the model goes on with a latent clamped, beside how it goes on without. */
import type { ContinuationAnswer, PositionLatent, Token } from "../../../explore/answers.ts"
import { element } from "../script/element.ts"
import { ask } from "./ask.ts"
import { labelled } from "./labelled.ts"
import { shownTokens } from "./shown-token.ts"

export interface Clamping {
  readonly nodes: ReadonlyArray<HTMLElement>
  readonly form: HTMLFormElement
  readonly button: HTMLButtonElement
  /** Proposes to double it. */
  readonly propose: (latent: PositionLatent) => void
  readonly goOn: (of: { readonly sae: string; readonly text: string }) => Promise<void>
}

const note =
  "It is set to this activation at every token but the first special one; what the SAE does not reconstruct stays. Most probable token after token."

export const clamping = (): Clamping => {
  const latent = element("input", { type: "number", min: 0, step: 1, value: 0 })
  const value = element("input", { type: "number", step: "any", value: 10 })
  const length = element("input", { type: "number", min: 1, max: 64, value: 16 })
  const button = element("button", { type: "submit" }, "Go on, with and without")
  const sides = element("div", { class: "two" })
  const form = element(
    "form",
    { class: "clamp" },
    labelled("Latent", latent),
    labelled("Set to", value),
    labelled("Tokens", length),
    button
  )
  const side = (title: string, text: string, all: ReadonlyArray<Token>): HTMLElement =>
    element(
      "div",
      {},
      element("h4", {}, title),
      element("pre", { class: "prose" }, text, element("b", {}, shownTokens(all)))
    )
  return {
    nodes: [element("h3", {}, "Clamp a latent"), element("p", { class: "note" }, note), form, sides],
    form,
    button,
    propose: (chosen) => {
      latent.value = String(chosen.latent)
      value.value = String(Number((2 * chosen.activation).toPrecision(3)))
    },
    goOn: async ({ sae, text }) => {
      const asked = { latent: Number(latent.value), value: Number(value.value), tokens: Number(length.value) }
      const made = await ask<ContinuationAnswer>("continue", { sae, text, ...asked })
      sides.replaceChildren(
        side("As it is", text, made.unchanged),
        side(`Latent ${asked.latent} at ${asked.value}`, text, made.changed)
      )
    }
  }
}
