/** Tokens of the data: chips in patterns, marked text in examples. */
import type { SubjectData } from "../browser-data.ts"
import type { ExampleData } from "../latent-data.ts"
import { tokenName } from "../token-name.ts"
import { contextOf, type WholeContext } from "./context-of.ts"
import { element, listen } from "./element.ts"
import { shownWith, visibleAlone } from "../../page/readable-text.ts"
import { shownText } from "./masking.ts"
import { numberText } from "./number-text.ts"
import { wholeWords } from "./whole-words.ts"

type Texts = SubjectData["texts"]

/** -1 stands for any token. */
export const chip = (texts: Texts, id: number): HTMLElement =>
  id === -1
    ? element("span", { class: "any", title: "any token" }, "…")
    : element(
        "span",
        { class: "chip", title: `token ${id}` },
        visibleAlone(shownText(tokenName(texts, id))).replace(/ /g, "·")
      )

/** Tokens `range` of an example, each marked by its activation as a share of `max`; those of one character together, by the strongest. */
const marked = (
  texts: Texts,
  max: number,
  [, pivot, tokens, activations]: ExampleData,
  range: (words: ReadonlyArray<string>) => readonly [first: number, end: number]
): ReadonlyArray<Node | string> => {
  const words = tokens.map((id) => tokenName(texts, id))
  // A slur may be several tokens: the text is covered as a whole, then cut.
  const whole = shownText(words.join(""))
  const leads = shownWith(words)
  const [from, end] = range(words)
  const first = Math.min(from, leads[pivot] ?? from)
  let at = 0
  const pieces = words.map((word) => whole.slice(at, (at += word.length)))
  return words.map((_, i) => {
    if (i < first || i >= end || leads[i] !== i) return ""
    let after = i + 1
    while (leads[after] === i) after++
    const text = visibleAlone(pieces.slice(i, after).join(""))
    const strengths = Array.from({ length: after - i }, (_, part) => activations[i + part] ?? 0)
    const strongest = Math.max(...strengths)
    const marks = leads[pivot] === i
    if (strongest === 0 && !marks) return text
    const value = strengths.map(numberText).join(", ")
    const attributes = { "--a": (strongest / max).toFixed(3), title: value, "data-value": value }
    return element("span", { class: marks ? "t pivot" : "t", ...attributes }, text)
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
