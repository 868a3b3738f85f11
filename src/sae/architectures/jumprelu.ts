/**
 * JumpReLU: f = z where z > theta, a threshold per latent that is trained. The step in z has no useful gradient, so the
 * thresholds get that of straight-through estimators with a rectangle K of width `bandwidth` (eps):
 *
 *   df/dtheta = -(theta / eps) K((z - theta) / eps),   dH(z - theta)/dtheta = -(1 / eps) K((z - theta) / eps)
 *
 * and z that of f = z where it fires. Rajamanoharan et al. 2024, arXiv 2407.14435, section 3 and appendix; the tanh penalty,
 * the loss of dead pre-activations and estimators that reach z: Anthropic, January 2025 update. Thresholds are trained as
 * they are and kept at zero or above (SAELens 6.48 and later), so that a run of few steps can move them.
 *
 * Pairs inside the window count as well as those that fire: nothing else has a gradient.
 */
import type * as tf from "@tensorflow/tfjs-core"
import * as Param from "../../stage/param.ts"
import type { SaeArchitecture, Batch, BatchLoss, TrainingMethod } from "../architecture.ts"
import { anthropic } from "../settings/anthropic-preset.ts"
import { dictionaryLearningPenalty } from "../settings/dictionary-learning-preset.ts"
import { penaltyOptions, penaltyProblems } from "../settings/penalty-options.ts"
import { saelensPenalty } from "../settings/saelens-preset.ts"
import { penaltyWeight } from "../settings/schedules.ts"

const options = {
  ...penaltyOptions,
  k: Param.integer({
    default: null,
    minimum: 1,
    description: "target_l0, by the name that others have for it",
    unit: "latents"
  }),
  threshold_init: Param.number({ default: 0.01, minimum: 0, description: "first threshold, in the scale of training" }),
  bandwidth: Param.number({ default: 0.05, minimum: 1e-9, description: "width of the estimators' window" }),
  /**
   * `step`: L0; `target`: (mean L0 / target_l0 - 1)^2 (dictionary_learning); `quadratic`: mean of (L0 - target_l0)^2 * 2 /
   * target_l0 (Gemma Scope 2); `tanh`: sum of tanh(tanh_scale f |w|) (Anthropic).
   */
  l0_loss: Param.choice(["step", "target", "quadratic", "tanh"], {
    default: "step",
    description: "what is penalised: L0, its distance from target_l0 (two ways), or a smooth L0"
  }),
  target_l0: Param.number({
    default: 20,
    minimum: 1e-6,
    description: "wanted latents a row: k, where that is given"
  }),
  tanh_scale: Param.number({ default: 4, minimum: 1e-9, description: "steepness of the smooth L0" }),
  // Anthropic: 3e-6.
  pre_act_coefficient: Param.number({
    default: 0,
    minimum: 0,
    description: "weight of relu(threshold - z) |w| of dead latents"
  }),
  ste_to_input: Param.boolean({
    default: false,
    description: "whether the estimators' gradients reach the encoder too, not only the thresholds"
  })
}
type Own = Param.ParamValues<typeof options>

interface L0Penalty {
  readonly loss: number
  /** Derivative by the L0 of each row: [rows]. */
  readonly slope: Float64Array
}

/** Of the penalties that are functions of the rows' L0. */
const l0Penalty = ({ l0_loss, target_l0: target }: Own, sparsity: number, l0: Float64Array): L0Penalty => {
  const rows = l0.length
  const mean = l0.reduce((sum, n) => sum + n, 0) / rows
  switch (l0_loss) {
    case "step":
      return { loss: sparsity * mean, slope: new Float64Array(rows).fill(sparsity / rows) }
    case "target": {
      const off = mean / target - 1
      return { loss: sparsity * off ** 2, slope: new Float64Array(rows).fill((2 * sparsity * off) / (target * rows)) }
    }
    case "quadratic": {
      const squares = l0.reduce((sum, n) => sum + (n - target) ** 2, 0) / rows
      return {
        loss: ((2 * sparsity) / target) * squares,
        slope: l0.map((n) => ((4 * sparsity) / (target * rows)) * (n - target))
      }
    }
    case "tanh":
      return { loss: 0, slope: new Float64Array(rows) }
  }
}

