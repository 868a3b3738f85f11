/**
 * OpenAI's sparse_autoencoder: one `.pt` with `encoder.weight`, `decoder.weight`, `pre_bias`, `latent_bias`, the name of
 * the activation and its state (k). An SAE whose activation is TopK normalises each row to mean 0 and deviation 1.
 *
 * Source: openai/sparse_autoencoder `model.py` (`Autoencoder.from_state_dict`, `LN`).
 */
import * as Effect from "effect/Effect"
import type { SaeFolder } from "./sae-folder.ts"
import type { SaeFormat } from "./sae-format.ts"
import { openStateDict, type StateDict, torchFiles } from "./state-dict.ts"
import { storedProblem, transposed } from "../stored/stored-sae.ts"
import type { StoredLatents, StoredSae } from "../stored/stored-sae.ts"
import { encodeTorchFile } from "../../../format/torch/torch-file.ts"
import type { PickleEntry } from "../../../format/torch/torch-file.ts"
import type { Pickled } from "../../../format/torch/torch-pickle.ts"

const names = ["pre_bias", "latent_bias", "encoder.weight"]

const isOpenAi = (dict: StateDict): boolean => dict.has(names)

/** Statistics of its training that the file carries. */
const statistics = ["stats_last_nonzero", "latents_activation_frequency", "latents_mean_square"]

const textOf = (value: Pickled | undefined, otherwise: string): string =>
  typeof value === "string" ? value : otherwise

const readDict = Effect.fnUntraced(function* (dict: StateDict) {
  const { fail } = dict
  const [d_sae, d_in] = (dict.shape("encoder.weight") ?? []) as [number, number]
  if (d_in === undefined) return yield* fail("encoder.weight is no matrix")
  const activation = textOf(dict.entries.get("activation"), "ReLU")
  const state = dict.entries.get("activation_state_dict")
  const b_enc = yield* dict.floats("latent_bias", [d_sae])
  let latents: StoredLatents
  if (activation === "ReLU") latents = { type: "relu", b_enc }
  else if (activation === "TopK") {
    const k = state instanceof Map ? (state as ReadonlyMap<string, Pickled>).get("k") : undefined
    const after =
      state instanceof Map ? textOf((state as ReadonlyMap<string, Pickled>).get("postact_fn"), "ReLU") : "ReLU"
    if (after !== "ReLU") return yield* fail(`the activation after TopK is ${after}; ReLU can be read`)
    if (typeof k !== "number") return yield* fail("its TopK activation states no k")
    latents = { type: "topk", b_enc, k, rescale: false, threshold: null }
  } else return yield* fail(`the activation ${activation} cannot be read; ReLU and TopK can`)
  const encoder = yield* dict.floats("encoder.weight", [d_sae, d_in])
  // Tied weights: the decoder is the encoder's transpose, and the file says so by its name.
  const tied = !dict.entries.has("decoder.weight") && dict.entries.has("decoder.linear.weight")
  const W_dec = tied
    ? yield* dict.floats("decoder.linear.weight", [d_sae, d_in])
    : transposed(yield* dict.floats("decoder.weight", [d_in, d_sae]), d_in, d_sae)
  const stored: StoredSae = {
    d_in,
    d_out: d_in,
    d_sae,
    transcoder: false,
    W_enc: transposed(encoder, d_sae, d_in),
    W_dec,
    b_dec: yield* dict.floats("pre_bias", [d_in]),
    latents,
    apply_b_dec_to_input: true,
    normalize: activation === "TopK" ? "layer_norm" : "none",
    W_skip: undefined,
    dtype: dict.dtype("encoder.weight"),
    metadata: {},
    origin: { format: "openai", config: undefined }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* fail(problem)
})

const find = Effect.fnUntraced(function* (folder: SaeFolder) {
  for (const path of torchFiles(folder)) {
    const dict = yield* openStateDict(folder, path)
    if (isOpenAi(dict)) return dict
  }
  return undefined
})

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | string => {
  const { d_in, d_out, d_sae, latents } = sae
  if (latents.type !== "relu" && latents.type !== "topk") {
    return `OpenAI's format holds ReLU and TopK, not ${latents.type} latents`
  }
  if (sae.transcoder || d_in !== d_out || sae.W_skip !== undefined) return "OpenAI's format holds no transcoders"
  if (!sae.apply_b_dec_to_input)
    return "OpenAI's autoencoders subtract pre_bias (b_dec) from the input, this SAE does not"
  const normalize = latents.type === "topk" ? "layer_norm" : "none"
  if (sae.normalize !== normalize) {
    return `OpenAI's ${latents.type} autoencoders work on rows with normalize_activations ${normalize}, this one with ${sae.normalize}`
  }
  if (latents.type === "topk" && latents.rescale) {
    return "OpenAI's format does not rescale activations by decoder norms; they can be folded into the weights (--fold), up to rounding"
  }
  if (latents.type === "topk" && latents.threshold !== null) return "OpenAI's format has no place for a TopK threshold"
  const tensor = (shape: ReadonlyArray<number>, values: Float32Array) => ({ dtype: "F32", shape, values }) as const
  const entries: ReadonlyArray<readonly [string, PickleEntry]> = [
    ["pre_bias", tensor([d_in], sae.b_dec)],
    ["latent_bias", tensor([d_sae], latents.b_enc)],
    // Unknown here, and demanded by the loader: their values at the start of training.
    ["stats_last_nonzero", { dtype: "I64", shape: [d_sae], values: new Int32Array(d_sae) }],
    ["latents_activation_frequency", tensor([d_sae], new Float32Array(d_sae).fill(1))],
    ["latents_mean_square", tensor([d_sae], new Float32Array(d_sae))],
    ["encoder.weight", tensor([d_sae, d_in], transposed(sae.W_enc, d_in, d_sae))],
    ["decoder.weight", tensor([d_in, d_sae], transposed(sae.W_dec, d_sae, d_in))],
    ["activation", latents.type === "topk" ? "TopK" : "ReLU"],
    [
      "activation_state_dict",
      latents.type === "topk"
        ? [
            ["k", latents.k],
            ["postact_fn", "ReLU"]
          ]
        : []
    ]
  ]
  return new Map([["autoencoder.pt", encodeTorchFile("autoencoder", entries)]])
}

export const openAi: SaeFormat = {
  name: "openai",
  files: `a .pt with ${names.join(", ")} (${statistics.join(", ")} are not kept)`,
  detect: (folder) => Effect.map(find(folder), (dict) => dict !== undefined),
  read: Effect.fnUntraced(function* (folder: SaeFolder) {
    const dict = yield* find(folder)
    // Only called where it was detected.
    return yield* readDict(dict as StateDict)
  }),
  write
}
