/** The stage fit-scaling-law. */
import * as Effect from "effect/Effect"
import type { EvaluationHandle } from "../../kinds/evaluation/evaluation-handle.ts"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import { fitPowerLaw, powerLawAt } from "../../numeric/power-law.ts"
import { seedInterval } from "../../numeric/seed-interval.ts"
import { mean } from "../../numeric/mean.ts"
import * as Rng from "../../random/rng.ts"
import type { Opened } from "../../stage/input.ts"
import { type Estimate, estimated, intervalOf, measured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { suggest } from "../../words/did-you-mean.ts"
import { frontier } from "./frontier.ts"

interface ScalingParams {
  readonly over: "d_sae" | "steps" | "compute"
  readonly metric: string
  readonly floor: boolean
  readonly frontier: boolean
  readonly seed: number
}

interface ScalingInputs {
  readonly saes: ReadonlyArray<Opened<SaeHandle>>
  readonly evaluations: ReadonlyArray<Opened<EvaluationHandle>>
}

interface ScaledSae {
  readonly d_sae: number
  /** undefined: its training is not known. */
  readonly steps: number | undefined
  readonly compute: number | undefined
  readonly x: number
  readonly y: number
  readonly interval: { readonly low: number; readonly high: number } | undefined
  readonly dead: number
}

const names = { d_sae: "latents", steps: "training steps", compute: "floating-point operations" } as const

/** One SAE with its evaluation. */
const scaledSae = Effect.fnUntraced(function* (
  { over, metric }: ScalingParams,
  sae: SaeHandle,
  evaluations: ReadonlyArray<EvaluationHandle>
) {
  const evaluation = evaluations.find((each) => each.sae === sae.digest)
  if (evaluation === undefined) {
    return yield* stageFailed(`SAE ${sae.digest.slice(0, 8)} has no evaluation`, "Give the evaluation of every SAE.")
  }
  const y = evaluation.metrics[metric]
  if (y === undefined) {
    const near = suggest(metric, Object.keys(evaluation.metrics))
    return yield* stageFailed(`an evaluation has no metric ${metric}${near}`, "Name one that all have.")
  }
  if (!(y > 0)) {
    return yield* stageFailed(
      `${metric} is ${y} for an SAE of ${sae.d_sae} latents: a power law is above 0`,
      "Name another metric."
    )
  }
  const of = (name: string): number | undefined => {
    const value = sae.training?.[name]
    return typeof value === "number" ? value : undefined
  }
  const [steps, rows] = [of("steps"), of("batch_rows")]
  const compute = steps === undefined || rows === undefined ? undefined : 12 * steps * rows * sae.d_in * sae.d_sae
  const x = { d_sae: sae.d_sae, steps, compute }[over]
  if (x === undefined) {
    return yield* stageFailed(`how long SAE ${sae.digest.slice(0, 8)} was trained is not known`, "Fit over d_sae.")
  }
  const scaled: ScaledSae = {
    d_sae: sae.d_sae,
    steps,
    compute,
    x,
    y,
    interval: intervalOf(evaluation.metrics, metric),
    dead: evaluation.dead_latents / sae.d_sae
  }
  return scaled
})

/** Mean of shares that are counts over all latents: what can be otherwise is the SAE. @param shares of each, at least one */
export const deadShare = (shares: ReadonlyArray<number>): number | Estimate => {
  if (shares.every((share) => share === shares[0])) return shares[0]!
  const { mean: value, low, high } = seedInterval(shares)
  return estimated(value, { low: Math.max(0, low), high: Math.min(1, high) })
}

export const scalingStage = Effect.fn("scalingStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<ScalingParams, unknown, ScalingInputs>) {
  const evaluations = inputs.evaluations.map(({ value }) => value)
  if (new Set(evaluations.map(({ activations, rows }) => `${activations} ${rows}`)).size > 1) {
    return yield* stageFailed("the evaluations are of different rows", "Evaluate all SAEs on the same activations.")
  }
  const all = yield* Effect.forEach(inputs.saes, ({ value }) => scaledSae(params, value, evaluations))
  const chosen = (points: ReadonlyArray<ScaledSae>) => (params.frontier ? frontier(points) : points)
  const points = chosen(all)
  const least = params.floor ? 3 : 2
  const xs = [...new Set(points.map(({ x }) => x))].toSorted((a, b) => a - b)
  if (xs.length < least + 1) {
    return yield* stageFailed(
      `${points.length} SAEs${params.frontier ? " of the frontier" : ""} have ${xs.length} different ${names[params.over]}: a law${params.floor ? " with a floor" : ""} and its test take ${least + 1}`,
      params.floor ? "Give more SAEs, or fit without a floor." : "Give more SAEs."
    )
  }
  const law = fitPowerLaw(points, params.floor)
  const intervals = bootstrapIntervals(
    [all.length],
    (times) => {
      const drawn = chosen(all.flatMap((sae, i) => Array.from({ length: times[i]! }, () => sae)))
      const { exponent, floor } = fitPowerLaw(drawn, params.floor)
      return { exponent, floor }
    },
    Rng.make(params.seed, "intervals of a law")
  )
  const [smallest, largest] = [xs[0]!, xs.at(-1)!]
  const without = fitPowerLaw(
    points.filter(({ x }) => x < largest),
    params.floor
  )
  const held = mean(points.filter(({ x }) => x === largest).map(({ y }) => y))
  const label = names[params.over]
  const fitted = Array.from({ length: 41 }, (_, i) => smallest * (largest / smallest) ** (i / 40))
  const figures: FiguresFile = {
    format: 1,
    title: `${params.metric} by ${label}`,
    note: `${params.metric} = ${law.floor.toPrecision(3)} + ${law.scale.toPrecision(3)} x^-${law.exponent.toPrecision(3)}, fitted to ${points.length} SAEs${params.frontier ? ` of ${all.length} that no cheaper one is as good as` : ""}. Without the largest x, its law misses that by ${(100 * Math.abs(powerLawAt(without, largest) / held - 1)).toFixed(1)} %.`,
    charts: [
      {
        title: `${params.metric} by ${label}`,
        x: { label, log: true },
        y: { label: params.metric, log: true },
        series: [
          { name: "SAEs", line: false, points: all.map(({ x, y, interval }) => ({ x, y, ...interval })) },
          { name: "the law", line: true, points: fitted.map((x) => ({ x, y: powerLawAt(law, x) })) }
        ]
      },
      {
        title: "Dead latents",
        x: { label, log: true },
        y: { label: "share that fires on no held-out row", log: false },
        series: [{ name: "SAEs", line: false, points: all.map(({ x, dead }) => ({ x, y: dead })) }]
      }
    ],
    tables: [
      {
        title: "SAEs",
        columns: ["latents", "steps", "operations", params.metric, "dead"],
        rows: all.map(({ d_sae, steps, compute, y, dead }) => [String(d_sae), steps ?? null, compute ?? null, y, dead])
      }
    ]
  }
  yield* output.writeJson(figuresFileName, figures)
  yield* output.writeJson("law.json", { over: params.over, metric: params.metric, ...law, saes: all })
  log(`exponent ${law.exponent.toFixed(3)}, floor ${law.floor.toPrecision(3)}, of ${points.length} SAEs`)
  const deadAt = (x: number) => deadShare(all.filter((sae) => sae.x === x).map(({ dead }) => dead))
  return {
    exponent: estimated(law.exponent, intervals["exponent"]),
    floor: estimated(law.floor, params.floor ? intervals["floor"] : undefined),
    residual: law.residual,
    extrapolation_error: measured(Math.abs(powerLawAt(without, largest) / held - 1), "the law has no fit without it"),
    dead_smallest: deadAt(Math.min(...all.map(({ x }) => x))),
    dead_largest: deadAt(Math.max(...all.map(({ x }) => x))),
    points: points.length
  }
})
