/** What the parts of one run share. */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { KeyRecord } from "../plan/key.ts"
import type { GitState } from "../project/git-state.ts"
import type { RunRecord } from "../store/run-record.ts"
import type { Store } from "../store/store.ts"
import type { RunEvent, StageOutcome } from "./event.ts"
import type { Places } from "../execute/executor.ts"
import type { Job } from "../execute/job.ts"
import type { RunRequest } from "./run-options.ts"

/** An event without its time. */
export type Untimed<E = RunEvent> = E extends RunEvent ? Omit<E, "at"> : never

export interface RunContext {
  readonly options: RunRequest
  readonly store: Store["Service"]
  readonly record: RunRecord
  readonly places: Places
  /** Of the project, asked once, when the first stage computes. */
  readonly code: Effect.Effect<GitState | null>
  /** Ends with the run: what is shared by several stages lives in it. */
  readonly scope: Scope.Scope
  readonly emit: (event: Untimed) => void
  /** Ids that run even where they have a result. */
  readonly force: Set<string>
  readonly instances: ReadonlyMap<string, StageInstance>
  /** How each instance ended so far; a restored producer is put in anew. */
  readonly outcomes: Map<string, StageOutcome>
  /** A stage failed, and the run does not keep going. */
  readonly stopping: () => boolean
  /** Runs the effects of one name one after the other. */
  readonly alone: <A, E>(name: string, effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** The key of an instance; all digests of its inputs are known. */
  readonly keyOf: (instance: StageInstance) => Keyed
  /** Whether what programs of an instance open is looked at: `watch-programs.ts` */
  readonly programsOf: (instance: StageInstance) => Job["programs"]
  readonly finish: (outcome: StageOutcome) => void
}

export interface Keyed {
  readonly key: string
  readonly record: KeyRecord
}
