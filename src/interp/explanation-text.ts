/** One line for people about what a latent fires on, made from its token patterns. */
import { wildcard } from "./token-trie.ts"

export interface CountedPattern {
  /** Right to left. */
  readonly steps: ReadonlyArray<number>
  /** Training positions that it matches: the weight of the pattern in the line. */
  readonly matches: number
}

/** Limits that keep the line readable. */
const maxGroups = 3
const maxPivots = 8

interface Group {
  /** Right to left, without the activating token. */
  readonly context: ReadonlyArray<number>
  readonly pivots: Array<CountedPattern>
  matches: number
}

const groupByContext = (patterns: ReadonlyArray<CountedPattern>): ReadonlyArray<Group> => {
  const groups = new Map<string, Group>()
  for (const pattern of patterns) {
    const context = pattern.steps.slice(1)
    const key = context.join(" ")
    let group = groups.get(key)
    if (group === undefined) groups.set(key, (group = { context, pivots: [], matches: 0 }))
    group.pivots.push(pattern)
    group.matches += pattern.matches
  }
  return [...groups.values()].toSorted((a, b) => b.matches - a.matches)
}

const more = (n: number, what: string): string => (n > 0 ? `, ${n} more ${what}${n === 1 ? "" : "s"}` : "")

/** The letter that all texts begin with, upper or lower case; undefined where they differ or there are few. */
const sharedLetter = (texts: ReadonlyArray<string>): string | undefined => {
  const letters = new Set(texts.map((text) => text.trimStart().slice(0, 1).toLowerCase()))
  const [letter] = letters
  return texts.length >= 3 && letters.size === 1 && letter !== undefined && /\p{L}/u.test(letter) ? letter : undefined
}

/** Tokens left to right; a run of wildcards is one `…`, with how many tokens it stands for where these are several. */
const contextText = (tokens: ReadonlyArray<number>, quoted: (token: number) => string): string => {
  const words: Array<string> = []
  for (let i = 0; i < tokens.length;) {
    let end = i
    while (tokens[end] === wildcard) end++
    if (end > i) words.push(end === i + 1 ? "…" : `…(${end - i})`)
    else words.push(quoted(tokens[end++] as number))
    i = end
  }
  return words.join(" ")
}

/**
 * `" cat", " cow" (all begin with c) after " the"; any token after " first" …(3)`: patterns with the same context
 * stand together, most matches first.
 */
export const explanationText = (
  patterns: ReadonlyArray<CountedPattern>,
  tokenText: (token: number) => string
): string => {
  if (patterns.length === 0) return "no token pattern found"
  const quoted = (token: number): string => JSON.stringify(tokenText(token))
  const groups = groupByContext(patterns)
  const lines = groups.slice(0, maxGroups).map(({ context, pivots }) => {
    const tokens = pivots.toSorted((a, b) => b.matches - a.matches).map(({ steps }) => steps[0] as number)
    const letter = tokens.includes(wildcard) ? undefined : sharedLetter(tokens.map(tokenText))
    const names = tokens.slice(0, maxPivots).map((token) => (token === wildcard ? "any token" : quoted(token)))
    const what = names.join(", ") + more(tokens.length - maxPivots, "token")
    const shared = letter === undefined ? "" : ` (all begin with ${letter})`
    return context.length === 0 ? what + shared : `${what}${shared} after ${contextText(context.toReversed(), quoted)}`
  })
  return lines.join("; ") + more(groups.length - maxGroups, "context")
}
