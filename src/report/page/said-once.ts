/**
 * Sentences about many SAEs, told once each: those of the same words are one, with the range of their numbers, so that a sweep of
 * thirty SAEs does not begin with thirty warnings.
 */
import type { Html } from "./html.ts"
import { html } from "./html.ts"

export interface Said {
  readonly label: string
  readonly text: string
}

export interface SaidOnce {
  readonly labels: ReadonlyArray<string>
  readonly text: string
}

/** A number that is not part of a word. */
const number = /(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)/g

const valueOf = (text: string): number => Number(text.replaceAll(",", ""))

/** Of texts that differ in numbers alone: each number that they do not share becomes its range. */
const withRanges = (texts: ReadonlyArray<string>): string => {
  const numbers = texts.map((text) => text.match(number) ?? [])
  let at = 0
  return (texts[0] as string).replace(number, (own) => {
    const all = numbers.map((each) => each[at] as string).toSorted((a, b) => valueOf(a) - valueOf(b))
    at += 1
    const [lowest, highest] = [all[0] as string, all.at(-1) as string]
    return valueOf(lowest) === valueOf(highest) ? own : `${lowest} to ${highest}`
  })
}

/** In the order in which they come first. */
export const saidOnce = (said: ReadonlyArray<Said>): ReadonlyArray<SaidOnce> => {
  const groups = new Map<string, { readonly labels: Set<string>; readonly texts: Array<string> }>()
  for (const { label, text } of said) {
    const words = text.replace(number, "#")
    const group = groups.get(words) ?? { labels: new Set(), texts: [] }
    groups.set(words, group)
    group.labels.add(label)
    group.texts.push(text)
  }
  return [...groups.values()].map(({ labels, texts }) => ({ labels: [...labels], text: withRanges(texts) }))
}

/** More names than these are counted, and listed where somebody asks. */
const maxNamed = 3

/**
 * @param say the sentence, given whom it is about
 * @param all number of SAEs that could have been named
 */
export const warnings = (
  said: ReadonlyArray<Said>,
  all: number,
  say: (of: string, text: string) => string
): ReadonlyArray<Html> =>
  saidOnce(said).map(({ labels, text }) => {
    if (labels.length <= maxNamed) return html`<p class="warn">${say(labels.join("; "), text)}</p>`
    const of = labels.length === all ? `all ${all} SAEs` : `${labels.length} of ${all} SAEs`
    return html`<div class="warn">
      ${say(of, text)}
      <details>
        <summary>which</summary>
        ${labels.join("; ")}
      </details>
    </div>`
  })
