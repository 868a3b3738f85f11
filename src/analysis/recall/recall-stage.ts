/** The stage evaluate-recall: where a model that knows facts by heart looks them up. */
import * as Effect from "effect/Effect"
import { figuresFileName, type FiguresFile, type FiguresPoint } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { type Estimate, estimated, flatMetrics, numbersOf, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { encodeLatents, type LatentCodes } from "../latent-codes.ts"
import { meanEstimate } from "../mean-estimate.ts"
import { fitClassProbe } from "./class-probe.ts"
import { headProbe } from "./head-probe.ts"
import { lookups, mlpOut } from "./lookup.ts"
import { purities, rankNeurons, toldByNeurons } from "./neuron-shares.ts"
import { readFacts } from "./recall-facts.ts"
import { margins, runFacts, told, unembedRows } from "./run-facts.ts"

export interface RecallParams {
  readonly name_tokens: number
  readonly facts: number
  readonly held_out_fraction: number
  readonly least_accuracy: number
  readonly seed: number
}

interface RecallInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly tokens: Opened<TokensHandle>
  readonly transcoders: ReadonlyArray<Opened<SaeHandle>>
}

/** Sum of `values` by sum of `by`, with its interval over facts. */
const ratio = (values: ArrayLike<number>, by: ArrayLike<number>): number | Estimate => {
  const of = (times: ArrayLike<number>): number => drawnSum(times, values) / drawnSum(times, by)
  const { ratio: interval } = bootstrapIntervals(
    [values.length],
    (times) => ({ ratio: of(times) }),
    Rng.make(0, "intervals over facts")
  )
  return estimated(of(new Int32Array(values.length).fill(1)), interval)
}

/** A neuron that is above zero on fewer facts tells nothing of them. */
const leastFacts = 10

/** Over units that tell something; a text where there are none. */
const overUnits = (values: ReadonlyArray<number>, units: string): number | Estimate | Unmeasured =>
  meanEstimate(values, `no ${units} is above zero on ${leastFacts} facts`)

const share = (values: ArrayLike<number>): number | Estimate => ratio(values, new Float64Array(values.length).fill(1))

const valueOf = (found: number | Estimate): number => (typeof found === "number" ? found : found.value)

const point = (x: number, found: number | Estimate): FiguresPoint =>
  typeof found === "number" ? { x, y: found } : { x, y: found.value, low: found.low, high: found.high }

const mlpIn = (layer: number): string => `blocks.${layer}.mlp.hook_in`

/** [rows, d_sae] */
const denseCodes = ({ rows, d_sae, offsets, latents, values }: LatentCodes): Float32Array => {
  const dense = new Float32Array(rows * d_sae)
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) dense[row * d_sae + latents[i]!] = values[i]!
  }
  return dense
}

