/**
 * What a lock file holds: for every stage instance of an experiment what determines its result (key, and the parts of it
 * that a person can be told of), and what came out (digest, headline metrics) of which engine.
 */
import * as Schema from "effect/Schema"
import { EngineInfo } from "../tensor/engine-info.ts"

/** Raise it when the file changes its meaning. */
export const LOCK_FORMAT = 1

const Digest = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/, { expected: "a sha256 (64 hexadecimal digits)" }))

export const LockedSource = Schema.Struct({
  /** As written in the experiment: the pin holds for this text alone. */
  uri: Schema.String,
  digest: Digest,
  /** Of a name that moves: the commit of a branch, the version of a package. */
  pin: Schema.optionalKey(Schema.String)
})
export type LockedSource = typeof LockedSource.Type

/** `tolerance` as the stage kind declares it: absolute. `low` and `high`: its 95 % interval, where it has one. */
export const LockedMetric = Schema.Struct({
  value: Schema.Finite,
  low: Schema.optionalKey(Schema.Finite),
  high: Schema.optionalKey(Schema.Finite),
  tolerance: Schema.Finite
})
export type LockedMetric = typeof LockedMetric.Type

export const LockedStage = Schema.Struct({
  kind: Schema.String,
  /** From the digests of inputs as this lock has them, so that a lock agrees with itself. */
  key: Digest,
  /** Of the stage kind's code; of its parameters; of what the kind found out at plan time. They tell which part of a key differs. */
  code: Schema.String,
  params: Digest,
  facts: Digest,
  digest: Digest,
  /** Null for a stage that needs none. */
  engine: Schema.NullOr(EngineInfo),
  sources: Schema.optionalKey(Schema.Record(Schema.String, LockedSource)),
  metrics: Schema.optionalKey(Schema.Record(Schema.String, LockedMetric))
})
export type LockedStage = typeof LockedStage.Type

export const Lock = Schema.Struct({
  lock_format: Schema.Literal(LOCK_FORMAT),
  /** `KEY_FORMAT` at the time. */
  key_format: Schema.Int,
  /** By id of the instance. */
  stages: Schema.Record(Schema.String, LockedStage)
})
export type Lock = typeof Lock.Type

/** The lock file of an experiment's file: `quickstart.lock.yaml` beside `quickstart.yaml`. */
export const lockFileOf = (experimentFile: string): string => `${experimentFile.replace(/\.ya?ml$/, "")}.lock.yaml`
