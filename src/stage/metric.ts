/** Declared metrics of a stage kind, and what `run` may give for them. */

/** A number worth showing and locking: which way is better, and how far two machines may differ. */
export interface MetricInfo {
  readonly better: "higher" | "lower" | "neither"
  /** Absolute tolerance between two runs that ought to agree. */
  readonly tolerance: number
  readonly description: string
  /** True: not every instance has it. `run` leaves it out, or says why it has none. */
  readonly optional?: boolean
}
export type MetricInfos = Readonly<Record<string, MetricInfo>>

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

/** Those that have a number. */
export const numbersOf = (values: MetricValues): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === "number" ? [[name, value]] : []))
  )

/** What `run` gives: numbers, and reasons where an optional metric has none, which undefined leaves open. */
export type MetricValues = Readonly<Record<string, number | Unmeasured | undefined>>

type OptionalNames<M extends MetricInfos> = {
  [K in keyof M]: M[K] extends { readonly optional: true } ? K : never
}[keyof M]

/** What `run` has to give for declared metrics: every one that is not optional. Others may come with them. */
export type DeclaredMetrics<M extends MetricInfos> = {
  readonly [K in Exclude<keyof M, OptionalNames<M>>]: number
} & { readonly [K in OptionalNames<M>]?: number | Unmeasured | undefined } & {
  readonly [name: string]: number | Unmeasured | undefined
}
