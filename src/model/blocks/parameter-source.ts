/** Where a parameter stands in a checkpoint, and what makes it the tensor that the forward pass wants. */

/** Every `step`-th of `count` * `step` places, from `from` on. */
export interface Range {
  readonly from: number
  readonly count: number
  /** @default 1 */
  readonly step?: number
}

/** Vectors of several kinds that stand together for each head, and are wanted kind by kind. */
export interface Interleaved {
  readonly heads: number
  /** How many kinds there are: query, key and value are 3. */
  readonly parts: number
}

/**
 * One stored tensor, in the shape that it must have. Seen as a matrix, its rows are those of its last axis: a stack
 * [experts, out, in] has experts * out rows. A vector has one number in each row.
 */
export interface StoredTensor {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  /** The rows that are meant. @default all */
  readonly rows?: Range
  /** The columns that are meant. @default all */
  readonly columns?: Range
  /** Rows stand [heads, parts, width] and are wanted [parts, heads, width]. */
  readonly interleaved?: Interleaved
}

export interface VectorSource {
  readonly rank: 1
  /** [n] each; joined end to end. */
  readonly stored: ReadonlyArray<StoredTensor>
  /** Added to every entry: Gemma stores its scales less 1. @default 0 */
  readonly plus?: number
  /** What every entry is multiplied with. @default 1 */
  readonly times?: number
}

export interface MatrixSource {
  readonly rank: 2
  /** Joined along the output axis. */
  readonly stored: ReadonlyArray<StoredTensor>
  /** Stored [out, in], as PyTorch's Linear does, and wanted [in, out]. */
  readonly transposed: boolean
}

export type ParameterSource = VectorSource | MatrixSource

export const vector = (name: string, size: number): VectorSource => ({
  rank: 1,
  stored: [{ name, shape: [size] }]
})

/** As stored: [rows, columns]. */
export const matrix = (name: string, rows: number, columns: number): MatrixSource => ({
  rank: 2,
  stored: [{ name, shape: [rows, columns] }],
  transposed: false
})

/** Several [out, in] matrices side by side as one [in, sum of outs]. */
export const linearMatrix = (
  parts: ReadonlyArray<{ readonly name: string; readonly outputs: number }>,
  inputs: number
): MatrixSource => ({
  rank: 2,
  stored: parts.map(({ name, outputs }) => ({ name, shape: [outputs, inputs] })),
  transposed: true
})

const isSource = (value: object): value is ParameterSource => "stored" in value

/** The matrices of a tree that vectors are multiplied with, as `linear` does: not embeddings, not filters. */
export const linearSources = (tree: object): ReadonlySet<MatrixSource> => {
  const found = new Set<MatrixSource>()
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || isSource(value)) return
    for (const [name, part] of Object.entries(value) as ReadonlyArray<[string, unknown]>) {
      if (name === "weight" && typeof part === "object" && part !== null && isSource(part) && part.rank === 2) {
        found.add(part)
      } else visit(part)
    }
  }
  visit(tree)
  return found
}

/** Every parameter of a tree, the shared ones once. */
export const sourcesOf = (tree: object): ReadonlyArray<ParameterSource> => {
  const found = new Set<ParameterSource>()
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    if (isSource(value)) found.add(value)
    else for (const part of Object.values(value)) visit(part)
  }
  visit(tree)
  return [...found]
}
