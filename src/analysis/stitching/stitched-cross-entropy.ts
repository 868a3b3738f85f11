/**
 * What stitched SAEs cost the model: next-token cross-entropy with their reconstruction in place of the activation, on the same
 * contexts for all of them. The model runs up to the hook once, and both SAEs encode once.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import { tokenLosses } from "../../model/unembed.ts"
import type { EvaluationContext } from "../../sae/evaluate/evaluation-contexts.ts"
import type { SaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { encodeLatents } from "../latent-codes.ts"
import type { Stitched } from "./stitch-check.ts"
import type { StitchData } from "./stitch-pass.ts"

export interface ContextLosses {
  /** Counted predictions of each context. */
  readonly targets: ReadonlyArray<number>
  /** Of the model as it is: summed over the predictions of each context, nats. */
  readonly clean: ReadonlyArray<number>
  /** The same of each stitched SAE. */
  readonly stitched: ReadonlyArray<ReadonlyArray<number>>
}

const finalHook = "ln_final.hook_normalized"

/** f W_dec + b of the latents that are present: [rows, d_in]. */
const reconstruct = (
  { small, large, W_dec }: StitchData,
  codes: { readonly small: LatentCodes; readonly large: LatentCodes },
  { present, biasShare: t }: Stitched
): Float32Array => {
  const d = small.d_in
  const { rows } = codes.small
  const result = new Float32Array(rows * d)
  const row = new Float64Array(d)
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < d; i++) row[i] = small.b_dec[i]! + t * (large.b_dec[i]! - small.b_dec[i]!)
    for (const [part, first] of [
      [codes.small, 0],
      [codes.large, small.d_sae]
    ] as const) {
      for (let at = part.offsets[r]!; at < part.offsets[r + 1]!; at++) {
        const j = first + part.latents[at]!
        if (present[j] === 0) continue
        const f = part.values[at]!
        for (let i = 0; i < d; i++) row[i]! += f * W_dec[j * d + i]!
      }
    }
    result.set(row, r * d)
  }
  return result
}

/** @param contexts at least one */
export const stitchedCrossEntropy = Effect.fnUntraced(function* (
  model: RunnableModel,
  hook: string,
  contexts: ReadonlyArray<EvaluationContext>,
  data: StitchData,
  saes: { readonly small: SaeModel; readonly large: SaeModel },
  stitched: ReadonlyArray<Stitched>,
  onContexts: (done: number) => void = () => {}
) {
  const targets: Array<number> = []
  const clean: Array<number> = []
  const losses = stitched.map((): Array<number> => [])
  const d = data.small.d_in
  for (const [done, { ids, counted, spliced }] of contexts.entries()) {
    const time = ids.length
    const at = Array.from(counted.keys()).filter((position) => counted[position] === 1)
    const wanted = Int32Array.from(at, (position) => ids[position + 1]!)
    tf.tidy(() => {
      const tokens = { ids, batch: 1, time }
      const where = tf.tensor1d(at, "int32")
      const sumOfLosses = (normalized: tf.Tensor): number =>
        tokenLosses(
          model,
          tf.gather(tf.reshape<tf.Rank.R2>(normalized, [time, model.info.d_model]), where),
          wanted
        ).reduce((sum, loss) => sum + loss, 0)
      const asItIs = runModel(model, tokens, { hooks: [hook, finalHook] }).activations
      const x = asItIs[hook]!.dataSync<"float32">().slice()
      const codes = { small: encodeLatents(x, saes.small), large: encodeLatents(x, saes.large) }
      targets.push(at.length)
      clean.push(sumOfLosses(asItIs[finalHook]!))
      for (const [n, one] of stitched.entries()) {
        const there = reconstruct(data, codes, one)
        for (let p = 0; p < time; p++) {
          if (spliced[p] === 0) there.set(x.subarray(p * d, (p + 1) * d), p * d)
        }
        tf.tidy(() => {
          const run = runModel(model, tokens, {
            hooks: [finalHook],
            replace: { [hook]: tf.tensor(there, asItIs[hook]!.shape) }
          }).activations
          losses[n]!.push(sumOfLosses(run[finalHook]!))
          tf.dispose(run)
        })
      }
      tf.dispose(asItIs)
    })
    onContexts(done + 1)
    yield* breathe
  }
  const result: ContextLosses = { targets, clean, stitched: losses }
  return result
})
