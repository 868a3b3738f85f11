/** The stage find-latents. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import { openBody } from "../../model/open-model.ts"
import { runModel } from "../../model/run-model.ts"
import { clusteredInterval } from "../../numeric/clustered-interval.ts"
import { quantileInterval } from "../../numeric/quantile-interval.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { codedRows } from "../coded-rows.ts"
import { unitRows } from "../decoder-cosine.ts"
import { encodeLatents, type LatentCodes } from "../latent-codes.ts"
import { largestNeighbours } from "../largest-neighbours.ts"
import { firesOn } from "./fires-on.ts"
import {
  contrasts,
  foundLatentsFileName,
  largestActivations,
  latentActivations,
  meanActivations
} from "./found-latents.ts"

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

/** F1 of every latent against answers on rows. */
const f1Scores = ({ rows, d_sae, offsets, latents }: LatentCodes, keeps: Uint8Array): Float64Array => {
  const [both, firing] = [new Float64Array(d_sae), new Float64Array(d_sae)]
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      firing[latents[i]!]! += 1
      both[latents[i]!]! += keeps[row]!
    }
  }
  const keeping = keeps.reduce((sum, keep) => sum + keep, 0)
  return both.map((each, latent) => (2 * each) / (firing[latent]! + keeping))
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

  const byText = Effect.fnUntraced(function* (text: string) {
    const own = yield* codesOf("text", text)
    const other = params.against === null ? held.codes : yield* codesOf("against", params.against)
    const largest = largestActivations([held.codes, own, other], d_sae)
    const rng = Rng.make(params.seed, "rows in place of a text")
    const drawn = (count: number) =>
      meanActivations(
        held.codes,
        Array.from({ length: count }, () => rng.int(held.codes.rows))
      )
    const others = meanActivations(other)
    const means = meanActivations(own)
    return {
      scores: contrasts(means, others, largest),
      controls: Array.from({ length: draws }, () =>
        largestOf(contrasts(drawn(own.rows), params.against === null ? others : drawn(other.rows), largest))
      ),
      // Texts that are asked about are given; what is held out could have been other text.
      intervalOf: (latent: number) =>
        params.against === null
          ? clusteredInterval(
              held.document,
              [latentActivations(held.codes, latent), new Uint8Array(held.codes.rows).fill(1)],
              (sum, count) => (means[latent]! - sum / count) / largest[latent]!,
              Rng.make(params.seed, "intervals of a search")
            )
          : undefined
    }
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
    const rng = Rng.make(params.seed, "shuffled rule")
    const shuffled = () => Uint8Array.from(rng.permutation(keeps.length), (row) => keeps[row]!)
    return {
      scores: f1Scores(held.codes, keeps),
      controls: Array.from({ length: draws }, () => largestOf(f1Scores(held.codes, shuffled()))),
      intervalOf: (latent: number) => {
        const fires = latentActivations(held.codes, latent).map((activation) => (activation === 0 ? 0 : 1))
        return clusteredInterval(
          held.document,
          [fires.map((one, row) => one * keeps[row]!), fires, keeps],
          (both, firing, kept) => (2 * both) / (firing + kept),
          Rng.make(params.seed, "intervals of a search")
        )
      }
    }
  })

  const { scores, controls, intervalOf } = rule === null ? yield* byText(params.text ?? "") : yield* byRule(rule)
  const control = quantileInterval(controls, 0.95, Rng.make(params.seed, "intervals of a control"))
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
  const rows = found.map((latent, n) => {
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
  const what =
    rule === null
      ? `${JSON.stringify(params.text)}${params.against === null ? "" : ` against ${JSON.stringify(params.against)}`}`
      : `the rule ${params.rule}`
  const figures: FiguresFile = {
    format: 1,
    title: `Latents for ${what}`,
    note: `${rule === null ? "Score: mean activation on the text less that on what it is told from, as a share of the latent's largest activation. Of 100 draws of as many held-out rows in place of each text, 95" : "Score: F1 on held-out rows. Of 100 shuffles of the answers, 95"} reach ${control.quantile.toPrecision(3)} at most.`,
    charts: [],
    tables: [
      {
        title: "Latents",
        columns: ["latent", "score", "fires on (share of the rows)", "tokens", "nearest latents (cosine)"],
        rows: rows.map(({ latent, score, density: share, fires_on, neighbours }) => [
          String(latent),
          score,
          share,
          fires_on.map((text) => JSON.stringify(text)).join(" "),
          neighbours.map((other) => `${other.latent} (${other.cosine.toFixed(2)})`).join(", ")
        ])
      }
    ]
  }
  yield* output.writeJson(figuresFileName, figures)
  yield* output.writeJson(foundLatentsFileName, { sae: inputs.sae.artifact.digest, latents: rows })
  return {
    best_score: estimated(values[0]!, intervalOf(found[0]!)),
    control_score: estimated(control.quantile, control.interval),
    latent: found[0]!
  }
}, Effect.scoped)
