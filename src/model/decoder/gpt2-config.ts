/** The shape of a GPT-2 model, under the names of Hugging Face's `config.json`. */
export interface Gpt2Config {
  readonly vocab_size: number
  /** Longest context. */
  readonly n_positions: number
  readonly n_embd: number
  readonly n_layer: number
  readonly n_head: number
  /** Width of the MLP; GPT-2 has 4 n_embd. */
  readonly n_inner: number
  readonly layer_norm_epsilon: number
}

/** Name and shape of every parameter, in a fixed order. Linear weights are [in, out], as GPT-2's Conv1D has them. */
export const gpt2Parameters = (
  config: Gpt2Config
): ReadonlyArray<{ readonly name: string; readonly shape: ReadonlyArray<number> }> => {
  const { n_embd: d, n_inner: inner } = config
  const layer = (l: number): ReadonlyArray<readonly [string, ReadonlyArray<number>]> =>
    (
      [
        ["ln_1.weight", [d]],
        ["ln_1.bias", [d]],
        ["attn.c_attn.weight", [d, 3 * d]],
        ["attn.c_attn.bias", [3 * d]],
        ["attn.c_proj.weight", [d, d]],
        ["attn.c_proj.bias", [d]],
        ["ln_2.weight", [d]],
        ["ln_2.bias", [d]],
        ["mlp.c_fc.weight", [d, inner]],
        ["mlp.c_fc.bias", [inner]],
        ["mlp.c_proj.weight", [inner, d]],
        ["mlp.c_proj.bias", [d]]
      ] as const
    ).map(([name, shape]) => [`transformer.h.${l}.${name}`, shape] as const)
  const all: ReadonlyArray<readonly [string, ReadonlyArray<number>]> = [
    ["transformer.wte.weight", [config.vocab_size, d]],
    ["transformer.wpe.weight", [config.n_positions, d]],
    ...Array.from({ length: config.n_layer }, (_, l) => layer(l)).flat(),
    ["transformer.ln_f.weight", [d]],
    ["transformer.ln_f.bias", [d]]
  ]
  return all.map(([name, shape]) => ({ name, shape }))
}

export const parameterCount = (config: Gpt2Config): number =>
  gpt2Parameters(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
