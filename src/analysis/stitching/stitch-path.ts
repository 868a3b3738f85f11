/**
 * The insert-then-swap path from a small SAE to a large one, greedy with re-evaluation.
 *
 * Units are the connected components of the graph of decoder cosines above a threshold: a large latent alone is an
 * insertion, a mixed component a swap (all its small members out, all its large members in). Insertions come first, each
 * time the one that now lowers the MSE most, while any lowers it; then the remaining units, each time the one with the
 * lowest change now. Large latents that never fired and have no counterpart are one unit: they change nothing. Nothing is
 * left out, so the path ends in exactly the large SAE; steps that raise the MSE stay in.
 */
import type { Component } from "./components.ts"
import type { StitchData } from "./stitch-pass.ts"
import type { Flip } from "./flip.ts"
import { stitchState, type StitchState } from "./stitch-state.ts"

/**
 * When b_dec goes from the small SAE's to the large one's. last_step: in the last step. interpolate: in proportion to the
 * latents flipped so far. best: with every step to the point of the line between the two, never backwards, that makes
 * the MSE smallest.
 */
export type BiasRule = "best" | "last_step" | "interpolate"

export interface PathStep {
  readonly phase: "start" | "insert" | "swap" | "rest"
  /** In the numbering of the large SAE. */
  readonly added: ReadonlyArray<number>
  /** In the numbering of the small SAE. */
  readonly removed: ReadonlyArray<number>
  readonly latents: number
  readonly l0: number
  readonly mse: number
  readonly ev: number
}

export interface StitchPath {
  readonly steps: ReadonlyArray<PathStep>
  readonly state: StitchState
}

interface Unit extends Flip {
  readonly phase: "insert" | "swap" | "rest"
  readonly component: Component
  readonly curvature: number
}

const withSilentTogether = (data: StitchData, parts: ReadonlyArray<Component>): ReadonlyArray<Component> => {
  const m = data.small.d_sae
  const silent = (part: Component): boolean =>
    part.small.length === 0 && part.large.every((j) => data.density[m + j] === 0)
  const together = parts.filter(silent).flatMap((part) => part.large)
  const others = parts.filter((part) => !silent(part))
  return together.length === 0 ? others : [...others, { small: [], large: together }]
}

/** @param onStep is told of every step, with the state after it */
export const stitchPath = (
  data: StitchData,
  parts: ReadonlyArray<Component>,
  biasRule: BiasRule,
  onStep: (step: PathStep, state: StitchState, index: number, total: number) => void = () => {}
): StitchPath => {
  const m = data.small.d_sae
  const P = m + data.large.d_sae
  const state = stitchState(data)
  const steps: Array<PathStep> = []
  const grouped = withSilentTogether(data, parts)
  const total = grouped.length + 1
  const log = (phase: PathStep["phase"], component: Component): void => {
    const mse = state.mse()
    const step: PathStep = {
      phase,
      added: component.large,
      removed: component.small,
      latents: state.size(),
      l0: state.l0(),
      mse,
      ev: 1 - mse / data.variance
    }
    steps.push(step)
    onStep(step, state, steps.length - 1, total)
  }
  log("start", { small: [], large: [] })

  const units = grouped.map((component): Unit => {
    const flip: Flip = {
      latents: [...component.small, ...component.large.map((j) => m + j)],
      signs: [...component.small.map(() => -1 as const), ...component.large.map(() => 1 as const)]
    }
    const phase = component.small.length === 0 ? "insert" : component.large.length === 0 ? "rest" : "swap"
    return { ...flip, phase, component, curvature: state.curvature(flip) }
  })
  let left = units.length
  const biasStep = (unit: Unit): number => {
    // Whatever the rule, the last step ends at the large SAE's b_dec.
    if (left === 1) return 1 - state.biasShare()
    if (biasRule === "last_step") return 0
    return biasRule === "best" ? state.bestBiasStep(unit) : unit.latents.length / P
  }
  const take = (pool: Array<Unit>, index: number, phase: Unit["phase"]): void => {
    const unit = pool[index]!
    state.apply(unit, unit.curvature, biasStep(unit))
    pool.splice(index, 1)
    left--
    log(phase, unit.component)
  }
  const best = (pool: ReadonlyArray<Unit>): { readonly index: number; readonly change: number } => {
    let index = -1
    let change = Number.POSITIVE_INFINITY
    pool.forEach((unit, n) => {
      const here = state.change(unit, unit.curvature, biasStep(unit))
      if (here < change) {
        change = here
        index = n
      }
    })
    return { index, change }
  }

  const insertions = units.filter((unit) => unit.phase === "insert")
  for (let next = best(insertions); next.index >= 0 && next.change < 0; next = best(insertions)) {
    take(insertions, next.index, "insert")
  }
  const rest = [
    ...insertions.map((unit): Unit => ({ ...unit, phase: "rest" })),
    ...units.filter((u) => u.phase !== "insert")
  ]
  while (rest.length > 0) {
    const { index } = best(rest)
    if (index < 0) throw new RangeError("the change of the MSE is not a number: the activations or weights are broken")
    take(rest, index, rest[index]!.phase)
  }
  return { steps, state }
}
