/** The loss of SAEs that are sparse by a penalty on relu(z). */
import type { Batch, BatchLoss } from "../architecture.ts"
import { decoderNorms, encoderInput, pairsAbove, reconstruct, weightGradients } from "./active-pass.ts"
import { pairSums } from "./code-products.ts"

/** A penalty on single activations: its value and derivative at f > 0. */
export interface ActivationPenalty {
  readonly value: (f: number) => number
  readonly slope: (f: number) => number
}

/** The loss of an SAE whose latents are relu(z), with a penalty of this weight. */
export const reluLoss = (batch: Batch, penalty: ActivationPenalty, sparsity: number): BatchLoss => {
  const rows = batch.x.shape[0]
  const input = encoderInput(batch)
  const { pattern, z: f, candidates } = pairsAbove(batch, input, batch.b_enc, 0)
  const { mse, loss, gradient, dots, columns } = reconstruct(batch, pattern, f)
  const norms = decoderNorms(batch)
  const weight = sparsity / rows
  const dz = new Float32Array(f.length)
  const byNorm = norms === undefined ? undefined : new Float64Array(f.length)
  let total = 0
  for (let i = 0; i < f.length; i++) {
    const norm = norms === undefined ? 1 : (norms.values[pattern.latent[i] as number] as number)
    const scaled = (f[i] as number) * norm
    const slope = penalty.slope(scaled)
    total += penalty.value(scaled)
    dz[i] = (dots[i] as number) + weight * slope * norm
    if (byNorm !== undefined) byNorm[i] = weight * slope * (f[i] as number)
  }
  const gradients = weightGradients(batch, input, {
    pattern,
    dz,
    decoder: { pattern, value: f, x: gradient },
    columns,
    norms: norms === undefined ? undefined : { of: norms, gradient: pairSums(pattern, byNorm as Float64Array) }
  })
  return {
    loss: loss + weight * total,
    mse,
    aux_loss: 0,
    pattern,
    activations: f,
    candidates,
    gradients: { ...gradients, extras: {} }
  }
}