const load = async (): Promise<TrainingMethod<Own>> => {
  const tf = await import("@tensorflow/tfjs-core")
  const { decoderNorms, encoderInput, pairsAbove, reconstruct, weightGradients } =
    await import("../loss/active-pass.ts")
  const { fixedProduct, productOfRows, sumOfRows } = await import("../../tensor/kernels/fixed-sums.ts")

  /** relu(theta - z) |w| of dead latents, on all rows: what goes to their encoder rows, thresholds and norms. */
  const deadPreActivations = (batch: Batch<Own>, input: tf.Tensor2D, norms: Float32Array | undefined) => {
    const { dead, options, extras } = batch
    const rows = batch.x.shape[0]
    const weight = options.pre_act_coefficient / rows
    const theta = extras["threshold"] as Float32Array
    const at = (values: Float32Array): tf.Tensor1D => tf.tensor1d(Float32Array.from(dead, (j) => values[j] as number))
    const { W_enc, b_enc, short } = tf.tidy(() => {
      const latents = tf.tensor1d(dead, "int32")
      const product = productOfRows(input, tf.gather(batch.W_enc, latents))
      const z = tf.add<tf.Tensor2D>(product, tf.gather(batch.b_enc, latents))
      const size = norms === undefined ? tf.onesLike(at(theta)) : at(norms)
      const below = tf.relu(tf.sub(at(theta), z))
      const dz = tf.mul(tf.cast(tf.greater(below, 0), "float32"), tf.mul(size, -weight)) as tf.Tensor2D
      return {
        W_enc: fixedProduct(dz, input, true),
        b_enc: sumOfRows(tf.ones([rows]), dz),
        short: sumOfRows(tf.ones([rows]), below as tf.Tensor2D)
      }
    })
    const [shortfall, thresholds] = [short.dataSync<"float32">(), b_enc.dataSync<"float32">()]
    short.dispose()
    let loss = 0
    const byThreshold = new Float64Array(theta.length)
    const byNorm = new Float64Array(theta.length)
    for (const [n, j] of dead.entries()) {
      const norm = norms === undefined ? 1 : (norms[j] as number)
      loss += weight * norm * (shortfall[n] as number)
      byThreshold[j] = -(thresholds[n] as number)
      byNorm[j] = weight * (shortfall[n] as number)
    }
    return { loss, more: { latents: dead, W_enc, b_enc }, byThreshold, byNorm }
  }

  const loss = (batch: Batch<Own>): BatchLoss => {
    const { options } = batch
    const sparsity = penaltyWeight(options, batch.step)
    const rows = batch.x.shape[0]
    const { bandwidth, tanh_scale: scale } = options
    const theta = batch.extras["threshold"] as Float32Array
    const norms = decoderNorms(batch)
    const input = encoderInput(batch)
    const extra =
      options.pre_act_coefficient > 0 && batch.dead.length > 0
        ? deadPreActivations(batch, input, norms?.values)
        : undefined
    const { pattern, z, candidates } = pairsAbove(
      batch,
      input,
      batch.b_enc,
      theta.map((t) => t - bandwidth / 2)
    )
    const { row, latent } = pattern
    const f = new Float32Array(z.length)
    const l0 = new Float64Array(rows)
    for (let i = 0; i < z.length; i++) {
      if (!((z[i] as number) > (theta[latent[i] as number] as number))) continue
      f[i] = z[i] as number
      const r = row[i] as number
      l0[r] = (l0[r] as number) + 1
    }
    const { mse, loss: missed, gradient, dots, columns } = reconstruct(batch, pattern, f)
    const penalty = l0Penalty(options, sparsity, l0)
    const tanh = options.l0_loss === "tanh"
    const dz = new Float32Array(z.length)
    // By latent, in f64 and rounded once.
    const byThreshold = new Float64Array(theta.length)
    const byNorm = new Float64Array(norms === undefined ? 0 : theta.length)
    let total = penalty.loss
    for (let i = 0; i < z.length; i++) {
      const j = latent[i] as number
      const t = theta[j] as number
      const norm = norms === undefined ? 1 : (norms.values[j] as number)
      let df = dots[i] as number
      if (tanh) {
        const value = Math.tanh(scale * (f[i] as number) * norm)
        const slope = (sparsity / rows) * scale * (1 - value * value)
        total += (sparsity / rows) * value
        df += slope * norm
        if (norms !== undefined) byNorm[j] = (byNorm[j] as number) + slope * (f[i] as number)
      }
      if ((f[i] as number) > 0) dz[i] = df
      if (Math.abs((z[i] as number) - t) / bandwidth >= 0.5) continue
      const estimate = (t / bandwidth) * df + (penalty.slope[row[i] as number] as number) / bandwidth
      byThreshold[j] = (byThreshold[j] as number) - estimate
      if (options.ste_to_input) dz[i] = (dz[i] as number) + estimate
    }
    const thresholds = Float32Array.from(byThreshold)
    let normGradient: ArrayLike<number> = Float32Array.from(byNorm)
    if (extra !== undefined) {
      for (let j = 0; j < thresholds.length; j++) {
        thresholds[j] = (thresholds[j] as number) + (extra.byThreshold[j] as number)
      }
      normGradient = Float64Array.from(normGradient, (g, j) => g + (extra.byNorm[j] as number))
      total += extra.loss
    }
    const gradients = weightGradients(batch, input, {
      pattern,
      dz,
      decoder: { pattern, value: f, x: gradient },
      columns,
      norms: norms === undefined ? undefined : { of: norms, gradient: normGradient },
      more: extra?.more
    })
    return {
      loss: missed + total,
      mse,
      aux_loss: extra?.loss ?? 0,
      pattern,
      activations: f,
      candidates,
      gradients: { ...gradients, extras: { threshold: tf.tensor1d(thresholds) } }
    }
  }
  return { loss }
}

