/**
 * The config.json that a GGUF file's metadata stands for. What the format leaves out is filled in as llama.cpp and the
 * Hugging Face library do: Gemma 3's local rotary base and its pattern of layers, the scale of Gemma's queries.
 */
import type { WeightEntry } from "../../../format/weight-tensors.ts"
import { checkMetadataKeys } from "./metadata-keys.ts"
import { type Metadata, MetadataProblem, numberAt, optionalNumber, optionalText } from "./metadata-fields.ts"

/** `general.architecture` to `model_type`. */
const modelTypes: Readonly<Record<string, string>> = {
  llama: "llama",
  qwen2: "qwen2",
  qwen3: "qwen3",
  gemma2: "gemma2",
  gemma3: "gemma3_text"
}

export const ggufArchitecture = (metadata: Metadata): string => {
  const name = optionalText(metadata, "general.architecture")
  if (name !== undefined && Object.hasOwn(modelTypes, name)) return name
  throw new MetadataProblem(
    name === undefined
      ? "it has no general.architecture"
      : `GGUF files of the architecture ${name} cannot be read; ${Object.keys(modelTypes).join(", ")} can`
  )
}

const ropeScaling = (
  metadata: Metadata,
  at: (field: string) => string,
  divisors: ArrayLike<number> | undefined
): Readonly<Record<string, unknown>> | undefined => {
  if (divisors !== undefined) return { rope_type: "divisors", divisors: Array.from(divisors) }
  const type = optionalText(metadata, at("rope.scaling.type"))
  if (type === undefined || type === "none") return undefined
  if (type !== "linear" && type !== "yarn") throw new MetadataProblem(`${at("rope.scaling.type")} is ${type}`)
  const original = optionalNumber(metadata, at("rope.scaling.original_context_length"))
  return {
    rope_type: type,
    factor: numberAt(metadata, at("rope.scaling.factor")),
    ...(original === undefined ? {} : { original_max_position_embeddings: original })
  }
}

/** Largest models of their family scale queries by the width that heads would have, not by the one they have. */
const largest: Readonly<Record<string, number>> = { gemma2: 46, gemma3: 62 }

/** @param divisors values of `rope_freqs.weight`, where the file has it */
export const huggingFaceConfig = (
  metadata: Metadata,
  entries: ReadonlyMap<string, WeightEntry>,
  divisors: ArrayLike<number> | undefined
): Readonly<Record<string, unknown>> => {
  const architecture = ggufArchitecture(metadata)
  checkMetadataKeys(metadata, architecture)
  const at = (field: string): string => `${architecture}.${field}`
  const embedding = entries.get("token_embd.weight")
  if (embedding === undefined) throw new MetadataProblem("it has no tensor token_embd.weight")
  if ((optionalNumber(metadata, at("expert_count")) ?? 0) > 0) {
    throw new MetadataProblem("mixtures of experts cannot be run")
  }
  const layers = numberAt(metadata, at("block_count"))
  const d_model = numberAt(metadata, at("embedding_length"))
  const heads = numberAt(metadata, at("attention.head_count"))
  const d_head = optionalNumber(metadata, at("attention.key_length")) ?? d_model / heads
  const valueWidth = optionalNumber(metadata, at("attention.value_length")) ?? d_head
  if (valueWidth !== d_head) throw new MetadataProblem(`keys have ${d_head} entries and values ${valueWidth}`)
  const rotated = optionalNumber(metadata, at("rope.dimension_count")) ?? d_head
  if (rotated !== d_head) throw new MetadataProblem(`only ${rotated} of ${d_head} entries of a head are rotated`)
  const base = optionalNumber(metadata, at("rope.freq_base"))
  const window = optionalNumber(metadata, at("attention.sliding_window"))
  const scaling = ropeScaling(metadata, at, divisors)
  const gemma = architecture.startsWith("gemma")
  const cap = optionalNumber(metadata, at("final_logit_softcapping"))
  const bos = optionalNumber(metadata, "tokenizer.ggml.bos_token_id")
  const eos = optionalNumber(metadata, "tokenizer.ggml.eos_token_id")
  return {
    model_type: modelTypes[architecture],
    vocab_size: embedding.shape[0],
    hidden_size: d_model,
    intermediate_size: numberAt(metadata, at("feed_forward_length")),
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: optionalNumber(metadata, at("attention.head_count_kv")) ?? heads,
    head_dim: d_head,
    max_position_embeddings: numberAt(metadata, at("context_length")),
    rms_norm_eps: numberAt(metadata, at("attention.layer_norm_rms_epsilon")),
    tie_word_embeddings: !entries.has("output.weight"),
    ...(base === undefined ? {} : { rope_theta: base }),
    ...(scaling === undefined ? {} : { rope_scaling: scaling }),
    ...(bos === undefined ? {} : { bos_token_id: bos }),
    ...(eos === undefined ? {} : { eos_token_id: eos }),
    ...(architecture === "llama" || architecture === "qwen3"
      ? { attention_bias: entries.has("blk.0.attn_q.bias") }
      : {}),
    ...(gemma
      ? {
          query_pre_attn_scalar: layers === largest[architecture] ? d_model / heads : d_head,
          ...(window === undefined ? {} : { sliding_window: window })
        }
      : {}),
    ...(architecture === "gemma3"
      ? {
          rope_local_base_freq: optionalNumber(metadata, at("rope.freq_base_swa")) ?? 10_000,
          ...(cap === undefined ? {} : { final_logit_softcapping: cap })
        }
      : {}),
    ...(architecture === "gemma2"
      ? {
          attn_logit_softcapping: optionalNumber(metadata, at("attn_logit_softcapping")) ?? 50,
          final_logit_softcapping: cap ?? 30
        }
      : {})
  }
}
