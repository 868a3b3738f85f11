/** Rows of the base prompts with some latents of the source prompts, and what they do. */
import * as tf from "@tensorflow/tfjs-core"
import type { RunnableModel } from "../../model/run-model.ts"
import type { SaeModel } from "../../sae/sae-model.ts"
import { type EntityPair, wanted } from "./entity-pairs.ts"
import { type CompletionOptions, completions, withRowsAt } from "./prompt-runs.ts"

export interface SwapSetting {
  readonly model: RunnableModel
  readonly sae: SaeModel
  readonly hook: string
  /** [prompts, d_in]: activations where each entity has been read. */
  readonly rows: Float32Array
  /** Whether what the SAE does not reconstruct of the base is kept; SAEBench drops it. */
  readonly keep_error: boolean
  /** Pairs of one pass. */
  readonly batch: number
}

export const rowTensor = (
  { rows, sae }: Pick<SwapSetting, "rows" | "sae">,
  which: ReadonlyArray<number>
): tf.Tensor2D => {
  const d = sae.d_in
  const some = new Float32Array(which.length * d)
  for (const [n, row] of which.entries()) some.set(rows.subarray(row * d, (row + 1) * d), n * d)
  return tf.tensor2d(some, [which.length, d])
}

/** Call in a tidy. @returns rows [pairs, d_in] for a mask [d_sae]: 0 the base's latent, 1 the source's */
export const swapper = (
  setting: SwapSetting,
  pairs: ReadonlyArray<EntityPair>
): ((mask: tf.Tensor1D) => tf.Tensor2D) => {
  const { sae, keep_error } = setting
  const base = rowTensor(
    setting,
    pairs.map((pair) => pair.base.row)
  )
  const source = rowTensor(
    setting,
    pairs.map((pair) => pair.source.row)
  )
  const codes = sae.encodeDense(base)
  const difference = tf.sub<tf.Tensor2D>(sae.encodeDense(source), codes)
  const error = keep_error ? tf.sub<tf.Tensor2D>(base, sae.decode(codes, base)) : undefined
  return (mask) => {
    const made = sae.decode(tf.add<tf.Tensor2D>(codes, tf.mul(difference, mask)), base)
    return error === undefined ? made : tf.add(made, error)
  }
}

/** Latents whose codes differ in any of the pairs, ascending. */
export const differingLatents = (setting: SwapSetting, pairs: ReadonlyArray<EntityPair>): ReadonlyArray<number> => {
  const { sae, batch } = setting
  const differs = new Uint8Array(sae.d_sae)
  for (let first = 0; first < pairs.length; first += batch) {
    const some = pairs.slice(first, first + batch)
    const found = tf.tidy(() => {
      const [base, source] = (["base", "source"] as const).map((side) =>
        sae.encodeDense(
          rowTensor(
            setting,
            some.map((pair) => pair[side].row)
          )
        )
      ) as [tf.Tensor2D, tf.Tensor2D]
      return tf.max(tf.abs(tf.sub(base, source)), 0).dataSync<"float32">()
    })
    for (const [latent, value] of found.entries()) if (value > 0) differs[latent] = 1
  }
  return Array.from(differs.keys()).filter((latent) => differs[latent] === 1)
}

/** Directions [dimensions, d_in] of the activation, orthonormal. */
export interface Subspace {
  readonly dimensions: number
  readonly basis: Float32Array<ArrayBuffer>
}

/** What is swapped: latents by number, a subspace of the row, or the whole row. */
export type Swap = ReadonlySet<number> | Subspace | "row"

/** Call in a tidy. @returns [pairs, d_in] */
export const swappedRows = (setting: SwapSetting, pairs: ReadonlyArray<EntityPair>, swap: Swap): tf.Tensor2D => {
  const { sae } = setting
  const rows = (side: "base" | "source") =>
    rowTensor(
      setting,
      pairs.map((pair) => pair[side].row)
    )
  if (swap === "row") return rows("source")
  if ("basis" in swap) {
    const [base, basis] = [rows("base"), tf.tensor2d(swap.basis, [swap.dimensions, sae.d_in])]
    const along = tf.matMul(tf.sub<tf.Tensor2D>(rows("source"), base), basis, false, true)
    return tf.add(base, tf.matMul(along, basis))
  }
  const mask = Float32Array.from({ length: sae.d_sae }, (_, n) => (swap.has(n) ? 1 : 0))
  return swapper(setting, pairs)(tf.tensor1d(mask))
}

/** 1 for each pair whose completion says what it should. Synchronous. */
export const swapSays = (
  setting: SwapSetting,
  pairs: ReadonlyArray<EntityPair>,
  swap: Swap,
  { tokens, decode }: Pick<CompletionOptions, "tokens" | "decode">
): ReadonlyArray<number> => {
  const { model, hook, batch } = setting
  const says: Array<number> = []
  for (let first = 0; first < pairs.length; first += batch) {
    const some = pairs.slice(first, first + batch)
    tf.tidy(() => {
      const rows = swappedRows(setting, some, swap)
      const found = completions(
        model,
        some.map(({ base }) => base),
        {
          labels: some.map((pair) => wanted(pair).label),
          tokens,
          decode,
          replace: {
            [hook]: (activation) =>
              withRowsAt(
                activation,
                some.map(({ base }) => base.place),
                rows
              )
          }
        }
      )
      says.push(...found.map(({ tells }) => (tells ? 1 : 0)))
    })
  }
  return says
}