export const recallStage = Effect.fn("recallStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<RecallParams, unknown, RecallInputs>) {
  const model = yield* openModel(inputs.model.value)
  const facts = yield* readFacts(inputs.tokens.value, params.name_tokens, params.facts)
  const { info } = model
  const { count, time, name, attributes, answers } = facts
  if (inputs.tokens.value.vocab_size > info.d_vocab || time > info.n_ctx) {
    return yield* stageFailed("the facts are not in the model's tokens, or too long for it", "Give those it learnt.")
  }
  const layers = Array.from({ length: info.n_layers }, (_, layer) => layer)
  const residuals = [
    ...layers.map((layer) => `blocks.${layer}.hook_resid_pre`),
    `blocks.${info.n_layers - 1}.hook_resid_post`
  ]
  const positions = name === time - 1 ? [name] : [name, time - 1]
  const neuronHooks = layers.map((layer) => `blocks.${layer}.mlp.hook_post`)
  const strange = neuronHooks.map((hook) => findHook(hook, info)).find((hook) => typeof hook === "string")
  if (typeof strange === "string") return yield* stageFailed(strange, "Give a model of plain MLPs.")
  for (const { value } of inputs.transcoders) {
    const reads = layers.map(mlpIn).includes(value.hook ?? "")
    if (reads && value.d_in === info.d_model) continue
    return yield* stageFailed(
      `a transcoder reads ${value.hook ?? "no hook that is known"}, rows of ${value.d_in} numbers: it is none of an MLP of this model`,
      `Give transcoders from ${mlpIn(0)} to ${mlpOut(0)}, and so on.`
    )
  }
  const total = 4 + info.n_layers * info.n_heads
  const clean = runFacts(model, facts, {
    read: [
      ...positions.flatMap((position) =>
        [...residuals, ...layers.map(mlpOut), ...(inputs.transcoders.length === 0 ? [] : layers.map(mlpIn))].map(
          (hook) => [hook, position] as const
        )
      ),
      ...positions.flatMap((position) => neuronHooks.map((hook) => [hook, position] as const))
    ]
  })
  const known = Float64Array.from(answers, (answer, i) => (clean.best[i] === attributes[answer] ? 1 : 0))
  const accuracy = share(known)
  const counts = attributes.map((_, a) => answers.filter((answer) => answer === a).length)
  const chance = Math.max(...counts) / count
  if (valueOf(accuracy) < params.least_accuracy) {
    return yield* stageFailed(
      `the model tells ${(100 * valueOf(accuracy)).toFixed(1)} % of the ${count} facts (the commonest answer is right for ${(100 * chance).toFixed(1)} %): it has not memorised them`,
      "Train it longer, or larger, or on fewer facts; least_accuracy lowers the bar."
    )
  }
  progress({ done: 1, total, unit: "parts" })
  yield* breathe

  const order = [...Rng.make(params.seed, "held-out facts").permutation(count)]
  const held = Math.max(1, Math.floor(count * params.held_out_fraction))
  const [test, fit] = [order.slice(0, held), order.slice(held)]
  const shuffled = Uint8Array.from(Rng.make(params.seed, "answers of others").permutation(count), (i) => answers[i]!)
  const classes = attributes.length
  const d = info.d_model
  const onTest = (values: Float64Array): Float64Array => Float64Array.from(test, (i) => values[i]!)

  // Where it is introduced: a probe fitted to some people tells others. Where boosted: they part along one and the same direction.
  const places = positions.map((position) => {
    const rows = residuals.map((hook) => clean.rows[`${hook}@${position}`]!)
    const last = fitClassProbe(rows.at(-1)!, d, answers, classes, fit)
    const lengths = Array.from({ length: classes }, (_, c) =>
      Math.hypot(...last.directions.subarray(c * d, (c + 1) * d))
    )
    return {
      position,
      probed: rows.map((x) => share(onTest(told(fitClassProbe(x, d, answers, classes, fit).scores(x), answers)))),
      control: rows.map((x) => share(onTest(told(fitClassProbe(x, d, shuffled, classes, fit).scores(x), shuffled)))),
      boosted: rows.map((x) => {
        const along = last.scores(x).map((score, at) => score / Math.max(lengths[at % classes]!, Number.MIN_VALUE))
        return share(onTest(margins(along, answers)))
      })
    }
  })
  progress({ done: 2, total, unit: "parts" })
  yield* breathe

  // By the weights alone; the best head is chosen on some people and measured on others.
  const atName = residuals.map((hook) => clean.rows[`${hook}@${name}`]!)
  const heads: Array<{ readonly layer: number; readonly head: number; readonly right: Float64Array }> = []
  for (const layer of layers) {
    for (let head = 0; head < info.n_heads; head++) {
      heads.push({ layer, head, right: told(headProbe(model, facts, layer, head, atName[layer]!), answers) })
      progress({ done: 2 + heads.length, total, unit: "parts" })
      yield* breathe
    }
  }
  const onFit = ({ right }: (typeof heads)[number]): number => fit.reduce((sum, i) => sum + right[i]!, 0) / fit.length
  const best = heads.reduce((a, b) => (onFit(b) > onFit(a) ? b : a))
  const alongLayers = atName.map((rows) => {
    const scores = headProbe(model, facts, best.layer, best.head, rows)
    return { own: share(onTest(told(scores, answers))), control: share(onTest(told(scores, shuffled))) }
  })

  // The residual stream where the question stands, read by the unembedding as it is.
  const lens = residuals.map((hook) =>
    share(told(unembedRows(model, clean.rows[`${hook}@${time - 1}`]!, attributes), answers))
  )

  const looked = lookups(model, facts, clean, positions)
  const margin = margins(clean.scores, answers)
  const restored = (of: (typeof looked)[number]) =>
    ratio(
      of.patched.map((value, i) => value - of.other[i]!),
      margin.map((value, i) => value - of.other[i]!)
    )
  const most = (of: typeof looked) => of.reduce((a, b) => (valueOf(restored(b)) > valueOf(restored(a)) ? b : a))
  const together = looked.filter((of) => of.layer === undefined)
  const [atNames, atLast] = [together[0]!, together.at(-1)!]
  // Neurons are looked at where most is looked up, and in the block that looks up most there.
  const { position } = most(together)
  const strongest = most(looked.filter((of) => of.layer !== undefined && of.position === position))
  progress({ done: total - 1, total, unit: "parts" })
  yield* breathe

  const layer = strongest.layer as number
  /** What units of that block, [facts, width], tell: the first k of them by how far they part answers; and what each is of. */
  const toldBy = (units: Float32Array) => {
    const width = units.length / count
    const ranked = rankNeurons(units, width, answers, classes, fit)
    const ks = [...new Set([1, 2, 4, 8, 16, 32, 64, 128, width].filter((k) => k <= width))]
    const [pure, mixed] = [answers, shuffled].map((labels) => purities(units, width, labels, classes, leastFacts)) as [
      ReturnType<typeof purities>,
      ReturnType<typeof purities>
    ]
    const by = ks.map((k) => {
      const chosen = ranked.slice(0, k)
      return {
        k,
        own: share(toldByNeurons(units, width, chosen, answers, classes, { fit, test })),
        control: share(toldByNeurons(units, width, chosen, shuffled, classes, { fit, test }))
      }
    })
    return { by, pure, mixed }
  }
  const { by: byNeurons, pure, mixed } = toldBy(clean.rows[`${neuronHooks[layer]!}@${position}`]!)
  const transcoder = inputs.transcoders.find(({ value }) => value.hook === mlpIn(layer))?.value
  if (transcoder === undefined && inputs.transcoders.length > 0) {
    return yield* stageFailed(
      `block ${layer} looks up most, and none of the transcoders is of its MLP`,
      "Give one of every block."
    )
  }
  const ofLatents =
    transcoder === undefined
      ? undefined
      : toldBy(
          denseCodes(
            encodeLatents(clean.rows[`${mlpIn(layer)}@${position}`]!, yield* openSaeModel(yield* transcoder.anyWeights))
          )
        )

  const placeName = (position: number): string => (position === name ? "last token of the name" : "token that asks")
  const line = (label: string, values: ReadonlyArray<number | Estimate>) => ({
    name: label,
    line: true,
    points: values.map((value, x) => point(x, value))
  })
  const blocks = { label: "blocks before it", log: false }
  const file: FiguresFile = {
    format: 1,
    title: "Recall of facts",
    note: `${count} facts with ${classes} answers, by heart; the commonest answer is right for ${(100 * chance).toFixed(1)} %. Probes, heads and neurons are measured on people that nothing was fitted to.`,
    charts: [
      {
        title: "Introduced: answers told by a probe of the residual stream",
        x: blocks,
        y: { label: "accuracy", log: false },
        series: [
          ...places.map(({ position, probed }) => line(placeName(position), probed)),
          line(`answers of others, ${placeName(name)}`, places[0]!.control),
          line(`unembedding, ${placeName(time - 1)}`, lens),
          line(
            `head ${best.head} of block ${best.layer}, weights alone`,
            alongLayers.map(({ own }) => own)
          )
        ]
      },
      {
        title: "Boosted: how far answers part along the last block's probe",
        x: blocks,
        y: { label: "margin", log: false },
        series: places.map(({ position, boosted }) => line(placeName(position), boosted))
      },
      {
        title: `Answers told by the first k neurons of block ${layer}, ${placeName(position)}`,
        x: { label: "neurons", log: true },
        y: { label: "accuracy", log: false },
        series: [
          { name: "neurons", line: true, points: byNeurons.map(({ k, own }) => point(k, own)) },
          { name: "answers of others", line: true, points: byNeurons.map(({ k, control }) => point(k, control)) },
          ...(ofLatents === undefined
            ? []
            : [{ name: "latents", line: true, points: ofLatents.by.map(({ k, own }) => point(k, own)) }])
        ]
      }
    ],
    tables: [
      {
        title: "MLPs, ablated and patched",
        columns: ["MLPs", "at", "facts told without", "share of the margin that it brings to another name"],
        rows: looked.map((of) => [
          of.layer === undefined ? "all" : `block ${of.layer}`,
          placeName(of.position),
          valueOf(share(of.without)),
          valueOf(restored(of))
        ])
      },
      {
        title: "Heads by their weights alone",
        columns: ["block", "head", "accuracy on people held out"],
        rows: heads.map((of) => [of.layer, of.head, valueOf(share(onTest(of.right)))])
      }
    ]
  }
  const metrics = {
    accuracy,
    chance,
    probe_before: places[0]!.probed[0]!,
    probe_after: places[0]!.probed.at(-1)!,
    asked_probe_before: places.at(-1)!.probed[0]!,
    asked_probe_after: places.at(-1)!.probed.at(-1)!,
    unembedding_before_last: lens.at(-2)!,
    probe_control: places[0]!.control.at(-1)!,
    mechanistic: share(onTest(best.right)),
    mechanistic_control: alongLayers[best.layer]!.control,
    mechanistic_after: alongLayers.at(-1)!.own,
    lookup_share: restored(atNames),
    asked_lookup_share: restored(atLast),
    lookup_layer: layer,
    lookup_layer_share: restored(strongest),
    told_without_name: share(atNames.without),
    told_without_asked: share(atLast.without),
    one_neuron: byNeurons[0]!.own,
    all_neurons: byNeurons.at(-1)!.own,
    purity: overUnits(pure.purity, "neuron"),
    purity_control: overUnits(mixed.purity, "neuron"),
    facts_a_neuron: overUnits(pure.facts, "neuron"),
    ...(ofLatents === undefined
      ? {}
      : {
          one_latent: ofLatents.by[0]!.own,
          all_latents: ofLatents.by.at(-1)!.own,
          latent_purity: overUnits(ofLatents.pure.purity, "latent"),
          latent_purity_control: overUnits(ofLatents.mixed.purity, "latent"),
          facts_a_latent: overUnits(ofLatents.pure.facts, "latent")
        })
  }
  yield* output.writeJson(figuresFileName, file)
  yield* output.writeJson("recall.json", {
    metrics: numbersOf(flatMetrics(metrics)),
    best_head: [best.layer, best.head]
  })
  log(
    `block ${layer} looks up most, at the ${placeName(position)}; head ${best.head} of block ${best.layer} reads it best`
  )
  return metrics
}, Effect.scoped)
