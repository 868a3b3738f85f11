/** The stage select-size: results of several sizes, task by task. */
import * as Effect from "effect/Effect"
import type { AbsorptionFile } from "../../kinds/absorption.ts"
import type { EvaluationHandle } from "../../kinds/evaluation/evaluation-handle.ts"
import type { InterpretationsFile } from "../../kinds/interpretations.ts"
import type { ProbingFile } from "../../kinds/probing.ts"
import { type SizeSelectionFile, type SizedTask, sizeSelectionFileName } from "../../kinds/size-selection.ts"
import type { StitchingFile } from "../../kinds/stitching.ts"
import type { Opened } from "../../stage/input.ts"
import { intervalOf } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { sizedTask } from "./sized-task.ts"

interface SelectSizeInputs {
  readonly evaluations: ReadonlyArray<Opened<EvaluationHandle>>
  readonly probing: ReadonlyArray<Opened<ProbingFile>>
  readonly absorption: ReadonlyArray<Opened<AbsorptionFile>>
  readonly interpretations: ReadonlyArray<Opened<Pick<InterpretationsFile, "sae">>>
  readonly stitching: ReadonlyArray<Opened<StitchingFile>>
}

/** The numbers that a result came with. */
const sized = <A>(all: ReadonlyArray<Opened<A>>, metric: string, d_sae: (value: A) => number) =>
  all.flatMap(({ value, artifact: { metrics } }) => {
    const found = metrics[metric]
    return found === undefined ? [] : [{ d_sae: d_sae(value), value: found, interval: intervalOf(metrics, metric) }]
  })

const told = ({ name, metric, sizes, best }: SizedTask): string => {
  const row = sizes
    .map(({ d_sae, value, interval }) => {
      const noise = interval === null ? "" : ` ± ${((interval.high - interval.low) / 2).toFixed(4)}`
      return `${d_sae}: ${value.toFixed(4)}${noise}`
    })
    .join(", ")
  if (best === null) return `${name} (${metric}): ${row}`
  const { d_sae, next, by, noise } = best
  const sure = noise === null ? "whose noise is not known" : by > noise ? "more than its noise" : "within its noise"
  return `${name} (${metric}): ${row}; ${d_sae} before ${next} by ${by.toFixed(4)}, ${sure}`
}

export const selectSizeStage = Effect.fn("selectSizeStage")(function* ({
  inputs,
  output,
  log
}: StageContext<{}, unknown, SelectSizeInputs>) {
  const { evaluations, probing, absorption, interpretations, stitching } = inputs
  const ofEvaluation = (metric: string) => sized(evaluations, metric, ({ d_sae }) => d_sae)
  const tasks = [
    sizedTask(
      { name: "reconstruction", metric: "explained_variance", better: "higher" },
      ofEvaluation("explained_variance")
    ),
    sizedTask({ name: "loss", metric: "ce_recovered", better: "higher" }, ofEvaluation("ce_recovered")),
    sizedTask(
      { name: "probing", metric: "auc_k1", better: "higher" },
      sized(probing, "auc_k1", ({ d_sae }) => d_sae)
    ),
    sizedTask(
      { name: "absorption", metric: "mean_absorption_fraction", better: "lower" },
      sized(absorption, "mean_absorption_fraction", ({ sae }) => sae.d_sae)
    ),
    sizedTask(
      { name: "interpretation", metric: "mean_f1", better: "higher" },
      sized(interpretations, "mean_f1", ({ sae }) => sae.d_sae)
    ),
    // What the larger of two has that the smaller has not says that the smaller is not complete, not that one is better.
    sizedTask(
      { name: "stitching", metric: "novel_fraction", better: "neither" },
      sized(stitching, "novel_fraction", ({ large }) => large.d_sae)
    )
  ].filter(({ sizes }) => sizes.length > 0)
  const compared = tasks.filter(({ best }) => best !== null)
  if (compared.length === 0) {
    return yield* stageFailed("no task was measured on two sizes", "Give results of SAEs of several widths.")
  }
  for (const task of tasks) log(told(task))
  const file: SizeSelectionFile = { format: 1, tasks }
  yield* output.writeJson(sizeSelectionFileName, file)
  const decided = compared.filter(({ best }) => best !== null && best.noise !== null && best.by > best.noise)
  const bests = Object.fromEntries(
    ["reconstruction", "loss", "probing", "absorption", "interpretation"].map((name) => {
      const task = compared.find((each) => each.name === name)
      return [
        `best_${name}`,
        task === undefined || task.best === null
          ? { unmeasured: "not measured on two sizes" }
          : decided.includes(task)
            ? task.best.d_sae
            : { unmeasured: `${task.best.d_sae} comes first, but not by more than the noise` }
      ]
    })
  )
  return { tasks: compared.length, decided: decided.length, ...bests }
})
