/** What `sae.json` says of an SAE that was grown: from which one, and how. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const GrownInfo = Schema.Struct({
  /** Digest of the narrow SAE. */
  grown: Schema.String,
  /** Its latents: the first ones. */
  narrow_latents: Schema.Int,
  encoder_norm: Schema.Finite,
  seed: Schema.Int
})
export type GrownInfo = typeof GrownInfo.Type

/** @returns undefined where an SAE was not grown */
export const readGrownInfo = (training: unknown): GrownInfo | undefined =>
  Option.getOrUndefined(Schema.decodeUnknownOption(GrownInfo)(training))
