/** Facts in the model: what it says of each answer at the last token, and activations on the way. */
import * as tf from "@tensorflow/tfjs-core"
import { normalize } from "../../model/blocks/norm.ts"
import { type PassOptions, type RunnableModel, runModel } from "../../model/run-model.ts"
import { unembed } from "../../model/unembed.ts"
import type { RecallFacts } from "./recall-facts.ts"

const finalHook = "ln_final.hook_normalized"

/** Tokens of one pass. */
const tokensPerPass = 4096

export type Replacements = NonNullable<PassOptions["replace"]>

export interface FactRun {
  /** [facts, answers] logits. */
  readonly scores: Float64Array
  /** By fact: the most probable token of all. */
  readonly best: Int32Array
  /** By `HOOK@POSITION`: [facts, width]. */
  readonly rows: Readonly<Record<string, Float32Array>>
}

export interface FactRunOptions {
  readonly read?: ReadonlyArray<readonly [hook: string, position: number]>
  /** Of the facts `first` to `first + count`. Called in a tidy. */
  readonly replace?: (first: number, count: number) => Replacements
}

/** Synchronous. */
export const runFacts = (
  model: RunnableModel,
  { count, time, ids, attributes }: Pick<RecallFacts, "count" | "time" | "ids" | "attributes">,
  { read = [], replace }: FactRunOptions = {}
): FactRun => {
  const [d, wide] = [model.info.d_model, attributes.length]
  const scores = new Float64Array(count * wide)
  const best = new Int32Array(count)
  const rows: Record<string, Float32Array> = {}
  const step = Math.max(1, Math.floor(tokensPerPass / time))
  for (let first = 0; first < count; first += step) {
    const batch = Math.min(step, count - first)
    tf.tidy(() => {
      const hooks = [...new Set([...read.map(([hook]) => hook), finalHook])]
      const { activations } = runModel(
        model,
        { ids: ids.subarray(first * time, (first + batch) * time), batch, time },
        { hooks, ...(replace === undefined ? {} : { replace: replace(first, batch) }) }
      )
      const at = (hook: string, position: number): tf.Tensor2D => {
        const flat = tf.reshape<tf.Rank.R3>(activations[hook] as tf.Tensor, [batch, time, -1])
        return tf.reshape(tf.slice(flat, [0, position, 0], [batch, 1, -1]), [batch, -1])
      }
      for (const [hook, position] of read) {
        const found = at(hook, position)
        const width = found.shape[1]
        const all = (rows[`${hook}@${position}`] ??= new Float32Array(count * width))
        all.set(found.dataSync<"float32">(), first * width)
      }
      const logits = unembed(model, tf.reshape(at(finalHook, time - 1), [batch, d]))
      best.set(tf.argMax(logits, 1).dataSync<"int32">(), first)
      const wanted = tf.gather(logits, tf.tensor1d([...attributes], "int32"), 1).dataSync<"float32">()
      scores.set(wanted, first * wide)
      tf.dispose(activations)
    })
  }
  return { scores, best, rows }
}

/** What the final normalisation and the unembedding make of rows of the residual stream: [rows, answers]; synchronous. */
export const unembedRows = (
  model: RunnableModel,
  x: Float32Array,
  attributes: RecallFacts["attributes"]
): Float64Array =>
  Float64Array.from(
    tf.tidy(() => {
      const rows = tf.tensor2d(x, [x.length / model.info.d_model, model.info.d_model])
      const logits = unembed(model, normalize(rows, model.weights.finalNorm, model.norm) as tf.Tensor2D)
      return tf.gather(logits, tf.tensor1d([...attributes], "int32"), 1).dataSync<"float32">()
    })
  )

/** By fact: the answer's score less the mean of the others'. */
export const margins = (scores: Float64Array, answers: Uint8Array): Float64Array => {
  const wide = scores.length / answers.length
  return Float64Array.from(answers, (answer, i) => {
    let others = 0
    for (let a = 0; a < wide; a++) if (a !== answer) others += scores[i * wide + a]!
    return scores[i * wide + answer]! - others / (wide - 1)
  })
}

/** By fact: 1 where its answer has the largest score of all answers. */
export const told = (scores: Float64Array, answers: Uint8Array): Float64Array => {
  const wide = scores.length / answers.length
  return Float64Array.from(answers, (answer, i) => {
    const row = scores.subarray(i * wide, (i + 1) * wide)
    return row.every((score, a) => a === answer || score < row[answer]!) ? 1 : 0
  })
}

/** Sets the activation of one position: [batch, width] or [1, width] in place of the model's own. */
export const atPosition =
  (position: number, rows: tf.Tensor2D) =>
  (x: tf.Tensor): tf.Tensor => {
    const [, time, width] = x.shape as [number, number, number]
    const mask = tf.reshape(tf.oneHot(tf.tensor1d([position], "int32"), time), [1, time, 1])
    return tf.add(tf.mul(x, tf.sub(1, mask)), tf.mul(tf.reshape(rows, [-1, 1, width]), mask))
  }
