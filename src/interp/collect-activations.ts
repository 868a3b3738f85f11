/** One pass over rows of activations: how often every latent fires, and where some of them do. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { RowBatch } from "../kinds/activations/row-set.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { EvaluatedRows } from "../sae/evaluate/evaluate-reconstruction.ts"
import { encodeRows } from "../sae/sae-model.ts"
import type { LatentEncoder } from "./dictionary.ts"
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
  sae: LatentEncoder,
  set: EvaluatedRows,
  { latents, ...options }: CollectOptions
): Effect.Effect<CollectedActivations, ArtifactError> =>
  Effect.map(collectOfAll([{ sae, latents }], set, options), ([collected]) => collected as CollectedActivations)

/** The same of several SAEs: rows are read, or computed, once. */
export const collectOfAll = (
  subjects: ReadonlyArray<{ readonly sae: LatentEncoder; readonly latents: ReadonlyArray<number> }>,
  set: EvaluatedRows,
  { rows, include, progress }: Omit<CollectOptions, "latents">
): Effect.Effect<ReadonlyArray<CollectedActivations>, ArtifactError> =>
  Effect.gen(function* () {
    const positions: Array<Int32Array<ArrayBuffer>> = []
    const collectors = subjects.map(({ sae, latents }) => collectorOf(sae, latents))
    let read = 0
    for (let b = 0; b < set.batches && read < rows; b++) {
      const batch = yield* set.readBatch(b)
      const size = Math.min(batch.rows, rows - read)
      const included = Uint8Array.from(batch.position.subarray(0, size), (position) => (include(position) ? 1 : 0))
      for (const collector of collectors) collector.add(batch, included)
      positions.push(batch.position.subarray(0, size).filter((_, i) => included[i] === 1))
      read += size
      progress(read)
      yield* breathe
    }
    const all = concatenated(positions)
    return collectors.map(({ counts, finish }) => ({ positions: all, counts, firings: finish() }))
  })

const collectorOf = (sae: LatentEncoder, latents: ReadonlyArray<number>) => {
  const slot = new Int32Array(sae.d_sae).fill(-1)
  for (const [i, latent] of latents.entries()) slot[latent] = i
  const collector = collectFirings(latents.length)
  const counts = new Uint32Array(sae.d_sae)
  const block = encodeRows(sae.d_sae)
  return {
    counts,
    finish: collector.finish,
    /** @param included one for each row that is read: 1 where it counts */
    add: (batch: Pick<RowBatch, "activation" | "position">, included: Uint8Array): void => {
      for (let first = 0; first < included.length; first += block) {
        const size = Math.min(block, included.length - first)
        const x = batch.activation.subarray(first * sae.d_in, (first + size) * sae.d_in)
        const codes = tf.tidy(() => {
          const { row, latent, value } = sae.encode(tf.tensor2d(x, [size, sae.d_in]))
          return { row, latent, values: value.dataSync<"float32">() }
        })
        for (let i = 0; i < codes.values.length; i++) {
          const row = first + (codes.row[i] as number)
          if (included[row] === 0) continue
          const latent = codes.latent[i] as number
          counts[latent] = (counts[latent] as number) + 1
          const at = slot[latent] as number
          if (at >= 0) collector.add(at, batch.position[row] as number, codes.values[i] as number)
        }
      }
    }
  }
}

const concatenated = (parts: ReadonlyArray<Int32Array<ArrayBuffer>>): Int32Array<ArrayBuffer> => {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
