/** What a pattern cuts a text into: matches and what lies between them, which cover it. */
import { type Piece, slicePiece } from "./piece.ts"

export interface Span {
  readonly start: number
  readonly end: number
  readonly match: boolean
}

export type Matcher = (text: string) => ReadonlyArray<Span>

const covering = (text: string, matches: Iterable<readonly [number, number]>): ReadonlyArray<Span> => {
  const spans: Array<Span> = []
  let before = 0
  for (const [start, end] of matches) {
    if (before !== start) spans.push({ start: before, end: start, match: false })
    spans.push({ start, end, match: true })
    before = end
  }
  if (before !== text.length) spans.push({ start: before, end: text.length, match: false })
  return spans
}

const matchesOf = function* (regex: RegExp, text: string): Generator<readonly [number, number]> {
  let [from, lastEnd] = [0, -1]
  while (from <= text.length) {
    regex.lastIndex = from
    const found = regex.exec(text)
    if (found === null) return
    const start = found.index
    // V8 finds empty matches within a character of two units.
    if (start > 0 && (text.codePointAt(start - 1) as number) > 0xffff) {
      from = start + 1
      continue
    }
    const end = start + found[0].length
    // An empty match right behind the last one is passed over, as Oniguruma's iterator does; JavaScript's does not.
    if (start === end && lastEnd === end) {
      from += (text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1
      continue
    }
    from = lastEnd = end
    yield [start, end]
  }
}

/** @param regex with the flags `g` and `u` or `v` */
export const regexMatcher =
  (regex: RegExp): Matcher =>
  (text) =>
    covering(text, matchesOf(regex, text))

export const inverted =
  (matcher: Matcher): Matcher =>
  (text) =>
    matcher(text).map(({ start, end, match }) => ({ start, end, match: !match }))

export const behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const
export type Behavior = (typeof behaviors)[number]

interface Run {
  start: number
  end: number
}

/** Joins each span with its neighbour where `joins` holds; the order is that of `spans`. */
const joined = (
  spans: ReadonlyArray<Span>,
  joins: (span: Span, matchBefore: boolean) => boolean
): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  let matchBefore = false
  for (const span of spans) {
    const last = runs.at(-1)
    if (last !== undefined && joins(span, matchBefore)) {
      last.start = Math.min(last.start, span.start)
      last.end = Math.max(last.end, span.end)
    } else runs.push({ start: span.start, end: span.end })
    matchBefore = span.match
  }
  return runs
}

const runsOf = (spans: ReadonlyArray<Span>, behavior: Behavior): ReadonlyArray<Run> => {
  switch (behavior) {
    case "Isolated":
      return spans
    case "Removed":
      return spans.filter(({ match }) => !match)
    case "Contiguous":
      return joined(spans, ({ match }, before) => match === before)
    case "MergedWithPrevious":
      return joined(spans, ({ match }, before) => match && !before)
    case "MergedWithNext":
      return joined(spans.toReversed(), ({ match }, before) => match && !before).toReversed()
  }
}

/** The pieces that a pattern cuts a piece into; empty ones are none. */
export const cutPiece = (piece: Piece, matcher: Matcher, behavior: Behavior): ReadonlyArray<Piece> =>
  runsOf(matcher(piece.text), behavior).flatMap(({ start, end }) =>
    start < end ? [slicePiece(piece, start, end)] : []
  )
