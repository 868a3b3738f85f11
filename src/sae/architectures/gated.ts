/**
 * Gated SAE: which latents fire is decided apart from how strongly. With pi = (x - b_dec) W_enc:
 *
 *   f = [pi + b_gate > 0] relu(exp(r_mag) pi + b_mag)
 *   loss = |x - f W_dec - b_dec|^2 + lambda sum relu(pi + b_gate) + |x - relu(pi + b_gate) sg(W_dec) - sg(b_dec)|^2
 *
 * The gate's step has no gradient; b_gate learns from the last two terms. Rajamanoharan et al. 2024, arXiv 2404.16014,
 * section 3.2 and 3.3; dictionary_learning `trainers/gdm.py`. SAELens lets the last term reach W_dec and b_dec.
 */
import type { ParamValues } from "../../stage/param.ts"
import type { SaeArchitecture, Batch, BatchLoss, TrainingMethod } from "../architecture.ts"
import { dictionaryLearningPenalty } from "../settings/dictionary-learning-preset.ts"
import { penaltyOptions, penaltyProblems } from "../settings/penalty-options.ts"
import { saelensPenalty } from "../settings/saelens-preset.ts"
import { penaltyWeight } from "../settings/schedules.ts"

type Own = ParamValues<typeof penaltyOptions>

const load = async (): Promise<TrainingMethod<Own>> => {
  const tf = await import("@tensorflow/tfjs-core")
  const { decoderNorms, encoderInput, pairsAbove, reconstructBoth, weightGradients } =
    await import("../loss/active-pass.ts")

  const loss = (batch: Batch<Own>): BatchLoss => {
    const rows = batch.x.shape[0]
    const extra = (name: string): Float32Array => batch.extras[name] as Float32Array
    const [b_gate, b_mag] = [extra("b_gate"), extra("b_mag")]
    const scale = Float64Array.from(extra("r_mag"), Math.exp)
    const input = encoderInput(batch)
    const gateBias = tf.tensor1d(b_gate)
    const { pattern, z: gate, candidates } = pairsAbove(batch, input, gateBias, 0)
    gateBias.dispose()
    const { latent } = pattern
    const f = new Float32Array(gate.length)
    const pi = new Float32Array(gate.length)
    for (let i = 0; i < f.length; i++) {
      const j = latent[i] as number
      pi[i] = (gate[i] as number) - (b_gate[j] as number)
      f[i] = Math.max(0, (scale[j] as number) * (pi[i] as number) + (b_mag[j] as number))
    }
    const { others: byGate, ...main } = reconstructBoth(batch, pattern, f, gate)
    const norms = decoderNorms(batch)
    const weight = penaltyWeight(batch.options, batch.step) / rows
    const dz = new Float32Array(f.length)
    // By latent, in f64 and rounded once.
    const sums = (): Float64Array => new Float64Array(b_gate.length)
    const [byGateBias, byMagBias, byScale, byNorm] = [sums(), sums(), sums(), sums()] as const
    let total = 0
    for (let i = 0; i < f.length; i++) {
      const j = latent[i] as number
      const norm = norms === undefined ? 1 : (norms.values[j] as number)
      total += (gate[i] as number) * norm
      if (norms !== undefined) byNorm[j] = (byNorm[j] as number) + weight * (gate[i] as number)
      const dGate = (byGate.dots[i] as number) + weight * norm
      byGateBias[j] = (byGateBias[j] as number) + dGate
      dz[i] = dGate
      if (!((f[i] as number) > 0)) continue
      const dMag = main.dots[i] as number
      byMagBias[j] = (byMagBias[j] as number) + dMag
      byScale[j] = (byScale[j] as number) + dMag * (scale[j] as number) * (pi[i] as number)
      dz[i] = dGate + dMag * (scale[j] as number)
    }
    const { b_enc, ...gradients } = weightGradients(batch, input, {
      pattern,
      dz,
      decoder: { pattern, value: f, x: main.gradient },
      columns: main.columns,
      norms: norms === undefined ? undefined : { of: norms, gradient: Float32Array.from(byNorm) }
    })
    // Gate and magnitude have biases of their own; b_enc stays at zero.
    const none = tf.zerosLike(b_enc)
    b_enc.dispose()
    return {
      loss: main.loss + weight * total + byGate.loss,
      mse: main.mse,
      aux_loss: byGate.loss,
      pattern,
      activations: f,
      candidates,
      gradients: {
        ...gradients,
        b_enc: none,
        extras: {
          b_gate: tf.tensor1d(Float32Array.from(byGateBias)),
          b_mag: tf.tensor1d(Float32Array.from(byMagBias)),
          r_mag: tf.tensor1d(Float32Array.from(byScale))
        }
      }
    }
  }
  return { loss }
}

const gated: SaeArchitecture<typeof penaltyOptions> = {
  name: "gated",
  summary: "a gate decides which latents fire, apart from how strongly",
  options: penaltyOptions,
  defaults: { reconstruction: "sum", sparsity_coefficient: 0.1 },
  presets: {
    dictionary_learning: {
      ...dictionaryLearningPenalty,
      lr: 5e-5,
      beta1: 0,
      b_dec_init: "zero",
      sparsity_coefficient: 0.1
    },
    saelens: { ...saelensPenalty, sparsity_coefficient: 1 }
  },
  problems: (options) => penaltyProblems("gated", options),
  sparseBy: "penalty",
  extras: ({ d_sae }) => ({
    b_gate: new Float32Array(d_sae),
    b_mag: new Float32Array(d_sae),
    r_mag: new Float32Array(d_sae)
  }),
  latentType: "gated",
  latents: ({ extras }) => {
    const own = (name: string) => extras[name] as Float32Array<ArrayBuffer>
    return { type: "gated", b_gate: own("b_gate"), b_mag: own("b_mag"), r_mag: own("r_mag") }
  },
  load
}

export default gated
