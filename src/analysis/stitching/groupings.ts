/**
 * The path under other groups of counterparts. Connected components of a cosine graph can be one giant group: whatever it
 * holds is swapped in one step, and the path then tells nothing of its inside. Beside them stand components at a fixed
 * threshold, and groups that cannot grow: matchings, of latents that are each other's nearest.
 */
import type { StitchingGrouping } from "../../kinds/stitching.ts"
import type { Nearest } from "../decoder-cosine.ts"
import type { Component } from "./components.ts"
import type { PathStep } from "./stitch-path.ts"

/** Points of a path that are kept. */
const kept = 100

/** Edges (small, large) between latents that are each other's nearest. */
export const mutualNearest = (
  large: Pick<Nearest, "index">,
  small: Pick<Nearest, "index">
): Array<readonly [number, number]> =>
  Array.from(small.index).flatMap((j, i) => (large.index[j] === i ? [[i, j] as const] : []))

/**
 * The edges, and after them one for each small latent that none of them touched, to the large latent nearest to it: so that it
 * leaves when something near comes in.
 *
 * @param matched [small latents]: becomes 1 where there is an edge
 * @param closest undefined: those small latents stay alone
 */
export function* tiedToNearest(
  edges: Iterable<readonly [number, number]>,
  matched: Uint8Array,
  closest: Pick<Nearest, "index"> | undefined
): Generator<readonly [number, number]> {
  for (const edge of edges) {
    matched[edge[0]] = 1
    yield edge
  }
  if (closest === undefined) return
  for (const [i, has] of matched.entries()) if (has === 0) yield [i, closest.index[i]!]
}

/** Share of the fall of the MSE from end to end that the one step brings which lowers it most; null where it does not fall. */
const largestStepShare = (steps: ReadonlyArray<Pick<PathStep, "mse">>): number | null => {
  const fall = steps[0]!.mse - steps.at(-1)!.mse
  if (!(fall > 0)) return null
  // Paths have more steps than a call may have arguments.
  return (
    steps.reduce(
      (most, { mse }, n) => (n === 0 ? most : Math.max(most, steps[n - 1]!.mse - mse)),
      Number.NEGATIVE_INFINITY
    ) / fall
  )
}

export const groupingFigures = (
  name: StitchingGrouping["name"],
  threshold: number | null,
  parts: ReadonlyArray<Component>,
  steps: ReadonlyArray<PathStep>
): StitchingGrouping => {
  const inPhase = (phase: string): number => steps.filter((step) => step.phase === phase).length
  const shown =
    steps.length <= kept
      ? steps
      : Array.from({ length: kept }, (_, n) => steps[Math.round((n * (steps.length - 1)) / (kept - 1))]!)
  return {
    name,
    threshold,
    groups: parts.length,
    largest_group: parts.reduce((most, { small, large }) => Math.max(most, small.length + large.length), 0),
    largest_step_share: largestStepShare(steps),
    insertions: inPhase("insert"),
    swaps: inPhase("swap"),
    rest: inPhase("rest"),
    rising_steps: steps.filter((step, n) => n > 0 && step.mse > steps[n - 1]!.mse).length,
    latents: shown.map((step) => step.latents),
    l0: shown.map((step) => step.l0),
    mse: shown.map((step) => step.mse)
  }
}
