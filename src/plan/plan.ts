/**
 * What a run would do, instance by instance in the graph's order: hit, run, or "hit if what stands above is unchanged".
 *
 * Inputs enter keys by content, so below a stage that must run nothing is certain: it may give the same bytes again.
 */
import * as Effect from "effect/Effect"
import type { Json } from "../artifact/canonical-json.ts"
import { SpecInvalid } from "../spec/spec-invalid.ts"
import { sortProblems } from "../spec/problem.ts"
import type { Problem } from "../spec/problem.ts"
import type { StageKind } from "../stage/stage.ts"
import { explain } from "./explain.ts"
import type { Reason } from "./explain.ts"
import { keyOf } from "./key.ts"
import type { KeyManifest, KeyNotes, KeyRecord } from "./key.ts"
import { manifestOf, upstreamOf } from "./manifest.ts"
import type { KeyFacts } from "./manifest.ts"
import type { Graph, StageInstance } from "./stage-instance.ts"

/** What the store holds under a key. The plan needs its digest only; the rest is the caller's. */
export interface Found {
  /** Content digest of the artifact. */
  readonly digest: string
}

/** How the plan learns what is outside the files. Called once for a kind, and once for an instance where it says so. */
export interface PlanResolver<A extends Found, E, R> {
  readonly code: (kind: StageKind) => Effect.Effect<
    {
      readonly digest: string
      readonly packages: Readonly<Record<string, string>>
      /** Digest of every source file, by path: `KeyNotes.codeFiles`. */
      readonly files: Readonly<Record<string, string>>
    },
    E,
    R
  >
  /** A failure becomes a problem at the line that names the source. */
  readonly source: (
    instance: StageInstance,
    name: string
  ) => Effect.Effect<
    { readonly digest: string; readonly files: ReadonlyArray<{ readonly name: string; readonly sha256: string }> },
    { readonly message: string },
    R
  >
  /** The kind's own `facts`. A failure becomes a problem at the line of the stage. */
  readonly facts: (
    instance: StageInstance
  ) => Effect.Effect<Readonly<Record<string, Json>>, { readonly message: string }, R>
  readonly numerics: (instance: StageInstance) => Effect.Effect<KeyManifest["numerics"], E, R>
  readonly lookup: (key: string, instance: StageInstance) => Effect.Effect<A | undefined, E, R>
  /** The last result of the same instance of the same pipeline, whatever its key: what reasons compare with. */
  readonly previous: (instance: StageInstance) => Effect.Effect<KeyRecord | undefined, E, R>
}

export interface PlannedStage<A extends Found = Found> {
  readonly instance: StageInstance
  /** unknown: a hit if what `waitsFor` names comes out as it was. */
  readonly action: "hit" | "run" | "unknown"
  /** undefined while an artifact above is not known. */
  readonly key: string | undefined
  readonly manifest: KeyManifest | undefined
  /** Everything for `manifestOf` once the digests above are known. */
  readonly facts: KeyFacts
  readonly notes: KeyNotes
  readonly found: A | undefined
  /** Why it runs, or what has changed already where that is not certain. Empty for a hit. */
  readonly reasons: ReadonlyArray<Reason>
  /** Ids of the instances above, with an artifact that is an input, that run or may run first. */
  readonly waitsFor: ReadonlyArray<string>
  /** True: run even if the result is there. */
  readonly forced: boolean
}

export interface Plan<A extends Found = Found> {
  readonly stages: ReadonlyArray<PlannedStage<A>>
}
