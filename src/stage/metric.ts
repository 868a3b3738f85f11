/** Declared metrics of a stage kind, and what `run` may give for them. */

/**
 * How far two runs that ought to agree may differ on two machines: in the metric's own unit, or as a share of its value where
 * the unit is that of the activations. A training whose sums are rounded otherwise is soon another one of the same kind, so
 * this is about what another realisation of it gives, not about rounding.
 */
export type Tolerance = number | { readonly relative: number }

/** In the metric's own unit. */
export const absoluteTolerance = (tolerance: Tolerance, value: number): number =>
  typeof tolerance === "number" ? tolerance : tolerance.relative * Math.abs(value)

/** A number worth showing and locking: which way is better, and how far two machines may differ. */
export interface MetricInfo {
  readonly better: "higher" | "lower" | "neither"
  readonly tolerance: Tolerance
  readonly description: string
  /** True: not every instance has it. `run` leaves it out, or says why it has none. */
  readonly optional?: boolean
  /** It comes with a 95 % interval, `<name>_low` and `<name>_high`, over what is said here: "held-out documents". */
  readonly interval?: string
}
export type MetricInfos = Readonly<Record<string, MetricInfo>>

/** What it is, whether every instance has it, and what its interval is over, in one line. */
export const describeMetric = ({ description, optional, interval }: MetricInfo): string =>
  description +
  (optional === true ? " (where it can be measured)" : "") +
  (interval === undefined ? "" : `; with a 95 % interval over ${interval}`)

/** In place of an optional metric's number: why there is none. It is shown wherever the number would be. */
export interface Unmeasured {
  readonly unmeasured: string
}

/**
 * The number where there is one, else the reason why not: a ratio to nothing, a mean of nothing.
 *
 * @example
 * ```ts
 * import { measured } from "sae-pipeline/stage"
 *
 * measured(3 / 4, "no latent fires") // => 0.75
 * measured(0 / 0, "no latent fires") // => { unmeasured: "no latent fires" }
 * ```
 */
export const measured = (value: number, unmeasured: string): number | Unmeasured =>
  Number.isFinite(value) ? value : { unmeasured }

/** A number with its 95 % interval. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/**
 * The number, with the interval where there is one.
 *
 * @example
 * ```ts
 * import { estimated } from "sae-pipeline/stage"
 *
 * estimated(0.5, { low: 0.4, high: 0.6 }) // => { value: 0.5, low: 0.4, high: 0.6 }
 * estimated(0.5, undefined) // => 0.5
 * ```
 */
export const estimated = (value: number, interval: Omit<Estimate, "value"> | undefined): number | Estimate =>
  interval === undefined ? value : { value, ...interval }

/** Metrics with those of the intervals that are theirs; one without a number keeps its reason. */
export const withIntervals = <M extends Readonly<Record<string, number | Unmeasured>>>(
  metrics: M,
  intervals: Readonly<Record<string, Omit<Estimate, "value"> | undefined>>
): { readonly [K in keyof M]: M[K] | Estimate } =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name,
      typeof value === "number" ? estimated(value, intervals[name]) : value
    ])
  ) as { readonly [K in keyof M]: M[K] | Estimate }

/** The names that the ends of a metric's interval have among the flat numbers of an artifact. */
export const intervalEnds = (name: string): { readonly low: string; readonly high: string } => ({
  low: `${name}_low`,
  high: `${name}_high`
})

/** The interval of a metric among flat numbers, where it has one. */
export const intervalOf = (
  metrics: Readonly<Record<string, number>>,
  name: string
): Omit<Estimate, "value"> | undefined => {
  const ends = intervalEnds(name)
  const [low, high] = [metrics[ends.low], metrics[ends.high]]
  return low === undefined || high === undefined ? undefined : { low, high }
}

/** What a number of an artifact is, and what its interval is over where it has one. */
export const describeValue = (metrics: Readonly<Record<string, number>>, name: string, infos: MetricInfos): string => {
  const { description = "", interval } = infos[name] ?? {}
  return description + (interval === undefined || intervalOf(metrics, name) === undefined ? "" : `; ± over ${interval}`)
}

/** What `run` gave as flat numbers and reasons: an estimate is three numbers. */
export const flatMetrics = (values: GivenMetrics): MetricValues =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): ReadonlyArray<readonly [string, MetricValues[string]]> => {
      if (typeof value !== "object" || "unmeasured" in value) return [[name, value]]
      const ends = intervalEnds(name)
      return [
        [name, value.value],
        [ends.low, value.low],
        [ends.high, value.high]
      ]
    })
  )

/** Those that have a number. */
export const numbersOf = (values: MetricValues): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === "number" ? [[name, value]] : []))
  )

/** Numbers, and reasons where an optional metric has none, which undefined leaves open. */
export type MetricValues = Readonly<Record<string, number | Unmeasured | undefined>>

/** What `run` gives. */
export type GivenMetrics = Readonly<Record<string, number | Estimate | Unmeasured | undefined>>

type Given<I extends MetricInfo> = I extends { readonly interval: string } ? number | Estimate : number

type OptionalNames<M extends MetricInfos> = {
  [K in keyof M]: M[K] extends { readonly optional: true } ? K : never
}[keyof M]

/** What `run` has to give for declared metrics: every one that is not optional. Others may come with them. */
export type DeclaredMetrics<M extends MetricInfos> = {
  readonly [K in Exclude<keyof M, OptionalNames<M>>]: Given<M[K]>
} & { readonly [K in OptionalNames<M>]?: Given<M[K]> | Unmeasured | undefined } & GivenMetrics
