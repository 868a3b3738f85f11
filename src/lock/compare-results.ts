/**
 * Results beside a lock: equal digests, or headline metrics within their tolerance where the numerics differ (another
 * engine or instruction set, or an input that such a one made).
 */
import { someOf } from "../words/some-of.ts"
import { upstreamOf } from "../plan/manifest.ts"
import type { Interval } from "../numeric/bootstrap.ts"
import { differenceNoise } from "../numeric/difference-noise.ts"
import { intervalOf } from "../stage/metric.ts"
import type { ActionRecord } from "../store/action-record.ts"
import { engineDifference } from "./engine-difference.ts"
import { keyDifference } from "./key-difference.ts"
import type { Lock, LockedStage } from "./lock.ts"
import type { PlannedInstance } from "./lock-stage.ts"

/** What an instance came to; `record` is undefined where it failed or was skipped. */
export interface Result extends PlannedInstance {
  readonly record: ActionRecord | undefined
  /** Why there is no record. */
  readonly problem?: string
}

export interface MetricComparison {
  readonly name: string
  readonly locked: number
  /** Undefined: the stage gave no such number. */
  readonly now: number | undefined
  readonly tolerance: number
  readonly within: boolean
  /** 95 %, where the lock and the stage have it. */
  readonly lockedInterval?: Interval
  readonly nowInterval?: Interval
  /** As `differenceNoise` gives it, where both have an interval. */
  readonly noise?: number
}

export interface Comparison {
  readonly id: string
  readonly kind: string
  /**
   * same: the digest is the lock's. close: it is not, the numerics differ, and every metric is within its tolerance.
   * unchecked: likewise, and the stage kind declares no metric. All others are a failure.
   */
  readonly result: "same" | "close" | "unchecked" | "differs" | "failed" | "not locked" | "gone"
  /** What the key is made from that is not what the lock was made from, inputs aside. */
  readonly changed: ReadonlyArray<string>
  /** Why the digest differs. */
  readonly because: ReadonlyArray<string>
  /** All that the lock holds, where the digest differs. */
  readonly metrics: ReadonlyArray<MetricComparison>
  readonly seconds: number
}

export const agrees = ({ result }: Comparison): boolean =>
  result === "same" || result === "close" || result === "unchecked"

/** Sums of decimal fractions are not exact: 0.3 - 0.1 is within 0.2. */
const ROUNDING = 1e-12

const compareMetrics = (locked: LockedStage, { metrics }: ActionRecord): ReadonlyArray<MetricComparison> =>
  Object.entries(locked.metrics ?? {}).map(([name, { value, low, high, tolerance }]) => {
    const now = metrics[name]
    const lockedInterval = low === undefined || high === undefined ? undefined : { low, high }
    const nowInterval = intervalOf(metrics, name)
    const noise =
      now === undefined || lockedInterval === undefined || nowInterval === undefined
        ? undefined
        : differenceNoise({ value, ...lockedInterval }, { value: now, ...nowInterval })
    const slack = ROUNDING * Math.max(1, Math.abs(value))
    return {
      name,
      locked: value,
      now,
      tolerance,
      within: now !== undefined && Math.abs(now - value) <= tolerance + slack,
      ...(lockedInterval === undefined ? {} : { lockedInterval }),
      ...(nowInterval === undefined ? {} : { nowInterval }),
      ...(noise === undefined ? {} : { noise })
    }
  })

const NOTHING = { changed: [], because: [], metrics: [] }

const compareOne = (lock: Lock, result: Result, differing: ReadonlySet<string>): Comparison => {
  const { instance, record, problem } = result
  const of = { ...NOTHING, id: instance.id, kind: instance.kind.name, seconds: record?.seconds ?? 0 }
  const locked = lock.stages[instance.id]
  if (record === undefined) return { ...of, result: "failed", because: [problem ?? "it has no result"] }
  const changed = keyDifference(lock, result)
  if (locked === undefined) return { ...of, result: "not locked", changed, because: changed }
  if (record.digest === locked.digest) return { ...of, result: "same", changed }
  const engine = engineDifference(locked.engine, record.engine)
  const inputs = upstreamOf(instance).filter((id) => differing.has(id))
  const because = [
    ...changed,
    ...(engine === undefined ? [] : [engine]),
    ...(inputs.length === 0 ? [] : [`${someOf(inputs, 2)} ${inputs.length === 1 ? "differs" : "differ"}`])
  ]
  const compared = { ...of, changed, because, metrics: compareMetrics(locked, record) }
  if (engine === undefined && inputs.length === 0) {
    if (changed.length > 0) return { ...compared, result: "differs" }
    return { ...compared, result: "differs", because: ["the same key on the same engine: it is not deterministic"] }
  }
  if (compared.metrics.length === 0) return { ...compared, result: changed.length === 0 ? "unchecked" : "differs" }
  return { ...compared, result: compared.metrics.every(({ within }) => within) ? "close" : "differs" }
}

/**
 * @param results in topological order
 * @param known ids of all instances that the experiment has: what the lock holds beside them is gone
 */
export const compareResults = (
  lock: Lock,
  results: ReadonlyArray<Result>,
  known: ReadonlySet<string>
): ReadonlyArray<Comparison> => {
  const differing = new Set<string>()
  const compared = results.map((result) => {
    const comparison = compareOne(lock, result, differing)
    if (comparison.result !== "same") differing.add(comparison.id)
    return comparison
  })
  const gone = Object.entries(lock.stages).filter(([id]) => !known.has(id))
  return [
    ...compared,
    ...gone.map(([id, { kind }]): Comparison => ({
      id,
      kind,
      ...NOTHING,
      result: "gone",
      because: ["the lock holds it, and the experiment has no such stage"],
      seconds: 0
    }))
  ]
}
