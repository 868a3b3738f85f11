/**
 * Exact selection of the k largest numbers on the host. Equal numbers: the lower index wins, on every engine. Positions
 * come out ascending. No NaN.
 */

export interface RowSelector {
  /**
   * Writes the positions (relative to `start`) of the k largest of `values[start .. start + length - 1]`, ascending, to
   * `out[at .. at + k - 1]`, and returns the k-th largest value. `floor` is a guess that can only save time: entries
   * below it are first left out of the comparison.
   */
  readonly select: (
    values: Float32Array,
    start: number,
    length: number,
    out: Int32Array,
    at: number,
    floor: number
  ) => number
  /** A floor for the next row, should it be like the one just selected from. */
  readonly guess: () => number
}

/** Rows of a batch are alike: this far below the last row's k-th value, in units of its largest minus its k-th. */
const GUESS_BELOW = 0.25

/** A selector of the k largest for rows of at most `longest` entries; it owns the scratch memory. */
export const rowSelector = (k: number, longest: number): RowSelector => {
  const heap = new Float32Array(k)
  const kept = new Float32Array(longest)
  const position = new Int32Array(longest)
  let guessed = Number.NEGATIVE_INFINITY

  const keepFrom = (values: Float32Array, start: number, length: number, floor: number): number => {
    let count = 0
    for (let i = 0; i < length; i++) {
      const value = values[start + i]!
      if (value >= floor) {
        kept[count] = value
        position[count++] = i
      }
    }
    return count
  }

  const select: RowSelector["select"] = (values, start, length, out, at, floor) => {
    let count = keepFrom(values, start, length, floor)
    if (count < k) count = keepFrom(values, start, length, Number.NEGATIVE_INFINITY)
    if (count < k) throw new RangeError(`cannot select ${k} of ${length} numbers: ${length - count} are NaN`)
    // A min-heap of the k largest values; its root is the k-th largest.
    for (let i = 0; i < k; i++) heap[i] = kept[i]!
    for (let i = (k >> 1) - 1; i >= 0; i--) siftDown(heap, k, i)
    for (let i = k; i < count; i++) {
      if (kept[i]! <= heap[0]!) continue
      heap[0] = kept[i]!
      siftDown(heap, k, 0)
    }
    const least = heap[0]!
    let ties = k
    let largest = least
    for (let i = 0; i < k; i++) {
      const value = heap[i]!
      if (value > least) ties--
      if (value > largest) largest = value
    }
    guessed = least - GUESS_BELOW * (largest - least)
    let place = at
    for (let i = 0; i < count; i++) {
      const value = kept[i]!
      if (value > least) out[place++] = position[i]!
      else if (value === least && ties > 0) {
        ties--
        out[place++] = position[i]!
      }
    }
    return least
  }
  return { select, guess: () => guessed }
}

const siftDown = (heap: Float32Array, size: number, from: number): void => {
  const value = heap[from]!
  let hole = from
  for (;;) {
    let child = 2 * hole + 1
    if (child >= size) break
    if (child + 1 < size && heap[child + 1]! < heap[child]!) child++
    if (heap[child]! >= value) break
    heap[hole] = heap[child]!
    hole = child
  }
  heap[hole] = value
}

const HALF_BITS = 16
const BINS = 1 << HALF_BITS
const LOW_HALF = BINS - 1
const NEGATIVE_ZERO = -0x80000000
const ALL_BUT_SIGN = 0x7fffffff

/** Maps the bits of floats (as int32) to integers of the same order; -0 counts as 0. Its own inverse but for -0. */
const ordered = (bits: number): number => {
  if (bits >= 0) return bits
  return bits === NEGATIVE_ZERO ? 0 : bits ^ ALL_BUT_SIGN
}

/** The k-th largest number, exactly: one counting pass over the upper halves of the floats' bits, one over the lower. */
const kthLargest = (values: Float32Array, k: number): number => {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  const high = new Int32Array(BINS)
  for (let i = 0; i < bits.length; i++) {
    const bin = (ordered(bits[i]!) >> HALF_BITS) + BINS / 2
    high[bin] = high[bin]! + 1
  }
  const [highBin, above] = binOfRank(high, k)
  const upper = highBin - BINS / 2
  const low = new Int32Array(BINS)
  for (let i = 0; i < bits.length; i++) {
    const key = ordered(bits[i]!)
    if (key >> HALF_BITS !== upper) continue
    const bin = key & LOW_HALF
    low[bin] = low[bin]! + 1
  }
  const [lowBin] = binOfRank(low, k - above)
  const found = new Int32Array([ordered((upper << HALF_BITS) | lowBin)])
  return new Float32Array(found.buffer)[0]!
}

/** The bin that holds the entry of this rank (1 is the largest), and how many entries lie in higher bins. */
const binOfRank = (counts: Int32Array, rank: number): readonly [number, number] => {
  let above = 0
  for (let bin = counts.length - 1; bin > 0; bin--) {
    const count = counts[bin]!
    if (above + count >= rank) return [bin, above]
    above += count
  }
  return [0, above]
}

/** Ascending positions of all entries of at least `floor`. */
const positionsFrom = (values: Float32Array, floor: number): Int32Array => {
  let count = 0
  for (let i = 0; i < values.length; i++) if (values[i]! >= floor) count++
  const positions = new Int32Array(count)
  let place = 0
  for (let i = 0; i < values.length; i++) if (values[i]! >= floor) positions[place++] = i
  return positions
}

/** `Float32Array.from` with a function takes ten times as long. */
const valuesAt = (values: Float32Array, positions: Int32Array): Float32Array => {
  const result = new Float32Array(positions.length)
  for (let i = 0; i < positions.length; i++) result[i] = values[positions[i]!]!
  return result
}

export interface Selection {
  /** int32 [k], ascending. */
  readonly positions: Int32Array
  /** The k-th largest value. */
  readonly least: number
}

/**
 * The k largest of a whole array, for k in the thousands: O(length). `floor` must not be above the k-th largest value;
 * what is below it costs next to nothing. Throws RangeError where there are not k numbers from `floor` on.
 */
export const selectLargestOfAll = (
  values: Float32Array,
  k: number,
  floor: number = Number.NEGATIVE_INFINITY
): Selection => {
  const kept = positionsFrom(values, floor)
  if (kept.length < k) throw new RangeError(`cannot select ${k} of ${values.length} numbers: NaN among them`)
  const least = kthLargest(kept.length === values.length ? values : valuesAt(values, kept), k)
  let ties = k
  for (const i of kept) if (values[i]! > least) ties--
  const positions = new Int32Array(k)
  let place = 0
  for (const i of kept) {
    const value = values[i]!
    if (value > least) positions[place++] = i
    else if (value === least && ties > 0) {
      ties--
      positions[place++] = i
    }
  }
  return { positions, least }
}
