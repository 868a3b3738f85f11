/**
 * The losses of the architectures that are sparse by a penalty, and of Matryoshka, against the same written down once
 * more: densely, in f64, without a tensor library. Gradients come from central differences of that loss; those of
 * straight-through estimators, which are no derivatives, from their definition.
 */
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import * as Rng from "../../../src/random/rng.ts"
import type { Batch } from "../../../src/sae/architecture.ts"
import { groupSizes } from "../../../src/sae/architectures/matryoshka-batch-topk.ts"
import { loadTestEngine } from "../../engine.ts"
import { centralDifferences } from "../central-differences.ts"
import { type AnyResolved, architectureOf, type AskedOptions, comparedOptions, methodOf } from "./known.ts"
import { gradientValues } from "../training/gradient-values.ts"

beforeAll(loadTestEngine)

const d_in = 5
const d_sae = 12
const rows = 7
const variance = 4.5
const sparsity = 0.3

type Matrix = Array<Array<number>>
interface Parameters {
  readonly W_enc: Matrix
  readonly b_enc: Array<number>
  readonly W_dec: Matrix
  readonly b_dec: Array<number>
  readonly threshold: Array<number>
  readonly b_gate: Array<number>
  readonly b_mag: Array<number>
  readonly r_mag: Array<number>
}

const optionsOf = (architecture: string, more: AskedOptions): AnyResolved =>
  comparedOptions(architecture, { d_sae, sparsity_coefficient: sparsity, ...more })

const example = (seed: number, unit: boolean): { readonly parameters: Parameters; readonly x: Matrix } => {
  const rng = Rng.make(seed, "architectures")
  const vector = (n: number, scale = 1) => Array.from({ length: n }, () => Math.fround(scale * rng.normal()))
  const matrix = (n: number, m: number) => Array.from({ length: n }, () => vector(m))
  const W_dec = matrix(d_sae, d_in).map((row) =>
    unit ? row.map((value) => Math.fround(value / Math.hypot(...row))) : row
  )
  return {
    parameters: {
      W_enc: matrix(d_sae, d_in),
      b_enc: vector(d_sae),
      W_dec,
      b_dec: vector(d_in),
      threshold: vector(d_sae, 0.5).map((t) => Math.fround(Math.abs(t) + 0.2)),
      b_gate: vector(d_sae),
      b_mag: vector(d_sae),
      r_mag: vector(d_sae, 0.3)
    },
    x: matrix(rows, d_in).map((row) => row.map((value) => 2 * value))
  }
}

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)
const square = (values: ReadonlyArray<number>): number => dot(values, values)
const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
const normsOf = ({ W_dec }: Parameters, options: AnyResolved): ReadonlyArray<number> =>
  W_dec.map((row) => (options.decoder_norm === "free" ? Math.hypot(...row) : 1))

/** x W_enc, of x or x - b_dec, without bias. */
const products = (p: Parameters, x: Matrix, options: AnyResolved): Matrix =>
  x.map((row) => {
    const centred = options.apply_b_dec_to_input ? row.map((value, c) => value - (p.b_dec[c] as number)) : row
    return p.W_enc.map((w) => dot(w, centred))
  })

const errors = (p: Pick<Parameters, "W_dec" | "b_dec">, f: Matrix, x: Matrix): Matrix =>
  x.map((row, i) =>
    row.map(
      (value, c) =>
        sum(p.W_dec.map((w, j) => ((f[i] as Array<number>)[j] as number) * (w[c] as number))) +
        (p.b_dec[c] as number) -
        value
    )
  )

const missed = (e: Matrix, options: AnyResolved): number => {
  const mse = sum(e.map(square)) / rows
  return options.reconstruction === "sum" ? mse : options.reconstruction === "mean" ? mse / d_in : mse / variance
}

