/** A priority queue of merges: by rank, then by position. */
const positions = 2 ** 28

/** Rank and position are one number: ranks stay below 2^24. */
export class MergeQueue {
  readonly #heap: Array<number> = []

  get isEmpty(): boolean {
    return this.#heap.length === 0
  }

  push(rank: number, position: number): void {
    const heap = this.#heap
    const entry = rank * positions + position
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as number
      if (above <= entry) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  /** Call only where it is not empty. */
  pop(): { readonly rank: number; readonly position: number } {
    const heap = this.#heap
    const top = heap[0] as number
    const last = heap.pop() as number
    const count = heap.length
    if (count > 0) {
      let at = 0
      for (;;) {
        let child = 2 * at + 1
        if (child >= count) break
        if (child + 1 < count && (heap[child + 1] as number) < (heap[child] as number)) child++
        const below = heap[child] as number
        if (below >= last) break
        heap[at] = below
        at = child
      }
      heap[at] = last
    }
    const position = top % positions
    return { rank: (top - position) / positions, position }
  }
}
