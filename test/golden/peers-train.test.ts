/**
 * The first twenty losses of every architecture against those of the libraries' own trainers, from the same weights on the
 * same batches. Needs a Python with them: `SAELENS_PYTHON=/path/to/python`, after `pip install sae-lens
 * dictionary-learning eai-sparsify` there.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { openSafetensors } from "../../src/format/safetensors.ts"
import type { SafetensorsEntry } from "../../src/format/safetensors.ts"
import { makeSaeTrainer } from "../../src/sae/training/sae-trainer.ts"
import type { TrainingOptions } from "../../src/sae/training-options.ts"
import type { AdamState } from "../../src/tensor/adam/adam-state.ts"
import { loadTestEngine } from "../engine.ts"
import { type AnyOptions, methodOf, resolvedFor } from "../sae/architectures/known.ts"
import { smallSaesRoot } from "../kinds/sae/formats/small-saes.ts"

const python = process.env["SAELENS_PYTHON"]
if (python === undefined) {
  process.stderr.write("SKIPPED: no SAELENS_PYTHON, so that losses are not compared with those of other trainers\n")
}

beforeAll(loadTestEngine)

const free = { decoder_norm: "free" } as const
const saelens = { ...free, sparsity_coefficient: 0.2 } as const
const jump = { ...free, sparsity_coefficient: 0.05, bandwidth: 0.4 } as const
const cases: Readonly<Record<string, readonly [string, Partial<TrainingOptions<AnyOptions>>]>> = {
  dl_topk: ["topk", { clip: 1 }],
  dl_batch_topk: ["batch_topk", { clip: 1 }],
  dl_matryoshka_batch_topk: [
    "matryoshka_batch_topk",
    { clip: 1, groups: [0.25, 0.25, 0.5], prefix_weights: "mean_of_mean" }
  ],
  dl_standard: ["standard", { sparsity_coefficient: 0.1 }],
  dl_standard_april: ["standard", { ...free, sparsity_coefficient: 0.1, clip: 1 }],
  dl_gated: ["gated", { sparsity_coefficient: 0.1, beta1: 0 }],
  dl_p_anneal: ["p_anneal", { sparsity_coefficient: 0.1, anneal_start: 0.25, p_updates: 4, p_end: 0 }],
  sparsify_topk: ["topk", { aux_coefficient: 0 }],
  sparsify_multi_topk: ["topk", { aux_coefficient: 0, multi_topk: true }],
  saelens_standard: ["standard", saelens],
  saelens_gated: ["gated", saelens],
  saelens_jumprelu_step: ["jumprelu", { ...jump, l0_loss: "step" }],
  saelens_jumprelu_quadratic: ["jumprelu", { ...jump, l0_loss: "quadratic", target_l0: 5 }],
  saelens_jumprelu_tanh: ["jumprelu", { ...jump, l0_loss: "tanh", ste_to_input: true, pre_act_coefficient: 0.01 }],
  saelens_abstopk: ["abstopk", { aux_loss: "scaled_sum", aux_coefficient: 1 }],
  saelens_abstopk_rescale: ["abstopk", { ...free, aux_loss: "scaled_sum", aux_coefficient: 1 }],
  saelens_topk_rescale: ["topk", { ...free, aux_coefficient: 0, clip: 1 }],
  saelens_batch_topk_rescale: ["batch_topk", { ...free, aux_coefficient: 0, clip: 1 }],
  saelens_matching_pursuit: ["matching_pursuit", { max_iterations: 5, residual_threshold: 0.4 }]
}
/**
 * The first losses agree, no more: SAELens lets its auxiliary loss reach the decoder, which the paper holds fixed; the
 * backward pass of sparsify's encoder drops the gradient of the pre-activations, so that its multi-TopK loss trains the
 * decoder alone.
 */
