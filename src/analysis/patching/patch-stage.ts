/** The stage patch-activations. */
import * as Effect from "effect/Effect"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { PromptPairsHandle } from "../../kinds/prompt-pairs.ts"
import { findHook } from "../../model/hook-name.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import { crossFittedBest } from "../../numeric/cross-fitted-best.ts"
import { pearson } from "../../numeric/correlation.ts"
import * as Rng from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { withIntervals, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTask } from "./open-task.ts"
import { attributedChanges, patchedDifferences } from "./patch-effects.ts"
import type { PromptBatch } from "./prompt-batch.ts"
import { taskAccuracy, type TaskAnswers } from "./task-answers.ts"

interface PatchParams {
  readonly hooks: ReadonlyArray<string> | null
  readonly method: "both" | "activation" | "attribution"
  readonly least_accuracy: number
  readonly seed: number
}

interface PatchInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly prompts: Opened<PromptPairsHandle>
}

/** Of one hook: of each position the logit difference, or the change, of every pair. */
type ByPosition = ReadonlyArray<ReadonlyArray<number>>

const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)

/** Pairs of several batches one after the other, at each position. */
const joined = (parts: ReadonlyArray<ByPosition>): ByPosition =>
  parts[0]!.map((_, position) => parts.flatMap((part) => part[position]!))

/** Share of the way from the corrupted answers to the clean ones, of sums over pairs. */
const recovered = (values: ReadonlyArray<number>, { clean, corrupted }: TaskAnswers): number =>
  (sum(values) - sum(corrupted)) / (sum(clean) - sum(corrupted))

const hooksOf = Effect.fnUntraced(function* (model: RunnableModel, asked: ReadonlyArray<string> | null) {
  const last = model.info.n_layers - 1
  const names = asked ?? [
    ...Array.from({ length: last + 1 }, (_, layer) => `blocks.${layer}.hook_resid_pre`),
    `blocks.${last}.hook_resid_post`
  ]
  for (const name of names) {
    const hook = findHook(name, model.info)
    if (typeof hook === "string") return yield* stageFailed(hook, "Name hooks that the model has.")
    if (!hook.perToken) {
      return yield* stageFailed(`${name} holds no vector for each position`, "Name hooks that do.")
    }
  }
  return names
})

/** Which pair each takes from: the nearest after it of the same batch with no answer in common; itself, where there is none. */
const exchanged = ({ correct, wrong }: PromptBatch, shift: number): ReadonlyArray<number> =>
  Array.from(correct, (_, n) => {
    const answers = new Set([correct[n], wrong[n]])
    for (let step = 0; step < correct.length; step++) {
      const other = (n + shift + step) % correct.length
      if (!answers.has(correct[other]) && !answers.has(wrong[other])) return other
    }
    return n
  })

