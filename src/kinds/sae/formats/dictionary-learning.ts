/**
 * dictionary_learning: `ae.pt` (a state dict) and `config.json`, which names the class. The classes are those that types of
 * latents name (`latents/`). A lone `.pt` whose tensors are those of one class is read as well: the DeepSeek-R1 SAEs of
 * the SAELens loader `deepseek_r1` are AutoEncoderNew.
 *
 * Features are those of `encode` without its option to normalise the decoder; BatchTopK and Matryoshka by threshold,
 * AutoEncoderTopK by k, as each class does by default. Source: dictionary_learning 0.1.0 `dictionary.py`, `trainers/`.
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { encodeTorchFile, type PickleEntry, type TorchTensor } from "../../../format/torch/torch-file.ts"
import { canonicalJson } from "../../../json/canonical-json.ts"
import { type ConfigKeys, keyNames, keyProblem, keysBeside } from "../files/config-keys.ts"
import { readJsonObject, type SaeFolder } from "../files/sae-folder.ts"
import { findStateDict, type StateDict, torchFiles } from "../files/state-dict.ts"
import { onlyTensors } from "../files/tensor-file.ts"
import type { DictClass, DictNumbers } from "../latents/latent-type.ts"
import { allLatentTypes, arraysOf, latentType } from "../latents/latents.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { type Floats, type StoredLatents, type StoredSae, storedProblem, transposed } from "../stored/stored-sae.ts"
import { showGiven } from "../../../words/show-given.ts"
import { cannotWrite, isRefused, type SaeRefused } from "../latents/sae-refused.ts"

const configName = "config.json"

const trainerKeys: ConfigKeys = {
  read: ["dict_class", "activation_dim", "dict_size", "k", "group_sizes", "lm_name", "submodule_name", "layer"],
  // norm_factor: rows were divided by it in training, and the biases are multiplied by it when they are saved.
  harmless: keyNames(`
    trainer_class lr steps seed device wandb_name warmup_steps decay_start resample_steps l1_penalty sparsity_penalty
    sparsity_warmup_steps sparsity_function sparsity_queue_length p_start p_end anneal_start anneal_end n_sparsity_updates
    bandwidth target_l0 auxk_alpha top_k_aux threshold_beta threshold_start_step group_fractions group_weights norm_factor
    k_anneal_steps initial_k
  `)
}

const bufferKeys: ConfigKeys = {
  read: ["io", "ctx_len", "d_submodule"],
  harmless: ["n_ctxs", "refresh_batch_size", "out_batch_size", "device", "remove_bos", "add_special_tokens"]
}

interface Class {
  readonly type: StoredLatents["type"]
  readonly dict: DictClass<StoredLatents>
}

const classes: ReadonlyArray<Class> = allLatentTypes.flatMap(({ type, dictionary_learning = [] }) =>
  dictionary_learning.map((dict) => ({ type, dict }))
)

const required = ({ tensors, optional = [] }: Class["dict"]) => tensors.filter((name) => !optional.includes(name))

/** Classes whose tensors these are, those that leave the fewest over; TopK and BatchTopK have the same. */
const classesOf = (dict: StateDict): ReadonlyArray<Class> => {
  const fitting = classes.filter((one) => dict.has(required(one.dict)))
  const over = (one: Class) => dict.names.filter((name) => !one.dict.tensors.includes(name)).length
  const fewest = Math.min(...fitting.map(over))
  return fitting.filter((one) => over(one) === fewest)
}

type Json = Readonly<Record<string, unknown>>

const section = (config: Json | undefined, name: string): Json => {
  const value = config?.[name]
  return typeof value === "object" && value !== null ? (value as Json) : {}
}

