/**
 * The key of a stage instance: the sha256 of a canonical manifest of everything that determines its output.
 *
 * Names, order, resources, retries, timeouts and paths are not in it. The whole manifest is kept with the result, so
 * that "why did this run again" is always a diff of two manifests.
 */
import { createHash } from "node:crypto"
import * as Schema from "effect/Schema"
import { canonicalJson } from "../json/canonical-json.ts"
import { JsonMap } from "../json/json-schema.ts"
import type { Plain } from "../stage/wiring.ts"

/** Raise it when the manifest changes its meaning: every key changes with it. */
export const KEY_FORMAT = 2

const InputItem = Schema.Struct({ at: JsonMap, digest: Schema.String })
export type InputItem = typeof InputItem.Type

/** Where a list's items stood in their matrix is in the key; where a single artifact stood is not. */
export type InputDigests = Plain<string, InputItem>
const InputDigests: Schema.Codec<InputDigests> = Schema.Union([
  Schema.String,
  Schema.Array(InputItem),
  Schema.Record(
    Schema.String,
    Schema.suspend((): Schema.Codec<InputDigests> => InputDigests)
  )
])

const Texts = Schema.Record(Schema.String, Schema.String)

export const KeyManifest = Schema.Struct({
  /** `KEY_FORMAT` at the time. */
  format: Schema.Int,
  kind: Schema.String,
  code: Schema.Struct({
    /** sha256 of the stage kind's bundled, minified module graph. */
    digest: Schema.String,
    /** npm packages that the graph imports, name -> version. */
    packages: Texts
  }),
  params: JsonMap,
  /** Source name -> content digest. */
  sources: Texts,
  /** Input name -> content digest, or a list, or (for a record input) a map of those. */
  inputs: Schema.Record(Schema.String, InputDigests),
  /** Ids of the stages whose results are missing among the inputs, since they failed; absent where all are there. */
  leftOut: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What the kind's own `facts` found at plan time. */
  facts: JsonMap,
  numerics: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite]))
})
export type KeyManifest = typeof KeyManifest.Type

export const keyOf = (manifest: KeyManifest): string =>
  createHash("sha256").update(canonicalJson(manifest)).digest("hex")

/** Beside the manifest, not in the key: what makes a diff readable. */
export const KeyNotes = Schema.Struct({
  /** Minified digest of every source file in the stage kind's module graph, by project-relative path. */
  codeFiles: Texts,
  /** Per source: the URI as written, what it was pinned to, and the digest of each file by name. */
  sources: Schema.Record(
    Schema.String,
    Schema.Struct({ uri: Schema.String, pin: Schema.optionalKey(Schema.String), files: Texts })
  )
})
export type KeyNotes = typeof KeyNotes.Type

/** What is kept with a result, so that a later run can say what changed. */
export interface KeyRecord {
  readonly manifest: KeyManifest
  readonly notes: KeyNotes
}