/** The activations of a JumpReLU, and its penalty. */
const jump = (p: Parameters, x: Matrix, options: AnyResolved, dead: ReadonlyArray<number>) => {
  const z = products(p, x, options).map((row) => row.map((value, j) => value + (p.b_enc[j] as number)))
  const f = z.map((row) => row.map((value, j) => (value > (p.threshold[j] as number) ? value : 0)))
  const norms = normsOf(p, options)
  const l0 = f.map((row) => row.filter((value) => value > 0).length)
  const target = options.target_l0
  const penalty = {
    step: sum(l0) / rows,
    target: (sum(l0) / rows / target - 1) ** 2,
    quadratic: ((2 / target) * sum(l0.map((n) => (n - target) ** 2))) / rows,
    tanh:
      sum(f.map((row) => sum(row.map((value, j) => Math.tanh(options.tanh_scale * value * (norms[j] as number)))))) /
      rows
  }[options.l0_loss]
  const short = sum(
    z.map((row) =>
      sum(dead.map((j) => Math.max(0, (p.threshold[j] as number) - (row[j] as number)) * (norms[j] as number)))
    )
  )
  return { z, f, l0, norms, penalty: sparsity * penalty + (options.pre_act_coefficient * short) / rows }
}

const preActivations = (p: Parameters, x: Matrix, options: AnyResolved): Matrix =>
  products(p, x, options).map((row) => row.map((value, j) => value + (p.b_enc[j] as number)))

/** x - x_hat of a TopK SAE with these weights. */
const residuals = (p: Parameters, x: Matrix, options: AnyResolved): Matrix => {
  const f = preActivations(p, x, options).map((row) => {
    const limit = row.toSorted((a, b) => b - a)[options.k - 1] as number
    return row.map((value) => (value >= limit ? Math.max(0, value) : 0))
  })
  return errors(p, f, x).map((row) => row.map((value) => -value))
}

/** Ghost gradients: what `held` weights give is held fixed. */
const ghosts = (
  p: Parameters,
  z: Matrix,
  residual: Matrix,
  options: AnyResolved,
  held: Parameters,
  heldZ: Matrix,
  dead: ReadonlyArray<number>
): number => {
  if (dead.length === 0) return 0
  const outputs = (weights: Parameters, pre: Matrix): Matrix =>
    pre.map((row) =>
      Array.from({ length: d_in }, (_, c) =>
        sum(dead.map((j) => Math.exp(row[j] as number) * ((weights.W_dec[j] as Array<number>)[c] as number)))
      )
    )
  const fixed = outputs(held, heldZ)
  const weight = missed([[1, 0, 0, 0, 0]], options) * rows
  return sum(
    outputs(p, z).map((row, i) => {
      const e = residual[i] as Array<number>
      const scale = Math.hypot(...e) / (2 * Math.hypot(...(fixed[i] as Array<number>)) + 1e-6)
      const off = (values: ReadonlyArray<number>) => square(values.map((value, c) => scale * value - (e[c] as number)))
      const ratio = square(e) / (off(fixed[i] as Array<number>) + 1e-6)
      return (options.aux_coefficient * weight * ratio * off(row)) / rows
    })
  )
}

