/** The contexts that cross-entropies are measured on: held-out text, whole contexts of it where there are enough. */
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { isHeldOut } from "../../activations/held-out-documents.ts"

export interface EvaluationContext {
  readonly ids: Int32Array
  /** Document of each id; -1: none. */
  readonly documents: Int32Array
  /** 1 where the SAE's reconstruction takes the activation's place: held-out tokens that are not masked. */
  readonly spliced: Uint8Array
  /**
   * 1 where the prediction counts: spliced, and the next token is of the same document (across a document's end there
   * is nothing to predict).
   */
  readonly counted: Uint8Array
}

export interface EvaluationContexts {
  readonly contexts: ReadonlyArray<EvaluationContext>
  /** How many of them lie wholly within held-out text. In the others, other text stands beside it, untouched. */
  readonly whole: number
  /** Predictions that count. */
  readonly targets: number
}

/** `count` of `items`, evenly spread. */
const spread = <A>(items: ReadonlyArray<A>, count: number): ReadonlyArray<A> =>
  items.length <= count
    ? items
    : Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as A)

export const evaluationContexts = Effect.fn("evaluationContexts")(function* (
  { contexts: tokens, split, outliers }: Pick<ActivationsHandle, "contexts" | "split" | "outliers">,
  wanted: number
) {
  const masked = new Set(yield* outliers)
  const heldOut = isHeldOut(split)
  const time = tokens.context_size
  const whole: Array<EvaluationContext> = []
  const mixed: Array<EvaluationContext> = []
  const step = Math.max(1, Math.floor(65_536 / time))
  for (let first = 0; first < tokens.contexts; first += step) {
    const block = yield* tokens.read(first, step)
    for (let c = 0; c < block.count; c++) {
      const ids = block.ids.subarray(c * time, (c + 1) * time)
      const documents = block.documents.subarray(c * time, (c + 1) * time)
      const spliced = Uint8Array.from(documents, (document, p) =>
        document >= 0 && heldOut(document, first + c) && !masked.has((first + c) * time + p) ? 1 : 0
      )
      const counted = spliced.map((splice, p) =>
        splice === 1 && p + 1 < time && documents[p + 1] === documents[p] ? 1 : 0
      )
      if (!counted.includes(1)) continue
      const all = documents.every((document) => document < 0 || heldOut(document, first + c))
      ;(all ? whole : mixed).push({ ids, documents, spliced, counted })
    }
  }
  const chosen = [...spread(whole, wanted), ...spread(mixed, Math.max(0, wanted - whole.length))]
  const result: EvaluationContexts = {
    contexts: chosen,
    whole: Math.min(wanted, whole.length),
    targets: chosen.reduce((sum, { counted }) => sum + counted.reduce((n, x) => n + x, 0), 0)
  }
  return result
})
