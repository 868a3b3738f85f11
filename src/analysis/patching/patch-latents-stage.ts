/** The stage patch-latents. */
import * as Effect from "effect/Effect"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { PromptPairsHandle } from "../../kinds/prompt-pairs.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import { mean } from "../../numeric/mean.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { measured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { lineGroups } from "./line-groups.ts"
import { openTask } from "./open-task.ts"
import { type PatchedFigures, patchedRun } from "./patched-codes.ts"
import { patchesToHalf } from "./patches-to-half.ts"
import type { PromptBatch, Prompts } from "./prompt-batch.ts"
import { prunePatches } from "./prune-patches.ts"
import { randomControl, randomCurves, randomOrders } from "./random-orders.ts"

interface PatchLatentsParams {
  readonly thresholds: number
  readonly least_accuracy: number
  readonly seed: number
}

interface PatchLatentsInputs {
  readonly sae: Opened<SaeHandle>
  readonly model: Opened<LanguageModelHandle>
  readonly prompts: Opened<PromptPairsHandle>
}

/** A set of directions, and what the measured pairs are with it patched. */
interface MeasuredSet {
  readonly size: number
  readonly threshold: number | null
  readonly figures: PatchedFigures
}

/** Every second pair of each batch. */
const half = ({ batches }: Prompts, odd: 0 | 1): ReadonlyArray<PromptBatch> =>
  batches.flatMap(({ clean, corrupted, correct, wrong }) => {
    const kept = Array.from(correct.keys()).filter((n) => n % 2 === odd)
    const tokens = ({ ids, time }: PromptBatch["clean"]) => ({
      ids: Int32Array.from(kept.flatMap((n) => [...ids.subarray(n * time, (n + 1) * time)])),
      batch: kept.length,
      time
    })
    const of = (answers: Int32Array) => Int32Array.from(kept, (n) => answers[n]!)
    return kept.length === 0
      ? []
      : [{ clean: tokens(clean), corrupted: tokens(corrupted), correct: of(correct), wrong: of(wrong) }]
  })

const joined = (parts: ReadonlyArray<PatchedFigures>): PatchedFigures => ({
  kl: parts.flatMap(({ kl }) => kl),
  logit_difference: parts.flatMap(({ logit_difference }) => logit_difference),
  edit: parts.flatMap(({ edit }) => edit)
})

export const patchLatentsStage = Effect.fn("patchLatentsStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<PatchLatentsParams, unknown, PatchLatentsInputs>) {
  const sae = inputs.sae.value
  const { model, prompts, answers } = yield* openTask(inputs.model.value, inputs.prompts.value, params.least_accuracy)
  const { hook } = sae
  const point = hook === null ? "where the SAE reads is not known" : findHook(hook, model.info)
  if (hook === null || typeof point === "string") {
    return yield* stageFailed(typeof point === "string" ? point : "", "Give a dictionary of a hook of this model.")
  }
  if (sae.rows !== "activations" || point.width !== sae.d_in) {
    return yield* stageFailed(
      `the dictionary reads ${sae.rows} of ${sae.d_in} numbers; ${hook} of this model has ${point.width}`,
      "Give a dictionary of this model's activations."
    )
  }
  const weights = yield* sae.weights
  const saeModel = yield* openSaeModel(weights)
  const runs = (odd: 0 | 1) =>
    Effect.forEach(half(prompts, odd), (batch) =>
      Effect.acquireRelease(
        Effect.sync(() => patchedRun(model, saeModel, hook, batch)),
        (run) => Effect.sync(run.dispose)
      )
    )
  // In the order of the measured pairs.
  let first = 0
  const cleanDifferences = prompts.batches.flatMap(({ correct }) => {
    const own = answers.clean.slice(first, first + correct.length)
    first += correct.length
    return own.filter((_, place) => place % 2 === 1)
  })
  const [choosing, measuring] = [yield* runs(0), yield* runs(1)]
  if (measuring.length === 0) return yield* stageFailed("there is only one pair of prompts", "Give at least two.")
  const latents = [...new Set([...choosing, ...measuring].flatMap((run) => run.latents))].toSorted((a, b) => a - b)
  const groups = lineGroups(weights.W_dec, sae.d_in, latents)
  const latentsOf = (kept: Iterable<number>) => [...kept].flatMap((group) => groups[group]!)
  const on = (of: typeof choosing, kept: Iterable<number>): PatchedFigures => {
    const patched = latentsOf(kept)
    return joined(of.map((run) => run.figures(patched)))
  }
  const thresholds = Array.from({ length: params.thresholds }, (_, i) => 10 ** (-5 + (5 * i) / (params.thresholds - 1)))
  const every = Array.from(groups.keys())
  const sets: Array<MeasuredSet> = [
    { size: 0, threshold: null, figures: on(measuring, []) },
    { size: groups.length, threshold: 0, figures: on(measuring, every) }
  ]
  const rng = Rng.make(params.seed, "order of patches")
  let visited = 0
  for (const pruned of prunePatches(groups.length, thresholds, (kept) => mean(on(choosing, kept).kl), rng)) {
    if (pruned !== undefined) {
      sets.push({ size: pruned.kept.length, threshold: pruned.threshold, figures: on(measuring, pruned.kept) })
      continue
    }
    visited++
    if (visited % 16 === 0) {
      progress({ done: visited, total: Math.max(visited, 2 * groups.length), unit: "visits" })
      yield* breathe
    }
  }
  const curve = [...new Map(sets.map((set) => [set.size, set])).values()].toSorted((a, b) => a.size - b.size)
  const shuffled = yield* randomCurves(groups.length, curve, (kept) => on(measuring, kept).kl, params.seed)
  const n = curve[0]!.figures.kl.length
  const [none, all] = [curve[0]!, curve.at(-1)!]
  const statistics = (times: ArrayLike<number>) => {
    const over = (values: ReadonlyArray<number>) => drawnSum(times, values) / n
    const points = curve.map(({ size, figures }) => ({ x: size, kl: over(figures.kl) }))
    const edits = curve
      .map(({ figures }) => ({ x: over(figures.edit), kl: over(figures.kl) }))
      .toSorted((a, b) => a.x - b.x)
    const start = over(none.figures.logit_difference)
    return {
      patches_to_half: patchesToHalf(points),
      edit_to_half: patchesToHalf(edits),
      kl_unpatched: points[0]!.kl,
      kl_all: points.at(-1)!.kl,
      difference_all: (over(all.figures.logit_difference) - start) / (over(cleanDifferences) - start)
    }
  }
  const found = statistics(new Int32Array(n).fill(1))
  const name = `${sae.architecture} of ${sae.d_sae} latents`
  const figures: FiguresFile = {
    format: 1,
    title: `Patching directions at ${hook}: ${name}`,
    note: `${groups.length} directions differ between the prompts of ${prompts.pairs} pairs. Half of the pairs chose which are patched, ${n} others measure. All of them leave a KL of ${found.kl_all.toPrecision(3)} nats of ${found.kl_unpatched.toPrecision(3)}.`,
    charts: [
      {
        title: "KL from the clean prompt's answer by the number patched",
        x: { label: "directions patched", log: false },
        y: { label: "nats", log: false },
        series: [
          { name, line: true, points: curve.map(({ size, figures: each }) => ({ x: size, y: mean(each.kl) })) },
          {
            name: `the same in ${randomOrders} random orders, mean`,
            line: true,
            points: curve.map(({ size }, at) => ({ x: size, y: mean(shuffled.map((order) => mean(order[at]!.kl))) }))
          }
        ]
      },
      {
        title: "KL by the length of what is added",
        x: { label: "root mean square over the positions", log: false },
        y: { label: "nats", log: false },
        series: [
          { name, line: false, points: curve.map(({ figures: each }) => ({ x: mean(each.edit), y: mean(each.kl) })) }
        ]
      }
    ],
    tables: [
      {
        title: "Sets of directions",
        columns: ["patched", "threshold", "KL", "logit difference", "length"],
        rows: curve.map(({ size, threshold, figures: each }) => [
          String(size),
          threshold,
          mean(each.kl),
          mean(each.logit_difference),
          mean(each.edit)
        ])
      }
    ]
  }
  yield* output.writeJson(figuresFileName, figures)
  log(`${groups.length} directions, ${visited} visits`)
  const never = "patching all of them does not halve the divergence"
  return {
    ...withIntervals(
      {
        ...found,
        patches_to_half: measured(found.patches_to_half, never),
        edit_to_half: measured(found.edit_to_half, never)
      },
      bootstrapIntervals([n], statistics, Rng.make(params.seed, "intervals of patches"))
    ),
    random_to_half: randomControl(shuffled, never, params.seed),
    directions: groups.length
  }
}, Effect.scoped)