/** The loss; `held` are the weights that a stop-gradient holds fixed, `chosen` the pairs that a selection has chosen. */
const naiveLoss = (
  p: Parameters,
  x: Matrix,
  options: AnyResolved,
  held: Parameters,
  dead: ReadonlyArray<number>,
  exponent: number
): number => {
  const pi = products(p, x, options)
  const norms = normsOf(p, options)
  switch (options.architecture.name) {
    case "standard":
    case "p_anneal": {
      const f = pi.map((row) => row.map((value, j) => Math.max(0, value + (p.b_enc[j] as number))))
      const penalty = sum(
        f.map((row) => sum(row.map((value, j) => (value > 0 ? (value * (norms[j] as number)) ** exponent : 0))))
      )
      return missed(errors(p, f, x), options) + (sparsity * penalty) / rows
    }
    case "jumprelu": {
      const { f, penalty } = jump(p, x, options, dead)
      return missed(errors(p, f, x), options) + penalty
    }
    case "gated": {
      const gate = pi.map((row) => row.map((value, j) => Math.max(0, value + (p.b_gate[j] as number))))
      const f = pi.map((row, i) =>
        row.map((value, j) =>
          ((gate[i] as Array<number>)[j] as number) > 0
            ? Math.max(0, Math.exp(p.r_mag[j] as number) * value + (p.b_mag[j] as number))
            : 0
        )
      )
      const penalty = sum(gate.map((row) => sum(row.map((value, j) => value * (norms[j] as number)))))
      return missed(errors(p, f, x), options) + (sparsity * penalty) / rows + missed(errors(held, gate, x), options)
    }
    case "matryoshka_batch_topk": {
      const z = pi.map((row) => row.map((value, j) => value + (p.b_enc[j] as number)))
      const limit = z.flat().toSorted((a, b) => b - a)[options.k * rows - 1] as number
      const f = z.map((row) => row.map((value) => (value >= limit ? Math.max(0, value) : 0)))
      let width = 0
      let total = 0
      const sizes = groupSizes(options)
      for (const size of sizes) {
        width += size
        const prefix = f.map((row) => row.map((value, j) => (j < width ? value : 0)))
        total += missed(errors(p, prefix, x), options) / sizes.length
      }
      return total
    }
    case "matching_pursuit": {
      const left = x.map((row) => {
        let rest = row.map((value, c) => value - (p.b_dec[c] as number))
        const chosen = new Set<number>()
        for (let n = 0; n < (options.max_iterations ?? d_in); n++) {
          const products = p.W_dec.map((w) => dot(w, rest))
          const best = products.indexOf(Math.max(...products))
          const size = Math.max(0, products[best] as number)
          const known = size === 0 || chosen.has(best)
          chosen.add(best)
          rest = rest.map((value, c) => value - size * (p.W_dec[best]?.[c] as number))
          if ((options.stop_on_duplicate_support && known) || Math.hypot(...rest) < options.residual_threshold) break
        }
        return rest
      })
      return missed(left, options)
    }
    case "abstopk": {
      const f = preActivations(p, x, options).map((row) => {
        const limit = row.map(Math.abs).toSorted((a, b) => b - a)[options.k - 1] as number
        return row.map((value) => (Math.abs(value) >= limit ? value : 0))
      })
      return missed(errors(p, f, x), options)
    }
    case "topk": {
      const z = pi.map((row) => row.map((value, j) => value + (p.b_enc[j] as number)))
      const largest = (k: number): Matrix =>
        z.map((row) => {
          const limit = row.toSorted((a, b) => b - a)[k - 1] as number
          return row.map((value) => (value >= limit ? Math.max(0, value) : 0))
        })
      const e = errors(p, largest(options.k), x)
      const more = options.multi_topk ? missed(errors(p, largest(Math.min(4 * options.k, d_sae)), x), options) / 8 : 0
      return (
        missed(e, options) +
        more +
        ghosts(p, z, residuals(held, x, options), options, held, preActivations(held, x, options), dead)
      )
    }
    default:
      throw new Error(options.architecture.name)
  }
}

const names = ["W_enc", "b_enc", "W_dec", "b_dec", "b_gate", "b_mag", "r_mag"] as const

const run = (
  architecture: string,
  more: AskedOptions,
  seed: number,
  dead: ReadonlyArray<number> = [],
  memory: Batch["memory"] = architectureOf(architecture).memory?.(optionsOf(architecture, more)) ?? {}
) => {
  const options = optionsOf(architecture, more)
  const { parameters, x } = example(seed, options.decoder_norm === "unit")
  const names = Object.keys(architectureOf(architecture).extras?.(options) ?? {}) as ReadonlyArray<keyof Parameters>
  const tensors = {
    x: tf.tensor2d(x),
    W_enc: tf.tensor2d(parameters.W_enc),
    b_enc: tf.tensor1d(parameters.b_enc),
    W_dec: tf.tensor2d(parameters.W_dec),
    b_dec: tf.tensor1d(parameters.b_dec)
  }
  const before = tf.memory().numTensors
  const got = methodOf(architecture).loss({
    ...tensors,
    target: tensors.x,
    parts: [d_in],
    W_skip: undefined,
    extras: Object.fromEntries(names.map((name) => [name, Float32Array.from(parameters[name] as Array<number>)])),
    step: 1,
    variance,
    dead: Int32Array.from(dead),
    memory,
    options
  })
  const gradients = gradientValues(got.gradients, tensors)
  // Nothing else was left.
  expect(tf.memory().numTensors).toBe(before)
  tf.dispose(Object.values(tensors))
  return { got, gradients, parameters, x, options }
}

