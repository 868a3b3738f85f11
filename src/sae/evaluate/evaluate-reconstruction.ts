/**
 * How well an SAE reconstructs rows, and how its latents fire, in one pass over the rows in f64. All expectations are
 * over the whole set: an average of per-batch ratios is another number.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { RowBatch, RowSet } from "../../kinds/activations/activations.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { LatentStatistics } from "../../kinds/evaluation/evaluation.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { encodeRows, type SaeModel } from "../sae-model.ts"
import type { HeldOutUnits } from "./held-out-units.ts"
import { makeReconstructionNoise } from "./reconstruction-noise.ts"

/** As much of a set of rows as is read here. */
export interface EvaluatedRows {
  readonly batches: number
  readonly readBatch: (
    index: number
  ) => Effect.Effect<Pick<RowBatch, "first" | "rows" | "activation" | "document" | "position">, ArtifactError>
}

export interface Reconstruction {
  readonly rows: number
  /** Mean number of latents that fire. */
  readonly l0: number
  /** Mean |x - x_hat|^2, summed over the numbers of a row. */
  readonly mse: number
  /** 1 - E|x - x_hat|^2 / (E|x|^2 - |E x|^2): the textbook definition, the mean being that of the whole set. */
  readonly explained_variance: number
  /**
   * Mean over rows of 1 - |x - x_hat|^2 / |x - batch mean|^2: what SAEBench, SAELens before 6.45 and OpenMOSS print. It
   * depends on the batches (here: of `encodeRows` rows). For comparison with published numbers alone.
   */
  readonly explained_variance_legacy: number
  /** Mean cosine of x and x_hat; 0 for a row whose reconstruction is zero. */
  readonly cosine: number
  readonly latents: LatentStatistics
  /** Of `l0`, `mse`, `cosine` and `explained_variance`, where units were given and there are enough of them. */
  readonly intervals: Readonly<Record<string, Interval | undefined>>
  /** Of the columns of each of `parts`. */
  readonly parts: ReadonlyArray<Pick<Reconstruction, "mse" | "explained_variance" | "cosine">>
}

/** Sums that the metrics follow from; `add` takes rows and their reconstructions, row-major. */
export const makeReconstructionSums = (d_in: number) => {
  // Sums are taken about the first row: with a large mean, |x|^2 and |E x|^2 agree in so many digits that their
  // difference would have few.
  let pivot: Float64Array | undefined
  const sum = new Float64Array(d_in)
  let rows = 0
  let square = 0
  let error = 0
  let legacy = 0
  let cosine = 0
  const add = (x: Float32Array, xHat: Float32Array): void => {
    const count = x.length / d_in
    pivot ??= Float64Array.from(x.subarray(0, d_in))
    const mean = new Float64Array(d_in)
    for (let i = 0; i < x.length; i++) mean[i % d_in] = (mean[i % d_in] as number) + (x[i] as number) / count
    for (let row = 0; row < count; row++) {
      let missed = 0
      let spread = 0
      let xx = 0
      let yy = 0
      let xy = 0
      for (let c = 0; c < d_in; c++) {
        const a = x[row * d_in + c] as number
        const b = xHat[row * d_in + c] as number
        const shifted = a - (pivot[c] as number)
        sum[c] = (sum[c] as number) + shifted
        square += shifted * shifted
        missed += (a - b) ** 2
        spread += (a - (mean[c] as number)) ** 2
        xx += a * a
        yy += b * b
        xy += a * b
      }
      error += missed
      legacy += spread > 0 ? 1 - missed / spread : 0
      cosine += xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0
    }
    rows += count
  }
  /** NaN for the explained variances where the rows have no variance. */
  const result = () => {
    let meanSquare = 0
    for (const s of sum) meanSquare += (s / rows) ** 2
    const variance = square / rows - meanSquare
    return {
      rows,
      mse: error / rows,
      variance,
      explained_variance: variance > 0 ? 1 - error / rows / variance : Number.NaN,
      explained_variance_legacy: variance > 0 ? legacy / rows : Number.NaN,
      cosine: cosine / rows
    }
  }
  return { add, result }
}

