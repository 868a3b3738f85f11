import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect, it } from "vitest"
import { canonicalJson } from "../../src/json/canonical-json.ts"
import type { InterpretationsFile } from "../../src/kinds/interpretations.ts"
import type { SaeWeights } from "../../src/kinds/sae/stored/sae-weights.ts"
import type { InterpretOptions } from "../../src/interp/interpret-sae.ts"
import { interpretSae } from "../../src/interp/interpret-sae.ts"
import { makeLatentProbe } from "../../src/interp/model-probe.ts"
import type { RunnableModel } from "../../src/model/run-model.ts"
import { make } from "../../src/random/rng.ts"
import { makeSaeModel, openSaeModel } from "../../src/sae/sae-model.ts"
import type { Checkpoint } from "../../src/stage/checkpoint.ts"
import { keptParts } from "../../src/stage/kept-parts.ts"
import type { TextTokenizer } from "../../src/text/tokenizer.ts"
import { loadTestEngine } from "../engine.ts"
import { stoppedCheckpoint } from "../stage/stopped-checkpoint.ts"
import type { TinyText } from "./tiny-model.ts"
import { embeddingSae } from "./embedding-sae.ts"
import { captured, config, tinyModel, tinyText } from "./tiny-model.ts"

beforeAll(loadTestEngine)

const d = config.n_embd

const randomSae = (d_sae: number, k: number): SaeWeights => {
  const rng = make(3, "random sae")
  const W_dec = Float32Array.from({ length: d_sae * d }, () => rng.normal())
  const W_enc = new Float32Array(d * d_sae)
  for (let j = 0; j < d_sae; j++) for (let i = 0; i < d; i++) W_enc[i * d_sae + j] = W_dec[j * d + i] as number
  return {
    d_in: d,
    d_sae,
    activation: { type: "topk", k },
    apply_b_dec_to_input: false,
    W_enc,
    W_dec,
    b_enc: new Float32Array(d_sae),
    b_dec: new Float32Array(d),
    threshold: undefined
  }
}

const tokenizer: TextTokenizer = {
  encode: () => new Int32Array(0),
  decode: (ids) => Array.from(ids, (id) => `<${id}>`).join(""),
  tokenText: (id) => `<${id}>`,
  id: () => undefined,
  vocabularySize: config.vocab_size
}

const options: InterpretOptions = {
  latents: null,
  minFirings: 5,
  trainRows: 1e6,
  heldOutRows: 1e6,
  singleTokens: 8,
  examples: 4,
  rounds: 2,
  fireThreshold: 0.5,
  longestPrompt: 6,
  keep: 0.5,
  importance: 0.5,
  maskSamples: 2,
  shuffles: 4,
  topExamples: 4,
  bands: 2,
  perBand: 2,
  left: 3,
  right: 1,
  logitTokens: 3,
  seed: 0
}

const hook = "blocks.1.hook_resid_post"

const interpret = (
  text: TinyText,
  at: string,
  sae: (model: RunnableModel) => SaeWeights,
  over: Partial<InterpretOptions> = {},
  checkpoint?: Checkpoint
): Promise<InterpretationsFile> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const kept = checkpoint === undefined ? {} : { kept: yield* keptParts(checkpoint) }
        const model = yield* tinyModel
        const weights = sae(model)
        return yield* interpretSae(
          {
            model,
            tokenizer,
            activations: captured(model, at, text, 10),
            sources: [],
            dictionary: {
              digest: "sae",
              architecture: "test",
              encoder: yield* openSaeModel(weights),
              writes: { hook: at, W_dec: weights.W_dec, d_out: weights.d_in }
            },
            progress: () => {},
            ...kept
          },
          { ...options, ...over }
        )
      })
    )
  )

