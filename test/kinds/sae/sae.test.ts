import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { bytesFile } from "../../../src/artifact/bytes-file.ts"
import type { SaeActivation, SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import { saeLensHeader } from "../../../src/kinds/sae/files/saelens-header.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import { encodeSafetensors, openSafetensors } from "../../../src/format/safetensors.ts"
import { writeSae } from "../../../src/kinds/sae/write-sae.ts"
import * as Rng from "../../../src/random/rng.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"

const weights = (activation: SaeActivation): SaeWeights => {
  const rng = Rng.make(1, "weights")
  const numbers = (n: number) => Float32Array.from({ length: n }, () => rng.normal())
  return {
    d_in: 3,
    d_sae: 5,
    activation,
    apply_b_dec_to_input: true,
    W_enc: numbers(15),
    W_dec: numbers(15),
    b_enc: numbers(5),
    b_dec: numbers(3),
    threshold: activation.type === "jumprelu" ? new Float32Array(5).fill(0.25) : undefined
  }
}

const info = {
  architecture: "batch_topk",
  k: 2,
  hook: "blocks.1.hook_resid_post",
  model: "m",
  activations: "a",
  rows: "activations",
  training: { lr: 1e-3, outcome: "x" }
}
const curve = { step: Float64Array.of(10, 20), loss: Float64Array.of(1 / 3, 0.1) }

const write = Effect.fn(function* (activation: SaeActivation, more: Partial<SaeWeights> = {}) {
  const directory = yield* temporaryDirectory
  yield* Effect.scoped(
    writeSae(folderWriter(directory), {
      weights: { ...weights(activation), ...more },
      info,
      curve,
      metadata: { context_size: 128, prepend_bos: true }
    })
  )
  return directory
})

/** What SAELens 6 asks of cfg.json: the base keys with these values, and a version by which it takes the new path. */
const saeLensRules = (config: Record<string, unknown>): void => {
  expect(["standard", "gated", "jumprelu", "topk"]).toContain(config["architecture"])
  for (const key of ["d_in", "d_sae"]) expect(Number.isInteger(config[key])).toBe(true)
  expect(config["dtype"]).toBe("float32")
  expect(typeof config["device"]).toBe("string")
  expect(typeof config["apply_b_dec_to_input"]).toBe("boolean")
  expect(["none", "expected_average_only_in", "constant_norm_rescale", "layer_norm"]).toContain(
    config["normalize_activations"]
  )
  expect(["none", "hook_z"]).toContain(config["reshape_activations"])
  const metadata = config["metadata"] as Record<string, unknown>
  expect(Number.parseInt(metadata["sae_lens_version"] as string, 10)).toBeGreaterThanOrEqual(6)
  expect("k" in config).toBe(config["architecture"] === "topk")
}

describe("Sae", () => {
  for (const activation of [
    { type: "topk", k: 2 },
    { type: "jumprelu" },
    { type: "relu" }
  ] as const satisfies ReadonlyArray<SaeActivation>) {
    it.effect(`${activation.type}: what is written is read back, and is a SAELens folder`, () =>
      Effect.gen(function* () {
        const directory = yield* write(activation)
        const sae = yield* Sae.open(folderArtifact(directory, "Sae"))
        expect(sae).toMatchObject({ ...info, activation, d_in: 3, d_sae: 5 })
        expect(yield* sae.weights).toEqual(weights(activation))
        expect(yield* sae.curve).toEqual(curve)

        const config = JSON.parse(readFileSync(join(directory, "cfg.json"), "utf8")) as Record<string, unknown>
        saeLensRules(config)
        expect(config["metadata"]).toMatchObject({ hook_name: info.hook, context_size: 128, prepend_bos: true })
        const file = new Uint8Array(readFileSync(join(directory, "sae_weights.safetensors")))
        const tensors = yield* openSafetensors(bytesFile(file), "w")
        const shapes = Object.fromEntries([...tensors.entries].map(([name, { shape }]) => [name, shape]))
        expect(tensors.metadata).toEqual({})
        expect(shapes).toEqual({
          W_enc: [3, 5],
          W_dec: [5, 3],
          b_enc: [5],
          b_dec: [3],
          ...(activation.type === "jumprelu" ? { threshold: [5] } : {})
        })
      })
    )
  }

  it.effect("equal SAEs are equal bytes", () =>
    Effect.gen(function* () {
      const digests = yield* Effect.forEach([1, 2], () =>
        Effect.map(write({ type: "jumprelu" }), (directory) => folderArtifact(directory, "Sae").digest)
      )
      expect(digests[0]).toBe(digests[1])
    })
  )

  it.effect("NaN is not written, and not read", () =>
    Effect.gen(function* () {
      const broken = weights({ type: "relu" }).W_dec.slice()
      broken[4] = Number.NaN
      expect((yield* Effect.flip(write({ type: "relu" }, { W_dec: broken }))).message).toContain("W_dec holds NaN")
      const directory = yield* write({ type: "relu" })
      const tensor = (shape: ReadonlyArray<number>, data: Float32Array) => ({ dtype: "F32", shape, data }) as const
      const w = weights({ type: "relu" })
      const file = encodeSafetensors({
        W_enc: tensor([3, 5], w.W_enc),
        W_dec: tensor([5, 3], broken),
        b_enc: tensor([5], w.b_enc),
        b_dec: tensor([3], w.b_dec)
      })
      writeFileSync(join(directory, "sae_weights.safetensors"), file)
      const sae = yield* Sae.open(folderArtifact(directory, "Sae"))
      expect((yield* Effect.flip(sae.weights)).message).toContain("W_dec holds NaN")
    })
  )

  const rewrite = Effect.fn(function* (change: object) {
    const directory = yield* write({ type: "topk", k: 2 })
    const path = join(directory, "cfg.json")
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), ...change }))
    return folderArtifact(directory, "Sae")
  })

  for (const [what, change] of [
    ["a version before 6", { metadata: { sae_lens_version: "5.10.0" } }],
    [
      "no version",
      { metadata: {}, architecture: "standard", activation_fn_str: "topk", activation_fn_kwargs: { k: 2 } }
    ]
  ] as const) {
    it.effect(`cfg.json with ${what} is read as the layout before 6`, () =>
      Effect.gen(function* () {
        const sae = yield* Sae.open(yield* rewrite(change))
        expect(sae.activation).toEqual({ type: "topk", k: 2 })
        expect(yield* sae.weights).toEqual(weights({ type: "topk", k: 2 }))
      })
    )
  }

  it.effect("what a cfg.json without a version has under metadata is kept: the hook must not be lost", () =>
    Effect.gen(function* () {
      const metadata = { hook_name: "blocks.2.hook_mlp_out", prepend_bos: false }
      const header = saeLensHeader({ architecture: "standard", d_in: 3, d_sae: 5, metadata })
      expect(header).toMatchObject({ metadata })
      expect(saeLensHeader({ d_in: 3, d_sae: 5, metadata, hook_point: "hook_embed" })).toMatchObject({
        metadata: { hook_name: "hook_embed", prepend_bos: false }
      })
      const directory = yield* write({ type: "topk", k: 2 })
      rmSync(join(directory, "sae.json"))
      const path = join(directory, "cfg.json")
      const config = JSON.parse(readFileSync(path, "utf8")) as object
      writeFileSync(path, JSON.stringify({ ...config, metadata }))
      expect((yield* Sae.open(folderArtifact(directory, "Sae"))).hook).toBe("blocks.2.hook_mlp_out")
    })
  )

  it.effect("an SAE that normalises every row opens, and only what can handle it gets its weights", () =>
    Effect.gen(function* () {
      const sae = yield* Sae.open(yield* rewrite({ normalize_activations: "layer_norm" }))
      expect((yield* Effect.flip(sae.weights)).message).toContain("it normalises every row (layer_norm)")
      expect(yield* sae.anyWeights).toEqual({ ...weights({ type: "topk", k: 2 }), normalize: "layer_norm" })
    })
  )

  for (const [what, change, message] of [
    ["another width", { d_sae: 6 }, /W_enc is \[3, 5\], not \[3, 6\]/],
    ["an unknown normalisation", { normalize_activations: "whitening" }, /normalize_activations is "whitening"/],
    [
      "a training checkpoint's architecture",
      { architecture: "batchtopk" },
      /batchtopk is the architecture of a training/
    ],
    ["an unknown architecture", { architecture: "crosscoder" }, /architecture "crosscoder" cannot be read/],
    ["no architecture", { architecture: undefined }, /it names no architecture; standard, .* can be read/],
    [
      "jumprelu without thresholds",
      { architecture: "jumprelu", k: undefined, rescale_acts_by_decoder_norm: undefined },
      /no tensor threshold/
    ],
    ["a k of latents that have none", { architecture: "standard" }, /"k" is 2/],
    ["a key that nobody knows", { leaky_slope: 0.1 }, /the key "leaky_slope" \(0\.1\) is not known here/],
    ["a k beyond the dictionary", { k: 9 }, /k is 9/],
    ["no d_in", { d_in: undefined }, /d_in/]
  ] as const) {
    it.effect(`cfg.json with ${what} is refused`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.flatMap(rewrite(change), Sae.open))
        expect(error.message).toMatch(message)
        expect(error.reason).toBe("invalid")
      })
    )
  }
})
