import type { Metrics } from "../artifact/artifact.ts"

/** How far a stage is. */
export interface Progress {
  readonly done: number
  readonly total: number
  /** What is counted: "tokens", "steps". The rate and the remaining time follow from it. */
  readonly unit: string
  /** Named live numbers: loss, L0, ... */
  readonly metrics?: Metrics
}
