/** The tiny checkpoints of `test/golden/checkpoints` as models, for tests of what holds for every architecture. */
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { readLanguageModel } from "../../src/kinds/language-model/read-language-model.ts"
import type { AttentionOptions, AttentionPart } from "../../src/model/blocks/attention-part.ts"
import type { Part } from "../../src/model/blocks/part.ts"
import { filesArtifact, folderFiles } from "../../src/model/files-artifact.ts"
import { describeModel, loadModel } from "../../src/model/load-model.ts"
import type { TokenBatch } from "../../src/model/run-model.ts"
import { ownGoldensDirectory } from "../golden/golden-folders.ts"

/** What attention of a block is like; undefined where something else stands in its place. */
export const attentionOf = (part: Part): AttentionOptions | undefined =>
  "attention" in part ? (part as AttentionPart).attention : undefined

/** A folder in the Hugging Face layout. Few of those with goldens have a tokenizer; config.json stands in for it, unread. */
export const openCheckpoint = Effect.fnUntraced(function* (place: string) {
  const files = yield* folderFiles(place)
  const tokenizer = { name: "tokenizer.json", path: path.join(place, "config.json"), sha256: "" }
  const complete = files.some(({ name }) => name === tokenizer.name) ? files : [...files, tokenizer]
  return yield* readLanguageModel(yield* filesArtifact("LanguageModel", complete))
})

const opened = (name: string) => openCheckpoint(path.join(ownGoldensDirectory, name))

/** Needs a scope, which frees the weights. */
export const ownGolden = Effect.fnUntraced(function* (name: string) {
  return yield* loadModel(yield* opened(name))
})

/** What attention is like, block by block. */
export const ownAttentions = Effect.fnUntraced(function* (name: string) {
  const { blocks } = yield* describeModel((yield* opened(name)).config)
  return blocks.map(({ attention }) => attentionOf(attention))
})

/** Two texts of ten tokens. */
export const twoTexts: TokenBatch = {
  ids: Int32Array.from({ length: 20 }, (_, i) => (i * 17 + 5) % 61),
  batch: 2,
  time: 10
}

export const families = [
  "gpt2_scaled",
  "neox_serial",
  "llama_llama3",
  "qwen3",
  "gemma2",
  "gemma3",
  "granite",
  "olmo2",
  "mixtral",
  "gpt_oss",
  "qwen3_5_text"
] as const