/** The file: `ae.pt`, or the first one with tensors of a class. */
const find = (folder: SaeFolder) =>
  findStateDict(
    folder,
    (dict) => classesOf(dict).length > 0,
    torchFiles(folder).includes("ae.pt") ? ["ae.pt"] : undefined
  )

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const dict = (yield* find(folder)) as StateDict
  const { fail } = dict
  const config = folder.names.includes(configName) ? yield* readJsonObject(folder, configName) : undefined
  const [trainer, buffer] = [section(config, "trainer"), section(config, "buffer")]
  const wrong = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: folder.digest, path: configName, detail })
  const unknown =
    keyProblem(config ?? {}, { read: ["trainer", "buffer"], harmless: [] }) ??
    keyProblem(trainer, trainerKeys, "trainer") ??
    keyProblem(buffer, bufferKeys, "buffer")
  if (unknown !== undefined) return yield* wrong(unknown)
  const found = classesOf(dict)
  const names = found.map((one) => one.dict.name).join(" or ")
  const stated = trainer["dict_class"]
  const chosen = found.length === 1 && stated === undefined ? found[0] : found.find((one) => one.dict.name === stated)
  if (chosen === undefined) {
    return yield* wrong(
      stated === undefined
        ? `it has to say (trainer.dict_class) whether this is ${names}: their tensors are the same`
        : `it says that this is ${showGiven(stated)}, the tensors are those of ${names}`
    )
  }
  yield* onlyTensors(dict, chosen.dict.tensors)
  const core = yield* readCore(dict, chosen, trainer)
  const stored: StoredSae = {
    ...core,
    d_out: core.d_in,
    transcoder: buffer["io"] === "in_and_out" || buffer["io"] === "in_out",
    apply_b_dec_to_input: chosen.dict.subtracts_b_dec,
    normalize: "none",
    W_skip: undefined,
    dtype: dict.dtype(dict.entries.has("W_enc") ? "W_enc" : "encoder.weight"),
    metadata: {
      ...(typeof trainer["lm_name"] === "string" ? { model_name: trainer["lm_name"] } : {}),
      ...(typeof trainer["submodule_name"] === "string" ? { hook_name: trainer["submodule_name"] } : {}),
      ...(typeof trainer["layer"] === "number" ? { hook_layer: trainer["layer"] } : {}),
      ...(typeof buffer["ctx_len"] === "number" ? { context_size: buffer["ctx_len"] } : {})
    },
    origin: {
      format: "dictionary_learning",
      config,
      beside: [...keysBeside(trainer, trainerKeys, "trainer"), ...keysBeside(buffer, bufferKeys, "buffer")]
    }
  }
  for (const [name, size] of [
    ["activation_dim", stored.d_in],
    ["dict_size", stored.d_sae]
  ] as const) {
    if (trainer[name] !== undefined && trainer[name] !== size) {
      return yield* wrong(`trainer.${name} is ${showGiven(trainer[name])}, the tensors say ${size}`)
    }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* fail(problem)
})

const readCore = Effect.fnUntraced(function* (file: StateDict, { type, dict }: Class, trainer: Json) {
  const rows = file.entries.has("W_enc")
  const size = file.shape(rows ? "W_dec" : "encoder.weight")
  const [d_sae, d_in] = (size ?? []) as [number, number]
  if (size?.length !== 2) return yield* file.fail("its encoder is no matrix")
  const W_enc: Floats = rows
    ? yield* file.floats("W_enc", [d_in, d_sae])
    : transposed(yield* file.floats("encoder.weight", [d_sae, d_in]), d_sae, d_in)
  const W_dec: Floats = rows
    ? yield* file.floats("W_dec", [d_sae, d_in])
    : transposed(yield* file.floats("decoder.weight", [d_in, d_sae]), d_in, d_sae)
  const arrays: Record<string, Floats> = {}
  for (const [field, name] of Object.entries(dict.arrays)) arrays[field] = yield* file.floats(name, [d_sae])
  const fields = dict.read(yield* readNumbers(file, dict, trainer))
  if (isRefused(fields)) return yield* file.fail(fields.problem)
  const latents = { type, ...fields, ...arrays } as StoredLatents
  return { d_in, d_sae, W_enc, W_dec, b_dec: yield* file.floats(dict.b_dec, [d_in]), latents }
})

const readNumbers = Effect.fnUntraced(function* (file: StateDict, dict: Class["dict"], trainer: Json) {
  const has = (name: string) => dict.tensors.includes(name) && file.entries.has(name)
  const stored = has("k") ? yield* file.number("k") : undefined
  const k = stored ?? trainer["k"]
  if (stored !== undefined && typeof trainer["k"] === "number" && trainer["k"] !== stored) {
    return yield* file.fail(`its k is ${stored}, config.json says ${trainer["k"]}`)
  }
  // The library writes -1 until the first update; a threshold a latent is an array, not a number.
  const scalar = has("threshold") && dict.arrays["threshold"] === undefined ? yield* file.number("threshold") : -1
  const numbers: DictNumbers = {
    k: typeof k === "number" ? k : null,
    threshold: scalar < 0 ? null : scalar,
    group_sizes: has("group_sizes") ? yield* file.integers("group_sizes") : null
  }
  return numbers
})

