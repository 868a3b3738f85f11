/** Reads a dashboard by row range: one record batch of latents with their examples at a time. */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { openArrow } from "../../format/arrow/arrow-reader.ts"
import { type DashboardHandle, examplesFileName, latentsFileName } from "./dashboard.ts"
import { type DashboardShape, exampleColumns, histogramBins, latentColumns } from "./dashboard-columns.ts"

export interface DashboardExample {
  readonly group: number
  readonly position: number
  readonly pivot: number
  readonly tokens: ReadonlyArray<number>
  readonly activations: ReadonlyArray<number>
}

export type Weighted = readonly [id: number, weight: number]

export interface DashboardLatent {
  readonly latent: number
  readonly count: number
  readonly max: number
  readonly cosine: number
  readonly histogram: ReadonlyArray<number>
  readonly promoted: ReadonlyArray<Weighted>
  readonly suppressed: ReadonlyArray<Weighted>
  readonly neighbours: ReadonlyArray<Weighted>
  readonly coactive: ReadonlyArray<Weighted>
  readonly examples: ReadonlyArray<DashboardExample>
}

export interface DashboardReader {
  /** Record batches: ranges of latents. */
  readonly parts: number
  readonly readPart: (part: number) => Effect.Effect<ReadonlyArray<DashboardLatent>, ArtifactError>
}

/** @param sae its place in `saes` */
export const openDashboard = Effect.fn("openDashboard")(function* (handle: DashboardHandle, sae: number) {
  const { artifact } = handle
  const shape: DashboardShape = {
    window: handle.window,
    logitTokens: handle.logit_tokens,
    neighbours: handle.neighbours
  }
  const [latentsPath, examplesPath] = [latentsFileName(sae), examplesFileName(sae)]
  const latents = yield* openArrow(
    yield* artifact.open(latentsPath),
    latentColumns(shape),
    latentsPath,
    artifact.digest
  )
  const examples = yield* openArrow(
    yield* artifact.open(examplesPath),
    exampleColumns(shape),
    examplesPath,
    artifact.digest
  )
  const pairs = (ids: Int32Array, weights: Float32Array, row: number, width: number): ReadonlyArray<Weighted> =>
    Array.from({ length: width }, (_, i): Weighted => [
      ids[row * width + i] as number,
      weights[row * width + i] as number
    ]).filter(([id]) => id >= 0)
  const reader: DashboardReader = {
    parts: latents.batches,
    readPart: Effect.fnUntraced(function* (part) {
      const [{ rows, values }, shown] = [yield* latents.readBatch(part), yield* examples.readBatch(part)]
      if (values.examples.reduce((sum, count) => sum + count, 0) !== shown.rows) {
        return yield* new ArtifactError({
          reason: "invalid",
          digest: artifact.digest,
          path: examplesPath,
          detail: `batch ${part} has ${shown.rows} rows, and its latents count others`
        })
      }
      let at = 0
      return Array.from({ length: rows }, (_, i): DashboardLatent => {
        const first = at
        at += values.examples[i] as number
        return {
          latent: values.latent[i] as number,
          count: values.count[i] as number,
          max: values.max[i] as number,
          cosine: values.encoder_decoder_cosine[i] as number,
          histogram: [...values.histogram.subarray(i * histogramBins, (i + 1) * histogramBins)],
          promoted: pairs(values.promoted, values.promoted_weight, i, shape.logitTokens),
          suppressed: pairs(values.suppressed, values.suppressed_weight, i, shape.logitTokens),
          neighbours: pairs(values.neighbour, values.neighbour_cosine, i, shape.neighbours),
          coactive: pairs(values.coactive, values.coactive_jaccard, i, shape.neighbours),
          examples: Array.from({ length: at - first }, (_e, n): DashboardExample => {
            const row = first + n
            const from = row * shape.window
            const all = shown.values.tokens.subarray(from, from + shape.window)
            const size = all.indexOf(-1) < 0 ? all.length : all.indexOf(-1)
            return {
              group: shown.values.group[row] as number,
              position: shown.values.position[row] as number,
              pivot: shown.values.pivot[row] as number,
              tokens: [...all.subarray(0, size)],
              activations: [...shown.values.activations.subarray(from, from + size)]
            }
          })
        }
      })
    })
  }
  return reader
})
