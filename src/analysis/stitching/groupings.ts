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

/** Small latents without an edge. */
export const unmatchedSmall = (m: number, edges: Iterable<readonly [number, number]>): ReadonlyArray<number> => {
  const matched = new Uint8Array(m)
  for (const [i] of edges) matched[i] = 1
  return Array.from(matched).flatMap((has, i) => (has === 1 ? [] : [i]))
}

/** The edges, and one of each small latent without any, to the large latent nearest to it: so that it leaves when something near comes. */
export const tiedToNearest = (
  m: number,
  edges: ReadonlyArray<readonly [number, number]>,
  closest: Pick<Nearest, "index">
): Array<readonly [number, number]> => [
  ...edges,
  ...unmatchedSmall(m, edges).map((i) => [i, closest.index[i]!] as const)
]

/** Share of the fall of the MSE from end to end that the one step brings which lowers it most; null where it does not fall. */
export const largestStepShare = (steps: ReadonlyArray<Pick<PathStep, "mse">>): number | null => {
  const fall = steps[0]!.mse - steps.at(-1)!.mse
  if (!(fall > 0)) return null
  return Math.max(...steps.slice(1).map(({ mse }, n) => steps[n]!.mse - mse)) / fall
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
