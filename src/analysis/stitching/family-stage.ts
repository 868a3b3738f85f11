/** The stage stitch-family. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import { requireSameSite } from "../../activations/same-site.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import { figuresFileName } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { type FamilyRow, familyFigures } from "./family-figures.ts"
import { familyWalk, type Walk } from "./family-walk.ts"
import { excessOf, type MeasuredSae, measureSaes } from "./measure-saes.ts"
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

export const familyStage = Effect.fn("familyStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<FamilyParams, unknown, FamilyInputs>) {
  const activations = inputs.activations.value
  const handles = inputs.saes.map(({ value }) => value)
  const sizes = handles.map(({ d_sae }) => d_sae)
  if (sizes.length < 2) return yield* stageFailed("a family has two SAEs or more", "Give SAEs of several widths.")
  if (consecutive(sizes).some(([a, b]) => a >= b)) {
    return yield* stageFailed(
      `the SAEs have ${sizes.join(", ")} latents: a path goes from a smaller one to a larger one`,
      "List the widths smallest first, one SAE of each: choose one seed and one sparsity."
    )
  }
  const members = [
    ...handles.map((sae, n) => [sae, `SAE ${n + 1}`] as const),
    ...inputs.merged.map(({ value }) => [value, "a merged SAE"] as const)
  ]
  for (const [sae, name] of members) {
    yield* requireReads(sae, activations, name)
    yield* requireSameSite(handles[0]!, sae, ["SAE 1", name])
  }
  yield* requireHeldOut(activations)
  yield* requireTrainingRows(activations)
  if (inputs.model !== undefined) yield* requireModelOf(activations, inputs.model.value)

  const rows = spreadBatches((yield* openActivations(activations)).train, params.rows)
  const saes = yield* Effect.forEach(
    handles,
    Effect.fnUntraced(function* (own, n) {
      const { sae, threshold } = yield* standingAlone(yield* own.weights, rows)
      const line = standsIn(`SAE ${n + 1}`, threshold)
      if (line !== undefined) log(`warning: ${line}`)
      return sae
    })
  )
  const inner = saes.slice(1, -1)
  const walks: Array<Walk> = []
  const total = saes.length - 1 + (inner.length === 0 ? 0 : 1)
  for (const [small, large] of consecutive(saes)) {
    walks.push(yield* familyWalk({ small, large }, rows, params.points))
    progress({ done: walks.length, total, unit: "paths" })
  }
  const direct =
    inner.length === 0
      ? undefined
      : yield* familyWalk({ small: saes[0]!, large: saes.at(-1)! }, rows, params.points, sizes.slice(1, -1))
  if (direct !== undefined) progress({ done: total, total, unit: "paths" })

  const merged = yield* Effect.forEach(inputs.merged, ({ value }) => value.weights)
  const lists = [
    saes,
    ...walks.map(({ between }) => between.map(({ weights }) => weights)),
    (direct?.between ?? []).map(({ weights }) => weights),
    (direct?.atSizes ?? []).map(({ weights }) => weights),
    merged
  ]
  const count = lists.flat().length
  const all = yield* measureSaes(lists.flat(), activations, inputs.model?.value, params.contexts, (done) =>
    progress({ done, total: count, unit: "SAEs" })
  )
  let first = 0
  const measured = lists.map((list) => all.slice(first, (first += list.length)))
  const trained = measured[0]!
  const steps = measured.slice(1, 1 + walks.length)
  const [between, atSizes, frankenstein] = measured.slice(1 + walks.length) as [
    Array<MeasuredSae>,
    Array<MeasuredSae>,
    Array<MeasuredSae>
  ]
  const chain = trained.flatMap((sae, n) => [sae, ...(steps[n] ?? [])])
  const walked = [...(direct?.between ?? []), ...(direct?.atSizes ?? [])]
  const onDirect = [...between, ...atSizes]
    .map((sae, n) => ({ sae, step: walked[n]!.step }))
    .toSorted((a, b) => a.step - b.step)
    .map(({ sae }) => sae)
  const table: Array<FamilyRow> = [
    ...trained.map((sae) => ({ name: "trained", sae })),
    ...atSizes.map((sae) => ({ name: "stitched", sae })),
    ...frankenstein.map((sae) => ({ name: "merged", sae }))
  ].toSorted((a, b) => a.sae.latents - b.sae.latents)
  yield* output.writeJson(
    figuresFileName,
    familyFigures(
      [
        { name: "trained", line: false, saes: trained },
        { name: "chain through the family", line: true, saes: chain },
        ...(direct === undefined
          ? []
          : [{ name: "smallest to largest", line: true, saes: [trained[0]!, ...onDirect, trained.at(-1)!] }]),
        ...(frankenstein.length === 0 ? [] : [{ name: "merged", line: false, saes: frankenstein }])
      ],
      table
    )
  )
  const pathSteps = walks.reduce((sum, walk) => sum + walk.steps, 0)
  const rising = walks.reduce((sum, walk) => sum + walk.risingSteps, 0)
  const pairs = atSizes.map((sae, n) => [sae, trained[n + 1]!] as const)
  const beside = frankenstein.flatMap((sae) => {
    const same = trained.find(({ latents }) => latents === sae.latents)
    return same === undefined ? [] : [[sae, same] as const]
  })
  const figures = (name: string, compared: ReadonlyArray<readonly [MeasuredSae, MeasuredSae]>, without: string) => {
    const excess = compared.length === 0 ? undefined : excessOf(compared)
    const of = (what: "mse" | "l0" | "ce") =>
      excess === undefined ? { unmeasured: without } : estimated(excess[what], excess.intervals[what])
    return {
      [`${name}_mse_excess`]: of("mse"),
      [`${name}_l0_excess`]: of("l0"),
      [`${name}_ce_excess`]:
        excess !== undefined && Number.isNaN(excess.ce) ? { unmeasured: "no model is given" } : of("ce")
    }
  }
  const sizesText = sizes.join(" → ")
  log(
    `${sizesText} latents in ${pathSteps} steps, of which ${rising} raise the MSE on the rows that they are chosen on`
  )
  return {
    ...figures("stitched", pairs, "there is no trained SAE between the smallest and the largest"),
    ...figures("merged", beside, "no merged SAE has the size of a trained one"),
    steps: pathSteps,
    rising_share: rising / pathSteps
  }
}, Effect.scoped)
