/** The record "key -> digest". A hit needs nothing else. */
import * as Schema from "effect/Schema"
import { KeyManifest, KeyNotes } from "../plan/key.ts"
import { EngineInfo } from "../tensor/engine-info.ts"
import { Provenance } from "./provenance.ts"

export const ACTION_FORMAT = 1

export const ActionRecord = Schema.Struct({
  format: Schema.Literal(ACTION_FORMAT),
  key: Schema.String,
  /** 1, 2, ...: in order of commit. */
  attempt: Schema.Int,
  /** Digest of the artifact. */
  digest: Schema.String,
  /** Artifact kind. */
  output: Schema.String,
  metrics: Schema.Record(Schema.String, Schema.Finite),
  /** The key stands for the digest of its latest canonical attempt: the first one, unless a later one was forced. */
  canonical: Schema.Boolean,
  /** The bytes differ from what the key stood for when this attempt was committed. */
  nondeterministic: Schema.Boolean,
  seconds: Schema.Finite,
  /** What computed it; null where no tensor engine was loaded. */
  engine: Schema.NullOr(EngineInfo),
  /** Absent from records that were written before there was any. */
  provenance: Schema.optionalKey(Provenance),
  /** For display: the instance, the run and the experiment that made it. */
  stage: Schema.String,
  run: Schema.String,
  experiment: Schema.String,
  /** The key whose result was accepted as this key's, where the author said that a code change alters nothing. */
  acceptedFrom: Schema.NullOr(Schema.String),
  manifest: KeyManifest,
  notes: KeyNotes
})
export type ActionRecord = typeof ActionRecord.Type

/** What a caller states; the store adds the rest at commit. */
export type NewAction = Omit<ActionRecord, "format" | "attempt" | "canonical" | "nondeterministic">

export interface Commit {
  /** What the key stands for now. */
  readonly canonical: ActionRecord
  /** Whether the committed digest is the one that the key stood for before (or the first). */
  readonly agrees: boolean
}
