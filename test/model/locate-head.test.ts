/** What config.json says of the unembedding against what the checkpoint holds, in every layout of names. */
import { it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { encodeSafetensors, openSafetensors } from "../../src/format/safetensors.ts"
import { checkWeights, loadBody, loadModel, modelWarnings } from "../../src/model/load-model.ts"
import { runModel } from "../../src/model/run-model.ts"
import { loadTestEngine } from "../engine.ts"
import { ownGoldensDirectory } from "../golden/golden-folders.ts"
import { twoTexts } from "./own-golden.ts"
import { inFloats } from "../../src/model/blocks/matrix-rows.ts"

type Config = Readonly<Record<string, unknown>>

/** Folder, embedding, head, and what stands before the names of a model with a head. */
const layouts = [
  ["llama_yarn", "embed_tokens.weight", "lm_head.weight", "model."],
  ["gemma2", "embed_tokens.weight", "lm_head.weight", "model."],
  ["gpt2_scaled", "wte.weight", "lm_head.weight", "transformer."],
  ["neox_serial", "embed_in.weight", "embed_out.weight", "gpt_neox."]
] as const

const file = (folder: string, name: string) =>
  new Uint8Array(fs.readFileSync(path.join(ownGoldensDirectory, folder, name)))

interface Changes {
  readonly tied: boolean
  /** What the head is: the embedding again, other numbers, or not there. */
  readonly head: "same" | "other" | "none"
  readonly embedding?: false
  readonly bare?: true
  readonly className?: string
}

describe("the unembedding", () => {
  beforeAll(loadTestEngine)

  const checkpoint = Effect.fnUntraced(function* (layout: (typeof layouts)[number], changes: Changes) {
    const [folder, embedding, head, prefix] = layout
    const config = JSON.parse(new TextDecoder().decode(file(folder, "config.json"))) as Config
    const stored = yield* openSafetensors(bytesFile(file(folder, "model.safetensors")), folder)
    const embeddings = yield* stored.float32(prefix + embedding)
    const tensors: Record<string, { dtype: "F32"; shape: ReadonlyArray<number>; data: Float32Array }> = {}
    const shape = stored.entries.get(prefix + embedding)?.shape ?? []
    for (const [name, entry] of stored.entries) {
      if (name === head || (name === prefix + embedding && changes.embedding === false)) continue
      const own = changes.bare === true ? name.slice(prefix.length) : name
      tensors[own] = { dtype: "F32", shape: entry.shape, data: yield* stored.float32(name) }
    }
    const others = embeddings.map((x, i) => (i === 7 ? x + 1 : x))
    if (changes.head !== "none") {
      tensors[head] = { dtype: "F32", shape, data: changes.head === "same" ? embeddings : others }
    }
    const weights = yield* openSafetensors(bytesFile(encodeSafetensors(tensors)), "model.safetensors")
    const { architectures: _, ...rest } = config
    const named = changes.className === undefined ? {} : { architectures: [changes.className] }
    const full = { ...rest, ...named, tie_word_embeddings: changes.tied }
    yield* checkWeights(full, weights)
    const warnings = yield* modelWarnings(full, weights)
    const handle = { config: full, weights: Effect.succeed(weights) }
    return { warnings, handle, embeddings, others }
  })

  const unembedding = Effect.fnUntraced(function* (handle: Parameters<typeof loadModel>[0]) {
    const { weights } = yield* loadModel(handle)
    return {
      values: inFloats(weights.unembedding).dataSync<"float32">(),
      shared: weights.unembedding === weights.embedding
    }
  }, Effect.scoped)

  for (const layout of layouts) {
    it.effect(`of ${layout[0]} is what the checkpoint holds, with a warning where config.json says otherwise`, () =>
      Effect.gen(function* () {
        const tied = yield* checkpoint(layout, { tied: true, head: "none" })
        expect(tied.warnings).toEqual([])
        expect((yield* unembedding(tied.handle)).shared).toBe(true)

        const twice = yield* checkpoint(layout, { tied: true, head: "same" })
        expect(twice.warnings).toEqual([])
        expect((yield* unembedding(twice.handle)).values).toEqual(twice.embeddings)

        const own = yield* checkpoint(layout, { tied: true, head: "other" })
        expect(own.warnings).toHaveLength(1)
        expect(own.warnings[0]).toContain(`tie_word_embeddings: true, but the checkpoint's ${layout[2]} differs`)
        expect((yield* unembedding(own.handle)).values).toEqual(own.others)

        const untied = yield* checkpoint(layout, { tied: false, head: "other" })
        expect(untied.warnings).toEqual([])
        expect((yield* unembedding(untied.handle)).values).toEqual(untied.others)

        const lacks = yield* checkpoint(layout, { tied: false, head: "none" })
        expect(lacks.warnings).toHaveLength(1)
        expect(lacks.warnings[0]).toContain(`tie_word_embeddings: false, but the checkpoint has no ${layout[2]}`)
        expect((yield* unembedding(lacks.handle)).shared).toBe(true)

        const headAlone = yield* checkpoint(layout, { tied: true, head: "other", embedding: false })
        const { values, shared } = yield* unembedding(headAlone.handle)
        expect([values, shared]).toEqual([headAlone.others, true])
      })
    )

    it.effect(`of a bare ${layout[0]} is not there: activations are given, logits refused`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          for (const changes of [{ bare: true }, { className: "SomeModel" }] as const) {
            const { handle, warnings } = yield* checkpoint(layout, { tied: false, head: "none", ...changes })
            expect(warnings).toEqual([])
            const refused = yield* Effect.flip(loadModel(handle))
            expect(refused.message).toContain("the model gives no logits: its checkpoint has no head")
            const body = yield* loadBody(handle)
            const hook = "blocks.1.hook_resid_post"
            const { activations } = runModel(body, twoTexts, { hooks: [hook] })
            expect((activations[hook] as tf.Tensor).shape).toEqual([2, 10, 16])
            tf.dispose(activations)
            expect(() => runModel(body, twoTexts, { logits: true })).toThrow("has no head")
          }
          // Names without a prefix alone make no bare model: GPT-2 was published so, tied.
          const { handle } = yield* checkpoint(layout, { tied: true, head: "none", bare: true })
          expect((yield* unembedding(handle)).shared).toBe(true)
        })
      )
    )
  }
})
