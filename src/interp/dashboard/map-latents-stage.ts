/** The stage map-latents: where the latents of a dashboard lie on a map of their decoder directions. */
import * as Effect from "effect/Effect"
import type { DashboardHandle } from "../../kinds/dashboard/dashboard.ts"
import { openDashboard } from "../../kinds/dashboard/read-dashboard.ts"
import { latentMapFileName, type LatentMapFile, type SaeMap } from "../../kinds/latent-map.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import { make as makeRng } from "../../random/rng.ts"
import type { Opened } from "../../stage/input.ts"
import { measured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { mapDirections } from "./map-directions.ts"
import { nearestDirections } from "./nearest-directions.ts"
import { neighboursKept } from "./neighbours-kept.ts"

interface MapLatentsInputs {
  readonly saes: ReadonlyArray<Opened<SaeHandle>>
  readonly dashboard: Opened<DashboardHandle>
}

interface MapLatentsParams {
  readonly neighbours: number
  readonly min_dist: number
  readonly epochs: number
  readonly seed: number
}

/** Latents of each SAE by which the map is judged, at most. */
const judged = 1000

/** Of fewer, every other latent is a neighbour: nothing could be lost. */
const fewest = 3

const tenThousandth = (value: number): number => Math.round(value * 1e4) / 1e4

/** Rows of the decoder. */
const rowsOf = (W_dec: Float32Array, d: number, latents: ReadonlyArray<number>): Float32Array<ArrayBuffer> => {
  const rows = new Float32Array(latents.length * d)
  for (const [i, latent] of latents.entries()) rows.set(W_dec.subarray(latent * d, (latent + 1) * d), i * d)
  return rows
}

export const mapLatents = Effect.fn("mapLatents")(function* ({
  inputs,
  params,
  output,
  progress
}: StageContext<MapLatentsParams, unknown, MapLatentsInputs>) {
  const handle = inputs.dashboard.value
  const saes: Array<SaeMap> = []
  const kept: Array<number> = []
  const keptByChance: Array<number> = []
  for (const [place, { digest, d_sae }] of handle.saes.entries()) {
    const given = inputs.saes.find(({ value }) => value.digest === digest)
    if (given === undefined) {
      return yield* stageFailed(
        `SAE ${place + 1} of the dashboard is not among saes`,
        "Give map-latents the SAEs that the dashboard was collected of."
      )
    }
    const reader = yield* openDashboard(handle, place)
    const latents: Array<number> = []
    for (let part = 0; part < reader.parts; part++) {
      for (const { latent } of yield* reader.readPart(part)) latents.push(latent)
    }
    const { W_dec } = yield* given.value.anyWeights
    const d = W_dec.length / d_sae
    const near = nearestDirections(rowsOf(W_dec, d, latents), d, Math.min(params.neighbours, latents.length - 2))
    const rng = makeRng(params.seed, `map of SAE ${place}`)
    const placed = yield* mapDirections(near, {
      minDist: params.min_dist,
      epochs: params.epochs,
      rng,
      told: (share) => progress({ done: place + share, total: handle.saes.length, unit: "SAEs" })
    })
    const asked = rng.permutation(latents.length).slice(0, judged)
    const asPlaced = near.map((_, i) => i)
    const byChance = rng.permutation(latents.length)
    if (latents.length >= fewest) {
      kept.push(...neighboursKept(placed, near, asked, asPlaced))
      keptByChance.push(...neighboursKept(placed, near, asked, byChance))
    }
    saes.push({
      digest,
      d_sae,
      latents,
      x: Array.from(placed.x, tenThousandth),
      y: Array.from(placed.y, tenThousandth)
    })
  }
  const file: LatentMapFile = { format: 1, saes }
  yield* output.writeJson(latentMapFileName, file)
  const tooFew = `no SAE has ${fewest} latents that fire`
  const means = (times: ArrayLike<number>) => ({
    neighbours_kept: drawnSum(times, kept) / kept.length,
    neighbours_kept_shuffled: drawnSum(times, keptByChance) / kept.length
  })
  const intervals = bootstrapIntervals([kept.length], means, makeRng(params.seed, "intervals of the map"))
  const all = means(new Int32Array(kept.length).fill(1))
  return {
    latents: saes.reduce((sum, each) => sum + each.latents.length, 0),
    ...withIntervals(
      {
        neighbours_kept: measured(all.neighbours_kept, tooFew),
        neighbours_kept_shuffled: measured(all.neighbours_kept_shuffled, tooFew)
      },
      intervals
    )
  }
}, Effect.scoped)
