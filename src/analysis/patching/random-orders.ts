/** The control of patched directions: how many halve the divergence where they are taken in a random order. */
import * as Effect from "effect/Effect"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import { patchesToHalf } from "./patches-to-half.ts"

/** How many: one alone says little of the mean. */
export const randomOrders = 16

/** One order: of ascending numbers of directions, the first of them 0, the KL of every pair with so many patched. */
export type PatchOrder = ReadonlyArray<{ readonly size: number; readonly kl: ReadonlyArray<number> }>

/**
 * The KL along random orders, at the sizes of a curve. None and all of the directions are the same in any order, and are not run again.
 *
 * @param klOf of every pair, with these directions patched
 */
export const randomCurves = Effect.fnUntraced(function* (
  directions: number,
  curve: ReadonlyArray<{ readonly size: number; readonly figures: { readonly kl: ReadonlyArray<number> } }>,
  klOf: (kept: Iterable<number>) => ReadonlyArray<number>,
  seed: number
) {
  const rng = Rng.make(seed, "random order")
  const found: Array<PatchOrder> = []
  while (found.length < randomOrders) {
    const order = rng.permutation(directions)
    found.push(
      curve.map(({ size, figures: { kl } }) => ({
        size,
        kl: size === 0 || size === directions ? kl : klOf(order.subarray(0, size))
      }))
    )
    yield* breathe
  }
  return found
})

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
