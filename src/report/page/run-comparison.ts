/** How the results of a page compare with those of another run or file: what `pipeline diff` tells, for a page. */
import type { Interval } from "../../numeric/bootstrap.ts"

export interface ComparedMetric {
  /** Id of the stage; without the seed where it is a mean over seeds. */
  readonly stage: string
  readonly name: string
  readonly before: number | null
  readonly after: number | null
  readonly beforeInterval: Interval | null
  readonly afterInterval: Interval | null
  /** As `differenceNoise` gives it; null where a side has no interval. */
  readonly noise: number | null
  /** Of the difference beside the tolerance that the kind declares. */
  readonly verdict: string
}

export interface RunComparison {
  readonly before: string
  readonly after: string
  /** Ids of stages that one side alone has. */
  readonly onlyBefore: ReadonlyArray<string>
  readonly onlyAfter: ReadonlyArray<string>
  /** Parameters, sources, code and so on that differ, each with the stages that it is of. */
  readonly changes: ReadonlyArray<{
    readonly title: string
    readonly rows: ReadonlyArray<readonly [text: string, stages: string]>
  }>
  /** Those that differ. */
  readonly metrics: ReadonlyArray<ComparedMetric>
  readonly overSeeds: ReadonlyArray<ComparedMetric>
  /** What the noise of the metrics does not hold, in words; null where nothing is to be said. */
  readonly oneSeed: string | null
  /** Stages on both sides: with the same bytes, with others, without a result on one side. */
  readonly same: number
  readonly others: number
  readonly unknown: number
}
