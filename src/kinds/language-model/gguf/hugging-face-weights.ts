/** A GGUF file's tensors under their Hugging Face names, with what its converter did to them undone. */
import * as Effect from "effect/Effect"
import type { PackedWeights, WeightEntry } from "../../../format/weight-tensors.ts"

const outer: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight"
}

const inner: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  post_attention_norm: "post_attention_layernorm",
  ffn_norm: "post_attention_layernorm",
  post_ffw_norm: "post_feedforward_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj"
}

/** Tensors of blocks that have no such name keep their own, so that whoever checks the model's parameters sees them. */
const renamed = (name: string, gemma: boolean): string => {
  const block = /^blk\.(\d+)\.(.+)\.(weight|bias)$/.exec(name)
  if (block === null) return outer[name] ?? name
  const [, layer, part, kind] = block as unknown as readonly [string, string, string, string]
  const place = gemma && part === "ffn_norm" ? "pre_feedforward_layernorm" : (inner[part] ?? part)
  return `model.layers.${layer}.${place}.${kind}`
}

/** Rows stand in pairs (i, i + d_head / 2), as llama.cpp rotates them; wanted are all first halves, then all second. */
const unpaired = <T extends Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(
  values: T,
  rows: number,
  heads: number
): T => {
  const result = values.slice() as T
  const columns = values.length / rows
  const d_head = rows / heads
  for (let row = 0; row < rows; row++) {
    const within = row % d_head
    const target = row - within + (within % 2) * (d_head / 2) + (within >> 1)
    result.set(values.subarray(row * columns, (row + 1) * columns), target * columns)
  }
  return result
}

export interface LayoutFacts {
  readonly architecture: string
  readonly heads: number
  readonly n_key_value_heads: number
}

/** Llama's queries and keys are brought back into their order; 1 is taken from the scales that Gemma stores with it. */
export const huggingFaceWeights = (gguf: PackedWeights, facts: LayoutFacts): PackedWeights => {
  const gemma = facts.architecture.startsWith("gemma")
  const original = new Map<string, string>()
  const entries = new Map<string, WeightEntry>()
  for (const [name, entry] of gguf.entries) {
    const ours = renamed(name, gemma)
    original.set(ours, name)
    entries.set(ours, entry)
  }
  /** Heads whose rows stand in pairs, if the tensor has such. */
  const pairedHeads = (stored: string): number | undefined => {
    if (facts.architecture !== "llama") return undefined
    if (/^blk\.\d+\.attn_q\./.test(stored)) return facts.heads
    return /^blk\.\d+\.attn_k\./.test(stored) ? facts.n_key_value_heads : undefined
  }
  const float32 = Effect.fnUntraced(function* (name: string) {
    const stored = original.get(name) ?? name
    const values = yield* gguf.float32(stored)
    if (gemma && stored.endsWith("norm.weight")) for (const [i, x] of values.entries()) values[i] = x - 1
    const heads = pairedHeads(stored)
    return heads === undefined ? values : unpaired(values, entries.get(name)?.shape[0] ?? 0, heads)
  })
  const packed = Effect.fnUntraced(function* (name: string) {
    const stored = original.get(name) ?? name
    const matrix = yield* gguf.packed(stored)
    const heads = pairedHeads(stored)
    return matrix === undefined || heads === undefined
      ? matrix
      : { ...matrix, bytes: unpaired(matrix.bytes, matrix.rows, heads) }
  })
  return { entries, float32, packed }
}
