/**
 * The pairs of architectures that choose the largest z = input W_enc + b_enc (times a weight, in crosscoders), of each row
 * or of the whole batch: from the f32 product, or from a product in bfloat16 whose candidates get their exact f32 values
 * (see `selectByCandidates`).
 */
import * as tf from "@tensorflow/tfjs-core"
import { selectByCandidates } from "../../tensor/kernels/compiled-kernels.ts"
import { bfloat16ProductsAreFast, compiledOpsLoaded } from "../../tensor/tensorflow/compiled-ops.ts"
import { topKBatch, topKRows } from "../../tensor/kernels/sparse-kernels.ts"
import { type ActivePairs, choiceWeights, encoderProduct, pairsOf } from "./active-pass.ts"
import type { Batch, Memory } from "../architecture.ts"
import type { ChoiceOptions } from "../settings/choice-options.ts"
import { latentsChosen } from "../settings/schedules.ts"
import type { ResolvedOptions } from "../training-options.ts"

/** With fewer weights the product takes too little of a step for candidates to pay. */
const worthCandidates = 1 << 21
/** `auto` goes back to f32 for good after a step in which more than this share of the rows was chosen again. */
const rareShare = 0.1

/** What the memory of an SAE in training says of it, absent before the first such step. */
const names = { steps: "candidate_steps", redone: "candidate_rows_redone", given_up: "candidates_given_up" } as const

const numberIn = (memory: Memory, name: string): number => (memory[name] as number | undefined) ?? 0

/** Why `precision` cannot be had here, if so. */
export const precisionProblem = ({ precision }: Pick<ChoiceOptions, "precision">): string | undefined =>
  precision === "bf16-candidates" && !compiledOpsLoaded()
    ? "precision is bf16-candidates, which needs the tensorflow engine with operations of our own; set it to auto or f32"
    : undefined

const wantsCandidates = ({ options, memory, W_enc }: Batch<ChoiceOptions>): boolean => {
  if (options.precision === "bf16-candidates") return true
  if (options.precision === "f32" || !bfloat16ProductsAreFast()) return false
  return W_enc.size >= worthCandidates && memory[names.given_up] === undefined
}

export interface ChosenPairs extends ActivePairs {
  /** For the next step; absent where it stays. */
  readonly memory?: Memory
}

export const choosePairs = (batch: Batch<ChoiceOptions>, input: tf.Tensor2D, from: "rows" | "batch"): ChosenPairs => {
  const weights = choiceWeights(batch)
  if (weights === undefined) return chooseLargest(batch, input, from)
  // Latents are chosen by their values times these weights, and are divided by them again.
  const [W_enc, b_enc] = tf.tidy(() => {
    const times = tf.tensor1d(weights)
    return [tf.mul<tf.Tensor2D>(batch.W_enc, tf.expandDims(times, 1)), tf.mul<tf.Tensor1D>(batch.b_enc, times)] as const
  })
  const { pattern, z, memory } = chooseLargest({ ...batch, W_enc, b_enc }, input, from)
  tf.dispose([W_enc, b_enc])
  const own = z.map((value, i) => value / (weights[pattern.latent[i] as number] as number))
  return { pattern, z: own, ...(memory === undefined ? {} : { memory }) }
}

const chooseLargest = (batch: Batch<ChoiceOptions>, input: tf.Tensor2D, from: "rows" | "batch"): ChosenPairs => {
  const { W_enc, b_enc, options, memory } = batch
  const rows = input.shape[0]
  const k = latentsChosen(options, batch.step, input.shape[1])
  const count = from === "rows" ? k : k * rows
  if (!wantsCandidates(batch)) {
    const product = encoderProduct(input, W_enc)
    const codes = from === "rows" ? topKRows(product, count, b_enc) : topKBatch(product, count, b_enc)
    product.dispose()
    return pairsOf(codes)
  }
  const { codes, redone } = selectByCandidates(from, count, input, W_enc, b_enc)
  const tooMany = options.precision === "auto" && redone > rareShare * rows
  return {
    ...pairsOf(codes),
    memory: {
      ...memory,
      [names.steps]: numberIn(memory, names.steps) + 1,
      [names.redone]: numberIn(memory, names.redone) + redone,
      ...(tooMany ? { [names.given_up]: batch.step } : {})
    }
  }
}

/**
 * What a run used, from its memory at the end: how pairs were chosen in most steps, the steps that used candidates, and the
 * share of those steps' rows that were chosen a second time.
 */
export const precisionUsed = (memory: Memory, options: ResolvedOptions) => {
  const steps = numberIn(memory, names.steps)
  return {
    precision: 2 * steps > options.steps ? "bf16-candidates" : "f32",
    candidate_steps: steps,
    candidate_redone_share: steps === 0 ? 0 : numberIn(memory, names.redone) / (steps * options.batch_rows)
  }
}
