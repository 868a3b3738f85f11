/**
 * TopK and BatchTopK SAEs written down once more, densely, in f64 and without a tensor library: what the sparse trainer
 * is measured against. Gradients come from central differences of the loss, so that no derivation is shared.
 */
import { centralDifferences } from "./central-differences.ts"

export interface NaiveSae {
  readonly d_in: number
  readonly d_sae: number
  /** [d_sae][d_in] */
  readonly W_enc: Array<Array<number>>
  readonly b_enc: Array<number>
  /** [d_sae][d_in] */
  readonly W_dec: Array<Array<number>>
  readonly b_dec: Array<number>
}

export interface NaiveLoss {
  readonly loss: number
  readonly mse: number
  readonly aux: number
  /** Active latents of each row. */
  readonly active: ReadonlyArray<ReadonlyArray<number>>
  readonly residual: ReadonlyArray<ReadonlyArray<number>>
}

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0)

const largest = (entries: ReadonlyArray<{ readonly at: string; readonly value: number }>, count: number): Set<string> =>
  new Set(
    entries
      .toSorted((a, b) => b.value - a.value)
      .slice(0, count)
      .map((entry) => entry.at)
  )

export const naiveLoss = (
  sae: NaiveSae,
  x: ReadonlyArray<ReadonlyArray<number>>,
  options: {
    readonly select: "topk" | "batch_topk"
    readonly k: number
    readonly variance: number
    readonly dead: ReadonlyArray<number>
    readonly k_aux: number
    readonly aux_coefficient: number
    /** The residual that the auxiliary loss is about, where it is held fixed. */
    readonly residual?: ReadonlyArray<ReadonlyArray<number>>
  }
): NaiveLoss => {
  const { d_in, d_sae } = sae
  const z = x.map((row) => {
    const centred = row.map((value, c) => value - (sae.b_dec[c] as number))
    return sae.W_enc.map((w, j) => dot(w, centred) + (sae.b_enc[j] as number))
  })
  const entries = z.map((row, i) => row.map((value, j) => ({ at: `${i} ${j}`, value })))
  const chosen =
    options.select === "topk"
      ? new Set(entries.flatMap((row) => [...largest(row, options.k)]))
      : largest(entries.flat(), options.k * x.length)
  const f = z.map((row, i) => row.map((value, j) => (chosen.has(`${i} ${j}`) ? Math.max(0, value) : 0)))
  const decode = (codes: ReadonlyArray<number>, bias: boolean): Array<number> =>
    Array.from({ length: d_in }, (_, c) => {
      let sum = bias ? (sae.b_dec[c] as number) : 0
      for (let j = 0; j < d_sae; j++) sum += (codes[j] as number) * ((sae.W_dec[j] as Array<number>)[c] as number)
      return sum
    })
  const residual = x.map((row, i) => {
    const xHat = decode(f[i] as Array<number>, true)
    return row.map((value, c) => value - (xHat[c] as number))
  })
  const square = (rows: ReadonlyArray<ReadonlyArray<number>>) => rows.flat().reduce((sum, value) => sum + value ** 2, 0)
  const mse = square(residual) / x.length

  let aux = 0
  if (options.dead.length > 0) {
    const target = options.residual ?? residual
    const mean = Array.from(
      { length: d_in },
      (_, c) => target.reduce((sum, row) => sum + (row[c] as number), 0) / x.length
    )
    const missed = target.map((row, i) => {
      const dead = options.dead.map((j) => ({
        at: String(j),
        value: Math.max(0, (z[i] as Array<number>)[j] as number)
      }))
      const kept = largest(dead, options.k_aux)
      const codes = Array.from({ length: d_sae }, (_, j) =>
        kept.has(String(j)) ? Math.max(0, (z[i] as Array<number>)[j] as number) : 0
      )
      const eHat = decode(codes, false)
      return row.map((value, c) => value - (eHat[c] as number))
    })
    aux = square(missed) / square(target.map((row) => row.map((value, c) => value - (mean[c] as number))))
  }
  return {
    loss: mse / options.variance + options.aux_coefficient * aux,
    mse,
    aux,
    active: f.map((row) => row.flatMap((value, j) => (value > 0 ? [j] : []))),
    residual
  }
}

/** Central differences of the loss by every parameter, the auxiliary loss's residual held fixed. */
export const naiveGradients = (
  sae: NaiveSae,
  x: ReadonlyArray<ReadonlyArray<number>>,
  options: Parameters<typeof naiveLoss>[2]
): NaiveSae => {
  const { residual } = naiveLoss(sae, x, options)
  const loss = () => naiveLoss(sae, x, { ...options, residual }).loss
  const by = (values: Array<number>): Array<number> => centralDifferences(loss, values)
  return {
    d_in: sae.d_in,
    d_sae: sae.d_sae,
    W_enc: sae.W_enc.map(by),
    b_enc: by(sae.b_enc),
    W_dec: sae.W_dec.map(by),
    b_dec: by(sae.b_dec)
  }
}

/** Adam as Kingma and Ba write it, on plain arrays. */
export const makeNaiveAdam = (lr: (step: number) => number, beta1 = 0.9, beta2 = 0.999, eps = 1e-8) => {
  const moments = new Map<Array<number>, { readonly m: Array<number>; readonly v: Array<number> }>()
  return (parameters: Array<number>, gradient: ReadonlyArray<number>, step: number): void => {
    const known = moments.get(parameters)
    const { m, v } = known ?? { m: parameters.map(() => 0), v: parameters.map(() => 0) }
    if (known === undefined) moments.set(parameters, { m, v })
    for (const [i, g] of gradient.entries()) {
      m[i] = beta1 * (m[i] as number) + (1 - beta1) * g
      v[i] = beta2 * (v[i] as number) + (1 - beta2) * g * g
      const corrected = (m[i] as number) / (1 - beta1 ** step)
      const root = Math.sqrt((v[i] as number) / (1 - beta2 ** step))
      parameters[i] = (parameters[i] as number) - (lr(step) * corrected) / (root + eps)
    }
  }
}
