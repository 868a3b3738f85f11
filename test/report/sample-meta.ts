/** The sample report's meta-SAE, and what it is good for. */
import type { MetaAnalysisFile } from "../../src/kinds/meta-analysis.ts"
import type { MetaEditsFile } from "../../src/kinds/meta-edits.ts"
import type { MetaLatentsFile } from "../../src/kinds/sae/meta-latents.ts"
import { hook } from "./sample-sae.ts"

export const metaLatents = (base: number, meta: number): MetaLatentsFile => ({
  format: 2,
  same_number_share: 0.002,
  same_number_chance: 0.002,
  base: { d_sae: base, d_in: 192 },
  meta: { d_sae: meta, k: 4 },
  decoder_variance_explained: 0.4625,
  random_variance_explained: 0.125,
  l0: 3.9,
  latents: Array.from({ length: base }, (_, j) => ({ ids: [j % meta, (j + 1) % meta], activations: [0.75, 0.25] })),
  meta_latents: Array.from({ length: meta }, (_, m) => ({
    ids: [(7 * m + 1) % base, 0],
    activations: [0.9, 0.3],
    count: 1 + m
  })),
  dead: []
})

export const metaAnalysis = (d_sae: number, meta_latents: number, smaller_d_sae: number): MetaAnalysisFile => ({
  format: 1,
  sae: "sae-large",
  meta: "meta",
  smaller: "sae-small",
  d_sae,
  meta_latents,
  smaller_d_sae,
  live: meta_latents - 1,
  match_cosine: 0.5,
  random_match_cosine: 0.25,
  matched_above: 0.7,
  matched_share: 0.125,
  random_matched_share: 0,
  decoder_variance_explained: 0.4625,
  fixed_variance_explained: 0.375,
  fixed_random_variance_explained: 0.0625,
  neighbours: 10,
  neighbour_overlap: 0.2,
  shuffled_overlap: 0.02,
  intervals: { match_cosine: { low: 0.45, high: 0.55 } }
})

export const metaEdits = (edits: number): MetaEditsFile => {
  const effect = (shift: number, side: number) => ({ shift, side, kl: 0.125 })
  return {
    format: 1,
    sae: "sae-large",
    meta: "meta",
    model: "model",
    hook,
    examples: 8,
    edits: Array.from({ length: edits }, (_, i) => ({
      latent: 10 + i,
      firings: 30,
      out: { id: i, activation: 0.75 },
      target: { id: 1, text: " cat" },
      removed: effect(-1 - i, 0.5),
      ablated: effect(-4, 4),
      random: effect(0.25, 0.5),
      swap: null
    }))
  }
}
