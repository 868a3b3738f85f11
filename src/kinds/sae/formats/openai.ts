/**
 * OpenAI's sparse_autoencoder: one `.pt` with `encoder.weight`, `decoder.weight`, `pre_bias`, `latent_bias`, the name of
 * the activation and its state (k). An SAE whose activation is TopK normalises each row to mean 0 and deviation 1.
 *
 * Source: openai/sparse_autoencoder `model.py` (`Autoencoder.from_state_dict`, `LN`).
 */
import * as Effect from "effect/Effect"
import { encodeTorchFile, type PickleEntry } from "../../../format/torch/torch-file.ts"
import type { Pickled } from "../../../format/torch/pickled-values.ts"
import type { SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { findStateDict, type StateDict } from "../files/state-dict.ts"
import { onlyTensors } from "../files/tensor-file.ts"
import { allLatentTypes, latentType } from "../latents/latents.ts"
import { type StoredLatents, type StoredSae, storedProblem, transposed } from "../stored/stored-sae.ts"
import { cannotWrite, isRefused, type SaeRefused } from "../latents/sae-refused.ts"

const names = ["pre_bias", "latent_bias", "encoder.weight"]

const isOpenAi = (dict: StateDict): boolean => dict.has(names)

/** Statistics of its training that the file carries. */
const statistics = ["stats_last_nonzero", "latents_activation_frequency", "latents_mean_square"]

const textOf = (value: Pickled | undefined, otherwise: string): string =>
  typeof value === "string" ? value : otherwise

const readDict = Effect.fnUntraced(function* (dict: StateDict) {
  const { fail } = dict
  yield* onlyTensors(dict, [
    ...names,
    ...statistics,
    "decoder.weight",
    "decoder.linear.weight",
    "activation",
    "activation_state_dict",
    "activation.k",
    "activation.postact_fn"
  ])
  const [d_sae, d_in] = (dict.shape("encoder.weight") ?? []) as [number, number]
  if (d_in === undefined) return yield* fail("encoder.weight is no matrix")
  const activation = textOf(dict.entries.get("activation"), "ReLU")
  const state = dict.entries.get("activation_state_dict")
  const b_enc = yield* dict.floats("latent_bias", [d_sae])
  const type = allLatentTypes.find(({ openai }) => openai?.activation === activation)
  if (type?.openai === undefined) {
    const known = allLatentTypes.flatMap(({ openai }) => openai?.activation ?? [])
    return yield* fail(`the activation ${activation} cannot be read; ${known.join(" and ")} can`)
  }
  const options = state instanceof Map ? (state as ReadonlyMap<string, Pickled>) : new Map<string, Pickled>()
  const after = textOf(options.get("postact_fn"), "ReLU")
  if (after !== "ReLU") return yield* fail(`the activation after ${activation} is ${after}; ReLU can be read`)
  const other = [...options.keys()].find((key) => key !== "k" && key !== "postact_fn")
  if (other !== undefined)
    return yield* fail(`its activation's ${other} is not known here and may change what it computes`)
  const k = options.get("k")
  const fields = type.openai.read(typeof k === "number" ? k : undefined)
  if (isRefused(fields)) return yield* fail(fields.problem)
  const latents = { type: type.type, b_enc, ...fields } as StoredLatents
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

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused => {
  const { d_in, d_out, d_sae, latents } = sae
  const { openai } = latentType(latents)
  if (openai === undefined || !("b_enc" in latents))
    return cannotWrite(`OpenAI's format does not have ${latents.type} latents`)
  if (sae.transcoder || d_in !== d_out || sae.W_skip !== undefined)
    return cannotWrite("OpenAI's format holds no transcoders")
  if (!sae.apply_b_dec_to_input)
    return cannotWrite("OpenAI's autoencoders subtract pre_bias (b_dec) from the input, this SAE does not")
  const normalize = openai.activation === "TopK" ? "layer_norm" : "none"
  if (sae.normalize !== normalize) {
    return cannotWrite(
      `OpenAI's ${latents.type} autoencoders work on rows with normalize_activations ${normalize}, this one with ${sae.normalize}`
    )
  }
  const options = openai.write(latents)
  if (isRefused(options)) return options
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
    ["activation", openai.activation],
    [
      "activation_state_dict",
      options.k === undefined
        ? []
        : [
            ["k", options.k],
            ["postact_fn", "ReLU"]
          ]
    ]
  ]
  return new Map([["autoencoder.pt", encodeTorchFile("autoencoder", entries)]])
}

const find = (folder: SaeFolder) => findStateDict(folder, isOpenAi)

const format: SaeFormat = {
  files: `a .pt with ${names.join(", ")} (${statistics.join(", ")} are not kept)`,
  looks_inside: true,
  detect: (folder) => Effect.map(find(folder), (dict) => dict !== undefined),
  // Only called where it was detected.
  read: (folder) => Effect.flatMap(find(folder), (dict) => readDict(dict as StateDict)),
  write,
  keeps: []
}
export default format
