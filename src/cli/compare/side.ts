/** One side of a comparison: a run, or an experiment as its files are now. */
import type { Metrics } from "../../artifact/artifact.ts"
import type { MadeOf } from "../../plan/explain.ts"

export interface SideStage {
  readonly id: string
  /** Without coordinates. */
  readonly stage: string
  readonly kind: string
  /** Digest of its artifact; undefined where it has none. */
  readonly digest: string | undefined
  /** Empty where it has no result. */
  readonly metrics: Metrics
  /** Undefined where it is not known: the run had no result of the stage, or its record is gone. */
  readonly made: MadeOf | undefined
  /** Where a value of `made` was written, by path; null for nowhere. */
  readonly writtenAt: (path: string) => string | null
}

export interface Side {
  /** For people: a run's id, or a file with what `--set` says. */
  readonly name: string
  readonly stages: ReadonlyArray<SideStage>
}
