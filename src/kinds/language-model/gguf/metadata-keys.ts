/**
 * Refuses what a GGUF file says of its model that nobody here knows. Keys of other kinds (`general.`, `tokenizer.`, `split.`, of
 * converters) say nothing of the mathematics; those of the architecture do.
 *
 * Source: the format description of ggml (`docs/gguf.md`) and llama.cpp's `llama-arch.cpp`.
 */
import { type Metadata, MetadataProblem } from "./metadata-fields.ts"

const known: ReadonlySet<string> = new Set(
  `
  block_count context_length embedding_length feed_forward_length vocab_size tensor_data_layout expert_count expert_used_count
  attention.head_count attention.head_count_kv attention.key_length attention.value_length attention.layer_norm_rms_epsilon
  attention.sliding_window attn_logit_softcapping final_logit_softcapping
  rope.dimension_count rope.freq_base rope.freq_base_swa
  rope.scaling.type rope.scaling.factor rope.scaling.original_context_length rope.scaling.finetuned
  `
    .trim()
    .split(/\s+/)
)

/** The values that leave the mathematics as it is. */
const harmlessAt: Readonly<Record<string, (value: unknown, architecture: string) => boolean>> = {
  // As the architecture has it anyway.
  "attention.sliding_window_pattern": (value, architecture) => value === (architecture === "gemma2" ? 2 : 6),
  "attention.causal": (value) => value === true,
  "attention.scale": (value) => value === 0,
  "attention.clamp_kqv": (value) => value === 0,
  logit_scale: (value) => value === 1 || value === 0,
  embedding_scale: (value) => value === 1 || value === 0,
  residual_scale: (value) => value === 1 || value === 0,
  "rope.scaling.attn_factor": (value) => value === 1,
  "rope.scaling.yarn_beta_fast": (value) => value === 32,
  "rope.scaling.yarn_beta_slow": (value) => value === 1,
  "rope.scaling.yarn_log_multiplier": (value) => value === 0,
  "rope.scale_linear": (value) => value === 1,
  pooling_type: () => true,
  use_parallel_residual: (value) => value === false
}

/** Fields that only some architectures look at: elsewhere they would be read over. */
const only: Readonly<Record<string, (architecture: string) => boolean>> = {
  "attention.sliding_window": (architecture) => architecture.startsWith("gemma"),
  "rope.freq_base_swa": (architecture) => architecture === "gemma3",
  attn_logit_softcapping: (architecture) => architecture === "gemma2",
  final_logit_softcapping: (architecture) => architecture === "gemma2" || architecture === "gemma3"
}

/** @throws MetadataProblem */
export const checkMetadataKeys = (metadata: Metadata, architecture: string): void => {
  const odd: Array<string> = []
  for (const [key, value] of metadata) {
    if (!key.startsWith(`${architecture}.`)) continue
    const field = key.slice(architecture.length + 1)
    const accepted = known.has(field)
      ? (only[field]?.(architecture) ?? true) || value === 0
      : Object.hasOwn(harmlessAt, field) && harmlessAt[field]?.(value, architecture) === true
    if (!accepted) odd.push(`${key} ${typeof value === "object" ? "[...]" : String(value)}`)
  }
  if (odd.length === 0) return
  throw new MetadataProblem(`${odd.join("; ")} is not implemented: it may change what the model computes`)
}
