/** Experts stored each by itself, as published, and in stacks, as newer checkpoints are, are the same model. */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as tf from "@tensorflow/tfjs-core"
import { beforeAll, expect, it } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { openSafetensors, type Safetensors } from "../../src/format/safetensors.ts"
import type { WeightEntry, WeightTensors } from "../../src/format/weight-tensors.ts"
import { loadModel } from "../../src/model/load-model.ts"
import { runModel } from "../../src/model/run-model.ts"
import { loadTestEngine } from "../engine.ts"
import { ownGoldensDirectory } from "../golden/golden-folders.ts"
import { twoTexts } from "./own-golden.ts"

beforeAll(loadTestEngine)

interface Names {
  /** Name of router and experts within a layer. */
  readonly block: string
  readonly gate: string
  readonly up: string
  readonly down: string
}

/** `gate_up_proj` [experts, 2 * d_mlp, d_model] and `down_proj` [experts, d_model, d_mlp] in the place of each expert's own. */
const stacked = (weights: Safetensors, { block, gate, up, down }: Names): WeightTensors => {
  const entries = new Map<string, WeightEntry>()
  const parts = new Map<string, ReadonlyArray<string>>()
  const matrix = new RegExp(`^(.*)\\.${block}\\.experts\\.0\\.(${gate}|${down})\\.weight$`)
  const experts = (name: string, prefix: string) =>
    Array.from({ length: 99 }, (_, e) => `${prefix}.${block}.experts.${e}.${name}.weight`).filter((each) =>
      weights.entries.has(each)
    )
  for (const [name, entry] of weights.entries) {
    const [, prefix, kind] = matrix.exec(name) ?? []
    if (prefix !== undefined) {
      const halves = kind === gate ? [experts(gate, prefix), experts(up, prefix)] : [experts(down, prefix)]
      const [rows, columns] = entry.shape as [number, number]
      const stack = `${prefix}.mlp.experts.${kind === gate ? "gate_up_proj" : "down_proj"}`
      const count = (halves[0] as ReadonlyArray<string>).length
      entries.set(stack, { dtype: "F32", shape: [count, halves.length * rows, columns] })
      parts.set(stack, Array.from({ length: count }, (_, e) => halves.map((half) => half[e] as string)).flat())
    } else if (!name.includes(`${block}.experts.`)) {
      const newer = name.replace(`.${block}.`, ".mlp.")
      entries.set(newer, entry)
      parts.set(newer, [name])
    }
  }
  const float32 = (name: string) =>
    Effect.map(
      Effect.forEach(parts.get(name) ?? [], (part) => weights.float32(part)),
      (all) => Float32Array.from(all.flatMap((values) => [...values]))
    )
  return { entries, float32 }
}

it.each([
  ["mixtral", { block: "block_sparse_moe", gate: "w1", up: "w3", down: "w2" }],
  ["qwen3_moe", { block: "mlp", gate: "gate_proj", up: "up_proj", down: "down_proj" }]
])("%s gives the same logits, to the bit, from stacks", async (name, names) => {
  const place = path.join(ownGoldensDirectory, name)
  const config = JSON.parse(fs.readFileSync(path.join(place, "config.json"), "utf8")) as Record<string, unknown>
  const bytes = new Uint8Array(fs.readFileSync(path.join(place, "model.safetensors")))
  const logitsOf = (weights: WeightTensors) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.map(loadModel({ config, weights: Effect.succeed(weights) }), (model) =>
          (runModel(model, twoTexts, { logits: true }).logits as tf.Tensor3D).dataSync<"float32">()
        )
      )
    )
  const apart = await Effect.runPromise(openSafetensors(bytesFile(bytes), "model.safetensors"))
  const stacks = stacked(apart, names)
  expect([...stacks.entries.keys()].some((key) => key.endsWith("experts.gate_up_proj"))).toBe(true)
  expect([...stacks.entries.keys()].some((key) => /experts\.\d/.test(key))).toBe(false)
  expect(await logitsOf(stacks)).toEqual(await logitsOf(apart))
})
