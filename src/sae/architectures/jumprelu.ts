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
import * as tf from "@tensorflow/tfjs-core"
import type { Architecture, Batch, BatchLoss } from "../architecture.ts"
import {
  decoderNorms,
  encoderInput,
  encoderProduct,
  pairsAbove,
  reconstruct,
  weightGradients
} from "../loss/active-pass.ts"
import { pairSums } from "../loss/code-products.ts"

interface L0Penalty {
  readonly loss: number
  /** Derivative by the L0 of each row: [rows]. */
  readonly slope: Float64Array
}

/** Of the penalties that are functions of the rows' L0. */
const l0Penalty = (batch: Batch, l0: Float64Array): L0Penalty => {
  const { options, sparsity } = batch
  const { target_l0: target } = options
  const rows = l0.length
  const mean = l0.reduce((sum, n) => sum + n, 0) / rows
  switch (options.l0_loss) {
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

/** relu(theta - z) |w| of dead latents, on all rows: what goes to their encoder rows, thresholds and norms. */
const deadPreActivations = (
  batch: Batch,
  input: tf.Tensor2D,
  product: tf.Tensor2D,
  norms: Float32Array | undefined
) => {
  const { dead, options, extras } = batch
  const rows = batch.x.shape[0]
  const weight = options.pre_act_coefficient / rows
  const theta = extras["threshold"] as Float32Array
  const at = (values: Float32Array): tf.Tensor1D => tf.tensor1d(Float32Array.from(dead, (j) => values[j] as number))
  const { W_enc, b_enc, short } = tf.tidy(() => {
    const latents = tf.tensor1d(dead, "int32")
    const z = tf.add<tf.Tensor2D>(tf.gather(product, latents, 1), tf.gather(batch.b_enc, latents))
    const size = norms === undefined ? tf.onesLike(at(theta)) : at(norms)
    const below = tf.relu(tf.sub(at(theta), z))
    const dz = tf.mul(tf.cast(tf.greater(below, 0), "float32"), tf.mul(size, -weight)) as tf.Tensor2D
    return {
      W_enc: tf.matMul<tf.Tensor2D>(dz, input, true, false),
      b_enc: tf.sum(dz, 0) as tf.Tensor1D,
      short: tf.sum(below, 0)
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

const loss = (batch: Batch): BatchLoss => {
  const { options, sparsity } = batch
  const rows = batch.x.shape[0]
  const { bandwidth, tanh_scale: scale } = options
  const theta = batch.extras["threshold"] as Float32Array
  const norms = decoderNorms(batch)
  const input = encoderInput(batch)
  const product = encoderProduct(input, batch.W_enc)
  const extra =
    options.pre_act_coefficient > 0 && batch.dead.length > 0
      ? deadPreActivations(batch, input, product, norms?.values)
      : undefined
  const { pattern, z } = pairsAbove(
    product,
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
  const { mse, loss: missed, gradient, dots } = reconstruct(batch, pattern, f)
  const penalty = l0Penalty(batch, l0)
  const tanh = options.l0_loss === "tanh"
  const dz = new Float32Array(z.length)
  const byThreshold = new Float64Array(z.length)
  const byNorm = new Float64Array(norms === undefined ? 0 : z.length)
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
      if (norms !== undefined) byNorm[i] = slope * (f[i] as number)
    }
    if ((f[i] as number) > 0) dz[i] = df
    if (Math.abs((z[i] as number) - t) / bandwidth >= 0.5) continue
    const estimate = (t / bandwidth) * df + (penalty.slope[row[i] as number] as number) / bandwidth
    byThreshold[i] = -estimate
    if (options.ste_to_input) dz[i] = (dz[i] as number) + estimate
  }
  const thresholds = pairSums(pattern, byThreshold)
  let normGradient: ArrayLike<number> = pairSums(pattern, byNorm)
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
    norms: norms === undefined ? undefined : { of: norms, gradient: normGradient },
    more: extra?.more
  })
  return {
    loss: missed + total,
    mse,
    aux_loss: extra?.loss ?? 0,
    pattern,
    activations: f,
    gradients: { ...gradients, extras: { threshold: tf.tensor1d(thresholds) } }
  }
}

export const jumprelu: Architecture = {
  name: "jumprelu",
  extras: ({ d_sae, threshold_init }) => ({ threshold: new Float32Array(d_sae).fill(threshold_init) }),
  nonNegative: ["threshold"],
  memory: () => ({}),
  loss,
  latents: ({ b_enc, extras }, _, scale) => ({
    type: "jumprelu",
    b_enc,
    threshold: (extras["threshold"] as Float32Array<ArrayBuffer>).map((t) => t * scale)
  }),
  threshold: false
}
