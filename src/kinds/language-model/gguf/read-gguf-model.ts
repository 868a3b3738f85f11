/** A GGUF file as what a Hugging Face folder would hold: config.json, tokenizer.json and weights by their names there. */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import type { WeightTensors } from "../../../format/weight-tensors.ts"
import { ggufTokenizerJson } from "./gguf-tokenizer.ts"
import { ggufArchitecture, huggingFaceConfig } from "./hugging-face-config.ts"
import { huggingFaceWeights } from "./hugging-face-weights.ts"
import { type Metadata, MetadataProblem, optionalNumber, optionalText, stringsAt } from "./metadata-fields.ts"
import { type GgufPart, openGgufParts } from "./open-parts.ts"

export interface GgufModel {
  readonly config: Readonly<Record<string, unknown>>
  readonly weights: WeightTensors
  /** Text of tokenizer.json; made when it is asked for. */
  readonly tokenizer: Effect.Effect<string, ArtifactError>
  /** What a tokenizer_config.json would say of conversations; undefined where the file has no chat template. */
  readonly chat: Readonly<Record<string, string>> | undefined
}

/** @throws MetadataProblem */
const chatOf = (metadata: Metadata): Readonly<Record<string, string>> | undefined => {
  const template = optionalText(metadata, "tokenizer.chat_template")
  if (template === undefined) return undefined
  const tokens = metadata.has("tokenizer.ggml.tokens") ? stringsAt(metadata, "tokenizer.ggml.tokens") : []
  const named = (["bos", "eos"] as const).flatMap((name) => {
    const token = tokens[optionalNumber(metadata, `tokenizer.ggml.${name}_token_id`) ?? -1]
    return token === undefined ? [] : [[`${name}_token`, token] as const]
  })
  return { chat_template: template, ...Object.fromEntries(named) }
}

/** Per-frequency divisors of Llama 3's rotation: not a parameter, so it is read with the configuration. */
const divisorsName = "rope_freqs.weight"

/**
 * @param parts one file, or all parts of a model in any order
 * @param digest digest of the artifact, for messages
 */
export const readGgufModel = Effect.fn("readGgufModel")(function* (parts: ReadonlyArray<GgufPart>, digest = "") {
  const path = parts[0]?.path ?? "model.gguf"
  const attempt = <A>(work: () => A): Effect.Effect<A, ArtifactError> =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(work())
      } catch (error) {
        if (!(error instanceof MetadataProblem)) throw error
        return Effect.fail(new ArtifactError({ reason: "invalid", digest, path, detail: error.message }))
      }
    })
  const gguf = yield* openGgufParts(parts, digest)
  const divisors = gguf.entries.has(divisorsName) ? yield* gguf.float32(divisorsName) : undefined
  const config = yield* attempt(() => huggingFaceConfig(gguf.metadata, gguf.entries, divisors))
  const entries = new Map([...gguf.entries].filter(([name]) => name !== divisorsName))
  const facts = {
    architecture: yield* attempt(() => ggufArchitecture(gguf.metadata)),
    heads: Number(config["num_attention_heads"]),
    n_key_value_heads: Number(config["num_key_value_heads"])
  }
  const model: GgufModel = {
    config,
    weights: huggingFaceWeights({ ...gguf, entries }, facts),
    tokenizer: attempt(() => ggufTokenizerJson(gguf.metadata)),
    chat: yield* attempt(() => chatOf(gguf.metadata))
  }
  return model
})
