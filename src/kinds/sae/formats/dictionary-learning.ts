/**
 * dictionary_learning: `ae.pt` (a state dict) and `config.json`, which names the class. AutoEncoder, AutoEncoderNew,
 * AutoEncoderTopK, BatchTopKSAE, MatryoshkaBatchTopKSAE, JumpReluAutoEncoder, GatedAutoEncoder.
 *
 * Features are those of `encode` without its option to normalise the decoder; BatchTopK and Matryoshka by threshold,
 * AutoEncoderTopK by k, as each class does by default. Source: dictionary_learning 0.1.0 `dictionary.py`, `trainers/`.
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import type { DictClass } from "./dict-class.ts"
import { readJsonObject } from "./sae-folder.ts"
import type { SaeFolder } from "./sae-folder.ts"
import type { SaeFormat } from "./sae-format.ts"
import { openStateDict, type StateDict, torchFiles } from "./state-dict.ts"
import { storedProblem, transposed } from "../stored/stored-sae.ts"
import type { Floats, StoredLatents, StoredSae } from "../stored/stored-sae.ts"
import { writeDictionaryLearning } from "./write-dictionary-learning.ts"

const configName = "config.json"

const linear = ["encoder.weight", "encoder.bias", "decoder.weight"]
const matrices = ["W_enc", "b_enc", "W_dec", "b_dec", "threshold"]

/** Classes whose tensors these are; TopK and BatchTopK have the same. */
const classesOf = (dict: StateDict): ReadonlyArray<DictClass> => {
  if (dict.has([...linear, "b_dec"])) return ["AutoEncoderTopK", "BatchTopKSAE"]
  if (dict.has([...linear, "decoder.bias"])) return ["AutoEncoderNew"]
  if (dict.has([...linear, "bias"])) return ["AutoEncoder"]
  if (dict.has(["encoder.weight", "decoder.weight", "decoder_bias", "r_mag", "gate_bias", "mag_bias"])) {
    return ["GatedAutoEncoder"]
  }
  if (dict.has([...matrices, "k", "group_sizes"])) return ["MatryoshkaBatchTopKSAE"]
  return dict.has(matrices) && !dict.entries.has("group_sizes") ? ["JumpReluAutoEncoder"] : []
}

type Json = Readonly<Record<string, unknown>>

const section = (config: Json | undefined, name: string): Json => {
  const value = config?.[name]
  return typeof value === "object" && value !== null ? (value as Json) : {}
}

/** The file: `ae.pt`, or the first one with tensors of a class. */
const find = Effect.fnUntraced(function* (folder: SaeFolder) {
  const files = torchFiles(folder)
  for (const path of files.includes("ae.pt") ? ["ae.pt"] : files) {
    const dict = yield* openStateDict(folder, path)
    if (classesOf(dict).length > 0) return dict
  }
  return undefined
})

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const dict = (yield* find(folder)) as StateDict
  const { fail } = dict
  const config = folder.names.includes(configName) ? yield* readJsonObject(folder, configName) : undefined
  const [trainer, buffer] = [section(config, "trainer"), section(config, "buffer")]
  const classes = classesOf(dict)
  const stated = trainer["dict_class"]
  const dictClass = classes.length === 1 && stated === undefined ? classes[0] : classes.find((name) => name === stated)
  if (dictClass === undefined) {
    return yield* new ArtifactError({
      reason: "invalid",
      digest: folder.digest,
      path: configName,
      detail:
        stated === undefined
          ? `it has to say (trainer.dict_class) whether this is ${classes.join(" or ")}: their tensors are the same`
          : `it says that this is ${JSON.stringify(stated)}, the tensors are those of ${classes.join(" or ")}`
    })
  }
  const core = yield* readCore(dict, dictClass, trainer)
  const stored: StoredSae = {
    ...core,
    d_out: core.d_in,
    transcoder: buffer["io"] === "in_and_out" || buffer["io"] === "in_out",
    normalize: "none",
    W_skip: undefined,
    dtype: dict.dtype(dict.entries.has("W_enc") ? "W_enc" : "encoder.weight"),
    metadata: {
      ...(typeof trainer["lm_name"] === "string" ? { model_name: trainer["lm_name"] } : {}),
      ...(typeof trainer["submodule_name"] === "string" ? { hook_name: trainer["submodule_name"] } : {}),
      ...(typeof trainer["layer"] === "number" ? { hook_layer: trainer["layer"] } : {}),
      ...(typeof buffer["ctx_len"] === "number" ? { context_size: buffer["ctx_len"] } : {})
    },
    origin: { format: "dictionary_learning", config }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* fail(problem)
})

