/** What differs between two sides: what stages were made of, what came out, and whether that is more than a kind tolerates. */
import { differences } from "../../plan/explain.ts"
import type { Reason } from "../../plan/explain.ts"
import { groupSeeds, type SeedMean, seedMean } from "../../plan/seed-means.ts"
import type { Metrics } from "../../artifact/artifact.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { differenceNoise } from "../../numeric/difference-noise.ts"
import { absoluteTolerance, intervalOf, type MetricInfos } from "../../stage/metric.ts"
import { ownNames } from "../render/words.ts"
import { seedAlone } from "./seed-alone.ts"
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
  /** Its 95 % interval, where it has one. */
  readonly beforeInterval: Interval | null
  readonly afterInterval: Interval | null
  /** As `differenceNoise` gives it; null where a side has no interval. A difference that does not exceed it says nothing. */
  readonly noise: number | null
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

/** A metric's mean over instances that differ in their seeds alone, on both sides. */
export interface SeedsDifference {
  /** Their id without the seed. */
  readonly id: string
  readonly name: string
  readonly before: SeedMean
  readonly after: SeedMean
  readonly difference: number
  readonly noise: number
}

export interface Comparison {
  readonly before: string
  readonly after: string
  /** Ids of stages that one side alone has. */
  readonly onlyBefore: ReadonlyArray<string>
  readonly onlyAfter: ReadonlyArray<string>
  /** Those that both have, in the order of `before`. */
  readonly stages: ReadonlyArray<StageDifference>
  /** Where both sides have two seeds or more. */
  readonly overSeeds: ReadonlyArray<SeedsDifference>
  /** Ids of stages with other bytes that a seed decides, of which one side or both have a single seed: no noise here is over seeds. */
  readonly oneSeed: ReadonlyArray<string>
}

export const compareMetric = (
  name: string,
  beforeMetrics: Metrics,
  afterMetrics: Metrics,
  infos: MetricInfos
): MetricDifference => {
  const [before, after] = [beforeMetrics[name], afterMetrics[name]]
  const beforeInterval = intervalOf(beforeMetrics, name) ?? null
  const afterInterval = intervalOf(afterMetrics, name) ?? null
  const info = Object.hasOwn(infos, name) ? infos[name] : undefined
  const tolerance = info === undefined ? null : absoluteTolerance(info.tolerance, before ?? after ?? 0)
  const headline = info !== undefined
  const known = {
    name,
    before: before ?? null,
    after: after ?? null,
    tolerance,
    headline,
    beforeInterval,
    afterInterval
  }
  if (before === undefined || after === undefined) {
    return { ...known, difference: null, verdict: "missing", better: null, noise: null }
  }
  const difference = after - before
  const noise =
    beforeInterval === null || afterInterval === null
      ? null
      : differenceNoise({ value: before, ...beforeInterval }, { value: after, ...afterInterval })
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
  const tells = verdict === "beyond" && (noise === null || Math.abs(difference) > noise)
  const better = tells ? (difference > 0 ? up : down) : null
  return { ...known, difference, verdict, better, noise }
}

const compareStage = (before: SideStage, after: SideStage, infos: MetricInfos): StageDifference => {
  const bothHaveResults = before.digest !== undefined && after.digest !== undefined
  const names = ownNames({
    ...Object.fromEntries(Object.keys(infos).map((name) => [name, 0])),
    ...before.metrics,
    ...after.metrics
  })
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
          .map((name) => compareMetric(name, before.metrics, after.metrics, infos))
      : []
  }
}

const compareOverSeeds = (
  before: Side,
  after: Side,
  infosOf: (kind: string) => MetricInfos
): ReadonlyArray<SeedsDifference> => {
  const later = groupSeeds(after.stages)
  return [...groupSeeds(before.stages)].flatMap(([id, stages]) => {
    const others = later.get(id) ?? []
    return Object.keys(infosOf(others[0]?.kind ?? "")).flatMap((name) => {
      const [first, second] = [stages, others].map((each) =>
        seedMean(each.flatMap(({ metrics }) => metrics[name] ?? []))
      )
      if (first === undefined || second === undefined) return []
      const difference = second.value - first.value
      return [{ id, name, before: first, after: second, difference, noise: differenceNoise(first, second) }]
    })
  })
}

/** @param infosOf declared metrics of a kind; none for one that is not there any more */
export const compareSides = (before: Side, after: Side, infosOf: (kind: string) => MetricInfos): Comparison => {
  const later = new Map(after.stages.map((stage) => [stage.id, stage]))
  const earlier = new Set(before.stages.map(({ id }) => id))
  const stages = before.stages.flatMap((stage) => {
    const other = later.get(stage.id)
    return other === undefined ? [] : [compareStage(stage, other, infosOf(other.kind))]
  })
  const alone = [before, after].map((side) => seedAlone(side.stages))
  return {
    before: before.name,
    after: after.name,
    onlyBefore: before.stages.filter(({ id }) => !later.has(id)).map(({ id }) => id),
    onlyAfter: after.stages.filter(({ id }) => !earlier.has(id)).map(({ id }) => id),
    stages,
    overSeeds: compareOverSeeds(before, after, infosOf),
    oneSeed: stages
      .filter(({ id, sameBytes }) => sameBytes === false && alone.some((ids) => ids.has(id)))
      .map(({ id }) => id)
  }
}
