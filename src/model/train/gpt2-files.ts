/** A trained GPT-2 as the files of a Hugging Face folder. */
import { encodeSafetensors, type SafetensorsTensor } from "../../format/safetensors.ts"
import { toBfloat16, toFloat16 } from "../../format/half-float.ts"
import { gpt2Parameters, type Gpt2Config } from "../decoder/gpt2-config.ts"
import type { ParameterArrays } from "./adam-w.ts"

const dtypes = ["bfloat16", "float16", "float32"] as const
export type Dtype = (typeof dtypes)[number]

const encode = (values: Float32Array, shape: ReadonlyArray<number>, dtype: Dtype): SafetensorsTensor =>
  dtype === "float32"
    ? { dtype: "F32", shape, data: values }
    : dtype === "float16"
      ? { dtype: "F16", shape, data: toFloat16(values) }
      : { dtype: "BF16", shape, data: toBfloat16(values) }

/** The bytes of model.safetensors. Embedding and unembedding are one tensor, so there is no `lm_head.weight`. */
export const gpt2Safetensors = (config: Gpt2Config, weights: ParameterArrays, dtype: Dtype): Uint8Array<ArrayBuffer> =>
  encodeSafetensors(
    Object.fromEntries(
      gpt2Parameters(config).map(({ name, shape }) => [name, encode(weights[name] as Float32Array, shape, dtype)])
    ),
    { format: "pt" }
  )

/** config.json; `endOfText` is both the token that begins a context and the one that ends a document. */
export const gpt2ConfigJson = (
  config: Gpt2Config,
  endOfText: number,
  dtype: Dtype
): Readonly<Record<string, unknown>> => ({
  ...config,
  activation_function: "gelu_new",
  architectures: ["GPT2LMHeadModel"],
  attn_pdrop: 0,
  bos_token_id: endOfText,
  dtype,
  embd_pdrop: 0,
  eos_token_id: endOfText,
  model_type: "gpt2",
  resid_pdrop: 0,
  tie_word_embeddings: true
})
