/** The stage make-synthetic: rows whose features are known. */
import * as Effect from "effect/Effect"
import { importActivations, importedSplit } from "../activations/import-activations.ts"
import { isHeldOut } from "../activations/held-out-documents.ts"
import { writeSyntheticTruth } from "../kinds/activations/synthetic-truth.ts"
import * as Rng from "../random/rng.ts"
import { breathe } from "../stage/breathe.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { composedDirections, featureDirections } from "./feature-directions.ts"
import { featureTree } from "./feature-tree.ts"
import { featureStrengths, weakened } from "./feature-strengths.ts"
import { type FiringSettings, makeFiring } from "./firing.ts"

export interface SyntheticParams extends FiringSettings {
  readonly features: number
  readonly d_in: number
  readonly rows: number
  /** Sizes of groups of parts: features are then their compositions. */
  readonly parts: ReadonlyArray<number>
  readonly roots: number
  readonly branching: number
  readonly depth: number
  readonly orthogonal_steps: number
  readonly orthogonal_lr: number
  readonly absent: number
  readonly weak: number
  readonly weak_factor: number
  readonly bias: number
  readonly held_out_fraction: number
  readonly seed: number
}

/** Rows between two reports of progress. */
const step = 4096

export const syntheticStage = Effect.fn("syntheticStage")(function* ({
  params,
  output,
  progress,
  log
}: StageContext<SyntheticParams, unknown, {}>) {
  const { d_in, rows, seed, parts: groups } = params
  const directions = (count: number) =>
    featureDirections(count, d_in, { steps: params.orthogonal_steps, lr: params.orthogonal_lr, seed })
  const parts = groups.length === 0 ? undefined : directions(groups.reduce((sum, size) => sum + size, 0))
  const wanted = params.probabilities.length === 0 ? params.features : params.probabilities.length
  const features = parts === undefined ? directions(wanted) : composedDirections(parts, d_in, groups)
  const count = features.length / d_in
  const tree = featureTree(count, params.roots, params.branching, params.depth)
  const { probabilities, sample } = makeFiring(count, tree, params, Rng.make(seed, "synthetic features"))

  const strength = featureStrengths(count, params)

  const drawBias = Rng.make(seed, "synthetic bias")
  const raw = Float32Array.from({ length: d_in }, () => drawBias.normal())
  const bias = raw.map((x) => (x * params.bias) / Math.hypot(...raw))

  const heldOut = isHeldOut(importedSplit(rows, params.held_out_fraction, seed))
  const draw = Rng.make(seed, "synthetic rows")
  const values = new Float32Array(rows * d_in)
  const start = [0]
  const [feature, magnitude]: [Array<number>, Array<number>] = [[], []]
  let fired = 0
  for (let row = 0; row < rows; row++) {
    const at = values.subarray(row * d_in, (row + 1) * d_in)
    at.set(bias)
    const drawn = sample(draw)
    const firing = weakened(drawn, strength)
    firing.features.forEach((id, n) => {
      const size = firing.magnitudes[n] as number
      for (let c = 0; c < d_in; c++) at[c]! += size * features[id * d_in + c]!
    })
    fired += firing.features.length
    if (heldOut(row, row)) {
      for (const id of firing.features) feature.push(id)
      for (const size of firing.magnitudes) magnitude.push(size)
      start.push(feature.length)
    }
    if ((row + 1) % step === 0) {
      progress({ done: row + 1, total: rows, unit: "rows" })
      yield* breathe
    }
  }
  const imported = yield* importActivations({ rows, d_in, values }, output, {
    hook: "synthetic",
    held_out_fraction: params.held_out_fraction,
    seed,
    source: "synthetic"
  })
  yield* writeSyntheticTruth(output, {
    d_in,
    features,
    bias,
    probabilities: Float32Array.from(probabilities, (p, id) => (strength[id] === 0 ? 0 : p)),
    start: Int32Array.from(start),
    feature: Int32Array.from(feature),
    magnitude: Float32Array.from(magnitude),
    parts,
    parent: params.roots === 0 ? undefined : tree.parent
  })
  log(`${count} features in ${d_in} dimensions, ${(fired / rows).toFixed(2)} a row`)
  return { ...imported, features: count, true_l0: fired / rows }
}, Effect.scoped)
