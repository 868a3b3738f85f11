/**
 * Draws live latents of an SAE and reads where they fire: on training rows in contexts without any held-out text, which
 * explanations are made from, and on held-out rows, which score them.
 */
import * as Effect from "effect/Effect"
import { openActivations } from "../activations/open-activations.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"
import { make as makeRng } from "../random/rng.ts"
import { sideBySide } from "../sae/evaluate/side-by-side.ts"
import type { Progress } from "../stage/progress.ts"
import { stageFailed, type StageFailed } from "../stage/stage-failed.ts"
import { collectActivations } from "./collect-activations.ts"
import type { LatentEncoder } from "./dictionary.ts"
import { type Firings, maximum } from "./firings.ts"
import { heldOutContexts } from "./held-out-contexts.ts"
import type { TokenStream } from "./token-stream.ts"

export interface SampleOptions {
  /** Live latents drawn; null: all. */
  readonly latents: number | null
  readonly seed: number
  /** Firings on the training rows from which on a latent counts as live. */
  readonly minFirings: number
  readonly trainRows: number
  readonly heldOutRows: number
}

export interface SampledLatent {
  readonly latent: number
  /** Share of the training rows on which it fires, and its largest activation there. */
  readonly density: number
  readonly max: number
  /** On the training rows. */
  readonly firings: Firings
  readonly heldOut: Firings
}

export interface LatentSample {
  readonly stream: TokenStream
  /** By index in the SAE. */
  readonly latents: ReadonlyArray<SampledLatent>
  /** Live latents of the SAE, drawn or not. */
  readonly live: number
  /** Positions of the rows read, ascending. */
  readonly trainPositions: Int32Array<ArrayBuffer>
  readonly heldOutPositions: Int32Array<ArrayBuffer>
}

/** Latents that are drawn and looked at for each one wanted: up to three quarters may be dead. */
const spare = 4

/** @param sources of a crosscoder: all that it reads, aligned with `handle`, whose text is taken; of everything else none */
export const sampleLatents = (
  { handle, sources }: { readonly handle: ActivationsHandle; readonly sources: ReadonlyArray<ActivationsHandle> },
  encoder: LatentEncoder,
  options: SampleOptions,
  progress: (progress: Progress) => void
): Effect.Effect<LatentSample, ArtifactError | StageFailed> =>
  Effect.scoped(
    Effect.gen(function* () {
      const activations = yield* openActivations(handle)
      const all = yield* Effect.forEach(sources, openActivations)
      const rowsOf = (set: "train" | "held_out") =>
        all.length === 0 ? activations[set] : sideBySide(all.map((each) => ({ set: each[set], width: each.d_in })))
      const { contexts } = activations
      const block = yield* contexts.read(0, contexts.contexts)
      const stream: TokenStream = {
        ids: block.ids,
        contextSize: contexts.context_size,
        leading: contexts.bos_id === null ? 0 : 1
      }
      const heldOut = heldOutContexts(activations, block.documents)
      const isHeldOut = (position: number): boolean => heldOut[Math.floor(position / contexts.context_size)] === 1

      const trainRows = Math.min(options.trainRows, activations.train.rows)
      const heldOutRows = Math.min(options.heldOutRows, activations.held_out.rows)
      const total = trainRows + heldOutRows
      const drawn = makeRng(options.seed, "latents").permutation(encoder.d_sae)
      const wanted = options.latents ?? encoder.d_sae
      const candidates = Array.from(drawn.subarray(0, Math.min(encoder.d_sae, spare * wanted)))
      const train = yield* collectActivations(encoder, rowsOf("train"), {
        latents: candidates,
        rows: trainRows,
        include: (position) => !isHeldOut(position),
        progress: (rows) => progress({ done: rows, total, unit: "rows" })
      })
      const live = train.counts.reduce((sum, count) => sum + (count >= options.minFirings ? 1 : 0), 0)
      const chosen = candidates
        .flatMap((latent, i) => ((train.counts[latent] as number) >= options.minFirings ? [{ latent, i }] : []))
        .slice(0, wanted)
        .toSorted((a, b) => a.latent - b.latent)
      if (chosen.length < 2) {
        return yield* stageFailed(
          `${live} of ${encoder.d_sae} latents fire on at least ${options.minFirings} of ${train.positions.length} training rows`,
          "Train the SAE for longer, give more text, or lower min_firings."
        )
      }
      const test = yield* collectActivations(encoder, rowsOf("held_out"), {
        latents: chosen.map(({ latent }) => latent),
        rows: heldOutRows,
        include: () => true,
        progress: (rows) => progress({ done: trainRows + rows, total, unit: "rows" })
      })
      return {
        stream,
        live,
        trainPositions: train.positions,
        heldOutPositions: test.positions,
        latents: chosen.map(({ latent, i }, n): SampledLatent => {
          const firings = train.firings[i] as Firings
          return {
            latent,
            density: (train.counts[latent] as number) / train.positions.length,
            max: maximum(firings),
            firings,
            heldOut: test.firings[n] as Firings
          }
        })
      }
    })
  )
