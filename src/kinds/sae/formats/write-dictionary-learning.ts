/** Writes `ae.pt` and `config.json` as dictionary_learning does, tensors in the order of its own state dicts. */
import { canonicalJson } from "../../../json/canonical-json.ts"
import type { DictClass } from "./dict-class.ts"
import { transposed } from "../stored/stored-sae.ts"
import type { StoredSae } from "../stored/stored-sae.ts"
import { encodeTorchFile } from "../../../format/torch/torch-file.ts"
import type { PickleEntry, TorchTensor } from "../../../format/torch/torch-file.ts"

type Entries = ReadonlyArray<readonly [string, PickleEntry]>

const tensor = (shape: ReadonlyArray<number>, values: Float32Array): TorchTensor => ({ dtype: "F32", shape, values })
const scalar = (dtype: "F32" | "I32", value: number): TorchTensor => ({ dtype, shape: [], values: [value] })

/** Class and tensors, or the reason why no class holds this SAE. */
const entriesOf = (sae: StoredSae): readonly [DictClass, Entries] | string => {
  const { d_in, d_sae, latents } = sae
  const encoder = tensor([d_sae, d_in], transposed(sae.W_enc, d_in, d_sae))
  const decoder = tensor([d_in, d_sae], transposed(sae.W_dec, d_sae, d_in))
  const bias = tensor([d_in], sae.b_dec)
  const perLatent = (values: Float32Array) => tensor([d_sae], values)
  const subtracts = sae.apply_b_dec_to_input
  const mustSubtract = (dictClass: DictClass) => `${dictClass} subtracts b_dec from the input, this SAE does not`
  switch (latents.type) {
    case "relu":
      return subtracts
        ? [
            "AutoEncoder",
            [
              ["bias", bias],
              ["encoder.weight", encoder],
              ["encoder.bias", perLatent(latents.b_enc)],
              ["decoder.weight", decoder]
            ]
          ]
        : [
            "AutoEncoderNew",
            [
              ["encoder.weight", encoder],
              ["encoder.bias", perLatent(latents.b_enc)],
              ["decoder.weight", decoder],
              ["decoder.bias", bias]
            ]
          ]
    case "topk": {
      if (!subtracts) return mustSubtract("AutoEncoderTopK")
      if (latents.rescale) {
        return "AutoEncoderTopK does not rescale activations by decoder norms; they can be folded into the weights (--fold), up to rounding"
      }
      return [
        "AutoEncoderTopK",
        [
          ["b_dec", bias],
          ["k", scalar("I32", latents.k)],
          ["threshold", scalar("F32", latents.threshold ?? -1)],
          ["decoder.weight", decoder],
          ["encoder.weight", encoder],
          ["encoder.bias", perLatent(latents.b_enc)]
        ]
      ]
    }
    case "batch_topk": {
      const dictClass = latents.groups === null ? "BatchTopKSAE" : "MatryoshkaBatchTopKSAE"
      if (!subtracts) return mustSubtract(dictClass)
      if (latents.k === null) return `${dictClass} states the k that it was trained for, and here it is not known`
      const numbers: Entries = [
        ["k", scalar("I32", latents.k)],
        ["threshold", scalar("F32", latents.threshold ?? -1)]
      ]
      if (latents.groups !== null) {
        return [
          dictClass,
          [
            ["W_enc", tensor([d_in, d_sae], sae.W_enc)],
            ["b_enc", perLatent(latents.b_enc)],
            ["W_dec", tensor([d_sae, d_in], sae.W_dec)],
            ["b_dec", bias],
            ...numbers,
            ["group_sizes", { dtype: "I64", shape: [latents.groups.length], values: latents.groups }]
          ]
        ]
      }
      return [
        dictClass,
        [
          ["b_dec", bias],
          ...numbers,
          ["decoder.weight", decoder],
          ["encoder.weight", encoder],
          ["encoder.bias", perLatent(latents.b_enc)]
        ]
      ]
    }
    case "jumprelu":
      if (subtracts) {
        return "JumpReluAutoEncoder does not subtract b_dec from the input, this SAE does; b_dec can be folded into b_enc (--fold), up to rounding"
      }
      return [
        "JumpReluAutoEncoder",
        [
          ["W_enc", tensor([d_in, d_sae], sae.W_enc)],
          ["b_enc", perLatent(latents.b_enc)],
          ["W_dec", tensor([d_sae, d_in], sae.W_dec)],
          ["b_dec", bias],
          ["threshold", perLatent(latents.threshold)]
        ]
      ]
    case "gated":
      if (!subtracts) return mustSubtract("GatedAutoEncoder")
      return [
        "GatedAutoEncoder",
        [
          ["decoder_bias", bias],
          ["r_mag", perLatent(latents.r_mag)],
          ["gate_bias", perLatent(latents.b_gate)],
          ["mag_bias", perLatent(latents.b_mag)],
          ["encoder.weight", encoder],
          ["decoder.weight", decoder]
        ]
      ]
  }
}

export const writeDictionaryLearning = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | string => {
  const { d_in, d_out, latents } = sae
  if (d_in !== d_out) {
    return `a dictionary of dictionary_learning has one width, this one reads ${d_in} numbers and writes ${d_out}`
  }
  if (sae.W_skip !== undefined) return "dictionary_learning has no skip connection"
  if (sae.normalize !== "none") return `dictionary_learning does not normalise rows; this SAE needs ${sae.normalize}`
  const made = entriesOf(sae)
  if (typeof made === "string") return made
  const [dict_class, entries] = made
  const config =
    sae.origin.format === "dictionary_learning" && sae.origin.config !== undefined
      ? sae.origin.config
      : {
          trainer: {
            dict_class,
            activation_dim: d_in,
            dict_size: sae.d_sae,
            ...("k" in latents ? { k: latents.k } : {}),
            ...("groups" in latents && latents.groups !== null ? { group_sizes: latents.groups } : {}),
            lm_name: sae.metadata["model_name"] ?? null,
            layer: sae.metadata["hook_layer"] ?? null,
            submodule_name: sae.metadata["hook_name"] ?? null
          },
          buffer: {
            d_submodule: d_in,
            io: sae.transcoder ? "in_and_out" : "out",
            ctx_len: sae.metadata["context_size"] ?? null
          }
        }
  return new Map([
    ["ae.pt", encodeTorchFile("ae", entries)],
    ["config.json", new TextEncoder().encode(`${canonicalJson(config)}\n`)]
  ])
}
