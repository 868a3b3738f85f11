/** The stage evaluate-sae: SAEs of one hook on held-out rows, and in the model in place of the activation. */
import * as Effect from "effect/Effect"
import { openActivations } from "../../activations/open-activations.ts"
import { requireHeldOut, requireModelOf, requireReads, requireTarget } from "../../activations/fit.ts"
import type { AblationsHandle } from "../../kinds/ablations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { writeEvaluation } from "../../kinds/evaluation/write-evaluation.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { openModel } from "../../model/open-model.ts"
import type { Opened } from "../../stage/input.ts"
import { flatMetrics, type GivenMetrics, measured, numbersOf, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openSaeModel, type SaeModel } from "../sae-model.ts"
import { crossEntropyFigures } from "./cross-entropy-figures.ts"
import { densityFigures } from "./density-figures.ts"
import { evaluateReconstructions, type Reconstruction } from "./evaluate-reconstruction.ts"
import { evaluationContexts } from "./evaluation-contexts.ts"
import { heldOutUnits } from "./held-out-units.ts"
import { hookAblations } from "./hook-ablations.ts"
import { positionGroups, tokenFrequencyGroups } from "./row-groupings.ts"
import { splicedLosses } from "./spliced-losses.ts"

interface EvaluateSaeParams {
  readonly contexts: number | null
  readonly kl: boolean
  readonly dense_above: number
}

interface EvaluateSaeInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly target: Opened<ActivationsHandle> | undefined
  readonly model: Opened<LanguageModelHandle> | undefined
  readonly ablations: Opened<AblationsHandle> | undefined
}

type Context = StageContext<EvaluateSaeParams, unknown, EvaluateSaeInputs>

/** Contexts of evaluations that name no number of them. */
const defaultContexts = 128

/** SAEs whose weights take more than this together are evaluated one part after the other. */
const bytesTogether = 2 ** 31

const noContexts = { count: 0, whole: 0, targets: 0 }

/** What SAEs are measured with in the model; `without` says why nothing is. */
const openCrossEntropy = Effect.fnUntraced(function* (
  { inputs, params }: Context,
  onTargets: (done: number, total: number) => void
) {
  const handle = inputs.model?.value
  if (handle === undefined) return { without: "no model is given", contexts: noContexts }
  const [activations, ablations] = [inputs.activations.value, inputs.ablations?.value]
  const replaced = inputs.target?.value ?? activations
  if (ablations !== undefined && ablations.activations !== replaced.digest) {
    return yield* stageFailed(
      `the ablations are of ${ablations.hook}, activations ${ablations.activations.slice(0, 8)}; ${replaced.hook}, ${replaced.digest.slice(0, 8)}, is what the reconstruction takes the place of`,
      "Give ablations of the same activations."
    )
  }
  const chosen = yield* evaluationContexts(replaced, ablations?.wanted ?? params.contexts ?? defaultContexts)
  const { contexts, whole, targets } = chosen
  if (targets === 0) return { without: "no held-out context has a token to predict", contexts: noContexts }
  const model = yield* openModel(handle)
  const { kl } = params
  const baseline = ablations ?? (yield* hookAblations(replaced, model, chosen, { kl }))
  const hooks = { from: activations.hook, to: replaced.hook }
  const onContexts = (done: number): void => onTargets(Math.floor((targets * done) / contexts.length), targets)
  const measure = (saes: ReadonlyArray<SaeModel>) =>
    Effect.map(
      splicedLosses(model, saes, hooks, contexts, { kl, onContexts }),
      (sums) => crossEntropyFigures(kl ? baseline : { ...baseline, kl: noDivergences }, sums, hooks.to).saes
    )
  return { measure, contexts: { count: contexts.length, whole, targets } }
})
const noDivergences = { zero: [], mean: [], resample: [] }

const noCrossEntropy = (unmeasured: string, kl: boolean): GivenMetrics =>
  Object.fromEntries(
    ["ce_clean", "ce_sae", "ce_zero", "ce_recovered", ...(kl ? ["kl_sae", "kl_zero"] : [])].map((metric) => [
      metric,
      { unmeasured }
    ])
  )

const reconstructionMetrics = ({ intervals, ...figures }: Reconstruction) => {
  const alike = "the held-out rows are all the same"
  const nothing = "no reconstruction has anything of its row"
  return withIntervals(
    {
      l0: figures.l0,
      mse: figures.mse,
      cosine: figures.cosine,
      l2_ratio: figures.l2_ratio,
      explained_variance: measured(figures.explained_variance, alike),
      relative_reconstruction_bias: measured(figures.relative_reconstruction_bias, nothing),
      explained_variance_legacy: measured(figures.explained_variance_legacy, alike),
      explained_variance_batch: measured(figures.explained_variance_batch, alike),
      explained_variance_centred: measured(figures.explained_variance_centred, alike),
      explained_variance_uncentred: measured(figures.explained_variance_uncentred, "the held-out rows are all zero")
    },
    intervals
  )
}