const firstLossOnly = ["saelens_gated", "sparsify_multi_topk"]
/** What the script gives as dead, and to which cases. */
const withDeadLatents = ["saelens_jumprelu_tanh", "saelens_abstopk", "saelens_abstopk_rescale"]
const deadLatents = [1, 5, 9]

const fresh = (weights: Float32Array): AdamState => ({
  weights,
  firstMoment: new Float32Array(weights.length),
  secondMoment: new Float32Array(weights.length)
})

describe.skipIf(python === undefined)("trainers of other libraries", () => {
  it.effect(
    "have the same first twenty losses",
    () =>
      Effect.gen(function* () {
        const root = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "losses-"))),
          (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
        )
        const script = join(smallSaesRoot, "first-losses.py")
        const said = execFileSync(python as string, [script, root], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "pipe"]
        })
        process.stderr.write(said)
        const largest: Record<string, number> = {}
        for (const [name, [architecture, more]] of Object.entries(cases)) {
          const path = join(root, `${name}.safetensors`)
          if (!existsSync(path)) continue
          const file = yield* openSafetensors(bytesFile(new Uint8Array(readFileSync(path))), path)
          const shapeOf = (tensor: string) => (file.entries.get(tensor) as SafetensorsEntry).shape
          const [steps, rows, d_in] = shapeOf("x") as [number, number, number]
          const d_sae = shapeOf("W_dec")[0] as number
          const options = resolvedFor(architecture, {
            d_sae,
            k: 4,
            steps,
            seed: 0,
            batch_rows: rows,
            lr: 1e-3,
            warmup: 0,
            decay: 0,
            normalize: "none",
            reconstruction: "sum",
            sparsity_warmup: 0,
            dead_after: 2 ** 30,
            ...more
          })
          const trainer = makeSaeTrainer(options, methodOf(architecture), {
            d_in,
            b_dec: new Float32Array(d_in),
            variance: 1
          })
          const first = trainer.exportState()
          const read = Effect.fnUntraced(function* (tensor: string, otherwise: AdamState) {
            return file.entries.has(tensor) ? fresh(yield* file.float32(tensor)) : otherwise
          })
          const extras: Record<string, AdamState> = {}
          for (const [extra, state] of Object.entries(first.extras)) extras[extra] = yield* read(extra, state)
          trainer.restoreState({
            ...first,
            W_enc: yield* read("W_enc", first.W_enc),
            b_enc: yield* read("b_enc", first.b_enc),
            W_dec: yield* read("W_dec", first.W_dec),
            b_dec: yield* read("b_dec", first.b_dec),
            extras
          })
          const x = yield* file.float32("x")
          const losses = yield* file.float32("loss")
          for (let step = 0; step < (firstLossOnly.includes(name) ? 1 : steps); step++) {
            if (withDeadLatents.includes(name)) {
              const silent = Int32Array.from({ length: d_sae }, (_, j) => (deadLatents.includes(j) ? 2 ** 30 : 0))
              trainer.restoreState({ ...trainer.exportState(), silent })
            }
            const batch = tf.tensor2d(x.slice(step * rows * d_in, (step + 1) * rows * d_in), [rows, d_in])
            const { loss } = trainer.step(batch)
            batch.dispose()
            const wanted = losses[step] as number
            const difference = Math.abs(loss - wanted) / wanted
            largest[name] = Math.max(largest[name] ?? 0, difference)
            expect(difference, `${name} at step ${step}: ${loss}, ${wanted}`).toBeLessThan(1e-3)
          }
          // What is compared is training: by the last step the loss has moved by much more than the tolerance.
          expect(Math.abs((losses[steps - 1] as number) / (losses[0] as number) - 1)).toBeGreaterThan(0.01)
          trainer.dispose()
        }
        process.stderr.write(`largest relative difference of a loss: ${JSON.stringify(largest)}\n`)
        expect(Object.keys(largest).length).toBe(Object.keys(cases).length)
      }),
    300_000
  )
})
