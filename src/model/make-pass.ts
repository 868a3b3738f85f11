/** What the blocks of one pass share: masks, rotary tables, and whatever else is computed once. */
import * as tf from "@tensorflow/tfjs-core"
import type { Pass } from "./blocks/part.ts"

export interface BegunPass {
  readonly pass: Pass
  /** Keeps what `Pass.embedded` gives. */
  readonly keepEmbedded: (activation: tf.Tensor) => void
  /** Frees what was computed once. */
  readonly end: () => void
}

export const makePass = (tokens: Pick<Pass, "ids" | "batch" | "time" | "start">): BegunPass => {
  const made = new Map<unknown, object>()
  const kept: Array<tf.Tensor> = []
  const once: Pass["once"] = <T extends object>(key: unknown, make: () => T): T => {
    const found = made.get(key)
    if (found !== undefined) return found as T
    const value = make()
    made.set(key, value)
    for (const part of value instanceof tf.Tensor ? [value] : Object.values(value)) {
      if (part instanceof tf.Tensor) kept.push(tf.keep(part))
    }
    return value
  }
  let embedded: tf.Tensor | undefined
  const keepEmbedded = (activation: tf.Tensor): void => {
    embedded = tf.keep(tf.clone(activation))
    kept.push(embedded)
  }
  const end = (): void => tf.dispose(kept)
  return { pass: { ...tokens, once, embedded: () => embedded }, keepEmbedded, end }
}