const told = <A extends object, B extends object>(ends: ReadonlyArray<A>, figures: ReadonlyArray<B | undefined>) =>
  ends.flatMap((end, i) => (figures[i] === undefined ? [] : [{ ...end, ...figures[i] }]))

/** Members in their order, in parts whose weights fit into memory together. */
const inParts = (members: ReadonlyArray<Context>): ReadonlyArray<ReadonlyArray<Context>> => {
  const parts: Array<Array<Context>> = [[]]
  let bytes = 0
  for (const member of members) {
    const { d_in, d_out, d_sae } = member.inputs.sae.value
    const own = 4 * d_sae * (d_in + (d_out ?? d_in))
    bytes += own
    if (bytes > bytesTogether && parts.at(-1)!.length > 0) {
      parts.push([])
      bytes = own
    }
    parts.at(-1)!.push(member)
  }
  return parts
}

const requireFits = Effect.fnUntraced(function* ({ inputs, log }: Context) {
  const [sae, activations] = [inputs.sae.value, inputs.activations.value]
  yield* requireReads(sae, activations)
  yield* requireTarget(sae, activations, inputs.target?.value)
  if (inputs.model !== undefined) yield* requireModelOf(activations, inputs.model.value)
  yield* requireHeldOut(activations)
  if (sae.activations !== activations.digest) {
    log("the SAE was trained on other activations: that these rows were not among them is not known")
  }
})

/** @param members of one set of parameters, activations, target, model and ablations */
export const evaluateSae = Effect.fn("evaluateSae")(function* (members: ReadonlyArray<Context>) {
  for (const member of members) yield* requireFits(member)
  const [first] = members as readonly [Context]
  const { params } = first
  const [activations, target] = [first.inputs.activations.value, first.inputs.target?.value]
  const units = heldOutUnits(activations)
  const [positions, frequencies] = [positionGroups(activations.context_size), yield* tokenFrequencyGroups(activations)]
  const rows = activations.held_out.rows
  const parts = inParts(members)
  let before = 0
  const progress = (done: number, targets: number): void => {
    const total = parts.length * (rows + targets)
    for (const member of members) member.progress({ done: before + done, total, unit: "rows" })
  }
  const crossEntropy = yield* openCrossEntropy(first, (done, targets) => progress(rows + done, targets))
  const { targets } = crossEntropy.contexts

  const evaluatePart = Effect.fnUntraced(function* (part: ReadonlyArray<Context>) {
    const tensors = yield* Effect.forEach(part, ({ inputs: { sae } }) =>
      Effect.flatMap(sae.value.anyWeights, openSaeModel)
    )
    const reconstructions = yield* evaluateReconstructions(tensors, (yield* openActivations(activations)).held_out, {
      target: target === undefined ? undefined : (yield* openActivations(target)).held_out,
      units,
      groupings: [positions.groups, frequencies.groups],
      onRows: (done) => progress(done, targets)
    })
    const losses = crossEntropy.measure === undefined ? [] : yield* crossEntropy.measure(tensors)
    before += rows + targets
    return yield* Effect.forEach(part, ({ inputs, output }, i) =>
      Effect.gen(function* () {
        const sae = inputs.sae.value
        const reconstruction = reconstructions[i]!
        const density = densityFigures(reconstruction.latents.density, params.dense_above)
        const metrics = {
          ...reconstructionMetrics(reconstruction),
          ...(losses[i] ?? noCrossEntropy(crossEntropy.without ?? "", params.kl)),
          ...density.metrics
        }
        const [byPosition, byFrequency] = reconstruction.groups as readonly [
          Reconstruction["groups"][number],
          Reconstruction["groups"][number]
        ]
        const { hook, model } = activations
        yield* writeEvaluation(
          output,
          {
            sae: sae.digest,
            activations: activations.digest,
            model,
            hook,
            ...(target === undefined ? {} : { hook_out: target.hook }),
            d_in: sae.d_in,
            d_sae: sae.d_sae,
            rows: reconstruction.rows,
            contexts: crossEntropy.contexts,
            metrics: numbersOf(flatMetrics(metrics)),
            by_position: told(positions.ends, byPosition),
            by_token_frequency: told(frequencies.ends, byFrequency),
            ...density.info
          },
          reconstruction.latents
        )
        return metrics
      })
    )
  }, Effect.scoped)

  return (yield* Effect.forEach(parts, evaluatePart)).flat()
})
