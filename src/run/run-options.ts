/** What a run is told, and what it gives back. */
import type * as Effect from "effect/Effect"
import type { PlacesOptions } from "../execute/executor.ts"
import type { KeyNotes } from "../plan/key.ts"
import type { KeyFacts } from "../plan/manifest.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { ResolvedSource } from "../stage/source.ts"
import type { EngineName } from "../tensor/engine-info.ts"
import type { EngineUnavailable } from "../tensor/engine-unavailable.ts"
import type { RunEvent, RunFinished, StageOutcome } from "./event.ts"

/** What was found out about an instance at plan time. */
export interface StageSetup {
  /** Absolute path of the module of its stage kind. */
  readonly file: string
  readonly facts: KeyFacts
  readonly notes: KeyNotes
  readonly sources: Readonly<Record<string, ResolvedSource>>
}

export interface RunRequest {
  readonly projectDirectory: string
  /** The experiment file as the user wrote it: the name under which the keys of this run are remembered. */
  readonly experiment: string
  readonly setupOf: (instance: StageInstance) => StageSetup
  /**
   * Asked right before a stage starts, hours perhaps after the plan: what of its code has changed since, in words. Its
   * result would stand under the key of other code. @default nothing changes
   */
  readonly changedSincePlan?: (instance: StageInstance) => Effect.Effect<string | undefined>
  /** What is counted, or asked for, where neither a stage nor the settings say how much memory it takes. @default nothing is */
  readonly expectedMemory?: PlacesOptions["expectedMemory"]
  readonly onEvent: (event: RunEvent) => void
  /** Asked once, when the first stage that needs an engine is about to run: a run of hits pays nothing for it. */
  readonly engine: Effect.Effect<EngineName, EngineUnavailable>
  /** Ids that are wanted; what they need comes with them. @default all */
  readonly wanted?: ReadonlySet<string>
  /** Ids that are hits or are skipped: above what `--only` names. @default none */
  readonly mustHit?: ReadonlySet<string>
  /** Ids that run even where they have a result; the new one then becomes the canonical one. @default none */
  readonly force?: ReadonlySet<string>
  /** Stages side by side. @default the CPUs that this process may use */
  readonly jobs?: number
  /** Go on with what does not need a failed stage. @default false: what is running ends, nothing new starts */
  readonly keepGoing?: boolean
  /** What a stage reads of the project and does not declare fails it. @default false: it is told */
  readonly strict?: boolean
  /** Before the first retry; doubles with each, with jitter. @default 1 */
  readonly retrySeconds?: number
}

/** The first stage that failed, to be printed last. */
export interface FirstCause {
  readonly id: string
  readonly problem: string
  readonly log: string | null
  /** Last lines of the log. */
  readonly tail: ReadonlyArray<string>
}

export interface RunResult {
  readonly run: string
  /** Folder of the run. */
  readonly directory: string
  readonly status: "done" | "failed"
  readonly seconds: number
  /** What the stages that ran cost, and what the hits would have. */
  readonly cost: RunFinished["cost"]
  /** In topological order. */
  readonly stages: ReadonlyArray<StageOutcome>
  readonly firstCause: FirstCause | undefined
}
