/**
 * Matching pursuit: the latent whose decoder row has the largest product with what is left of a row fires with that product,
 * which is taken from what is left, and so on; the gradient goes back through all of it. Costa et al. 2025, "MP-SAE";
 * SAELens `matching_pursuit`, whose decoder rows are free: here they keep norm one, as the pursuit wants them.
 *
 * Which latent comes next is an f32 product's to suggest and an f64 one's to decide, so that it does not depend on who
 * multiplied. A step takes as many products with the whole dictionary as there are iterations: set `max_iterations`.
 */
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core"
import * as Param from "../../stage/param.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"
import type { SaeArchitecture, Batch, BatchLoss, TrainingMethod } from "../architecture.ts"
import { saelensShared } from "../settings/saelens-preset.ts"

const options = {
  residual_threshold: Param.number({
    default: 0.01,
    minimum: 0,
    description: "a row is done when less than this is left of it (its norm, in the scale of training); 0: never"
  }),
  max_iterations: Param.integer({
    default: null,
    minimum: 1,
    description: "choices a row, at most, and so its active latents; null: d_in"
  }),
  stop_on_duplicate_support: Param.boolean({
    default: true,
    description: "whether a row is done when it chooses a latent that it has already"
  })
}
type Own = Param.ParamValues<typeof options>

/** Latents that an f32 product suggests; the largest of them by an f64 one is chosen. */
const suggested = 4

interface Choice {
  readonly latent: number
  readonly value: number
}

/** Rows in f64, and what each has chosen, in order. */
interface Pursuit {
  /** What is left, [rows * d_in]. */
  readonly left: Float64Array
  readonly choices: ReadonlyArray<ReadonlyArray<Choice>>
}

const dot = (a: ArrayLike<number>, a0: number, b: ArrayLike<number>, b0: number, n: number): number => {
  let sum = 0
  for (let c = 0; c < n; c++) sum += (a[a0 + c] as number) * (b[b0 + c] as number)
  return sum
}

const addTimes = (
  into: Float64Array,
  i0: number,
  factor: number,
  b: ArrayLike<number>,
  b0: number,
  n: number
): void => {
  for (let c = 0; c < n; c++) into[i0 + c] = (into[i0 + c] as number) + factor * (b[b0 + c] as number)
}

/** @param suggest `suggested` latents or fewer for each row of what is left, row after row */
const pursue = (
  input: Float32Array,
  W_dec: Float32Array,
  d_in: number,
  { residual_threshold, max_iterations, stop_on_duplicate_support }: Own,
  suggest: (left: Float32Array) => Int32Array
): Pursuit => {
  const rows = input.length / d_in
  const left = Float64Array.from(input)
  const choices = Array.from({ length: rows }, (): Array<Choice> => [])
  const open = new Set(choices.keys())
  for (let n = 0; n < (max_iterations ?? d_in) && open.size > 0; n++) {
    const latents = suggest(Float32Array.from(left))
    const each = latents.length / rows
    for (const row of open) {
      const start = row * d_in
      let best = { latent: -1, value: 0 }
      for (let i = row * each; i < (row + 1) * each; i++) {
        const latent = latents[i] as number
        const value = dot(left, start, W_dec, latent * d_in, d_in)
        if (value > best.value || (value === best.value && latent < best.latent)) best = { latent, value }
      }
      const own = choices[row] as Array<Choice>
      const known = best.latent < 0 || own.some(({ latent }) => latent === best.latent)
      if (best.latent >= 0) {
        own.push(best)
        addTimes(left, start, -best.value, W_dec, best.latent * d_in, d_in)
      }
      const rest = Math.sqrt(dot(left, start, left, start, d_in))
      if ((stop_on_duplicate_support && known) || rest < residual_threshold) open.delete(row)
    }
  }
  return { left, choices }
}

/**
 * Gradients of W_dec, of the latents that were chosen, and of b_dec. With r' = r - v d, v = r d, and g = dL/dr': dL/dv = -g d,
 * dL/dd = -v g + dL/dv r, dL/dr = g + dL/dv d.
 *
 * @param pursuit `left` is brought back to the rows as they came
 * @param gradient of what was left, [rows * d_in], changed to that of the rows as they came
 */
const backward = ({ left, choices }: Pursuit, gradient: Float64Array, W_dec: Float32Array, d_in: number) => {
  const byRow = new Map<number, Float64Array>()
  const b_dec = new Float64Array(d_in)
  for (const [row, own] of choices.entries()) {
    const start = row * d_in
    for (const { latent, value } of own.toReversed()) {
      const sum = byRow.get(latent) ?? new Float64Array(d_in)
      byRow.set(latent, sum)
      const at = latent * d_in
      const byValue = -dot(gradient, start, W_dec, at, d_in)
      addTimes(left, start, value, W_dec, at, d_in)
      addTimes(sum, 0, -value, gradient.subarray(start), 0, d_in)
      addTimes(sum, 0, byValue, left.subarray(start), 0, d_in)
      addTimes(gradient, start, byValue, W_dec, at, d_in)
    }
    addTimes(b_dec, 0, -1, gradient.subarray(start), 0, d_in)
  }
  return { byRow, b_dec }
}

