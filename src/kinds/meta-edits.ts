/** Edits of latents by their meta-latents, and what each does to the model. One file, `meta-edits.json`. */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const Effect = Schema.Struct({
  /** Mean change of the target's logit, less the mean change of all. */
  shift: Schema.Finite,
  /** Root mean square of the changes of the other logits. */
  side: Schema.Finite,
  /** KL(model as it is || edited), nats. */
  kl: Schema.Finite
})

const Target = Schema.Struct({ id: Schema.Int, text: Schema.String })

const Edit = Schema.Struct({
  latent: Schema.Int,
  /** Rows on which it fires, of those looked at. */
  firings: Schema.Int,
  /** The meta-latent that is taken out, and its activation on the unit decoder row. */
  out: Schema.Struct({ id: Schema.Int, activation: Schema.Finite }),
  /** The token whose logit falls most when it is taken out, chosen on examples that nothing is measured on. */
  target: Target,
  removed: Effect,
  /** The whole latent ablated, and a random direction of the length of what is removed taken out: on the same target. */
  ablated: Effect,
  random: Effect,
  /** The meta-latent exchanged for one of another latent; `replaced`: the whole latent by that one. */
  swap: Schema.NullOr(
    Schema.Struct({
      latent: Schema.Int,
      in: Schema.Struct({ id: Schema.Int, activation: Schema.Finite }),
      target: Target,
      swapped: Effect,
      replaced: Effect,
      random: Effect
    })
  )
})

const MetaEditsFile = Schema.Struct({
  format: Schema.Literal(1),
  /** Digests. */
  sae: Schema.String,
  meta: Schema.String,
  model: Schema.String,
  hook: Schema.String,
  /** Positions of a latent that edits are measured at; as many more choose the target. */
  examples: Schema.Int,
  edits: Schema.Array(Edit)
})
export type MetaEditsFile = typeof MetaEditsFile.Type
export type MetaEdit = typeof Edit.Type
export type EditEffect = typeof Effect.Type

export const metaEditsFileName = "meta-edits.json"

export const MetaEdits = makeKind({
  name: "MetaEdits",
  version: 1,
  description: "latents edited by their meta-latents, and what that does to the model",
  open: (artifact: Artifact) => readJsonFile(artifact, metaEditsFileName, MetaEditsFile)
})
