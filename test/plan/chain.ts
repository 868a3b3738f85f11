/** model -> text -> capture -> sae[k=8], sae[k=16] -> evaluate[...] and report: small, with every kind of edge. */
export const chain = (
  options: { readonly lr?: string; readonly text?: string; readonly hook?: string } = {}
): string => `params:
  lr: { type: number, default: ${options.lr ?? "0.0003"} }
stages:
  model: { uses: load-model, with: { source: "builtin:m" } }
  text: { uses: load-text, with: { source: "${options.text ?? "builtin:t"}", model: "\${{ stages.model }}", tokens: 5 } }
  capture: { uses: capture-activations, with: { model: "\${{ stages.model }}", tokens: "\${{ stages.text }}", hook: ${options.hook ?? "h"} } }
  sae:
    uses: train-sae
    matrix: { k: [8, 16] }
    with: { activations: "\${{ stages.capture }}", d_sae: 64, k: "\${{ matrix.k }}", lr: "\${{ params.lr }}" }
  evaluate:
    uses: evaluate-sae
    matrix: { sae: "\${{ stages.sae[*] }}" }
    with: { sae: "\${{ matrix.sae }}", activations: "\${{ stages.capture }}" }
  report: { uses: report, with: { saes: "\${{ stages.sae[*] }}", evaluations: "\${{ stages.evaluate[*] }}" } }
`
