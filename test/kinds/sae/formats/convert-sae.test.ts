import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { computableSae } from "../../../../src/kinds/sae/stored/computable-sae.ts"
import { convertSae } from "../../../../src/kinds/sae/convert-sae.ts"
import { writableNames } from "../../../../src/kinds/sae/format-names.ts"
import { formats, readAnySae } from "../../../../src/kinds/sae/formats.ts"
import type { StoredSae } from "../../../../src/kinds/sae/stored/stored-sae.ts"
import type { SaeWeights } from "../../../../src/kinds/sae/stored/sae-weights.ts"
import { filesFolder } from "../../../artifact/directory-folder.ts"
import { readSmallSae, smallSaeNames } from "./small-saes.ts"
import { isRefused } from "../../../../src/kinds/sae/latents/sae-refused.ts"

/** Where each SAE can go without folding. */
const targets: Readonly<Record<string, ReadonlyArray<string>>> = {
  "circuit_tracer/layer": ["circuit_tracer", "dictionary_learning", "saelens"],
  "connor_rob/hook_z": ["dictionary_learning", "openai", "saelens"],
  "dictionary_learning/AutoEncoder": ["dictionary_learning", "openai", "saelens"],
  "dictionary_learning/AutoEncoderNew": ["dictionary_learning", "saelens"],
  "dictionary_learning/AutoEncoderTopK": ["dictionary_learning", "saelens"],
  "dictionary_learning/BatchTopKSAE": ["dictionary_learning", "saelens"],
  "dictionary_learning/BatchTopKSAE_bf16": ["dictionary_learning", "saelens"],
  "dictionary_learning/GatedAutoEncoder": ["dictionary_learning", "saelens"],
  "dictionary_learning/JumpReluAutoEncoder": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  "dictionary_learning/MatryoshkaBatchTopKSAE": ["dictionary_learning", "saelens"],
  "dictionary_learning/expanded": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  // b_dec is subtracted from the input of a transcoder: no other library has that.
  "dictionary_learning/transcoder": ["dictionary_learning"],
  "dictionary_learning/views_with_steps": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  "dictionary_learning/with_metadata": ["dictionary_learning", "openai", "saelens"],
  "gemma_scope/embeddings": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  "gemma_scope_2/crosscoder": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  "gemma_scope_2/no_config_transcoder": ["gemma_scope_2", "saelens"],
  "gemma_scope_2/sae": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  "gemma_scope_2/transcoder_widths": ["gemma_scope_2", "saelens"],
  "goodfire/plain": ["dictionary_learning", "saelens"],
  "llama_scope/plain": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  "llama_scope_r1/plain": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  "openai/relu": ["dictionary_learning", "openai", "saelens"],
  "openai/tied": ["dictionary_learning", "openai", "saelens"],
  "openai/topk": ["openai", "saelens"],
  "qwen_scope/plain": ["saelens"],
  "saelens/abstopk": ["saelens"],
  "saelens/abstopk_rescale": ["saelens"],
  "saelens/batchtopk": ["dictionary_learning", "saelens"],
  "saelens/gated": ["dictionary_learning", "saelens"],
  "saelens/jumprelu_bf16": ["saelens"],
  "saelens/jumprelu_skip_transcoder": ["gemma_scope_2", "saelens"],
  "saelens/jumprelu_transcoder": ["gemma_scope", "gemma_scope_2", "saelens"],
  "saelens/legacy_bare": ["dictionary_learning", "openai", "saelens"],
  "saelens/legacy_gated": ["dictionary_learning", "saelens"],
  "saelens/legacy_jumprelu": ["dictionary_learning", "gemma_scope", "gemma_scope_2", "saelens"],
  "saelens/legacy_layer_norm_topk": ["openai", "saelens"],
  "saelens/legacy_standard": ["dictionary_learning", "openai", "saelens"],
  "saelens/legacy_topk_by_architecture": ["dictionary_learning", "saelens", "sparsify"],
  "saelens/matching_pursuit": ["saelens"],
  "saelens/matching_pursuit_few": ["saelens"],
  "saelens/matching_pursuit_no_input_bias": ["saelens"],
  "saelens/matryoshka": ["dictionary_learning", "saelens"],
  "saelens/standard_constant_norm": ["saelens"],
  "saelens/standard_hook_z": ["dictionary_learning", "openai", "saelens"],
  "saelens/standard_layer_norm": ["saelens"],
  "saelens/standard_no_input_bias": ["dictionary_learning", "saelens"],
  "saelens/standard_whitening": ["dictionary_learning", "openai", "saelens"],
  "saelens/temporal_relu": ["saelens"],
  "saelens/temporal_scaled": ["saelens"],
  "saelens/topk_layer_norm": ["openai", "saelens"],
  "saelens/topk_rescale": ["saelens"],
  "saelens/trained_batchtopk_fractional": ["saelens"],
  "saelens/transcoder": ["saelens"],
  "saelens/transcoder_layer_norm": ["saelens"],
  "sparsify/groupmax": ["sparsify"],
  "sparsify/groupmax_transcoder": ["sparsify"],
  "sparsify/signed": ["saelens", "sparsify"],
  "sparsify/skip_transcoder": ["sparsify"],
  "sparsify/topk": ["dictionary_learning", "saelens", "sparsify"],
  "sparsify/transcoder": ["sparsify"]
}

