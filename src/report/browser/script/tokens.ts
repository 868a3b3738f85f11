/** Tokens of the data: chips in patterns, marked text in examples. */
import type { ExampleData, SubjectData } from "../browser-data.ts"
import { element } from "./element.ts"
import { numberText } from "./number-text.ts"

type Texts = SubjectData["texts"]

export const tokenText = (texts: Texts, id: number): string => texts[id] ?? `#${id}`

const visible = (text: string): string => text.replace(/\n/g, "↵").replace(/\t/g, "⇥")

/** -1 stands for any token. */
export const chip = (texts: Texts, id: number): HTMLElement =>
  id === -1
    ? element("span", { class: "any", title: "any token" }, "…")
    : element("span", { class: "chip" }, visible(tokenText(texts, id)).replace(/ /g, "·"))

/** @param max the latent's largest activation, which is marked in full */
export const example = (texts: Texts, max: number, [, pivot, tokens, activations]: ExampleData): HTMLElement => {
  const marked = tokens.map((id, i) => {
    const text = visible(tokenText(texts, id))
    const activation = activations[i] ?? 0
    if (activation === 0 && i !== pivot) return text
    const attributes = { "--a": (activation / max).toFixed(3), title: numberText(activation) }
    return element("span", { class: i === pivot ? "t pivot" : "t", ...attributes }, text)
  })
  const strength = { class: "strength", title: "activation at the marked token" }
  return element(
    "div",
    { class: "context" },
    element("span", strength, numberText(activations[pivot] ?? 0)),
    element("span", {}, marked)
  )
}
