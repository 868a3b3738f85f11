/** The stage find-latents. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { figuresFileName } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { openBody } from "../../model/open-model.ts"
import { runModel } from "../../model/run-model.ts"
import { crossFittedBest } from "../../numeric/cross-fitted-best.ts"
import { quantileInterval } from "../../numeric/quantile-interval.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { codedRows } from "../coded-rows.ts"
import { unitRows } from "../decoder-cosine.ts"
import { encodeLatents } from "../latent-codes.ts"
import { largestNeighbours } from "../largest-neighbours.ts"
import { firesOn } from "./fires-on.ts"
import { contrasts, foundLatentsFileName, largestActivations, meanActivations } from "./found-latents.ts"
import { drawnMeans, heldRows, type LatentSearch, type Scores, searchByAnswers, searchByText } from "./latent-search.ts"
import { searchFigures } from "./search-figures.ts"

interface FindParams {
  readonly text: string | null
  readonly against: string | null
  readonly rule: string | null
  readonly count: number
  readonly neighbours: number
  readonly rows: number
  readonly seed: number
}

interface FindInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

/** Draws that the control is over. */
const draws = 100

interface Found {
  /** Of every latent, on all held-out rows. */
  readonly scores: Float64Array
  /** The best latent's score, draw by draw. */
  readonly controls: ReadonlyArray<number>
  readonly best: ReturnType<typeof estimated> | Unmeasured
}

const largestOf = (scores: Float64Array): number => scores.reduce((a, b) => Math.max(a, b))

