/** An SAE whose figures are known without training, and weights as an artifact. */
import * as Effect from "effect/Effect"
import { Sae } from "../../src/kinds/sae/sae.ts"
import type { SaeWeights } from "../../src/kinds/sae/stored/sae-weights.ts"
import { writeSae } from "../../src/kinds/sae/write-sae.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { opened } from "../stage/run-stage.ts"
import { d_model } from "./random-gpt2.ts"
import { hook } from "./small-text.ts"

/** An SAE that gives back its input: one latent for each sign of each number. */
export const identity: SaeWeights = {
  d_in: d_model,
  d_sae: 2 * d_model,
  activation: { type: "relu" },
  apply_b_dec_to_input: true,
  W_enc: Float32Array.from({ length: d_model * 2 * d_model }, (_, i) => {
    const [c, j] = [Math.floor(i / (2 * d_model)), i % (2 * d_model)]
    return j === c ? 1 : j === c + d_model ? -1 : 0
  }),
  W_dec: Float32Array.from({ length: d_model * 2 * d_model }, (_, i) => {
    const [j, c] = [Math.floor(i / d_model), i % d_model]
    return j === c ? 1 : j === c + d_model ? -1 : 0
  }),
  b_enc: new Float32Array(2 * d_model),
  b_dec: new Float32Array(d_model),
  threshold: undefined
}

/** These weights as an SAE of `hook`, written and opened. */
export const saeOf = Effect.fn(function* (
  weights: SaeWeights,
  more: { readonly hook?: string; readonly training?: Readonly<Record<string, unknown>> } = {}
) {
  const directory = yield* temporaryDirectory
  const info = {
    architecture: "standard",
    k: null,
    model: null,
    activations: null,
    rows: "activations",
    training: null
  }
  yield* Effect.scoped(writeSae(folderWriter(directory), { weights, info: { hook, ...info, ...more }, curve: {} }))
  return yield* opened(Sae, folderArtifact(directory, "Sae"))
})
