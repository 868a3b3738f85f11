/** The stage evaluate-concepts. Templeton et al., Scaling Monosemanticity, "Feature completeness". */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import { shareInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, measured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { codedRows } from "../coded-rows.ts"
import { type ConceptScores, curveChart, curveFigures } from "./concept-curve.ts"
import { bestConceptLatents, conceptRows, conceptScores, mostPairs } from "./concept-latents.ts"
import { wordConcepts } from "./word-concepts.ts"

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

/** Words in no order: what latents are found for these is by chance. */
const shuffled = (concept: Int32Array, seed: number, of: string): Int32Array =>
  Int32Array.from(Rng.make(seed, `shuffled concepts, ${of}`).permutation(concept.length), (row) => concept[row]!)

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
  const { words, conceptOf } = yield* wordConcepts(tokenizer.tokenText, fit.token, test.token, params.least)
  if (words.length * model.d_sae > mostPairs) {
    return yield* stageFailed(
      `${words.length} concepts by ${model.d_sae} latents do not fit in memory`,
      "Raise least, which leaves out rare words."
    )
  }
  const [trained, tested] = [conceptOf(fit.token), conceptOf(test.token)]
  /** Scores on held-out rows of what training rows chose. */
  const score = (training: Int32Array, heldOut: Int32Array) => {
    const best = bestConceptLatents(fit.codes, training, words.length).map(({ latent }) => latent)
    return { best, f1: conceptScores(test.codes, heldOut, best) }
  }
  const { best, f1 } = score(trained, tested)
  const control = score(shuffled(trained, params.seed, "training rows"), shuffled(tested, params.seed, "held-out rows"))
  const stands = (scores: Float64Array) => scores.map((each) => (each >= params.f1 ? 1 : 0))
  const byChance = stands(control.f1).reduce((a, b) => a + b, 0)
  const present = conceptRows(trained, words.length)
  const scores: ConceptScores = { logs: present.map((n) => Math.log10(n / trained.length)), has: stands(f1), f1 }
  const alive = new Set(fit.codes.latents).size
  const found = curveFigures(scores)
  const same = found.share === 0 ? "no concept has a latent" : "all concepts have one"
  const outside = Number.isFinite(found.slope) ? "the curve crosses a half at no frequency of the words tried" : same
  const figures: FiguresFile = {
    format: 1,
    title: `Words that have a latent, of ${model.d_sae}`,
    note: `Of ${words.length} words, by their share of the training rows: those whose best latent, chosen on training rows, has an F1 of ${params.f1} on held-out rows. With words shuffled among rows it is ${byChance} of them. ${alive} latents are alive.`,
    charts: [curveChart(scores)],
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
      bootstrapIntervals(
        [words.length],
        (times) => curveFigures(scores, times),
        Rng.make(params.seed, "intervals of concepts")
      )
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
