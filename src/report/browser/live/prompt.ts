/** A text, the latents that fire on it, what those of a token do, and how the model goes on where some are clamped. */
import type { ListedSae, PositionAnswer, TextAnswer } from "../../../explore/answers.ts"
import { element, listen } from "../script/element.ts"
import { ask, get } from "./ask.ts"
import { clamping } from "./clamping.ts"
import { labelled } from "./labelled.ts"
import { positionTable } from "./position-table.ts"
import { tokenRow } from "./token-row.ts"

/** What is said while a question is answered, and where that fails. Its button waits. */
const busyWith =
  (says: HTMLElement) =>
  async (button: HTMLButtonElement, what: () => Promise<void>): Promise<void> => {
    button.disabled = true
    says.textContent = "Computing…"
    try {
      await what()
      says.textContent = ""
    } catch (error) {
      says.textContent = error instanceof Error ? error.message : String(error)
    } finally {
      button.disabled = false
    }
  }

export const prompt = async (place: HTMLElement): Promise<void> => {
  const saes = await get<ReadonlyArray<ListedSae>>("/api/saes")
  if (saes.length === 0) {
    place.append(element("p", { class: "note" }, "The store has no SAE yet."))
    return
  }
  const sae = element(
    "select",
    {},
    saes.map(({ digest, label }) => element("option", { value: digest }, label))
  )
  const text = element("textarea", { rows: 3, spellcheck: false })
  text.value = " cat has the first letter:"
  const go = element("button", { type: "submit" }, "Show latents")
  const asking = element("form", {}, labelled("SAE", sae), labelled("Text", text), go)
  const says = element("p", { class: "note", role: "status" })
  const busy = busyWith(says)
  const detail = element("div", {})
  const clamp = clamping()
  let asked = { sae: "", text: "" }
  const row = tokenRow((at) => void busy(go, () => look(at)))
  const look = async (position: number): Promise<void> => {
    const found = await ask<PositionAnswer>("look", { ...asked, position })
    row.mark(position)
    detail.replaceChildren(
      ...positionTable(asked.sae, found, (latent) => {
        row.shade(latent.latent)
        clamp.propose(latent)
      })
    )
  }
  listen(asking, {
    submit: (event) => {
      event.preventDefault()
      void busy(go, async () => {
        // What is shown is of the text that was asked last, or nothing.
        row.clear()
        detail.replaceChildren()
        asked = { sae: sae.value, text: text.value }
        const answer = await ask<TextAnswer>("fire", asked)
        row.show(answer)
        await look(answer.tokens.length - 1)
      })
    }
  })
  listen(clamp.form, {
    submit: (event) => {
      event.preventDefault()
      void busy(clamp.button, () => clamp.goOn({ sae: sae.value, text: text.value }))
    }
  })
  place.append(asking, says, row.node, detail, ...clamp.nodes)
}
