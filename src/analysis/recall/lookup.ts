/**
 * Which MLPs look an attribute up: what goes with an MLP's output at the name, or where the question is asked (ablation by its mean
 * over facts), and what comes back where it alone is taken from a run on the right name into one on another (patching).
 */
import * as tf from "@tensorflow/tfjs-core"
import type { RunnableModel } from "../../model/run-model.ts"
import type { RecallFacts } from "./recall-facts.ts"
import { atPosition, type FactRun, margins, type Replacements, runFacts, told } from "./run-facts.ts"

export const mlpOut = (layer: number): string => `blocks.${layer}.hook_mlp_out`

export interface Lookup {
  /** Undefined: all MLPs together. */
  readonly layer: number | undefined
  readonly position: number
  /** By fact: 1 where the answer is still told without it. */
  readonly without: Float64Array
  /** By fact: margin on another name, and the same with this patched in, of the right name's answer. */
  readonly other: Float64Array
  readonly patched: Float64Array
}

/** By fact: another one with another answer, the next there is. */
const otherFacts = ({ count, answers }: RecallFacts): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => {
    let other = (i + 1) % count
    while (answers[other] === answers[i]) other = (other + 1) % count
    return other
  })

/**
 * Synchronous.
 *
 * @param clean run that has read `mlpOut` of all layers at the positions
 */
export const lookups = (
  model: RunnableModel,
  facts: RecallFacts,
  clean: FactRun,
  positions: ReadonlyArray<number>
): ReadonlyArray<Lookup> => {
  const { count, time, ids, answers } = facts
  const { n_layers: layers, d_model: d } = model.info
  const all = Array.from({ length: layers }, (_, layer) => layer)
  const rowsOf = (layer: number, position: number): Float32Array => clean.rows[`${mlpOut(layer)}@${position}`]!
  const swapped = new Int32Array(ids.length)
  for (const [i, other] of otherFacts(facts).entries()) {
    swapped.set(ids.subarray(other * time, (other + 1) * time), i * time)
  }
  const other = margins(runFacts(model, { ...facts, ids: swapped }).scores, answers)
  const meanOf = (layer: number, position: number): tf.Tensor2D => {
    const rows = rowsOf(layer, position)
    const mean = new Float32Array(d)
    for (let i = 0; i < rows.length; i++) mean[i % d]! += rows[i]! / count
    return tf.tensor2d(mean, [1, d])
  }
  return positions.flatMap((position) =>
    [...all, undefined].map((layer): Lookup => {
      const these = layer === undefined ? all : [layer]
      const replaced = (rows: (layer: number) => tf.Tensor2D): Replacements =>
        Object.fromEntries(these.map((at) => [mlpOut(at), atPosition(position, rows(at))]))
      const without = runFacts(model, facts, { replace: () => replaced((at) => meanOf(at, position)) })
      const patched = runFacts(
        model,
        { ...facts, ids: swapped },
        {
          replace: (first, batch) =>
            replaced((at) => tf.tensor2d(rowsOf(at, position).subarray(first * d, (first + batch) * d), [batch, d]))
        }
      )
      return {
        layer,
        position,
        without: told(without.scores, answers),
        other,
        patched: margins(patched.scores, answers)
      }
    })
  )
}
