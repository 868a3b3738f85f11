/**
 * How well given directions do in the place of a meta-SAE's own: each decoder row becomes the direction nearest to it, stays as it
 * is, and the rest is trained on. With latents of a smaller SAE the loss is small where meta-latents are what a smaller SAE
 * finds ("Showing SAE latents are not atomic using meta-SAEs", 2024); with random directions it is what any others give.
 */
import * as Effect from "effect/Effect"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { storedFromWeights } from "../../kinds/sae/stored/stored-from-weights.ts"
import { matrixRows } from "../../activations/row-source.ts"
import batchTopk from "../../sae/architectures/batch-topk.ts"
import { makeSaeModel } from "../../sae/sae-model.ts"
import { trainSae } from "../../sae/training/train-sae.ts"
import { defaultsFor } from "../../sae/training-options.ts"
import { nearestRows, unitRows } from "../decoder-cosine.ts"
import { explainedVariance, explainedVarianceInterval } from "../explained-variance.ts"
import { encodeLatents } from "../latent-codes.ts"
import { reconstructLatents } from "../reconstruct-latents.ts"

export interface FixedDecoderOptions {
  readonly k: number
  readonly steps: number
  readonly batch_rows: number
  readonly lr: number
  readonly seed: number
}

/**
 * @param rows unit decoder rows of the base SAE, [n, d]
 * @param meta the meta-SAE, which is where training begins
 * @param directions [m, d]
 */
export const fixedDecoderVariance = Effect.fnUntraced(function* (
  rows: Float32Array<ArrayBuffer>,
  meta: SaeWeights,
  directions: Float32Array<ArrayBuffer>,
  options: FixedDecoderOptions,
  onSteps: (done: number) => void = () => {}
) {
  const d = meta.d_in
  const unit = unitRows(directions, d)
  const W_dec = new Float32Array(meta.W_dec.length)
  nearestRows(meta.W_dec, unit, d).index.forEach((from, j) => {
    W_dec.set(unit.subarray(from * d, (from + 1) * d), j * d)
  })
  const threshold = meta.threshold?.[0] ?? 0
  const init = {
    ...storedFromWeights({ ...meta, W_dec }, {}),
    latents: { type: "batch_topk", b_enc: meta.b_enc, k: options.k, threshold, groups: null } as const
  }
  const trained = yield* trainSae(
    matrixRows(rows, d),
    {
      ...defaultsFor(batchTopk),
      ...options,
      architecture: batchTopk,
      d_sae: meta.d_sae,
      warmup: 0,
      decay: 0,
      normalize: "none" as const,
      freeze: "decoder" as const
    },
    { progress: ({ done }) => onSteps(done) },
    init
  )
  const model = makeSaeModel(trained.weights)
  const codes = encodeLatents(rows, model)
  model.dispose()
  const reconstruction = reconstructLatents(codes, trained.weights)
  return {
    explained: explainedVariance(rows, reconstruction, d),
    interval: explainedVarianceInterval(rows, reconstruction, d)
  }
})