export interface ReconstructionOptions {
  /** Of a transcoder: what each row of the set has to become, row by row. */
  readonly target?: RowSet | undefined
  /** Widths of what stands side by side in an output row, each of which is also measured alone. */
  readonly parts?: ReadonlyArray<number>
  /** What intervals are over; none without it. */
  readonly units?: HeldOutUnits
  /** Told the number of rows done so far. */
  readonly onRows?: (done: number) => void
}

export const evaluateReconstruction = (
  sae: SaeModel,
  set: EvaluatedRows,
  { target, parts = [], units, onRows = () => {} }: ReconstructionOptions = {}
): Effect.Effect<Reconstruction, ArtifactError> =>
  Effect.gen(function* () {
    const { d_in, d_out, d_sae } = sae
    const step = encodeRows(d_sae)
    const sums = makeReconstructionSums(d_out)
    const columns = columnsOf(parts)
    const partSums = parts.map(makeReconstructionSums)
    const fired = new Float64Array(d_sae)
    const total = new Float64Array(d_sae)
    const max = new Float64Array(d_sae)
    const noise = units && makeReconstructionNoise(units, d_out)
    let active = 0
    for (let index = 0; index < set.batches; index++) {
      const batch = yield* set.readBatch(index)
      const wanted = target === undefined ? batch.activation : yield* target.loadRows(batch.first, batch.rows)
      for (let first = 0; first < batch.rows; first += step) {
        const last = Math.min(batch.rows, first + step)
        const { xHat, codes, values, fires } = run(sae, batch.activation.subarray(first * d_in, last * d_in))
        const x = wanted.subarray(first * d_out, last * d_out)
        sums.add(x, xHat)
        for (const [m, column] of columns.entries()) partSums[m]?.add(cut(x, d_out, column), cut(xHat, d_out, column))
        noise?.add(
          { document: batch.document.subarray(first, last), position: batch.position.subarray(first, last) },
          x,
          xHat,
          fires
        )
        active += values.length
        for (let i = 0; i < values.length; i++) {
          const j = codes[i] as number
          const value = values[i] as number
          fired[j] = (fired[j] as number) + 1
          total[j] = (total[j] as number) + value
          if (value > (max[j] as number)) max[j] = value
        }
      }
      onRows(batch.first + batch.rows)
    }
    const { rows, mse, explained_variance, explained_variance_legacy, cosine } = sums.result()
    return {
      rows,
      l0: active / rows,
      mse,
      explained_variance,
      explained_variance_legacy,
      cosine,
      intervals: noise?.intervals(Rng.make(0, "intervals of reconstruction")) ?? {},
      parts: partSums.map((part) => part.result()),
      latents: {
        density: fired.map((count) => count / rows),
        mean_active: total.map((sum, j) => (fired[j] === 0 ? 0 : sum / (fired[j] as number))),
        max
      }
    }
  })

interface Columns {
  readonly start: number
  readonly width: number
}

const columnsOf = (widths: ReadonlyArray<number>): ReadonlyArray<Columns> =>
  widths.map((width, m) => ({ start: widths.slice(0, m).reduce((sum, other) => sum + other, 0), width }))

/** Those columns of rows of `d` numbers. */
const cut = (rows: Float32Array, d: number, { start, width }: Columns): Float32Array => {
  const result = new Float32Array((rows.length / d) * width)
  for (let row = 0; row * d < rows.length; row++) {
    result.set(rows.subarray(row * d + start, row * d + start + width), row * width)
  }
  return result
}

const run = (sae: SaeModel, rows: Float32Array) => {
  const kept: { latent: Int32Array; values: Float32Array; fires: Int32Array } = {
    latent: new Int32Array(0),
    values: new Float32Array(0),
    fires: new Int32Array(0)
  }
  const xHat = tf.tidy(() => {
    const x = tf.tensor2d(rows.slice(), [rows.length / sae.d_in, sae.d_in])
    const codes = sae.encode(x)
    kept.latent = codes.latent
    kept.fires = Int32Array.from({ length: codes.rows }, (_, row) => codes.rowStart[row + 1]! - codes.rowStart[row]!)
    kept.values = codes.value.dataSync<"float32">()
    return sae.decode(codes, x)
  })
  const values = xHat.dataSync<"float32">()
  xHat.dispose()
  return { xHat: values, codes: kept.latent, values: kept.values, fires: kept.fires }
}
