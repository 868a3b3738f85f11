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

/** Everything above `least`, and the first `ties` entries equal to it, in order. */
const collect = (
  values: Float32Array,
  start: number,
  length: number,
  least: number,
  ties: number,
  out: Int32Array,
  at: number
): void => {
  let left = ties
  let place = at
  for (let i = 0; i < length; i++) {
    const value = values[start + i]!
    if (value > least) out[place++] = i
    else if (value === least && left > 0) {
      left--
      out[place++] = i
    }
  }
}

const HALF_BITS = 16
const BINS = 1 << HALF_BITS

/** Maps float bits to unsigned integers of the same order (-0 and 0 must have been made equal). */
const orderedBits = (bits: number): number => (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0

/**
 * Ascending positions of the k largest of a whole array, for k in the thousands: two counting passes over the halves of
 * the float's bits find the k-th largest value exactly, a third collects. O(length).
 */
export const selectLargestOfAll = (values: Float32Array, k: number): Int32Array => {
  const { length } = values
  if (k >= length) return Int32Array.from(values.keys())
  const float = new Float32Array(1)
  const bits = new Uint32Array(float.buffer)
  const keyOf = (value: number): number => {
    float[0] = value + 0
    return orderedBits(bits[0]!)
  }
  const high = new Int32Array(BINS)
  for (let i = 0; i < length; i++) {
    const bin = keyOf(values[i]!) >>> HALF_BITS
    high[bin] = high[bin]! + 1
  }
  const [highBin, aboveHigh] = binOfRank(high, k)
  const low = new Int32Array(BINS)
  for (let i = 0; i < length; i++) {
    const key = keyOf(values[i]!)
    if (key >>> HALF_BITS !== highBin) continue
    const bin = key & (BINS - 1)
    low[bin] = low[bin]! + 1
  }
  const [lowBin, aboveLow] = binOfRank(low, k - aboveHigh)
  const key = ((highBin << HALF_BITS) | lowBin) >>> 0
  bits[0] = key & 0x80000000 ? key ^ 0x80000000 : ~key
  const out = new Int32Array(k)
  collect(values, 0, length, float[0]!, k - aboveHigh - aboveLow, out, 0)
  return out
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