const computable = (sae: StoredSae): SaeWeights => {
  const weights = computableSae(sae)
  if (isRefused(weights)) throw weights
  return weights
}

const readFiles = (files: ReadonlyMap<string, Uint8Array>) => Effect.scoped(readAnySae(filesFolder(files)))

describe("conversion", () => {
  for (const name of smallSaeNames) {
    it.effect(`${name} goes where nothing is lost, to the bit, and nowhere else`, () =>
      Effect.gen(function* () {
        const sae = yield* readSmallSae(name)
        const reached: Array<string> = []
        for (const to of writableNames) {
          const converted = convertSae(sae, to, { fold: false })
          if (isRefused(converted)) continue
          reached.push(to)
          const back = yield* readFiles(converted.files)
          expect(back.origin.format).toBe(to)
          // Everything that the computation needs, to the bit. Gemma Scope cannot say "transcoder" but by its widths.
          expect(computable(back)).toEqual(computable(sae))
          expect(back.latents.type === "topk" && back.latents.threshold).toEqual(
            sae.latents.type === "topk" && sae.latents.threshold
          )
          // And back where it came from: the same files as its own format writes.
          const write = formats.get(sae.origin.format)?.write
          // Layouts that are only read, and what versions of a library wrote that is no more.
          if (write === undefined || name === "sparsify/signed") continue
          const there = write(sae)
          const home = convertSae(back, sae.origin.format, { fold: false })
          if (isRefused(there) || isRefused(home)) throw home
          for (const [file, bytes] of there) if (!file.endsWith(".json")) expect(home.files.get(file)).toEqual(bytes)
        }
        expect(reached.toSorted()).toEqual([...(targets[name] as ReadonlyArray<string>)].toSorted())
      })
    )
  }

  it.effect("refusals name the reason", () =>
    Effect.gen(function* () {
      for (const [name, to, reason] of [
        ["saelens/gated", "gemma_scope", /JumpReLU alone, not gated/],
        ["saelens/batchtopk", "gemma_scope", /does not subtract b_dec.*--fold/],
        ["saelens/topk_rescale", "dictionary_learning", /decoder norms.*--fold/],
        ["saelens/standard_layer_norm", "dictionary_learning", /does not normalise rows/],
        ["saelens/transcoder", "dictionary_learning", /reads 8 numbers and writes 6/],
        ["sparsify/skip_transcoder", "saelens", /no transcoder with topk latents/],
        ["saelens/abstopk", "sparsify", /would use these abstopk latents as ordinary top-k/],
        ["sparsify/topk", "goodfire", /a layout that is only read/],
        ["dictionary_learning/AutoEncoderTopK", "sparsify", /no place for the threshold/],
        ["sparsify/topk", "openai", /rows with normalize_activations layer_norm, this one with none/]
      ] as const) {
        expect(convertSae(yield* readSmallSae(name), to, { fold: false }), `${name} to ${to}`).toMatchObject({
          _tag: "SaeRefused",
          of: "write",
          problem: expect.stringMatching(reason)
        })
      }
    })
  )

  it.effect("a BatchTopK threshold that was never set is refused, by conversion and by use", () =>
    Effect.gen(function* () {
      const sae = yield* readSmallSae("dictionary_learning/BatchTopKSAE")
      if (sae.latents.type !== "batch_topk") throw new Error(sae.latents.type)
      const unset: StoredSae = { ...sae, latents: { ...sae.latents, threshold: null } }
      for (const to of ["saelens", "gemma_scope"] as const) {
        expect(convertSae(unset, to, { fold: false })).toMatchObject({ problem: expect.stringMatching(/never set/) })
      }
      expect(computableSae(unset)).toMatchObject({ of: "compute", problem: expect.stringMatching(/never set \(-1\)/) })
      // Its own format keeps it as it is.
      const files = formats.get("dictionary_learning")?.write?.(unset)
      if (files === undefined || isRefused(files)) throw new Error(String(files))
      expect((yield* readFiles(files)).latents).toEqual(unset.latents)
    })
  )

  it.effect("with fold, b_dec and decoder norms go into the encoder, and features stay", () =>
    Effect.gen(function* () {
      for (const [name, to] of [
        ["saelens/batchtopk", "gemma_scope"],
        ["saelens/gated", "saelens"],
        ["saelens/topk_rescale", "dictionary_learning"],
        ["dictionary_learning/transcoder", "saelens"]
      ] as const) {
        const sae = yield* readSmallSae(name)
        const converted = convertSae(sae, to, { fold: true })
        if (isRefused(converted)) throw converted
        const back = computable(yield* readFiles(converted.files))
        const x = Float64Array.from({ length: sae.d_in }, (_, i) => Math.sin(3 * i + 1))
        const [a, b] = [preActivations(computable(sae), x), preActivations(back, x)]
        for (const [j, z] of a.entries()) expect(Math.abs((b[j] as number) - z), name).toBeLessThan(1e-6)
      }
    })
  )

  it.effect("a model that is named after an SAE was read is named in its own format too", () =>
    Effect.gen(function* () {
      const sae = yield* readSmallSae("dictionary_learning/AutoEncoder")
      const { model_name: _, ...metadata } = sae.metadata
      const { lm_name: __, ...trainer } = (sae.origin.config?.["trainer"] ?? {}) as Readonly<Record<string, unknown>>
      const origin = { ...sae.origin, config: { ...sae.origin.config, trainer } }
      const named: StoredSae = { ...sae, origin, metadata: { ...metadata, model_name: "gpt2" } }
      const converted = convertSae(named, "dictionary_learning", { fold: false })
      if (isRefused(converted)) throw converted
      expect((yield* readFiles(converted.files)).metadata["model_name"]).toBe("gpt2")
    })
  )

  it.effect("what the numbers do not need and the format cannot hold is listed", () =>
    Effect.gen(function* () {
      for (const [name, dropped] of [
        ["saelens/batchtopk", ["k"]],
        ["saelens/matryoshka", ["k", "the sizes of its Matryoshka groups"]],
        ["dictionary_learning/JumpReluAutoEncoder", ["model_name", "hook_layer", "context_size"]],
        [
          "dictionary_learning/views_with_steps",
          ["model_name", "hook_layer", "context_size", "trainer.seed", "trainer.lr"]
        ]
      ] as const) {
        const converted = convertSae(yield* readSmallSae(name), "gemma_scope", { fold: true })
        expect(isRefused(converted) ? converted.problem : converted.dropped).toEqual(dropped)
      }
    })
  )
})

/** (x - b_dec) W_enc + b_enc in f64. */
const preActivations = (sae: SaeWeights, x: Float64Array): Float64Array => {
  const z = Float64Array.from(sae.b_enc)
  for (let c = 0; c < sae.d_in; c++) {
    const value = (x[c] as number) - (sae.apply_b_dec_to_input ? (sae.b_dec[c] as number) : 0)
    for (let j = 0; j < sae.d_sae; j++) z[j] = (z[j] as number) + value * (sae.W_enc[c * sae.d_sae + j] as number)
  }
  return z
}
