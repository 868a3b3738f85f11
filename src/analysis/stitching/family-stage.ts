/** The stage stitch-family. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import { requireSameSite } from "../../activations/same-site.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { figuresFileName } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { familyFigures } from "./family-figures.ts"
import { familyWalk, type Walk } from "./family-walk.ts"
import { excessOf, type MeasuredSae } from "./measure-saes.ts"
import { measureFamily } from "./measured-family.ts"
import { spreadBatches } from "./spread-batches.ts"
import { standingAlone, standsIn } from "./standing-alone.ts"

interface FamilyParams {
  /** Training rows that paths are chosen on, at most. */
  readonly rows: number
  /** SAEs that are measured on each path between two. */
  readonly points: number
  readonly contexts: number
}

interface FamilyInputs {
  readonly saes: ReadonlyArray<Opened<SaeHandle>>
  readonly merged: ReadonlyArray<Opened<SaeHandle>>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle> | undefined
}

/** From a list of things in order: each with the one after it. */
const consecutive = <A>(all: ReadonlyArray<A>): ReadonlyArray<readonly [A, A]> =>
  all.slice(1).map((next, n) => [all[n]!, next] as const)

const checkFamily = Effect.fnUntraced(function* ({ saes, merged, activations, model }: FamilyInputs) {
  const sizes = saes.map(({ value }) => value.d_sae)
  const [first] = saes
  if (first === undefined || sizes.length < 2) {
    return yield* stageFailed("a family has two SAEs or more", "Give SAEs of several widths.")
  }
  if (consecutive(sizes).some(([a, b]) => a >= b)) {
    return yield* stageFailed(
      `the SAEs have ${sizes.join(", ")} latents: a path goes from a smaller one to a larger one`,
      "List the widths smallest first, one SAE of each: choose one seed and one sparsity."
    )
  }
  const members = [
    ...saes.map(({ value }, n) => [value, `SAE ${n + 1}`] as const),
    ...merged.map(({ value }) => [value, "a merged SAE"] as const)
  ]
  for (const [sae, name] of members) {
    yield* requireReads(sae, activations.value, name)
    yield* requireSameSite(first.value, sae, ["SAE 1", name])
  }
  yield* requireHeldOut(activations.value)
  yield* requireTrainingRows(activations.value)
  if (model !== undefined) yield* requireModelOf(activations.value, model.value)
})

type Pairs = ReadonlyArray<readonly [MeasuredSae, MeasuredSae]>

/** By how much the first of each pair is worse than the second. @param without why there may be no pair */
const excessMetrics = (name: string, pairs: Pairs, without: string) => {
  const excess = pairs.length === 0 ? undefined : excessOf(pairs)
  const of = (what: "mse" | "l0" | "ce") =>
    excess === undefined ? { unmeasured: without } : estimated(excess[what], excess.intervals[what])
  return {
    [`${name}_mse_excess`]: of("mse"),
    [`${name}_l0_excess`]: of("l0"),
    [`${name}_ce_excess`]:
      excess !== undefined && Number.isNaN(excess.ce) ? { unmeasured: "no model is given" } : of("ce")
  }
}

export const familyStage = Effect.fn("familyStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<FamilyParams, unknown, FamilyInputs>) {
  yield* checkFamily(inputs)
  const activations = inputs.activations.value
  const sizes = inputs.saes.map(({ value }) => value.d_sae)
  const rows = spreadBatches((yield* openActivations(activations)).train, params.rows)
  const saes = yield* Effect.forEach(
    inputs.saes,
    Effect.fnUntraced(function* ({ value }, n) {
      const { sae, threshold } = yield* standingAlone(yield* value.weights, rows)
      const line = standsIn(`SAE ${n + 1}`, threshold)
      if (line !== undefined) log(`warning: ${line}`)
      return sae
    })
  )
  const inner = sizes.slice(1, -1)
  const walks: Array<Walk> = []
  const total = saes.length - 1 + (inner.length === 0 ? 0 : 1)
  for (const [small, large] of consecutive(saes)) {
    walks.push(yield* familyWalk({ small, large }, rows, params.points))
    progress({ done: walks.length, total, unit: "paths" })
  }
  const direct =
    inner.length === 0
      ? undefined
      : yield* familyWalk({ small: saes[0]!, large: saes.at(-1)! }, rows, params.points, inner)
  if (direct !== undefined) progress({ done: total, total, unit: "paths" })

  const merged = yield* Effect.forEach(inputs.merged, ({ value }) => value.weights)
  const family = { saes, walks, direct, merged }
  const measured = yield* measureFamily(family, activations, inputs.model?.value, params.contexts, (done, count) =>
    progress({ done, total: count, unit: "SAEs" })
  )
  yield* output.writeJson(figuresFileName, familyFigures(measured))

  const { trained, atSizes } = measured
  const steps = walks.reduce((sum, walk) => sum + walk.steps, 0)
  const rising = walks.reduce((sum, walk) => sum + walk.risingSteps, 0)
  const beside = measured.merged.flatMap((sae) => {
    const same = trained.find(({ latents }) => latents === sae.latents)
    return same === undefined ? [] : [[sae, same] as const]
  })
  log(
    `${sizes.join(" → ")} latents in ${steps} steps, of which ${rising} raise the MSE on the rows that they are chosen on`
  )
  return {
    ...excessMetrics(
      "stitched",
      atSizes.map((sae, n) => [sae, trained[n + 1]!] as const),
      "there is no trained SAE between the smallest and the largest"
    ),
    ...excessMetrics("merged", beside, "no merged SAE has the size of a trained one"),
    steps,
    rising_share: rising / steps
  }
}, Effect.scoped)
