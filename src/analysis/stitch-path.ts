/**
 * The insert-then-swap path from a small SAE to a large one, greedy with re-evaluation.
 *
 * Units are the connected components of the graph of decoder cosines above a threshold: a large latent alone is an
 * insertion, a mixed component a swap (all its small members out, all its large members in). Insertions come first, each
 * time the one that now lowers the MSE most, while any lowers it; then the remaining units, each time the one with the
 * lowest change now. Nothing is left out, so the path ends in exactly the large SAE; steps that raise the MSE stay in.
 */
import type { Component } from "./components.ts"
import type { StitchData } from "./stitch-pass.ts"
import { type Flip, stitchState, type StitchState } from "./stitch-state.ts"

/** last_step: the small SAE's b_dec until the last step. interpolate: in proportion to the latents flipped so far. */
export type BiasRule = "last_step" | "interpolate"

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
  const total = parts.length + 1
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

  const units = parts.map((component): Unit => {
    const flip: Flip = {
      latents: [...component.small, ...component.large.map((j) => m + j)],
      signs: [...component.small.map(() => -1 as const), ...component.large.map(() => 1 as const)]
    }
    const phase = component.small.length === 0 ? "insert" : component.large.length === 0 ? "rest" : "swap"
    return { ...flip, phase, component, curvature: state.curvature(flip) }
  })
  let flipped = 0
  let left = units.length
  const biasStep = (unit: Unit): number => {
    if (biasRule === "last_step") return left === 1 ? 1 : 0
    // Sums of shares must end in exactly 1.
    return left === 1 ? 1 - state.biasShare() : (flipped + unit.latents.length) / P - flipped / P
  }
  const take = (pool: Array<Unit>, index: number, phase: Unit["phase"]): void => {
    const unit = pool[index]!
    state.apply(unit, unit.curvature, biasStep(unit))
    pool.splice(index, 1)
    flipped += unit.latents.length
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