const tensor = (shape: ReadonlyArray<number>, values: Float32Array): TorchTensor => ({ dtype: "F32", shape, values })
const scalar = (dtype: "F32" | "I32", value: number): TorchTensor => ({ dtype, shape: [], values: [value] })

/** Class and tensors in the order of its own state dicts, or the reason why no class holds this SAE. */
const entriesOf = (
  sae: StoredSae
): readonly [DictClass<StoredLatents>, ReadonlyArray<readonly [string, PickleEntry]>] | SaeRefused => {
  const { d_in, d_sae, latents } = sae
  const all = (latentType(latents).dictionary_learning ?? []).filter((one) => one.is?.(latents) ?? true)
  if (all.length === 0) return cannotWrite(`dictionary_learning has no ${latents.type} latents`)
  const dict = all.find((one) => one.subtracts_b_dec === sae.apply_b_dec_to_input)
  if (dict === undefined) {
    const [{ name }] = all as [DictClass<StoredLatents>]
    return sae.apply_b_dec_to_input
      ? cannotWrite(
          `${name} does not subtract b_dec from the input, this SAE does; b_dec can be folded into b_enc (--fold), up to rounding`
        )
      : cannotWrite(`${name} subtracts b_dec from the input, this SAE does not`)
  }
  const numbers = dict.write?.(latents) ?? {}
  if (isRefused(numbers)) return numbers
  const arrays = new Map<string | undefined, Floats>(
    arraysOf(latents).map(([field, values]) => [dict.arrays[field], values])
  )
  const entry = (name: string): PickleEntry => {
    const array = arrays.get(name)
    if (array !== undefined) return tensor([d_sae], array)
    switch (name) {
      case "W_enc":
        return tensor([d_in, d_sae], sae.W_enc)
      case "W_dec":
        return tensor([d_sae, d_in], sae.W_dec)
      case "encoder.weight":
        return tensor([d_sae, d_in], transposed(sae.W_enc, d_in, d_sae))
      case "decoder.weight":
        return tensor([d_in, d_sae], transposed(sae.W_dec, d_sae, d_in))
      case "k":
        return scalar("I32", numbers.k as number)
      case "threshold":
        return scalar("F32", numbers.threshold ?? -1)
      case "group_sizes":
        return { dtype: "I64", shape: [numbers.group_sizes?.length ?? 0], values: numbers.group_sizes ?? [] }
      default:
        return tensor([d_in], sae.b_dec)
    }
  }
  return [dict, dict.tensors.map((name) => [name, entry(name)] as const)]
}

/** Where the SAE's own configuration names no model, the one that it was given since. */
const namedModel = ({ origin, metadata }: StoredSae) => {
  const trainer = section(origin.config, "trainer")
  const name = metadata["model_name"] ?? null
  return name === null || trainer["lm_name"] === name ? {} : { trainer: { ...trainer, lm_name: name } }
}

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused => {
  const { d_in, d_out, latents } = sae
  if (d_in !== d_out) {
    return cannotWrite(
      `a dictionary of dictionary_learning has one width, this one reads ${d_in} numbers and writes ${d_out}`
    )
  }
  if (sae.W_skip !== undefined) return cannotWrite("dictionary_learning has no skip connection")
  if (sae.normalize !== "none")
    return cannotWrite(`dictionary_learning does not normalise rows; this SAE needs ${sae.normalize}`)
  const made = entriesOf(sae)
  if (isRefused(made)) return made
  const [dict, entries] = made
  const config =
    sae.origin.format === "dictionary_learning" && sae.origin.config !== undefined
      ? { ...sae.origin.config, ...namedModel(sae) }
      : {
          trainer: {
            dict_class: dict.name,
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

const format: SaeFormat = {
  files: "ae.pt and config.json",
  looks_inside: true,
  detect: (folder) => Effect.map(find(folder), (dict) => dict !== undefined),
  read,
  write,
  keeps: ["model_name", "hook_name", "hook_layer", "context_size"],
  keeps_config: true
}
export default format
