/**
 * AdamW (Loshchilov and Hutter 2019) on plain arrays, with clipping of the global gradient norm.
 *
 * Plain arrays because a language model of this size is small: one pass costs a few per cent of a step, the state goes
 * into a checkpoint as it is, and the update does not depend on the engine.
 */
export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Applied to parameters with two or more axes only. */
  readonly weightDecay: number
  /** Greatest global norm of the gradient. */
  readonly clip: number
}

export interface AdamWSlot {
  readonly value: Float32Array<ArrayBuffer>
  readonly m: Float32Array<ArrayBuffer>
  readonly v: Float32Array<ArrayBuffer>
  readonly decay: boolean
}

/**
 * One update in place.
 *
 * @param step counts from 1
 * @returns the gradient norm before clipping
 * @throws RangeError when the gradient is not finite: nothing has been changed then
 */
export const adamWStep = (
  slots: ReadonlyArray<AdamWSlot>,
  gradients: ReadonlyArray<Float32Array>,
  step: number,
  lr: number,
  options: AdamWOptions
): number => {
  let squared = 0
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) squared += gradient[i]! * gradient[i]!
  const norm = Math.sqrt(squared)
  if (!Number.isFinite(norm)) throw new RangeError(`the gradient is not finite at step ${step}`)
  const scale = norm > options.clip ? options.clip / norm : 1
  const { beta1, beta2, epsilon } = options
  const size = (lr * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step)
  const eps = epsilon * Math.sqrt(1 - beta2 ** step)
  for (const [s, { value, m, v, decay }] of slots.entries()) {
    const gradient = gradients[s] as Float32Array
    const keep = decay ? 1 - lr * options.weightDecay : 1
    for (let i = 0; i < value.length; i++) {
      const g = gradient[i]! * scale
      const mi = (m[i] = beta1 * m[i]! + (1 - beta1) * g)
      const vi = (v[i] = beta2 * v[i]! + (1 - beta2) * g * g)
      value[i] = keep * value[i]! - (size * mi) / (Math.sqrt(vi) + eps)
    }
  }
  return norm
}