const load = async (): Promise<TrainingMethod<Own>> => {
  const tf = await import("@tensorflow/tfjs-core")
  const { topKRows } = await import("../../tensor/kernels/sparse-kernels.ts")
  const { makePattern } = await import("../../tensor/kernels/sparse-pattern.ts")
  const { encoderInput } = await import("../loss/active-pass.ts")
  const { reconstructionWeight } = await import("../loss/reconstruction-weight.ts")

  const floats = (tensor: Tensor1D | Tensor2D): Float32Array => tensor.dataSync<"float32">() as Float32Array

  const loss = (batch: Batch<Own>): BatchLoss => {
    const [rows, d_in] = batch.x.shape
    const [d_sae] = batch.W_dec.shape
    const input = tf.tidy(() => floats(encoderInput(batch)))
    const [W_dec, x, target] = [floats(batch.W_dec), floats(batch.x), floats(batch.target)]
    const pursuit = pursue(input, W_dec, d_in, batch.options, (left) => {
      const codes = tf.tidy(() => {
        const product = tf.matMul<Tensor2D>(tf.tensor2d(left, [rows, d_in]), batch.W_dec, false, true)
        const { value, latent } = topKRows(product, Math.min(suggested, d_sae))
        value.dispose()
        return latent
      })
      return codes
    })
    const weight = reconstructionWeight(batch.options, batch.variance, d_in)
    // The output is x less what is left.
    const missed = pursuit.left.map((rest, i) => (x[i] as number) - rest - (target[i] as number))
    const mse = missed.reduce((sum, e) => sum + e * e, 0) / rows
    const { byRow, b_dec } = backward(
      pursuit,
      missed.map((e) => ((-2 * weight) / rows) * e),
      W_dec,
      d_in
    )
    const gradient = new Float32Array(d_sae * d_in)
    for (const [latent, sum] of byRow) gradient.set(sum, latent * d_in)

    const rowStart = new Int32Array(rows + 1)
    const pairs = pursuit.choices.flatMap((own, row) => {
      const sums = new Map<number, number>()
      for (const { latent, value } of own) sums.set(latent, (sums.get(latent) ?? 0) + value)
      rowStart[row + 1] = (rowStart[row] as number) + sums.size
      return [...sums].toSorted(([a], [b]) => a - b)
    })
    return {
      loss: weight * mse,
      mse,
      aux_loss: 0,
      pattern: makePattern(
        d_sae,
        rowStart,
        Int32Array.from(pairs, ([latent]) => latent)
      ),
      activations: Float32Array.from(pairs, ([, value]) => value),
      gradients: {
        // The encoder is the decoder: all of its gradient is there.
        W_enc: tf.zerosLike(batch.W_enc),
        b_enc: tf.zerosLike(batch.b_enc),
        W_dec: tf.tensor2d(gradient, [d_sae, d_in]),
        // Of the output's b_dec too, which is in the rows as they came.
        b_dec: tf.tensor1d(Float32Array.from(b_dec)),
        extras: {}
      }
    }
  }
  return { loss }
}

const matchingPursuit: SaeArchitecture<typeof options> = {
  name: "matching_pursuit",
  summary: "the latent that explains most of what is left, again and again",
  options,
  defaults: { tied: true },
  presets: { saelens: { ...saelensShared, tied: true, residual_threshold: 0.01 } },
  problems: ({ tied, decoder_norm, apply_b_dec_to_input }, task) => {
    const problems: Array<ParamProblem> = []
    const wrong = (param: string, problem: string) => problems.push({ param, problem: `matching_pursuit ${problem}` })
    if (task !== "autoencoder") wrong("architecture", `is for autoencoders, not for a ${task}`)
    if (!tied) wrong("tied", "has its decoder for an encoder: tied is true")
    if (decoder_norm === "free") wrong("decoder_norm", "takes decoder rows of norm one")
    if (!apply_b_dec_to_input) wrong("apply_b_dec_to_input", "adds b_dec where it has been subtracted")
    return problems
  },
  sparseBy: "pursuit",
  endToEnd: ["residual_threshold", "max_iterations", "stop_on_duplicate_support"],
  latentType: "matching_pursuit",
  latents: ({ scale }, { residual_threshold, max_iterations, stop_on_duplicate_support }) => ({
    type: "matching_pursuit",
    residual_threshold: residual_threshold * scale,
    max_iterations,
    stop_on_duplicate_support
  }),
  load
}

export default matchingPursuit