type Core = Pick<StoredSae, "d_in" | "d_sae" | "W_enc" | "W_dec" | "b_dec" | "latents" | "apply_b_dec_to_input">

const readCore = Effect.fnUntraced(function* (dict: StateDict, dictClass: DictClass, trainer: Json) {
  const rows = dict.entries.has("W_enc")
  const size = dict.shape(rows ? "W_dec" : "encoder.weight")
  const [d_sae, d_in] = (size ?? []) as [number, number]
  if (size?.length !== 2) return yield* dict.fail("its encoder is no matrix")
  const W_enc: Floats = rows
    ? yield* dict.floats("W_enc", [d_in, d_sae])
    : transposed(yield* dict.floats("encoder.weight", [d_sae, d_in]), d_sae, d_in)
  const W_dec: Floats = rows
    ? yield* dict.floats("W_dec", [d_sae, d_in])
    : transposed(yield* dict.floats("decoder.weight", [d_in, d_sae]), d_in, d_sae)
  const b_dec = yield* dict.floats(biasName[dictClass], [d_in])
  const core: Core = {
    d_in,
    d_sae,
    W_enc,
    W_dec,
    b_dec,
    latents: yield* readLatents(dict, dictClass, trainer, d_sae),
    apply_b_dec_to_input: dictClass !== "AutoEncoderNew" && dictClass !== "JumpReluAutoEncoder"
  }
  return core
})

const biasName: Readonly<Record<DictClass, string>> = {
  AutoEncoder: "bias",
  AutoEncoderNew: "decoder.bias",
  AutoEncoderTopK: "b_dec",
  BatchTopKSAE: "b_dec",
  MatryoshkaBatchTopKSAE: "b_dec",
  JumpReluAutoEncoder: "b_dec",
  GatedAutoEncoder: "decoder_bias"
}

const readLatents = Effect.fnUntraced(function* (dict: StateDict, dictClass: DictClass, trainer: Json, d_sae: number) {
  const perLatent = (name: string) => dict.floats(name, [d_sae])
  const k = dict.entries.has("k") ? yield* dict.number("k") : trainer["k"]
  const stored = dict.entries.has("threshold") && dict.shape("threshold")?.length === 0
  // The library writes -1 until the first update.
  const scalar = stored ? yield* dict.number("threshold") : -1
  const threshold = scalar < 0 ? null : scalar
  let latents: StoredLatents
  switch (dictClass) {
    case "AutoEncoder":
    case "AutoEncoderNew":
      latents = { type: "relu", b_enc: yield* perLatent("encoder.bias") }
      break
    case "AutoEncoderTopK":
      if (typeof k !== "number") return yield* dict.fail("neither it nor config.json states k")
      latents = { type: "topk", b_enc: yield* perLatent("encoder.bias"), k, rescale: false, threshold }
      break
    case "BatchTopKSAE":
    case "MatryoshkaBatchTopKSAE":
      latents = {
        type: "batch_topk",
        b_enc: yield* perLatent(dictClass === "BatchTopKSAE" ? "encoder.bias" : "b_enc"),
        k: typeof k === "number" ? k : null,
        threshold,
        groups: dictClass === "BatchTopKSAE" ? null : yield* dict.integers("group_sizes")
      }
      break
    case "JumpReluAutoEncoder":
      latents = { type: "jumprelu", b_enc: yield* perLatent("b_enc"), threshold: yield* perLatent("threshold") }
      break
    case "GatedAutoEncoder":
      latents = {
        type: "gated",
        b_gate: yield* perLatent("gate_bias"),
        b_mag: yield* perLatent("mag_bias"),
        r_mag: yield* perLatent("r_mag")
      }
  }
  return latents
})

export const dictionaryLearning: SaeFormat = {
  name: "dictionary_learning",
  files: "ae.pt and config.json",
  detect: (folder) => Effect.map(find(folder), (dict) => dict !== undefined),
  read,
  write: writeDictionaryLearning
}
