/** What reconstruction is also told by: where a token stands in its context, and how frequent it is in the text. */
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { RowGroups } from "./row-sums.ts"

/** By position in the context: 0, 1, 2 to 3, 4 to 7, and so on. */
export const positionGroups = (context_size: number) => {
  const of = (position: number): number => (position === 0 ? 0 : 1 + Math.floor(Math.log2(position)))
  const count = of(context_size - 1) + 1
  const groups: RowGroups = { count, of: ({ position }) => of(position % context_size) }
  const ends = Array.from({ length: count }, (_, group) => ({
    first: group === 0 ? 0 : 2 ** (group - 1),
    last: Math.min(context_size, 2 ** group) - 1
  }))
  return { groups, ends }
}

/** The rarest tokens are together: below one in ten million. */
const decades = 8

/** By the token's share of the text: above a tenth, down to a hundredth, and so on. */
export const tokenFrequencyGroups = Effect.fn("tokenFrequencyGroups")(function* ({
  contexts
}: Pick<ActivationsHandle, "contexts">) {
  const counts = new Float64Array(contexts.vocab_size)
  const step = Math.max(1, Math.floor(65_536 / contexts.context_size))
  let total = 0
  for (let first = 0; first < contexts.contexts; first += step) {
    const { ids, documents } = yield* contexts.read(first, step)
    for (const [i, id] of ids.entries()) {
      if (documents[i]! < 0) continue
      counts[id]! += 1
      total += 1
    }
  }
  const groups: RowGroups = {
    count: decades,
    of: ({ token }) => Math.min(decades - 1, Math.floor(Math.log10(total / counts[token]!)))
  }
  const ends = Array.from({ length: decades }, (_, group) => ({
    above: group === decades - 1 ? 0 : 10 ** -(group + 1),
    to: 10 ** -group
  }))
  return { groups, ends }
})
