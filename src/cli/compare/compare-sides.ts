/** What differs between two sides: what stages were made of, what came out, and whether that is more than a kind tolerates. */
import { differences } from "../../plan/explain.ts"
import type { Reason } from "../../plan/explain.ts"
import { absoluteTolerance, type MetricInfos } from "../../stage/metric.ts"
import type { Side, SideStage } from "./side.ts"

/**
 * within: it differs by no more than the kind's tolerance; beyond: by more; differs: the kind declares no tolerance for it.
 * missing: one side has no such number.
 */
export type Verdict = "equal" | "within" | "beyond" | "differs" | "missing"

export interface MetricDifference {
  readonly name: string
  readonly before: number | null
  readonly after: number | null
  /** After minus before. */
  readonly difference: number | null
  /** Null where the kind declares none. */
  readonly tolerance: number | null
  readonly verdict: Verdict
  /** Of a difference beyond the tolerance, where the kind says which way is better. */
  readonly better: "before" | "after" | null
  /** Declared by the kind. */
  readonly headline: boolean
}

export interface StageDifference {
  readonly id: string
  readonly stage: string
  readonly kind: string
  /** Null where one side has no record of what it was made of. */
  readonly made: ReadonlyArray<Reason> | null
  /** Null where a side has no result. */
  readonly sameBytes: boolean | null
  readonly metrics: ReadonlyArray<MetricDifference>
}

export interface Comparison {
  readonly before: string
  readonly after: string
  /** Ids of stages that one side alone has. */
  readonly onlyBefore: ReadonlyArray<string>
  readonly onlyAfter: ReadonlyArray<string>
  /** Those that both have, in the order of `before`. */
  readonly stages: ReadonlyArray<StageDifference>
}

export const compareMetric = (
  name: string,
  before: number | undefined,
  after: number | undefined,
  infos: MetricInfos
): MetricDifference => {
  const info = Object.hasOwn(infos, name) ? infos[name] : undefined
  const tolerance = info === undefined ? null : absoluteTolerance(info.tolerance, before ?? after ?? 0)
  const known = { name, before: before ?? null, after: after ?? null, tolerance }
  const headline = info !== undefined
  if (before === undefined || after === undefined) {
    return { ...known, difference: null, verdict: "missing", better: null, headline }
  }
  const difference = after - before
  const verdict: Verdict =
    before === after
      ? "equal"
      : tolerance === null
        ? "differs"
        : Math.abs(difference) <= tolerance
          ? "within"
          : "beyond"
  const up = info?.better === "higher" ? "after" : info?.better === "lower" ? "before" : null
  const down = up === null ? null : up === "after" ? "before" : "after"
  const better = verdict === "beyond" ? (difference > 0 ? up : down) : null
  return { ...known, difference, verdict, better, headline }
}

const compareStage = (before: SideStage, after: SideStage, infos: MetricInfos): StageDifference => {
  const bothHaveResults = before.digest !== undefined && after.digest !== undefined
  const names = [...new Set([...Object.keys(infos), ...Object.keys(before.metrics), ...Object.keys(after.metrics)])]
  return {
    id: after.id,
    stage: after.stage,
    kind: after.kind,
    made:
      before.made === undefined || after.made === undefined
        ? null
        : differences(before.made, after.made, after.writtenAt),
    sameBytes: bothHaveResults ? before.digest === after.digest : null,
    metrics: bothHaveResults
      ? names
          .filter((name) => name in before.metrics || name in after.metrics)
          .map((name) => compareMetric(name, before.metrics[name], after.metrics[name], infos))
      : []
  }
}

/** @param infosOf declared metrics of a kind; none for one that is not there any more */
export const compareSides = (before: Side, after: Side, infosOf: (kind: string) => MetricInfos): Comparison => {
  const later = new Map(after.stages.map((stage) => [stage.id, stage]))
  const earlier = new Set(before.stages.map(({ id }) => id))
  return {
    before: before.name,
    after: after.name,
    onlyBefore: before.stages.filter(({ id }) => !later.has(id)).map(({ id }) => id),
    onlyAfter: after.stages.filter(({ id }) => !earlier.has(id)).map(({ id }) => id),
    stages: before.stages.flatMap((stage) => {
      const other = later.get(stage.id)
      return other === undefined ? [] : [compareStage(stage, other, infosOf(other.kind))]
    })
  }
}
