/** A tiny GPT-2 with random weights as a LanguageModel artifact, and text for it. */
import { createHash } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { LanguageModel } from "../../src/kinds/language-model/language-model.ts"
import { encodeSafetensors } from "../../src/format/safetensors.ts"
import { openTokensWriter } from "../../src/kinds/tokens/write-tokens.ts"
import { type RunnableModel, runModel } from "../../src/model/run-model.ts"
import * as Rng from "../../src/random/rng.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { opened } from "../stage/run-stage.ts"
import { joinedEnds } from "../kinds/tokens/joined-ends.ts"

export const vocabulary = 50
export const d_model = 16
const context = 32
const layers = 2

/** Token n is the word wn. */
const tokenizer = JSON.stringify({
  added_tokens: [],
  pre_tokenizer: { type: "WhitespaceSplit" },
  model: {
    type: "WordLevel",
    unk_token: "w0",
    vocab: Object.fromEntries(Array.from({ length: vocabulary }, (_, id) => [`w${id}`, id]))
  }
})
export const tokenizerDigest = createHash("sha256").update(tokenizer).digest("hex")

const shapes = (): Record<string, ReadonlyArray<number>> => {
  const d = d_model
  const named: Record<string, ReadonlyArray<number>> = { "wte.weight": [vocabulary, d], "wpe.weight": [context, d] }
  const norm = (name: string) => {
    named[`${name}.weight`] = [d]
    named[`${name}.bias`] = [d]
  }
  const linear = (name: string, from: number, to: number) => {
    named[`${name}.weight`] = [from, to]
    named[`${name}.bias`] = [to]
  }
  for (let l = 0; l < layers; l++) {
    norm(`h.${l}.ln_1`)
    linear(`h.${l}.attn.c_attn`, d, 3 * d)
    linear(`h.${l}.attn.c_proj`, d, d)
    norm(`h.${l}.ln_2`)
    linear(`h.${l}.mlp.c_fc`, d, 4 * d)
    linear(`h.${l}.mlp.c_proj`, 4 * d, d)
  }
  norm("ln_f")
  return named
}

/** Opened as a stage gets it. */
export const randomGpt2 = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  const rng = Rng.make(0, "random gpt2")
  const tensors = Object.fromEntries(
    Object.entries(shapes()).map(([name, shape]) => {
      const size = shape.reduce((product, n) => product * n, 1)
      const gain = /ln_\w+\.weight$/.test(name) ? 1 : 0
      const data = Float32Array.from({ length: size }, () => gain + 0.3 * rng.normal())
      return [`transformer.${name}`, { dtype: "F32" as const, shape, data }]
    })
  )
  writeFileSync(join(directory, "model.safetensors"), encodeSafetensors(tensors))
  writeFileSync(join(directory, "tokenizer.json"), tokenizer)
  const config = {
    model_type: "gpt2",
    architectures: ["GPT2LMHeadModel"],
    vocab_size: vocabulary,
    n_positions: context,
    n_embd: d_model,
    n_layer: layers,
    n_head: 2,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    bos_token_id: 0,
    tie_word_embeddings: true
  }
  writeFileSync(join(directory, "config.json"), JSON.stringify(config))
  return yield* opened(LanguageModel, folderArtifact(directory, "LanguageModel"))
})

/** Folder of a Tokens artifact; `ids` and `documents` are whole contexts, row-major. */
export const writeTokens = Effect.fn("writeTokens")(function* (
  ids: Int32Array,
  documents: Int32Array,
  context_size: number,
  names?: ReadonlyArray<string>
) {
  const directory = yield* temporaryDirectory
  yield* Effect.scoped(
    Effect.gen(function* () {
      const writer = yield* openTokensWriter(folderWriter(directory), {
        context_size,
        vocab_size: vocabulary,
        bos_id: 0,
        packing: joinedEnds(0),
        tokenizer: tokenizerDigest,
        source: "test"
      })
      yield* writer.append({ ids, documents })
      yield* writer.finish(names)
    })
  )
  return directory
})

/** Contexts of BOS and then the model's most (or least) likely token, step by step, from a random second token. */
export const modelText = (model: RunnableModel, contexts: number, time: number, likely: boolean): Int32Array => {
  const rng = Rng.make(1, "text")
  const ids = new Int32Array(contexts * time)
  for (let c = 0; c < contexts; c++) ids[c * time + 1] = 1 + rng.int(vocabulary - 1)
  for (let p = 1; p + 1 < time; p++) {
    const { logits } = runModel(model, { ids, batch: contexts, time }, { logits: true })
    const values = (logits as tf.Tensor3D).dataSync<"float32">()
    logits?.dispose()
    for (let c = 0; c < contexts; c++) {
      const row = [...values.subarray((c * time + p) * vocabulary + 1, (c * time + p + 1) * vocabulary)]
      ids[c * time + p + 1] = 1 + row.indexOf((likely ? Math.max : Math.min)(...row))
    }
  }
  return ids
}
