/** Opens whatever has latents as a dictionary to be explained: SAEs, transcoders, crosscoders, meta-SAEs, components, neurons. */
import * as Effect from "effect/Effect"
import { requireAligned, requireReads } from "../activations/fit.ts"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"
import { activationType } from "../kinds/sae/latents/latents.ts"
import { readCrosscoder } from "../kinds/sae/crosscoder-file.ts"
import { readMetaLatents } from "../kinds/sae/meta-latents.ts"
import type { SaeHandle } from "../kinds/sae/sae-handle.ts"
import type { SaeWeights } from "../kinds/sae/stored/sae-weights.ts"
import { normsOfRows } from "../numeric/row-norms.ts"
import { decoderScale, openSaeModel } from "../sae/sae-model.ts"
import type { Opened } from "../stage/input.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { Dictionary } from "./dictionary.ts"
import { metaEncoder } from "./meta-encoder.ts"

export interface DictionaryInputs {
  readonly sae: Opened<SaeHandle>
  /** Of a meta-SAE: the SAE whose decoder it decomposes. */
  readonly base: Opened<SaeHandle> | undefined
  readonly activations: Opened<ActivationsHandle>
  /** Of a crosscoder: the activations of all that it reads, `activations` among them. */
  readonly sources: ReadonlyArray<Opened<ActivationsHandle>>
}

const firingWeights = Effect.fnUntraced(function* (sae: SaeHandle) {
  const weights = yield* sae.anyWeights
  if (activationType(weights.activation).activations === "signed") {
    return yield* stageFailed(
      `its latents have signs (${weights.activation.type}): what one is on when it is below zero is another thing than when it is above`,
      "Explain an SAE whose latents only fire above zero."
    )
  }
  return weights
})

/** The columns of a crosscoder's decoder that write the activations given. */
const columnsOf = ({ W_dec, d_sae }: SaeWeights, widths: ReadonlyArray<number>, source: number) => {
  const whole = widths.reduce((sum, width) => sum + width, 0)
  const first = widths.slice(0, source).reduce((sum, width) => sum + width, 0)
  const d_out = widths[source] as number
  const rows = new Float32Array(d_sae * d_out)
  for (let i = 0; i < d_sae; i++) rows.set(W_dec.subarray(i * whole + first, i * whole + first + d_out), i * d_out)
  return { W_dec: rows, d_out }
}

const crosscoder = Effect.fnUntraced(function* ({ sae, activations, sources }: DictionaryInputs) {
  const file = yield* readCrosscoder(sae.artifact)
  if (file === undefined) {
    return yield* stageFailed("sources are of a crosscoder, and this is none", "Leave sources out.")
  }
  const all = sources.map(({ value }) => value)
  const fits = (handle: ActivationsHandle | undefined, m: number): boolean =>
    handle !== undefined && handle.hook === file.sources[m]?.hook && handle.model === file.sources[m]?.model
  if (all.length !== file.sources.length || !all.every(fits)) {
    return yield* stageFailed(
      `the crosscoder reads ${file.sources.map(({ hook, model }) => `${hook} of model ${model.slice(0, 8)}`).join(", ")}`,
      "Give activations of all of these as sources, in that order."
    )
  }
  yield* requireAligned(all)
  const own = all.findIndex(({ digest }) => digest === activations.value.digest)
  if (own < 0)
    return yield* stageFailed("the activations are none of the sources", "Give one of the sources as activations.")
  const weights = yield* firingWeights(sae.value)
  return {
    encoder: yield* openSaeModel(weights),
    writes: {
      hook: activations.value.hook,
      ...columnsOf(
        weights,
        all.map(({ d_in }) => d_in),
        own
      )
    }
  }
})

const metaSae = Effect.fnUntraced(function* ({ sae, base, activations }: DictionaryInputs) {
  const file = yield* readMetaLatents(sae.artifact)
  if (file === undefined || base === undefined) {
    return yield* stageFailed(
      file === undefined ? "base is of a meta-SAE, and this is none" : "a meta-SAE reads decoder directions, no text",
      file === undefined ? "Leave base out." : "Give the SAE whose decoder it decomposes as base."
    )
  }
  const trained = sae.value.training?.["base"]
  if (trained !== base.value.digest) {
    return yield* stageFailed(
      `the meta-SAE was trained on the decoder of ${String(trained).slice(0, 8)}, and base is ${base.value.digest.slice(0, 8)}`,
      "Give the SAE that it was trained on."
    )
  }
  yield* requireReads(base.value, activations.value, "base")
  const weights = yield* firingWeights(base.value)
  const { W_dec, d_in } = yield* firingWeights(sae.value)
  return {
    encoder: metaEncoder(yield* openSaeModel(weights), normsOfRows(weights.W_dec, d_in), file),
    writes: { hook: activations.value.hook, W_dec, d_out: d_in, scale: decoderScale(weights) }
  }
})

const plain = Effect.fnUntraced(function* ({ sae, activations }: DictionaryInputs) {
  yield* requireReads(sae.value, activations.value)
  const weights = yield* firingWeights(sae.value)
  const d_out = weights.transcoder?.d_out
  const written = d_out === undefined ? activations.value.hook : sae.value.training?.["hook_out"]
  return {
    encoder: yield* openSaeModel(weights),
    writes:
      typeof written === "string"
        ? { hook: written, W_dec: weights.W_dec, d_out: d_out ?? weights.d_in, scale: decoderScale(weights) }
        : undefined
  }
})

/** Its tensors live as long as the scope. Fails where what is given does not belong together. */
export const openDictionary = Effect.fn("openDictionary")(function* (inputs: DictionaryInputs) {
  const { digest, architecture, rows } = inputs.sae.value
  const opened = yield* inputs.sources.length > 0 || rows === "concatenated"
    ? crosscoder(inputs)
    : inputs.base !== undefined || rows === "decoder"
      ? metaSae(inputs)
      : plain(inputs)
  return { digest, architecture, ...opened } satisfies Dictionary
})