const jumprelu: SaeArchitecture<typeof options> = {
  name: "jumprelu",
  summary: "trained thresholds",
  options,
  defaults: { reconstruction: "sum", l0_loss: "target", sparsity_coefficient: 1 },
  presets: {
    dictionary_learning: {
      ...dictionaryLearningPenalty,
      lr: 7e-5,
      beta1: 0,
      clip: 1,
      b_dec_init: "zero",
      apply_b_dec_to_input: false,
      threshold_init: 0.001,
      bandwidth: 0.001,
      l0_loss: "target",
      target_l0: 20,
      sparsity_coefficient: 1
    },
    saelens: { ...saelensPenalty, threshold_init: 0.01, bandwidth: 0.05, l0_loss: "step", sparsity_coefficient: 1 },
    // Lieberum et al. 2024, arXiv 2408.05147, section 3: the L0 weight differs from SAE to SAE and has to be given.
    gemma_scope: {
      batch_rows: 4096,
      lr: 7e-5,
      beta1: 0,
      beta2: 0.999,
      // Steps of its SAEs of 16k latents: 4 * 10^9 rows in batches of 4096.
      warmup: 1000 / 976_562,
      warmup_from: 0.1,
      warmup_shape: "cosine",
      decay: 0,
      sparsity_warmup: 10_000 / 976_562,
      normalize: "mean_square",
      reconstruction: "sum",
      b_dec_init: "zero",
      apply_b_dec_to_input: false,
      threshold_init: 0.001,
      bandwidth: 0.001,
      l0_loss: "step"
    },
    anthropic_january_2025: {
      ...anthropic,
      threshold_init: 0.1,
      bandwidth: 2,
      l0_loss: "tanh",
      tanh_scale: 4,
      ste_to_input: true,
      pre_act_coefficient: 3e-6,
      sparsity_warmup: 1
    }
  },
  implied: (_, { k, target_l0 }) => (k === undefined || k === null || target_l0 !== undefined ? {} : { target_l0: k }),
  problems: (asked) => penaltyProblems("jumprelu", asked),
  sparseBy: "penalty",
  endToEnd: ["sparsity_coefficient", "l0_loss", "target_l0", "bandwidth"],
  extras: ({ d_sae, threshold_init }) => ({ threshold: new Float32Array(d_sae).fill(threshold_init) }),
  nonNegative: ["threshold"],
  latentType: "jumprelu",
  latents: ({ b_enc, extras }) => ({
    type: "jumprelu",
    b_enc,
    threshold: extras["threshold"] as Float32Array<ArrayBuffer>
  }),
  load
}

export default jumprelu
