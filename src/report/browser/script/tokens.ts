/** Tokens of the data: chips in patterns, marked text in examples. */
import type { ExampleData, SubjectData } from "../browser-data.ts"
import { tokenName } from "../token-name.ts"
import { element } from "./element.ts"
import { shownText } from "./masking.ts"
import { numberText } from "./number-text.ts"

type Texts = SubjectData["texts"]

export const tokenText = (texts: Texts, id: number): string => texts[id] ?? `#${id}`

const visible = (text: string): string => text.replace(/\n/g, "↵").replace(/\t/g, "⇥")

/** -1 stands for any token. */
export const chip = (texts: Texts, id: number): HTMLElement =>
  id === -1
    ? element("span", { class: "any", title: "any token" }, "…")
    : element(
        "span",
        { class: "chip", title: `token ${id}` },
        visible(shownText(tokenName(texts, id))).replace(/ /g, "·")
      )

/** Where a word is cut off at the window's edge, it is left out: a context begins and ends with whole words. */
const wholeWords = (texts: ReadonlyArray<string>, pivot: number): readonly [first: number, end: number] => {
  const begins = (i: number): boolean =>
    i === 0 || !/^\p{L}/u.test(texts[i] ?? "") || !/\p{L}$/u.test(texts[i - 1] ?? "")
  let first = 0
  // The window may begin in a word: whatever goes on without a space or a mark before it is part of one.
  if (/^\p{L}/u.test(texts[0] ?? "")) while (first < pivot && (first === 0 || !begins(first))) first++
  let end = texts.length
  if (/\p{L}$/u.test(texts[end - 1] ?? "")) {
    let start = end - 1
    while (start > pivot && !begins(start)) start--
    if (start > pivot) end = start
  }
  return [first, end]
}

/** @param max the latent's largest activation, which is marked in full */
export const example = (texts: Texts, max: number, [, pivot, tokens, activations]: ExampleData): HTMLElement => {
  const words = tokens.map((id) => tokenText(texts, id))
  // A slur may be several tokens: the text is covered as a whole, then cut.
  const whole = shownText(words.join(""))
  const [first, end] = wholeWords(words, pivot)
  let at = 0
  const marked = words.map((word, i) => {
    const text = visible(whole.slice(at, (at += word.length)))
    const activation = activations[i] ?? 0
    if (i < first || i >= end) return ""
    if (activation === 0 && i !== pivot) return text
    const value = numberText(activation)
    const attributes = { "--a": (activation / max).toFixed(3), title: value, "data-value": value }
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
