/** Where the rows of a text stand that are not stored: which tokens have one, in which set, and how many come before each block. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ArtifactError } from "../artifact/artifact-error.ts"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"
import type { ContextBlock } from "../kinds/tokens/tokens-handle.ts"
import { isHeldOut } from "./held-out-documents.ts"

/** What `kindsOf` says of a token that has a row. */
export const rowKinds = { train: 1, held_out: 2 } as const

export interface RowLayout {
  /** For each token of a block 0: no row; else which set its row is in. */
  readonly kindsOf: (block: ContextBlock) => Uint8Array
  /** Training rows of each context. */
  readonly trainingRows: Uint32Array<ArrayBuffer>
  /** Rows before each block, and all of them at the end. */
  readonly starts: { readonly [K in keyof typeof rowKinds]: Float64Array }
}

/**
 * Reads the tokens once. Fails where they have another number of rows than the artifact says.
 *
 * @param step contexts of a block
 */
export const rowLayout = Effect.fn("rowLayout")(function* (
  handle: ActivationsHandle,
  step: number
): Effect.fn.Return<RowLayout, ArtifactError, Scope.Scope> {
  const { contexts: tokens, context_size: time } = handle
  const heldOut = isHeldOut(handle.split)
  const outliers = new Set(yield* handle.outliers)
  const kindsOf = ({ documents, first }: ContextBlock): Uint8Array =>
    Uint8Array.from(documents, (document, i) => {
      if (document < 0 || outliers.has(first * time + i)) return 0
      return heldOut(document, first + Math.floor(i / time)) ? rowKinds.held_out : rowKinds.train
    })
  const blocks = Math.ceil(tokens.contexts / step)
  const trainingRows = new Uint32Array(tokens.contexts)
  const starts = { train: new Float64Array(blocks + 1), held_out: new Float64Array(blocks + 1) }
  for (let b = 0; b < blocks; b++) {
    const kinds = kindsOf(yield* tokens.read(b * step, step))
    for (let i = 0; i < kinds.length; i++) {
      const context = b * step + Math.floor(i / time)
      if (kinds[i] === rowKinds.train) trainingRows[context] = (trainingRows[context] as number) + 1
    }
    for (const name of ["train", "held_out"] as const) {
      const own = kinds.reduce((sum, kind) => sum + (kind === rowKinds[name] ? 1 : 0), 0)
      starts[name][b + 1] = (starts[name][b] as number) + own
    }
  }
  for (const name of ["train", "held_out"] as const) {
    const found = starts[name][blocks] as number
    if (found === handle[name].rows) continue
    const detail = `${name} has ${handle[name].rows} rows, the text ${found}`
    return yield* new ArtifactError({ reason: "invalid", digest: handle.digest, path: "activations.json", detail })
  }
  return { kindsOf, trainingRows, starts }
})
