/** Parts of a long stage's result, saved with its checkpoints: who goes on takes those that are there, with the same bits, and computes the rest. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { Json } from "../json/canonical-json.ts"
import { AnyJson } from "../json/json-schema.ts"
import { type Checkpoint, type CheckpointState, loadState } from "./checkpoint.ts"

/** Numbers that JSON does not have (NaN, an infinity) belong into tensors: `json` with one is computed anew. */
export interface Part<A> {
  readonly json: A
  readonly tensors: CheckpointState["tensors"]
}

export interface KeptParts {
  /**
   * The part of that name as it was saved, or else computed.
   *
   * @param name unlike any other part's of the stage: with what it is computed from, as far as that can differ within a stage's key
   */
  readonly part: <A extends Json, E, R>(
    name: string,
    schema: Schema.Codec<A>,
    compute: Effect.Effect<Part<A>, E, R>
  ) => Effect.Effect<Part<A>, E | ArtifactError, R>
}

/** Of a caller without a checkpoint: everything is computed. */
export const noParts: KeptParts = { part: (_name, _schema, compute) => compute }

const Saved = Schema.Record(Schema.String, Schema.Struct({ json: AnyJson, tensors: Schema.Array(Schema.String) }))

/** The name of a part's tensor among those of all parts. */
const tensorName = (part: string, tensor: string): string => `${part}/${tensor}`

export const keptParts = Effect.fn("keptParts")(function* (checkpoint: Checkpoint) {
  const state = yield* loadState(checkpoint, Saved)
  const parts = new Map<string, Part<Json>>()
  for (const [name, { json, tensors }] of Object.entries(state?.json ?? {})) {
    const own = tensors.flatMap((tensor) => {
      const values = state?.tensors[tensorName(name, tensor)]
      return values === undefined ? [] : [[tensor, values] as const]
    })
    if (own.length === tensors.length) parts.set(name, { json, tensors: Object.fromEntries(own) })
  }
  const asState = (): CheckpointState => ({
    json: Object.fromEntries(
      [...parts].map(([name, { json, tensors }]) => [name, { json, tensors: Object.keys(tensors) }])
    ),
    tensors: Object.fromEntries(
      [...parts].flatMap(([name, { tensors }]) =>
        Object.entries(tensors).map(([tensor, values]) => [tensorName(name, tensor), values] as const)
      )
    )
  })
  const kept: KeptParts = {
    part: Effect.fnUntraced(function* (name, schema, compute) {
      const before = parts.get(name)
      const json = before && Option.getOrUndefined(Schema.decodeUnknownOption(schema)(before.json))
      if (before !== undefined && json !== undefined) return { json, tensors: before.tensors }
      const made = yield* compute
      parts.set(name, made)
      if (checkpoint.due()) yield* checkpoint.save(asState())
      return made
    })
  }
  return kept
})