const closeTo = (got: ReadonlyArray<number>, expected: ReadonlyArray<number>, what: string): void => {
  expect(got.length, what).toBe(expected.length)
  const size = Math.max(1e-3, ...expected.map(Math.abs))
  for (const [i, value] of expected.entries()) {
    expect(Math.abs((got[i] as number) - value), `${what}[${i}]`).toBeLessThan(3e-5 * size)
  }
}

const compare = (
  architecture: string,
  more: AskedOptions,
  seed: number,
  dead: ReadonlyArray<number> = [],
  exponent = 1,
  memory?: Batch["memory"]
): void => {
  const { got, gradients, parameters, x, options } = run(architecture, more, seed, dead, memory)
  const held = structuredClone(parameters)
  const loss = () => naiveLoss(parameters, x, options, held, dead, exponent)
  closeTo([got.loss], [loss()], "loss")
  for (const name of names) {
    const gradient = gradients[name]
    if (gradient === undefined || (architecture === "gated" && name === "b_enc")) continue
    const values: Array<Array<number>> = name.startsWith("W")
      ? (parameters[name] as Matrix)
      : [parameters[name] as Array<number>]
    closeTo(
      gradient,
      values.flatMap((part) => centralDifferences(loss, part)),
      name
    )
  }
}

const seeds = [1, 2, 3]
const variants: ReadonlyArray<readonly [string, AskedOptions]> = [
  ["unit decoder", {}],
  ["free decoder", { decoder_norm: "free" }],
  ["b_dec not subtracted, mean reconstruction", { apply_b_dec_to_input: false, reconstruction: "mean" }]
]

describe("gradients are those of the dense f64 loss", () => {
  for (const architecture of ["standard", "gated"] as const) {
    for (const [name, more] of variants) {
      it(`${architecture}: ${name}`, () => {
        for (const seed of seeds) compare(architecture, more, seed)
      })
    }
  }

  for (const l0_loss of ["step", "target", "quadratic", "tanh"] as const) {
    for (const [name, more] of variants) {
      it(`jumprelu, ${l0_loss}: ${name}`, () => {
        // A window so narrow that no pair is in it: what is left is differentiable.
        for (const seed of seeds) compare("jumprelu", { ...more, l0_loss, target_l0: 2.5, bandwidth: 1e-6 }, seed)
      })
    }
  }

  it("jumprelu: dead latents are pulled by their pre-activations", () => {
    for (const seed of seeds) {
      const more = { decoder_norm: "free", bandwidth: 1e-6, pre_act_coefficient: 0.2, l0_loss: "tanh" } as const
      compare("jumprelu", more, seed, [1, 4, 7])
    }
  })

  it("p_anneal: at p below one, with the weight of its memory", () => {
    for (const seed of seeds) {
      compare("p_anneal", { decoder_norm: "free" }, seed, [], 0.6, { p: 0.6, next_p: 0.4, weight: 1, queue: [] })
    }
  })

  it("topk: with the 4 k largest, and ghost gradients of dead latents", () => {
    for (const seed of seeds) {
      compare("topk", { k: 2, multi_topk: true }, seed)
      const ghost = { k: 2, aux_loss: "ghost", aux_coefficient: 0.7 } as const
      compare("topk", ghost, seed, [1, 4, 7])
      compare("topk", { ...ghost, multi_topk: true, reconstruction: "sum" }, seed, [0, 11])
    }
  })

  it("abstopk: latents of both signs", () => {
    for (const seed of seeds) {
      compare("abstopk", {}, seed)
      expect(run("abstopk", {}, seed).got.activations.some((f) => f < 0)).toBe(true)
    }
  })

  it("matching_pursuit: through all choices, with and without an end before the last", () => {
    for (const seed of seeds) {
      compare("matching_pursuit", { max_iterations: 3, reconstruction: "sum" }, seed)
      compare("matching_pursuit", { residual_threshold: 1, stop_on_duplicate_support: false }, seed)
    }
  })

  it("matryoshka_batch_topk: every prefix reconstructs", () => {
    for (const seed of seeds) compare("matryoshka_batch_topk", { groups: [0.25, 0.25, 0.5] }, seed)
  })
})