export const patchStage = Effect.fn("patchStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<PatchParams, unknown, PatchInputs>) {
  const { model, prompts, answers } = yield* openTask(inputs.model.value, inputs.prompts.value, params.least_accuracy)
  const hooks = yield* hooksOf(model, params.hooks)
  const { batches, time, labels, pairs } = prompts
  const exact: Array<ByPosition> = []
  const estimated: Array<ByPosition> = []
  const positions = Array.from({ length: time }, (_, position) => position)
  for (const [n, hook] of hooks.entries()) {
    if (params.method !== "attribution") {
      exact.push(joined(batches.map((batch) => patchedDifferences(model, batch, hook, positions))))
      yield* breathe
    }
    if (params.method !== "activation") {
      const changes = joined(batches.map((batch) => attributedChanges(model, batch, hook)))
      estimated.push(changes.map((values) => values.map((value, pair) => value + answers.corrupted[pair]!)))
      yield* breathe
    }
    progress({ done: n + 1, total: hooks.length, unit: "hooks" })
  }
  const shares = (found: ReadonlyArray<ByPosition>) => found.map((of) => of.map((values) => recovered(values, answers)))
  const [shareExact, shareEstimated] = [shares(exact), shares(estimated)]
  const main = shareExact.length > 0 ? shareExact : shareEstimated
  const arrival = shareExact.findIndex((row) => row[time - 1]! >= 0.5)
  const control =
    arrival < 0
      ? undefined
      : batches.flatMap((batch) => {
          const shift = 1 + Rng.make(params.seed, "pairs that are exchanged").int(Math.max(1, batch.correct.length - 1))
          return patchedDifferences(model, batch, hooks[arrival]!, [time - 1], exchanged(batch, shift))[0]!
        })
  const places = exact.length > 0 ? exact.flat() : estimated.flat()
  const shareOf = (times: Int32Array, values: ReadonlyArray<number> | undefined): number => {
    if (values === undefined) return Number.NaN
    const [clean, corrupted] = [drawnSum(times, answers.clean), drawnSum(times, answers.corrupted)]
    return (drawnSum(times, values) - corrupted) / (clean - corrupted)
  }
  const largest =
    pairs < 2
      ? undefined
      : crossFittedBest(
          pairs,
          (times) => places.map((values) => shareOf(times, values)),
          Rng.make(params.seed, "pairs that choose a place for the others")
        )
  const both = exact.length > 0 && estimated.length > 0
  const agreementOf = (share: (values: ReadonlyArray<number>) => number): number | undefined =>
    both ? pearson(exact.flat().map(share), estimated.flat().map(share)) : undefined
  const there = arrival < 0 ? undefined : exact[arrival]![time - 1]!
  const intervals = bootstrapIntervals(
    [pairs],
    (times) => {
      const share = (values: ReadonlyArray<number> | undefined): number => shareOf(times, values)
      return {
        logit_difference: drawnSum(times, answers.clean) / pairs,
        arrival_recovered: share(there),
        control_recovered: share(control),
        agreement: agreementOf(share) ?? Number.NaN
      }
    },
    Rng.make(params.seed, "intervals of patching")
  )
  const table = (title: string, rows: ReadonlyArray<ReadonlyArray<number>>) => ({
    title,
    columns: ["hook", ...labels.map((label, position) => `${position} ${label.trim()}`)],
    rows: rows.map((row, n) => [hooks[n]!, ...row])
  })
  const figures: FiguresFile = {
    format: 1,
    title: "Patching clean prompts into corrupted ones",
    note: `Share of the logit difference that comes back, of ${pairs} pairs: 0 as after the corrupted prompts, 1 as after the clean ones. Positions are named by the first clean prompt's tokens.`,
    charts: [
      {
        title: "At the last position, and at the best other one",
        x: { label: "hook, in the order of the list", log: false },
        y: { label: "share that comes back", log: false },
        series: [
          { name: "last position", line: true, points: main.map((row, x) => ({ x, y: row[time - 1]! })) },
          ...(time > 1
            ? [
                {
                  name: "best other position",
                  line: true,
                  points: main.map((row, x) => ({ x, y: Math.max(...row.slice(0, -1)) }))
                }
              ]
            : [])
        ]
      },
      ...(shareExact.length > 0 && shareEstimated.length > 0
        ? [
            {
              title: "Attribution against activation patching, every place",
              x: { label: "activation patching", log: false },
              y: { label: "attribution patching", log: false },
              series: [
                {
                  name: "places",
                  line: false,
                  points: shareExact.flatMap((row, n) => row.map((x, p) => ({ x, y: shareEstimated[n]![p]! })))
                }
              ]
            }
          ]
        : [])
    ],
    tables: [
      ...(shareExact.length > 0 ? [table("Activation patching", shareExact)] : []),
      ...(shareEstimated.length > 0 ? [table("Attribution patching", shareEstimated)] : [])
    ]
  }
  yield* output.writeJson(figuresFileName, figures)
  yield* output.writeJson("patching.json", { hooks, labels, activation: shareExact, attribution: shareEstimated })
  const noArrival: Unmeasured = {
    unmeasured:
      params.method === "attribution" ? "activations were not patched" : "the last position of no hook brings back half"
  }
  const onePair: Unmeasured = { unmeasured: "there is one pair of prompts, and none is left to choose a place on" }
  const noAgreement: Unmeasured = {
    unmeasured: both ? "one of the two is the same at all places" : "only one of the two was computed"
  }
  log(`${hooks.length} hooks by ${time} positions, ${pairs} pairs`)
  return {
    accuracy: taskAccuracy(answers),
    ...withIntervals(
      {
        logit_difference: sum(answers.clean) / pairs,
        arrival_recovered: there === undefined ? noArrival : recovered(there, answers),
        control_recovered: control === undefined ? noArrival : recovered(control, answers),
        largest_recovered: largest?.value ?? onePair,
        agreement: agreementOf((values) => recovered(values, answers)) ?? noAgreement
      },
      {
        ...intervals,
        largest_recovered: largest?.interval(
          (place, times) => shareOf(times, places[place]),
          Rng.make(params.seed, "intervals of the best place")
        )
      }
    ),
    arrival: arrival < 0 ? noArrival : arrival
  }
}, Effect.scoped)