export const findStage = Effect.fn("findStage")(function* ({
  inputs,
  params,
  settings: rule,
  output
}: StageContext<FindParams, unknown, FindInputs, RegExp | null>) {
  const [sae, activations, handle] = [inputs.sae.value, inputs.activations.value, inputs.model.value]
  yield* requireReads(sae, activations)
  yield* requireModelOf(activations, handle)
  yield* requireHeldOut(activations)
  const tokenizer = yield* openTokenizer(handle.tokenizer)
  const weights = yield* sae.anyWeights
  const saeModel = yield* openSaeModel(weights)
  const { held_out } = yield* openActivations(activations)
  const held = yield* codedRows(held_out, saeModel, params.rows)
  const { d_sae } = saeModel
  const rows = heldRows(held.codes, held.document)
  if (rows.units < 2) {
    return yield* stageFailed(
      `the ${held.codes.rows} held-out rows are of one document: latents are chosen on half of the documents and scored on the other half`,
      "Raise rows, or hold out more documents."
    )
  }
  const bos = activations.contexts.bos_id

  /** Codes of a text's tokens, without the BOS. */
  const codesOf = Effect.fnUntraced(function* (name: string, text: string) {
    const model = yield* openBody(handle)
    const own = tokenizer.encode(text)
    const ids = bos === null ? own : Int32Array.of(bos, ...own)
    if (own.length === 0 || ids.length > model.info.n_ctx) {
      return yield* stageFailed(
        `${name} is ${own.length} tokens; the model takes 1 to ${model.info.n_ctx - (bos === null ? 0 : 1)}`,
        "Give a text of such a length."
      )
    }
    const x = tf.tidy(() => {
      const { activations: found } = runModel(model, { ids, batch: 1, time: ids.length }, { hooks: [activations.hook] })
      const values = found[activations.hook]!.dataSync<"float32">().slice()
      tf.dispose(found)
      return values
    })
    return encodeLatents(x.subarray((ids.length - own.length) * activations.d_in), saeModel)
  })

  const noHalves: Unmeasured = { unmeasured: "one half of the held-out documents has no token that keeps the rule" }
  const rng = Rng.make(params.seed, rule === null ? "rows in place of a text" : "shuffled rule")
  const everyDocument = new Uint8Array(rows.units).fill(1)

  /** The best latent of documents that did not choose it, the same of draws, and the scores of all. */
  const byHalves = ({ scores, score, drawn }: LatentSearch): Found => {
    const best = (of: Scores) =>
      crossFittedBest(rows.units, of, Rng.make(params.seed, "documents that choose a latent for the others"))
    const chosen = best(scores)
    const ofChosen = new Map(chosen.chosen.map((latent) => [latent, score(latent)]))
    return {
      scores: scores(everyDocument),
      controls: Array.from({ length: draws }, () => best(drawn(rng)).value).filter((value) => !Number.isNaN(value)),
      best: Number.isNaN(chosen.value)
        ? noHalves
        : estimated(
            chosen.value,
            chosen.interval(
              (latent, times) => ofChosen.get(latent)!(times),
              Rng.make(params.seed, "intervals of a search")
            )
          )
    }
  }

  const byText = Effect.fnUntraced(function* (text: string) {
    const own = yield* codesOf("text", text)
    if (params.against === null) {
      return byHalves(searchByText(rows, own, largestActivations([held.codes, own], d_sae)))
    }
    // Both texts are given: nothing of them was drawn, and so there is no luck in the choice, and no interval.
    const other = yield* codesOf("against", params.against)
    const largest = largestActivations([held.codes, own, other], d_sae)
    const scores = contrasts(meanActivations(own), meanActivations(other), largest)
    const found: Found = {
      scores,
      controls: Array.from({ length: draws }, () =>
        largestOf(contrasts(drawnMeans(rows, own.rows, rng), drawnMeans(rows, other.rows, rng), largest))
      ),
      best: largestOf(scores)
    }
    return found
  })

  const byRule = Effect.fnUntraced(function* (wanted: RegExp) {
    const keeps = Uint8Array.from(held.token, (id) => (wanted.test(tokenizer.tokenText(id)) ? 1 : 0))
    const keeping = keeps.reduce((sum, keep) => sum + keep, 0)
    if (keeping === 0 || keeping === keeps.length) {
      return yield* stageFailed(
        `of ${keeps.length} held-out rows ${keeping} keep the rule ${params.rule}: there is nothing to tell apart`,
        "Give another rule, or more text."
      )
    }
    return byHalves(searchByAnswers(rows, keeps))
  })

  const { scores, controls, best } = rule === null ? yield* byText(params.text ?? "") : yield* byRule(rule)
  const control =
    controls.length < draws / 2
      ? undefined
      : quantileInterval(controls, 0.95, Rng.make(params.seed, "intervals of a control"))
  const ids = Uint32Array.from({ length: d_sae }, (_, latent) => latent)
  const [found, values] = largestNeighbours(ids, d_sae, (latent) => scores[latent]!, Math.min(params.count, d_sae))
  const unit = unitRows(weights.W_dec, saeModel.d_out)
  const d = saeModel.d_out
  const cosine = (a: number, b: number): number => {
    let sum = 0
    for (let i = 0; i < d; i++) sum += unit[a * d + i]! * unit[b * d + i]!
    return sum
  }
  const density = new Float64Array(d_sae)
  for (const latent of held.codes.latents) density[latent]! += 1 / held.codes.rows
  const listed = found.map((latent, n) => {
    const others = ids.filter((other) => other !== latent)
    const [near, cosines] = largestNeighbours(
      others,
      others.length,
      (other) => cosine(latent, other),
      params.neighbours
    )
    return {
      latent,
      score: values[n]!,
      density: density[latent]!,
      fires_on: firesOn(held.codes, held.token, latent).map((id) => tokenizer.tokenText(id)),
      neighbours: near.map((other, i) => ({ latent: other, cosine: cosines[i]! }))
    }
  })
  yield* output.writeJson(figuresFileName, searchFigures(params, listed, control?.quantile, draws))
  yield* output.writeJson(foundLatentsFileName, { sae: inputs.sae.artifact.digest, latents: listed })
  return {
    best_score: best,
    control_score: control === undefined ? noHalves : estimated(control.quantile, control.interval),
    latent: found[0]!
  }
}, Effect.scoped)
