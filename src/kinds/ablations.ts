/**
 * What the activation of one hook is worth to its model: next-token losses of held-out contexts as it is, and with something in
 * its place that knows nothing of the token. Of the model alone, so every SAE of the hook is measured against the same one.
 * One file, `ablations.json`.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

/** Of each context: nats, summed over its counted predictions; null where that is not finite. */
const Sums = Schema.Array(Schema.NullOr(Schema.Finite))

const AblationsFile = Schema.Struct({
  format: Schema.Literal(1),
  /** Digests. */
  activations: Schema.String,
  model: Schema.String,
  hook: Schema.String,
  /** How many contexts were asked for; evaluations take the same. */
  wanted: Schema.Int,
  contexts: Schema.Struct({ count: Schema.Int, whole: Schema.Int, targets: Schema.Int }),
  /** Counted predictions of each context. */
  targets: Schema.Array(Schema.Int),
  ce: Schema.Struct({ clean: Sums, zero: Sums, mean: Sums, resample: Sums }),
  /** KL(as it is || with it). */
  kl: Schema.Struct({ zero: Sums, mean: Sums, resample: Sums })
})
export type AblationsFile = typeof AblationsFile.Type
export interface AblationsHandle extends AblationsFile {
  readonly digest: string
}

export const ablationsFileName = "ablations.json"

export const Ablations = makeKind({
  name: "Ablations",
  version: 1,
  description: "losses of a model as it is, and with one hook's activation ablated",
  open: (artifact: Artifact) =>
    Effect.map(readJsonFile(artifact, ablationsFileName, AblationsFile), (file): AblationsHandle => ({
      ...file,
      digest: artifact.digest
    }))
})
