/** Where one latent fires: sparse, by position in the token stream. */

export interface Firings {
  /** Ascending. */
  readonly positions: Int32Array<ArrayBuffer>
  /** Activations above zero. */
  readonly values: Float32Array<ArrayBuffer>
}

export const maximum = (firings: Firings): number => {
  let max = 0
  for (const value of firings.values) if (value > max) max = value
  return max
}

/** The activation at `position`, 0 where the latent does not fire. */
export const activationAt = (firings: Firings, position: number): number => {
  const { positions, values } = firings
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((positions[middle] as number) < position) low = middle + 1
    else high = middle
  }
  return positions[low] === position ? (values[low] as number) : 0
}

/** Positions with an activation of at least `threshold`. */
export const firingPositions = (firings: Firings, threshold: number): Int32Array<ArrayBuffer> =>
  firings.positions.filter((_, i) => (firings.values[i] as number) >= threshold)

/** Grows the firings of many latents row by row; rows come in ascending order of position. */
export interface FiringsCollector {
  readonly add: (latent: number, position: number, value: number) => void
  readonly finish: () => ReadonlyArray<Firings>
}

export const collectFirings = (latents: number): FiringsCollector => {
  const lists = Array.from({ length: latents }, () => ({
    size: 0,
    positions: new Int32Array(16),
    values: new Float32Array(16)
  }))
  return {
    add: (latent, position, value) => {
      const list = lists[latent]
      if (list === undefined) throw new RangeError(`latent ${latent} of ${latents}`)
      if (list.size === list.positions.length) {
        const positions = new Int32Array(2 * list.size)
        const values = new Float32Array(2 * list.size)
        positions.set(list.positions)
        values.set(list.values)
        list.positions = positions
        list.values = values
      }
      list.positions[list.size] = position
      list.values[list.size++] = value
    },
    finish: () =>
      lists.map(({ size, positions, values }) => ({
        positions: positions.slice(0, size),
        values: values.slice(0, size)
      }))
  }
}