describe("straight-through estimators", () => {
  const bandwidth = 4
  for (const l0_loss of ["step", "target", "quadratic", "tanh"] as const) {
    for (const ste_to_input of [false, true]) {
      it(`jumprelu, ${l0_loss}${ste_to_input ? ", to the encoder too" : ""}: as they are defined`, () => {
        for (const seed of seeds) {
          const {
            gradients,
            parameters: p,
            x,
            options
          } = run("jumprelu", { l0_loss, bandwidth, ste_to_input, target_l0: 2.5, decoder_norm: "free" }, seed)
          const { z, f, l0, norms } = jump(p, x, options, [])
          const e = errors(p, f, x)
          const mean = sum(l0) / rows
          const byThreshold = p.threshold.map(() => 0)
          const byBias = p.b_enc.map(() => 0)
          let inside = 0
          for (let i = 0; i < rows; i++) {
            const n = l0[i] as number
            const slope =
              { step: 1, target: (2 * (mean / 2.5 - 1)) / 2.5, quadratic: (4 / 2.5) * (n - 2.5), tanh: 0 }[l0_loss] *
              (sparsity / rows)
            for (let j = 0; j < d_sae; j++) {
              const t = p.threshold[j] as number
              const value = (f[i] as Array<number>)[j] as number
              const scaled = options.tanh_scale * value * (norms[j] as number)
              const df =
                (2 / rows) * dot(e[i] as Array<number>, p.W_dec[j] as Array<number>) +
                (l0_loss === "tanh"
                  ? (sparsity / rows) * options.tanh_scale * (norms[j] as number) * (1 - Math.tanh(scaled) ** 2)
                  : 0)
              const u = (((z[i] as Array<number>)[j] as number) - t) / bandwidth
              const K = Math.abs(u) < 0.5 ? 1 : 0
              inside += K
              byThreshold[j] = (byThreshold[j] as number) - K * ((t / bandwidth) * df + slope / bandwidth)
              byBias[j] =
                (byBias[j] as number) +
                (value > 0 ? df : 0) +
                (ste_to_input ? K * ((t / bandwidth) * df + slope / bandwidth) : 0)
            }
          }
          expect(inside).toBeGreaterThan(10)
          closeTo(gradients["threshold"] as Array<number>, byThreshold, "threshold")
          closeTo(gradients["b_enc"] as Array<number>, byBias, "b_enc")
        }
      })
    }
  }
})

it("where many latents fire, dense products give the same as sparse ones", () => {
  // All 12 latents of every row fire with such biases; below a twelfth of them sparse products are used.
  const { parameters } = example(5, true)
  const options = optionsOf("standard", {})
  const lossOf = (bias: number) => {
    const b_enc = tf.tensor1d(parameters.b_enc.map(() => bias))
    const x = tf.tensor2d(example(5, true).x)
    const weights = {
      W_enc: tf.tensor2d(parameters.W_enc),
      W_dec: tf.tensor2d(parameters.W_dec),
      b_dec: tf.tensor1d(parameters.b_dec)
    }
    const common = {
      parts: [d_in],
      W_skip: undefined,
      step: 1,
      variance,
      dead: new Int32Array(0),
      memory: {},
      extras: {},
      options
    }
    const got = methodOf("standard").loss({ x, target: x, b_enc, ...weights, ...common })
    const held = { ...parameters, b_enc: parameters.b_enc.map(() => bias) }
    return { got, expected: naiveLoss(held, example(5, true).x, options, held, [], 1) }
  }
  for (const [bias, most] of [
    [30, 1],
    [-9.5, 1 / 12]
  ] as const) {
    const { got, expected } = lossOf(bias)
    const share = got.pattern.latent.length / (rows * d_sae)
    if (most === 1) expect(share).toBe(1)
    else expect(share).toBeLessThan(most)
    closeTo([got.loss], [expected], `loss at bias ${bias}`)
  }
})
