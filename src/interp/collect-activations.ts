/** One pass over rows of activations: how often every latent fires, and where some of them do. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { RowSet } from "../kinds/activations/activations.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { SaeModel } from "../sae/sae-model.ts"
import { encodeRows } from "../sae/sae-model.ts"
import type { Firings } from "./firings.ts"
import { collectFirings } from "./firings.ts"
import { breathe } from "../stage/breathe.ts"

export interface CollectedActivations {
  /** Positions of the rows read, ascending. */
  readonly positions: Int32Array<ArrayBuffer>
  /** [d_sae]: rows on which each latent fires. */
  readonly counts: Uint32Array<ArrayBuffer>
  /** One entry per latent of `latents`. */
  readonly firings: ReadonlyArray<Firings>
}

export interface CollectOptions {
  /** Latents whose firings are kept. */
  readonly latents: ReadonlyArray<number>
  /** Rows read at most, from the start. */
  readonly rows: number
  /** Rows at positions for which this is false are passed over. */
  readonly include: (position: number) => boolean
  readonly progress: (rows: number) => void
}

/** Memory grows with the firings of `latents`, not with the rows' width. */
export const collectActivations = (
  sae: SaeModel,
  set: RowSet,
  { latents, rows, include, progress }: CollectOptions
): Effect.Effect<CollectedActivations, ArtifactError> =>
  Effect.gen(function* () {
    const slot = new Int32Array(sae.d_sae).fill(-1)
    for (const [i, latent] of latents.entries()) slot[latent] = i
    const collector = collectFirings(latents.length)
    const counts = new Uint32Array(sae.d_sae)
    const positions: Array<Int32Array<ArrayBuffer>> = []
    const block = encodeRows(sae.d_sae)
    let read = 0
    for (let b = 0; b < set.batches && read < rows; b++) {
      const batch = yield* set.readBatch(b)
      for (let first = 0; first < batch.rows && read < rows; first += block) {
        const size = Math.min(block, batch.rows - first, rows - read)
        const places = batch.position.subarray(first, first + size)
        const x = batch.activation.subarray(first * sae.d_in, (first + size) * sae.d_in)
        const codes = tf.tidy(() => {
          const { row, latent, value } = sae.encode(tf.tensor2d(x, [size, sae.d_in]))
          return { row, latent, values: value.dataSync<"float32">() }
        })
        const included = Uint8Array.from(places, (position) => (include(position) ? 1 : 0))
        for (let i = 0; i < codes.values.length; i++) {
          const row = codes.row[i] as number
          if (included[row] === 0) continue
          const latent = codes.latent[i] as number
          counts[latent] = (counts[latent] as number) + 1
          const at = slot[latent] as number
          if (at >= 0) collector.add(at, places[row] as number, codes.values[i] as number)
        }
        positions.push(places.filter((_, i) => included[i] === 1))
        read += size
      }
      progress(read)
      yield* breathe
    }
    return { positions: concatenated(positions), counts, firings: collector.finish() }
  })

const concatenated = (parts: ReadonlyArray<Int32Array<ArrayBuffer>>): Int32Array<ArrayBuffer> => {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
