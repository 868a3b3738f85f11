/** The stage de-embed-latents: what a transcoder's latents read without any input, beside the tokens that they fire on. */
import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import { requireHeldOut, requireModelOf, requireTextOrder } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { openModel } from "../../model/open-model.ts"
import { roc } from "../../numeric/roc.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { encodeLatents } from "../latent-codes.ts"
import { meanEstimate } from "../mean-estimate.ts"
import { deEmbedding, residualEncoders, virtualWeights } from "./de-embed.ts"
import { openTranscoders } from "./transcoder-set.ts"

interface DeEmbedParams {
  readonly latents: number
  readonly rows: number
}

interface DeEmbedInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly transcoders: ReadonlyArray<Opened<SaeHandle>>
  readonly activations: Opened<ActivationsHandle>
}

/** Rows that a latent fires on at least. */
const leastFirings = 10

/** Held-out rows, at most, each with its token. */
const heldOutRows = Effect.fnUntraced(function* (activations: ActivationsHandle, most: number) {
  const { contexts, context_size: size, d_in } = activations
  const { held_out } = yield* openActivations(activations)
  const parts: Array<Float32Array> = []
  const tokens: Array<number> = []
  for (let b = 0; b < held_out.batches && tokens.length < most; b++) {
    const { activation, position, rows } = yield* held_out.readBatch(b)
    const taken = Math.min(rows, most - tokens.length)
    parts.push(activation.slice(0, taken * d_in))
    for (let row = 0; row < taken; row++) {
      const { ids } = yield* contexts.read(Math.floor(position[row]! / size), 1)
      tokens.push(ids[position[row]! % size]!)
    }
  }
  const x = new Float32Array(tokens.length * d_in)
  let at = 0
  for (const part of parts) {
    x.set(part, at)
    at += part.length
  }
  return { x, tokens }
})

const largest = (values: Float32Array, count: number, by: (value: number) => number): ReadonlyArray<number> =>
  Array.from(values, (_, i) => i)
    .toSorted((a, b) => by(values[b]!) - by(values[a]!))
    .slice(0, count)

export const deEmbedStage = Effect.fn("deEmbedStage")(function* ({
  inputs,
  params,
  output
}: StageContext<DeEmbedParams, unknown, DeEmbedInputs>) {
  const activations = inputs.activations.value
  yield* requireModelOf(activations, inputs.model.value)
  yield* requireHeldOut(activations)
  yield* requireTextOrder(activations)
  const model = yield* openModel(inputs.model.value)
  const tokenizer = yield* openTokenizer(inputs.model.value.tokenizer)
  const transcoders = yield* openTranscoders(
    inputs.transcoders.map(({ value }) => value),
    model.info
  )
  const layer = transcoders.findIndex(({ reads }) => reads === activations.hook)
  const transcoder = transcoders[layer]
  if (transcoder === undefined) {
    return yield* stageFailed(
      `no transcoder reads ${activations.hook}; they read ${transcoders.map(({ reads }) => reads).join(", ")}`,
      "Give activations of one of these."
    )
  }
  const { x, tokens } = yield* heldOutRows(activations, params.rows)
  const codes = encodeLatents(x, transcoder.model)
  const fires = new Map<number, Uint8Array>()
  for (let row = 0; row < codes.rows; row++) {
    for (let at = codes.offsets[row]!; at < codes.offsets[row + 1]!; at++) {
      const latent = codes.latents[at]!
      const rows = fires.get(latent) ?? new Uint8Array(codes.rows)
      rows[row] = 1
      fires.set(latent, rows)
    }
  }
  const counted = [...fires]
    .map(([latent, rows]) => ({ latent, rows, count: rows.reduce((sum, one) => sum + one, 0) }))
    .filter(({ count }) => count >= leastFirings && count <= codes.rows / 2)
    .toSorted((a, b) => b.count - a.count || a.latent - b.latent)
    .slice(0, params.latents)
  if (counted.length < 2) {
    return yield* stageFailed(
      `fewer than two latents fire on ${leastFirings} to ${Math.floor(codes.rows / 2)} of ${codes.rows} held-out rows`,
      "Raise rows, or capture more text."
    )
  }
  const latents = counted.map(({ latent }) => latent)
  const encoders = residualEncoders(model, transcoder, layer)
  const embedded = deEmbedding(model, encoders, latents)
  const earlier = transcoders.slice(0, layer).map((of) => virtualWeights(encoders, latents, of))
  tf.dispose(encoders)
  const vocabulary = model.info.d_vocab
  const read = (n: number): Float32Array => embedded.subarray(n * vocabulary, (n + 1) * vocabulary)
  const area = (n: number, of: number): number =>
    roc(
      tokens.map((token) => read(of)[token]!),
      counted[n]!.rows
    ).auc
  const areas = latents.map((_, n) => area(n, n))
  const controls = latents.map((_, n) => area(n, (n + 1) % latents.length))
  const file: FiguresFile = {
    format: 1,
    title: `What latents of layer ${layer} read, without any input`,
    note: "Tokens whose embeddings an encoder reads most, and earlier latents whose decoders it reads most, through the MLP's normalisation without what it divides by. Area: how well the former tell the tokens that a latent fires on (0.5: not at all).",
    charts: [],
    tables: [
      {
        title: `Latents of ${activations.hook}`,
        columns: ["latent", "rows it fires on", "area", "tokens", "earlier latents"],
        rows: counted.slice(0, 40).map(({ latent, count }, n) => [
          latent,
          count,
          areas[n]!,
          largest(read(n), 6, (value) => value)
            .map((token) => tokenizer.tokenText(token))
            .join(" | "),
          earlier
            .flatMap((weights, from) => {
              const { d_sae } = transcoders[from]!.model
              const own = weights.subarray(n * d_sae, (n + 1) * d_sae)
              return largest(own, 2, Math.abs).map((other) => `${from}.${other} (${own[other]!.toFixed(2)})`)
            })
            .join(", ")
        ])
      }
    ]
  }
  yield* output.writeJson(figuresFileName, file)
  return {
    area: meanEstimate(areas, "no latent"),
    area_control: meanEstimate(controls, "no latent"),
    latents: latents.length
  }
}, Effect.scoped)
