/** The control of patched directions: how many halve the divergence where they are taken in a random order. */
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import { patchesToHalf } from "./patches-to-half.ts"

/** How many: one alone says little of the mean. */
export const randomOrders = 16

/** One order: of ascending numbers of directions, the first of them 0, the KL of every pair with so many patched. */
export type PatchOrder = ReadonlyArray<{ readonly size: number; readonly kl: ReadonlyArray<number> }>

/**
 * Mean over random orders of the directions that halve the divergence.
 *
 * @param pairs how often each pair counts
 * @param orders how often each order counts
 */
export const randomToHalf = (
  curves: ReadonlyArray<PatchOrder>,
  pairs: ArrayLike<number>,
  orders: ArrayLike<number>
): number => {
  const halves = curves.map((curve, n) =>
    // An order that was not drawn has no part in it, not even where it never halves.
    orders[n] === 0 ? 0 : patchesToHalf(curve.map(({ size, kl }) => ({ x: size, kl: drawnSum(pairs, kl) / kl.length })))
  )
  return drawnSum(orders, halves) / curves.length
}

/** With the interval over the pairs and the orders, each pair with every order. @param never why there may be no number */
export const randomControl = (
  curves: ReadonlyArray<PatchOrder>,
  never: string,
  seed: number
): number | Estimate | Unmeasured => {
  const pairs = curves[0]![0]!.kl.length
  const once = (n: number) => new Int32Array(n).fill(1)
  const { control } = bootstrapIntervals(
    [pairs, curves.length],
    (times) => ({ control: randomToHalf(curves, times.subarray(0, pairs), times.subarray(pairs)) }),
    Rng.make(seed, "intervals of random orders"),
    Math.min(pairs, curves.length)
  )
  const mean = randomToHalf(curves, once(pairs), once(curves.length))
  return Number.isNaN(mean) ? { unmeasured: never } : estimated(mean, control)
}
