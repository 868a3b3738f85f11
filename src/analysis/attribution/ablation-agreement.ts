/**
 * Whether a graph tells what latents do: what it says of ablating each, through all later latents, beside what the model does
 * where the latent's contribution is taken out of the MLP's output and nothing is held fixed.
 */
import * as tf from "@tensorflow/tfjs-core"
import { pearson } from "../../numeric/correlation.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import { unembed } from "../../model/unembed.ts"
import type { AttributionGraph } from "./attribution-graph.ts"
import { finalHook, mlpOut } from "./frozen-pass.ts"
import type { MlpTranscoder } from "./transcoder-set.ts"

/** Fewer latents than this tell no correlation. */
const fewest = 8

/**
 * By latent: how much of the first logit goes with it, where later latents that are active fall and rise with what they read.
 * Latents come in the order of the layers.
 */
export const totalEffects = ({ size, edges, latents, logits }: AttributionGraph): Float64Array => {
  const logit = size - logits.length
  const effects = new Float64Array(latents.length)
  for (let source = latents.length - 1; source >= 0; source--) {
    let effect = edges[logit * size + source]!
    for (let target = source + 1; target < latents.length; target++) {
      const edge = edges[target * size + source]!
      if (edge !== 0) effect += (edge / latents[target]!.activation) * effects[target]!
    }
    effects[source] = effect
  }
  return effects
}

/** Fall of the first logit, less the mean of all, where each of these latents is taken out; synchronous. */
const ablated = (
  model: RunnableModel,
  transcoders: ReadonlyArray<MlpTranscoder>,
  { ids, latents, logits }: AttributionGraph,
  chosen: ReadonlyArray<number>
): ReadonlyArray<number> => {
  const [time, { d_model: d }] = [ids.length, model.info]
  const token = logits[0]!.token
  const logitOf = (replace: NonNullable<Parameters<typeof runModel>[2]["replace"]>): number =>
    tf.tidy(() => {
      const run = runModel(model, { ids, batch: 1, time }, { hooks: [finalHook], replace })
      const last = tf.slice(tf.reshape<tf.Rank.R2>(run.activations[finalHook]!, [time, d]), [time - 1, 0], [1, d])
      const all = unembed(model, last).dataSync<"float32">()
      tf.dispose(run.activations)
      return all[token]! - all.reduce((sum, value) => sum + value, 0) / all.length
    })
  const clean = logitOf({})
  return chosen.map((n) => {
    const { layer, position, latent, activation } = latents[n]!
    const decoder = transcoders[layer]!.weights.W_dec.subarray(latent * d, (latent + 1) * d)
    const out = new Float32Array(time * d)
    for (let i = 0; i < d; i++) out[position * d + i] = activation * decoder[i]!
    return clean - logitOf({ [mlpOut(layer)]: (x) => tf.sub(x, tf.tensor(out, [1, time, d])) })
  })
}

/** Correlation over the latents with the largest effects, at most `most`; undefined where too few are active, or none does anything. */
export const ablationAgreement = (
  model: RunnableModel,
  transcoders: ReadonlyArray<MlpTranscoder>,
  graph: AttributionGraph,
  most: number
): number | undefined => {
  const effects = totalEffects(graph)
  const chosen = Array.from(effects, (_, n) => n)
    .toSorted((a, b) => Math.abs(effects[b]!) - Math.abs(effects[a]!))
    .slice(0, most)
  if (chosen.length < fewest) return undefined
  return pearson(
    chosen.map((n) => effects[n]!),
    ablated(model, transcoders, graph, chosen)
  )
}
