/**
 * Starting values of a GPT-2: normal(0, 0.02) as in Radford et al. 2019, output projections scaled by 1/sqrt(2 layers),
 * norms at 1, biases at 0. Positions start as small sinusoids (Vaswani et al. 2017) instead of noise.
 */
import * as Rng from "../../random/rng.ts"
import { gpt2Parameters, type Gpt2Config } from "../decoder/gpt2-config.ts"

export const initialWeights = (
  config: Gpt2Config,
  seed: number
): Readonly<Record<string, Float32Array<ArrayBuffer>>> => {
  const weights: Record<string, Float32Array<ArrayBuffer>> = {}
  for (const { name, shape } of gpt2Parameters(config)) {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
    weights[name] = values
    if (name.endsWith(".bias")) continue
    if (/ln_[12f]\.weight$/.test(name)) values.fill(1)
    else if (name === "transformer.wpe.weight") {
      const d = config.n_embd
      for (let t = 0; t < config.n_positions; t++) {
        for (let i = 0; i < d; i++) {
          const angle = t / 10_000 ** ((2 * (i >> 1)) / d)
          values[t * d + i] = 0.03 * (i % 2 === 0 ? Math.sin(angle) : Math.cos(angle))
        }
      }
    } else {
      const rng = Rng.make(seed, name)
      const scale = name.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2 * config.n_layer) : 0.02
      for (let i = 0; i < values.length; i++) values[i] = scale * rng.normal()
    }
  }
  return weights
}
