/**
 * Rows that a language model is trained on, from contexts that are there: each context is a row, in an order drawn anew for
 * every epoch. A batch is a function of (seed, step) alone.
 */
import * as Rng from "../../random/rng.ts"
import { targetKind, type TrainingRows } from "./training-rows.ts"

export interface TokenContexts {
  /** [contexts * context] ids. */
  readonly ids: Int32Array
  /** [contexts * context] document of each id; -1: of none (BOS, padding, separators), which is not predicted. */
  readonly documents: Int32Array
  readonly context: number
}

export const tokenRows = (
  { ids, documents, context }: TokenContexts,
  { batch, seed }: { readonly batch: number; readonly seed: number }
): TrainingRows => {
  const contexts = ids.length / context
  const time = context - 1
  let epoch = -1
  let order = new Uint32Array(0)
  const contextAt = (index: number): number => {
    const wanted = Math.floor(index / contexts)
    if (wanted !== epoch) {
      epoch = wanted
      order = Rng.make(seed, `contexts ${epoch}`).permutation(contexts)
    }
    return order[index % contexts] as number
  }
  return {
    poolSize: () => 0,
    at: (step) => {
      const n = batch * time
      const [tokens, targets, weights] = [new Int32Array(n), new Int32Array(n), new Float32Array(n)]
      for (let row = 0; row < batch; row++) {
        const from = contextAt(step * batch + row) * context
        tokens.set(ids.subarray(from, from + time), row * time)
        targets.set(ids.subarray(from + 1, from + context), row * time)
        for (let i = 0; i < time; i++) weights[row * time + i] = documents[from + 1 + i] === -1 ? 0 : 1
      }
      return { batch, time, tokens, targets, weights, kinds: new Uint8Array(n).fill(targetKind.text) }
    }
  }
}
