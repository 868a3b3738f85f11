/** Graphs of trivial stages, by shape: each stage writes a line into a file. */
export const shapes = ["chain", "wide", "grid"] as const
export type Shape = (typeof shapes)[number]

/** For each stage the earlier ones that it needs: the one before; the first; or two of the row above in a square. */
export const needsOf = (shape: Shape, count: number): ReadonlyArray<ReadonlyArray<number>> => {
  const width = Math.round(Math.sqrt(count))
  return Array.from({ length: count }, (_, i) => {
    if (shape === "chain") return i === 0 ? [] : [i - 1]
    if (shape === "wide") return i === 0 ? [] : [0]
    if (i < width) return []
    return [...new Set([i - width, i % width === 0 ? i - 1 : i - width - 1])]
  })
}
