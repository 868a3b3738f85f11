/**
 * What one head would make of a residual stream at the name, by the weights alone (W_OV and W_U): it looks at the name and
 * nowhere else, nothing comes after it, normalisations divide by one, and what biases give is taken off. No data is fitted.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { RunnableModel } from "../../model/run-model.ts"
import type { RecallFacts } from "./recall-facts.ts"
import { type Replacements, runFacts } from "./run-facts.ts"

/**
 * Synchronous.
 *
 * @param rows [facts, d_model] of the residual stream at the name
 * @returns [facts, answers]
 */
export const headProbe = (
  model: RunnableModel,
  facts: RecallFacts,
  layer: number,
  head: number,
  rows: Float32Array
): Float64Array => {
  const { time, name, attributes } = facts
  const { d_model: d, n_layers, n_heads, points } = model.info
  const scoresOf = (x: Float32Array, count: number): Float64Array =>
    runFacts(
      model,
      { ...facts, count },
      {
        replace: (first, batch) => {
          const seen = tf.buffer([batch, time, d])
          const looks = tf.buffer([batch, n_heads, time, time])
          for (let b = 0; b < batch; b++) {
            for (let i = 0; i < d; i++) seen.set(x[(first + b) * d + i]!, b, name, i)
            looks.set(1, b, head, time - 1, name)
          }
          const ones = tf.ones([batch, time, 1])
          const none = tf.zeros([batch, time, d])
          const replace: Record<string, Replacements[string]> = {
            [`blocks.${layer}.hook_resid_pre`]: seen.toTensor(),
            [`blocks.${layer}.attn.hook_pattern`]: looks.toTensor(),
            [`blocks.${layer}.hook_mlp_out`]: none,
            "ln_final.hook_scale": ones
          }
          for (const place of ["ln1", "ln1_post"] as const) {
            if (points[layer]!.norms.includes(place)) replace[`blocks.${layer}.${place}.hook_scale`] = ones
          }
          for (let later = layer + 1; later < n_layers; later++) {
            replace[`blocks.${later}.hook_attn_out`] = none
            replace[`blocks.${later}.hook_mlp_out`] = none
          }
          return replace
        }
      }
    ).scores
  const wide = attributes.length
  const still = scoresOf(new Float32Array(d), 1)
  return scoresOf(rows, facts.count).map((score, at) => score - still[at % wide]!)
}
