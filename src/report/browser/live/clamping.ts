/** How the model goes on with latents clamped, beside how it goes on without. */
import {
  type Continuation,
  type ContinuationAnswer,
  MOST_CLAMPED,
  type PositionLatent
} from "../../../explore/answers.ts"
import { element, listen } from "../script/element.ts"
import { ask } from "./ask.ts"
import { labelled } from "./labelled.ts"
import { shownToken } from "./shown-token.ts"

export interface Clamping {
  readonly nodes: ReadonlyArray<HTMLElement>
  readonly form: HTMLFormElement
  readonly button: HTMLButtonElement
  /** Proposes to double it: in the row that has it, else in the last one. */
  readonly propose: (latent: PositionLatent) => void
  readonly goOn: (of: { readonly sae: string; readonly text: string }) => Promise<void>
}

/** A latent and what it is set to. */
interface ClampRow {
  readonly node: HTMLElement
  readonly latent: HTMLInputElement
  readonly value: HTMLInputElement
  readonly remove: HTMLButtonElement
}

const note =
  "Each is set to its activation at every token but the first special one; what the SAE does not reconstruct stays. Most probable token after token."

const makeRow = (): ClampRow => {
  const latent = element("input", { type: "number", min: 0, step: 1, value: 0, required: true })
  const value = element("input", { type: "number", step: "any", value: 10, required: true })
  const remove = element("button", { type: "button" }, "Leave out")
  const node = element("div", { class: "clamp" }, labelled("Latent", latent), labelled("Set to", value), remove)
  return { node, latent, value, remove }
}

/** Rows of latents, one at least. */
const clampRows = () => {
  const place = element("div", {})
  let rows: ReadonlyArray<ClampRow> = []
  const draw = (): void => {
    place.replaceChildren(...rows.map(({ node }) => node))
    for (const { remove } of rows) remove.hidden = rows.length === 1
    another.hidden = rows.length >= MOST_CLAMPED
  }
  const add = (): void => {
    const row = makeRow()
    listen(row.remove, {
      click: () => {
        rows = rows.filter((other) => other !== row)
        draw()
        another.focus()
      }
    })
    rows = [...rows, row]
    draw()
  }
  const another = element("button", { type: "button" }, "Another latent")
  listen(another, {
    click: () => {
      add()
      rows.at(-1)?.latent.focus()
    }
  })
  add()
  const read = () => rows.map(({ latent, value }) => ({ latent: Number(latent.value), value: Number(value.value) }))
  const set = (id: number, to: number): void => {
    const row = rows.find(({ latent }) => latent.value === String(id)) ?? rows.at(-1)
    if (row === undefined) return
    row.latent.value = String(id)
    row.value.value = String(to)
  }
  return { nodes: [place, another], read, set }
}

export const clamping = (): Clamping => {
  const rows = clampRows()
  const length = element("input", { type: "number", min: 1, max: 64, value: 16, required: true })
  const button = element("button", { type: "submit" }, "Go on, with and without")
  const sides = element("div", { class: "two" })
  const form = element("form", {}, rows.nodes, element("div", { class: "clamp" }, labelled("Tokens", length), button))
  const side = (title: string, text: string, { text: following }: Continuation): HTMLElement =>
    element(
      "div",
      {},
      element("h4", {}, title),
      element("pre", { class: "prose" }, text, element("b", {}, shownToken(following)))
    )
  return {
    nodes: [element("h3", {}, "Clamp latents"), element("p", { class: "note" }, note), form, sides],
    form,
    button,
    propose: (chosen) => rows.set(chosen.latent, Number((2 * chosen.activation).toPrecision(3))),
    goOn: async ({ sae, text }) => {
      const clamps = rows.read()
      const made = await ask<ContinuationAnswer>("continue", { sae, text, clamps, tokens: Number(length.value) })
      const set = clamps.map(({ latent, value }) => `${latent} at ${value}`).join(", ")
      sides.replaceChildren(
        side("As it is", text, made.unchanged),
        side(clamps.length === 1 ? `Latent ${set}` : `Latents ${set}`, text, made.changed)
      )
    }
  }
}