describe("interpretation of an SAE", () => {
  it("asks the model what a capture of the same text would say", async () => {
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const model = yield* tinyModel
          const text = tinyText(6, 9, 1)
          const weights = randomSae(40, 3)
          const sae = makeSaeModel(weights)
          const rows = yield* captured(model, hook, text, 0).train.readBatch(0)
          const dense = tf.tidy(() => sae.encodeDense(tf.tensor2d(rows.activation, [rows.rows, d])).arraySync())
          const prompts = Int32Array.from(
            { length: 6 * 8 },
            (_, i) => text.ids[Math.floor(i / 8) * 9 + 1 + (i % 8)] as number
          )
          const probe = makeLatentProbe(model, sae, { hooks: [hook], bos: 0 })
          const before = tf.memory().numTensors
          for (const latent of [0, 7, 39]) {
            const answers = probe(prompts, 8, new Int32Array(6).fill(latent))
            for (let c = 0; c < 6; c++) {
              const row = rows.position.indexOf(c * 9 + 8)
              expect(answers[c]).toBeCloseTo(dense[row]?.[latent] as number, 4)
            }
          }
          expect(tf.memory().numTensors).toBe(before)
          sae.dispose()
        })
      )
    )
  })

  it("finds the token of every latent that reads one, with full marks on held-out text", async () => {
    const file = await interpret(tinyText(60, 16, 1), "hook_embed", embeddingSae)
    expect(file.latents.length).toBeGreaterThanOrEqual(6)
    for (const { latent, patterns, score, explanation } of file.latents) {
      expect(patterns.map(({ tokens, activation, precision }) => ({ tokens, activation, precision }))).toEqual([
        { tokens: [latent], activation: 1, precision: 1 }
      ])
      expect(explanation).toBe(`"<${latent}>"`)
      expect(score?.f1).toBe(1)
      expect(score?.shuffled_f1).toBe(0)
    }
  })

  it("gives the same bytes again, and leaves no tensor behind", async () => {
    const text = tinyText(60, 16, 1)
    const first = await interpret(text, hook, () => randomSae(24, 3))
    const tensors = tf.memory().numTensors
    const second = await interpret(text, hook, () => randomSae(24, 3))
    expect(canonicalJson(second)).toBe(canonicalJson(first))
    expect(tf.memory().numTensors).toBe(tensors)
  })

  it("goes on from the patterns that it had when it was stopped, to the same bytes", async () => {
    const [text, stops] = [tinyText(200, 16, 1), mkdtempSync(join(tmpdir(), "stops-"))]
    const run = (checkpoint?: Checkpoint) => interpret(text, hook, () => randomSae(80, 3), {}, checkpoint)
    const whole = await run()
    const groups = Math.ceil(whole.latents.length / 24)
    expect(groups).toBeGreaterThan(1)
    await expect(run(stoppedCheckpoint(stops, 1).checkpoint)).rejects.toThrow("interrupted")
    const { checkpoint, saves } = stoppedCheckpoint(stops, Infinity)
    expect(canonicalJson(await run(checkpoint))).toBe(canonicalJson(whole))
    expect(saves()).toBe(groups - 1)
    rmSync(stops, { recursive: true })
  })

  it("builds explanations and examples without a look at held-out text", async () => {
    const text = tinyText(60, 16, 1)
    // Contexts 50 to 59 are held out: other text in them must change scores alone.
    const other = tinyText(60, 16, 2)
    const ids = text.ids.map((id, i) => (i < 50 * 16 ? id : (other.ids[i] as number)))
    const before = await interpret(text, hook, () => randomSae(24, 3))
    const after = await interpret({ ...text, ids }, hook, () => randomSae(24, 3))
    const built = (file: InterpretationsFile) => file.latents.map((latent) => ({ ...latent, score: null }))
    expect(built(after)).toEqual(built(before))
    expect(after.latents.map(({ score }) => score)).not.toEqual(before.latents.map(({ score }) => score))
    for (const { top, bands } of after.latents) {
      for (const { position } of [...top, ...bands.flatMap(({ examples }) => examples)]) {
        expect(position).toBeLessThan(50 * 16)
      }
    }
  })

  it("explains a sample as it would explain all", async () => {
    const text = tinyText(60, 16, 1)
    const all = await interpret(text, hook, () => randomSae(24, 3))
    const sample = await interpret(text, hook, () => randomSae(24, 3), { latents: 4 })
    expect(sample.latents).toHaveLength(4)
    for (const { latent, patterns, top } of sample.latents) {
      const same = all.latents.find((each) => each.latent === latent)
      expect(patterns).toEqual(same?.patterns)
      expect(top).toEqual(same?.top)
    }
  })

  it("shows each example's activations as the capture has them", async () => {
    const text = tinyText(60, 16, 1)
    const file = await interpret(text, hook, () => randomSae(24, 3))
    for (const { max, top } of file.latents) {
      const [first] = top
      expect(first?.activations[first.pivot]).toBe(max)
      for (const { position, pivot, tokens } of top) {
        const start = position - pivot
        expect(tokens).toEqual([...text.ids.subarray(start, start + tokens.length)])
        expect(start % 16).toBeGreaterThanOrEqual(1)
      }
    }
  })

  it("refuses an SAE without latents that fire often enough", async () => {
    await expect(interpret(tinyText(60, 16, 1), hook, () => randomSae(24, 3), { minFirings: 1e6 })).rejects.toThrow(
      /0 of 24 latents fire on at least 1000000/
    )
  })
})
