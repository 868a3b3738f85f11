/** The stage evaluate-concepts. Templeton et al., Scaling Monosemanticity, "Feature completeness". */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import { fitLogisticCurve } from "../../numeric/logistic-curve.ts"
import { shareInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, measured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { codedRows } from "../coded-rows.ts"
import { bestConceptLatents, conceptRows, conceptScores, mostPairs } from "./concept-latents.ts"

interface ConceptsParams {
  readonly f1: number
  readonly rows: number
  readonly least: number
  readonly seed: number
}

interface ConceptsInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

/** A word as it reads, whatever its case and what stands before it; undefined: the token is no word. */
const wordOf = (text: string): string | undefined => {
  const word = text.trim().toLowerCase()
  return /^\p{L}{2,}$/u.test(word) ? word : undefined
}

/** Concepts by tenths of the logarithm of their frequency. */
const binned = (
  logs: Float64Array,
  has: Float64Array
): ReadonlyArray<{ readonly x: number; readonly y: number; readonly n: number }> => {
  const bins = new Map<number, { n: number; yes: number; sum: number }>()
  for (const [i, log] of logs.entries()) {
    const bin = bins.get(Math.floor(log * 4)) ?? { n: 0, yes: 0, sum: 0 }
    bins.set(Math.floor(log * 4), { n: bin.n + 1, yes: bin.yes + has[i]!, sum: bin.sum + log })
  }
  return [...bins].toSorted(([a], [b]) => a - b).map(([, { n, yes, sum }]) => ({ x: 10 ** (sum / n), y: yes / n, n }))
}

export const conceptsStage = Effect.fn("conceptsStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<ConceptsParams, unknown, ConceptsInputs>) {
  const [sae, activations] = [inputs.sae.value, inputs.activations.value]
  yield* requireReads(sae, activations)
  yield* requireModelOf(activations, inputs.model.value)
  yield* requireHeldOut(activations)
  yield* requireTrainingRows(activations)
  const tokenizer = yield* openTokenizer(inputs.model.value.tokenizer)
  const model = yield* openSaeModel(yield* sae.anyWeights)
  const { train, held_out } = yield* openActivations(activations)
  const fit = yield* codedRows(train, model, params.rows)
  const test = yield* codedRows(held_out, model, params.rows)
  const texts = new Map<number, string | undefined>()
  const textOf = (token: number): string | undefined => {
    if (!texts.has(token)) texts.set(token, wordOf(tokenizer.tokenText(token)))
    return texts.get(token)
  }
  const counts = (token: Int32Array) => {
    const found = new Map<string, number>()
    for (const each of token) {
      const word = textOf(each)
      if (word !== undefined) found.set(word, (found.get(word) ?? 0) + 1)
    }
    return found
  }
  const [often, held] = [counts(fit.token), counts(test.token)]
  const words = [...often]
    .flatMap(([word, n]) => (n >= params.least && (held.get(word) ?? 0) >= params.least ? [word] : []))
    .toSorted()
  if (words.length < 10) {
    return yield* stageFailed(
      `${words.length} words stand at ${params.least} training rows and ${params.least} held-out rows at least`,
      "Capture more text, or lower least."
    )
  }
  if (words.length * model.d_sae > mostPairs) {
    return yield* stageFailed(
      `${words.length} concepts by ${model.d_sae} latents do not fit in memory`,
      "Raise least, which leaves out rare words."
    )
  }
  const ids = new Map(words.map((word, id) => [word, id]))
  const conceptOf = (token: Int32Array) => token.map((each) => ids.get(textOf(each) ?? "") ?? -1)
  const [trained, tested] = [conceptOf(fit.token), conceptOf(test.token)]
  /** Scores on held-out rows of what training rows chose. */
  const score = (train: Int32Array, test_: Int32Array) => {
    const best = bestConceptLatents(fit.codes, train, words.length).map(({ latent }) => latent)
    return { best, f1: conceptScores(test.codes, test_, best) }
  }
  const { best, f1 } = score(trained, tested)
  const shuffled = (concept: Int32Array, of: string) =>
    Int32Array.from(
      Rng.make(params.seed, `shuffled concepts, ${of}`).permutation(concept.length),
      (row) => concept[row]!
    )
  const control = score(shuffled(trained, "training rows"), shuffled(tested, "held-out rows"))
  const stands = (scores: Float64Array) => scores.map((each) => (each >= params.f1 ? 1 : 0))
  const has = stands(f1)
  const byChance = stands(control.f1).reduce((a, b) => a + b, 0)
  const present = conceptRows(trained, words.length)
  const logs = present.map((n) => Math.log10(n / trained.length))
  const alive = new Set(fit.codes.latents).size
  const [least, most] = [logs.reduce((a, b) => Math.min(a, b)), logs.reduce((a, b) => Math.max(a, b))]
  const figuresOf = (times?: Int32Array) => {
    const each = times ?? new Int32Array(words.length).fill(1)
    const { slope, middle } = fitLogisticCurve(logs, has, each)
    // Outside the frequencies that there are, the curve tells nothing.
    const told = slope > 0 && middle > least && middle < most
    return {
      share: drawnSum(each, has) / words.length,
      mean_f1: drawnSum(each, f1) / words.length,
      half_frequency: told ? 10 ** middle : Number.NaN,
      slope
    }
  }
  const found = figuresOf()
  const same = found.share === 0 ? "no concept has a latent" : "all concepts have one"
  const outside = Number.isFinite(found.slope) ? "the curve crosses a half at no frequency of the words tried" : same
  const curve = fitLogisticCurve(logs, has)
  const figures: FiguresFile = {
    format: 1,
    title: `Words that have a latent, of ${model.d_sae}`,
    note: `Of ${words.length} words, by their share of the training rows: those whose best latent, chosen on training rows, has an F1 of ${params.f1} on held-out rows. With words shuffled among rows it is ${byChance} of them. ${alive} latents are alive.`,
    charts: [
      {
        title: "Words that have a latent, by frequency",
        x: { label: "share of the training rows", log: true },
        y: { label: "share of the words", log: false },
        series: [
          { name: "words of like frequency", line: false, points: binned(logs, has).map(({ x, y }) => ({ x, y })) },
          ...(Number.isFinite(curve.slope)
            ? [
                {
                  name: "logistic curve",
                  line: true,
                  points: Array.from({ length: 41 }, (_, i) => {
                    const at = least + ((most - least) * i) / 40
                    return { x: 10 ** at, y: 1 / (1 + Math.exp(-curve.slope * (at - curve.middle))) }
                  })
                }
              ]
            : [])
        ]
      }
    ],
    tables: [
      {
        title: "The most frequent words",
        columns: ["word", "share of the training rows", "latent", "F1"],
        rows: Array.from(words.keys())
          .toSorted((a, b) => present[b]! - present[a]! || a - b)
          .slice(0, 30)
          .map((c) => [words[c]!, present[c]! / trained.length, best[c]! < 0 ? null : String(best[c]), f1[c]!])
      }
    ]
  }
  yield* output.writeJson(figuresFileName, figures)
  yield* output.writeJson(
    "concepts.json",
    words.map((word, c) => ({
      word,
      training_rows: present[c],
      latent: best[c],
      f1: f1[c],
      shuffled_f1: control.f1[c]
    }))
  )
  log(`${words.length} concepts, ${(100 * found.share).toFixed(1)} % have a latent`)
  return {
    ...withIntervals(
      {
        share: found.share,
        mean_f1: found.mean_f1,
        half_frequency: measured(found.half_frequency, outside),
        slope: measured(found.slope, same)
      },
      bootstrapIntervals([words.length], figuresOf, Rng.make(params.seed, "intervals of concepts"))
    ),
    shuffled_share: estimated(
      byChance / words.length,
      shareInterval(byChance, words.length, Rng.make(params.seed, "intervals of the control"))
    ),
    half_times_alive: measured(found.half_frequency * alive, outside),
    concepts: words.length,
    alive
  }
}, Effect.scoped)
