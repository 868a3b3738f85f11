/**
 * Latent scaling (Minder et al., arXiv 2504.02922, section 3.2): is a latent that a crosscoder has in one model alone really
 * in that model alone? With d its decoder vector in the model where that is longer, the factor beta that makes beta f d come
 * closest to a target y over all rows is
 *
 *   beta = d . sum(y f) / (|d|^2 sum(f^2)),
 *
 * and v = beta of the other model / beta of its own: near 0, the other model has nothing of it; near 1, as much. Two targets:
 *
 *   v_reconstruction  y = x_hat of a model: what other latents there say in its place;
 *   v_error           y = x - x_hat + f d_model: what the crosscoder leaves out there, with the latent's own part given back
 *                     to both models (without that, a latent that is fitted well would have no error to explain).
 *
 * Rows are divided by the factor that training divided them by, so that models of other norms can be compared.
 */

export interface ScaledSource {
  readonly width: number
  /** What the rows of this source were divided by in training. */
  readonly scale: number
}

export interface LatentScaling {
  /** Rows on which it fires. */
  readonly firings: number
  /** 0: its decoder is in the first source alone, 1: in the second alone (arXiv 2504.02922, eq. 4). */
  readonly relativeNorm: number
  /** Of its own source's over the other's; undefined where it never fires, or its own beta is not positive. */
  readonly vReconstruction: number | undefined
  readonly vError: number | undefined
}

/** (|d_2| - |d_1|) / max(|d_1|, |d_2|), moved to 0 ... 1; one half for a latent without a decoder. */
export const relativeNorm = (first: number, second: number): number => {
  const largest = Math.max(first, second)
  return largest > 0 ? ((second - first) / largest + 1) / 2 : 0.5
}

type Two<A> = readonly [A, A]

/** Sums over rows from which the factors follow, in f64. */
export const makeScalingSums = (W_dec: Float32Array, sources: Two<ScaledSource>) => {
  const width = sources[0].width + sources[1].width
  const starts: Two<number> = [0, sources[0].width]
  const latents = W_dec.length / width
  const same = sources[0].width === sources[1].width
  if (!same)
    throw new RangeError(`sources of ${sources[0].width} and ${sources[1].width} numbers have no common direction`)
  const d = sources[0].width
  /** Decoder vectors as training saw them: [2][latents, d]. */
  const decoders = sources.map(({ scale }, m) =>
    Float64Array.from({ length: latents * d }, (_, i) => {
      const [j, c] = [Math.floor(i / d), i % d]
      return (W_dec[j * width + (starts[m] as number) + c] as number) / scale
    })
  ) as [Float64Array, Float64Array]
  const dot = (a: Float64Array, aStart: number, b: Float64Array, bStart: number): number => {
    let sum = 0
    for (let c = 0; c < d; c++) sum += (a[aStart + c] as number) * (b[bStart + c] as number)
    return sum
  }
  const norm = (m: 0 | 1, j: number): number => Math.sqrt(dot(decoders[m], j * d, decoders[m], j * d))
  const own = Uint8Array.from({ length: latents }, (_, j) => (norm(1, j) >= norm(0, j) ? 1 : 0))
  const firings = new Float64Array(latents)
  const squares = new Float64Array(latents)
  const reconstruction = [new Float64Array(latents), new Float64Array(latents)] as const
  const error = [new Float64Array(latents), new Float64Array(latents)] as const

  /** One row of both sources side by side, what the crosscoder makes of it, and the latents that fire on it. */
  const add = (
    x: ArrayLike<number>,
    xHat: ArrayLike<number>,
    codes: Iterable<readonly [latent: number, value: number]>
  ): void => {
    const said = sources.map(({ scale }, m) =>
      Float64Array.from({ length: d }, (_, c) => (xHat[(starts[m] as number) + c] as number) / scale)
    )
    const missed = sources.map(({ scale }, m) =>
      Float64Array.from({ length: d }, (_, c) => {
        const at = (starts[m] as number) + c
        return ((x[at] as number) - (xHat[at] as number)) / scale
      })
    )
    for (const [j, f] of codes) {
      const direction = decoders[own[j] as 0 | 1]
      firings[j] = (firings[j] as number) + 1
      squares[j] = (squares[j] as number) + f * f
      for (const m of [0, 1] as const) {
        const back = f * dot(direction, j * d, decoders[m], j * d)
        reconstruction[m][j] = (reconstruction[m][j] as number) + f * dot(direction, j * d, said[m] as Float64Array, 0)
        error[m][j] = (error[m][j] as number) + f * (dot(direction, j * d, missed[m] as Float64Array, 0) + back)
      }
    }
  }

  const result = (): ReadonlyArray<LatentScaling> =>
    Array.from({ length: latents }, (_, j) => {
      const [mine, other] = own[j] === 1 ? ([1, 0] as const) : ([0, 1] as const)
      // |d|^2 sum f^2 is under both betas.
      const ratio = (sums: Two<Float64Array>): number | undefined => {
        const whole = sums[mine][j] as number
        return (squares[j] as number) > 0 && whole > 0 ? (sums[other][j] as number) / whole : undefined
      }
      return {
        firings: firings[j] as number,
        relativeNorm: relativeNorm(norm(0, j), norm(1, j)),
        vReconstruction: ratio(reconstruction),
        vError: ratio(error)
      }
    })

  return { add, result }
}

/** Which source a latent is in by its decoder norms, by the paper's cuts; undefined between them. */
export const normClass = ({ relativeNorm: norm }: LatentScaling): "first" | "second" | "shared" | undefined =>
  norm < 0.1 ? "first" : norm > 0.9 ? "second" : norm >= 0.4 && norm <= 0.6 ? "shared" : undefined

/** Whether the other source has next to nothing of a latent: the paper's cuts. */
export const isSpecific = ({ vReconstruction, vError }: LatentScaling): boolean =>
  vReconstruction !== undefined && vError !== undefined && vReconstruction < 0.5 && vError < 0.2
