/** Tokens of the data: chips in patterns, marked text in examples. */
import type { ExampleData, SubjectData } from "../browser-data.ts"
import { tokenName } from "../token-name.ts"
import { contextOf, type WholeContext } from "./context-of.ts"
import { element, listen } from "./element.ts"
import { shownText } from "./masking.ts"
import { numberText } from "./number-text.ts"

type Texts = SubjectData["texts"]

/** A text with its line ends and tabs to be seen. */
export const visible = (text: string): string => text.replace(/\n/g, "↵").replace(/\t/g, "⇥")

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

/** Tokens `range` of an example, each marked by its activation as a share of `max`. */
const marked = (
  texts: Texts,
  max: number,
  [, pivot, tokens, activations]: ExampleData,
  range: (words: ReadonlyArray<string>) => readonly [first: number, end: number]
): ReadonlyArray<Node | string> => {
  const words = tokens.map((id) => tokenName(texts, id))
  // A slur may be several tokens: the text is covered as a whole, then cut.
  const whole = shownText(words.join(""))
  const [first, end] = range(words)
  let at = 0
  return words.map((word, i) => {
    const text = visible(whole.slice(at, (at += word.length)))
    const activation = activations[i] ?? 0
    if (i < first || i >= end) return ""
    if (activation === 0 && i !== pivot) return text
    const value = numberText(activation)
    const attributes = { "--a": (activation / max).toFixed(3), title: value, "data-value": value }
    return element("span", { class: i === pivot ? "t pivot" : "t", ...attributes }, text)
  })
}

/** All of the example's context: what lies outside of it has no activations, and stands paler. */
const inContext = (
  texts: Texts,
  max: number,
  [position, pivot, tokens, activations]: ExampleData,
  { tokens: all, first }: WholeContext
): ReadonlyArray<Node | string> => {
  const whole: ExampleData = [position, first + pivot, all, [...Array<number>(first).fill(0), ...activations]]
  const nodes = marked(texts, max, whole, (words) => [0, words.length])
  const around = (from: number, to: number): HTMLElement => element("span", { class: "around" }, nodes.slice(from, to))
  const end = first + tokens.length
  return [around(0, first), ...nodes.slice(first, end), around(end, nodes.length)]
}

/** @param max the latent's largest activation, which is marked in full */
export const example = (subject: Pick<SubjectData, "texts" | "text">, max: number, shown: ExampleData): HTMLElement => {
  const [, pivot, , activations] = shown
  const strength = numberText(activations[pivot] ?? 0)
  const short = marked(subject.texts, max, shown, (words) => wholeWords(words, pivot))
  const text = element("span", {}, short)
  const context = contextOf(subject, shown)
  if (context === undefined) {
    const told = { class: "strength", title: "activation at the marked token" }
    return element("div", { class: "context" }, element("span", told, strength), text)
  }
  const more = element(
    "button",
    { type: "button", class: "strength", "aria-expanded": "false", title: "the whole context" },
    strength
  )
  listen(more, {
    click: () => {
      const opens = more.getAttribute("aria-expanded") !== "true"
      more.setAttribute("aria-expanded", String(opens))
      text.replaceChildren(...(opens ? inContext(subject.texts, max, shown, context) : short))
    }
  })
  return element("div", { class: "context" }, more, text)
}
