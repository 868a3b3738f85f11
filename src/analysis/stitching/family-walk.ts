/** A way from one SAE to another, and SAEs on it: their weights, so that they are measured as any SAE is, on other rows. */
import * as Effect from "effect/Effect"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { nearestRows } from "../decoder-cosine.ts"
import { encodeLatents } from "../latent-codes.ts"
import { components } from "./components.ts"
import { mutualNearest, tiedToNearest } from "./groupings.ts"
import type { RowBatches } from "./standing-alone.ts"
import { stitchPass } from "./stitch-pass.ts"
import { stitchPath } from "./stitch-path.ts"
import { stitchedSae } from "./stitched-sae.ts"

export interface WalkedSae {
  readonly weights: SaeWeights
  /** Of the path. */
  readonly step: number
}

export interface Walk {
  /** Some SAEs between the ends, evenly. */
  readonly between: ReadonlyArray<WalkedSae>
  /** The first SAE with at least each of the sizes asked for. */
  readonly atSizes: ReadonlyArray<WalkedSae>
  readonly steps: number
  readonly risingSteps: number
}

/**
 * Counterparts are latents that are each other's nearest, so that no group hides a part of the way.
 *
 * @param saes whose latents do not depend on each other
 * @param points SAEs between the ends, at most
 * @param sizes ascending, between those of the two
 */
export const familyWalk = Effect.fnUntraced(function* <E>(
  saes: { readonly small: SaeWeights; readonly large: SaeWeights },
  rows: RowBatches<E>,
  points: number,
  sizes: ReadonlyArray<number> = []
) {
  const models = { small: yield* openSaeModel(saes.small), large: yield* openSaeModel(saes.large) }
  const pass = stitchPass(saes.small, saes.large)
  for (let index = 0; index < rows.batches; index++) {
    const x = yield* rows.read(index)
    pass.add(x, { small: encodeLatents(x, models.small), large: encodeLatents(x, models.large) })
  }
  const data = pass.finish()
  const { d_in, d_sae: m } = saes.small
  const nearest = nearestRows(saes.large.W_dec, saes.small.W_dec, d_in)
  const closest = nearestRows(saes.small.W_dec, saes.large.W_dec, d_in)
  const parts = components(
    m,
    saes.large.d_sae,
    tiedToNearest(mutualNearest(nearest, closest), new Uint8Array(m), closest)
  )
  const between: Array<WalkedSae> = []
  const atSizes: Array<WalkedSae> = []
  const { steps } = stitchPath(data, parts, "best", ({ latents }, state, index, total) => {
    const here = (): WalkedSae => ({
      weights: stitchedSae(data, { present: state.present, biasShare: state.biasShare() }),
      step: index
    })
    if (atSizes.length < sizes.length && latents >= sizes[atSizes.length]!) atSizes.push(here())
    const place = (n: number): number => Math.round(((n + 1) * (total - 1)) / (points + 1))
    if (index > 0 && index < total - 1 && index === place(between.length)) between.push(here())
  })
  const walk: Walk = {
    between,
    atSizes,
    steps: steps.length - 1,
    risingSteps: steps.filter((step, n) => n > 0 && step.mse > steps[n - 1]!.mse).length
  }
  return walk
}, Effect.scoped)
