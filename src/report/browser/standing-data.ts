/** How latents stand among others, all of an SAE's in columns: on the map, in a stitching, in absorption. */
import type { AbsorptionFile } from "../../kinds/absorption.ts"
import type { SaeMap } from "../../kinds/latent-map.ts"
import type { StitchingFile } from "../../kinds/stitching.ts"

export interface StandingData {
  /** Ten-thousandths of the map's side. */
  readonly map?: {
    readonly id: ReadonlyArray<number>
    readonly x: ReadonlyArray<number>
    readonly y: ReadonlyArray<number>
  }
  /** Novel latents, where this SAE was stitched into a smaller one; all others reconstruct. */
  readonly novel?: ReadonlyArray<number>
  /** `[latent, letter or class, words that it absorbs]`; null: it is what stands for that letter. */
  readonly absorption?: ReadonlyArray<readonly [number, string, ReadonlyArray<string> | null]>
}

/** Words told of one latent that absorbs. */
const maxWords = 8

const tenThousandths = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.map((value) => Math.round(value * 1e4))

export const standingData = (
  map: SaeMap | undefined,
  stitching: StitchingFile | undefined,
  absorptions: ReadonlyArray<AbsorptionFile>
): StandingData => {
  const letters = absorptions.flatMap((each) => each.letters.filter(({ evaluated }) => evaluated))
  return {
    ...(map && { map: { id: map.latents, x: tenThousandths(map.x), y: tenThousandths(map.y) } }),
    ...(stitching && { novel: stitching.latents.delta_mse.flatMap((delta, latent) => (delta < 0 ? [latent] : [])) }),
    ...(letters.length > 0 && {
      absorption: letters.flatMap(({ letter, split_latents, absorbers }) => [
        ...split_latents.map(({ latent }) => [latent, letter, null] as const),
        ...absorbers.map(({ latent, words }) => [latent, letter, words.slice(0, maxWords)] as const)
      ])
    })
  }
}
