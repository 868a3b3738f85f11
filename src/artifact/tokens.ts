/**
 * The artifact kind Tokens: token ids in contexts of one fixed length, in a fixed order, with the document of each id.
 *
 * Files: `tokens.json` (what is below), `tokens.arrow` (one row a context: `ids` and `documents`, both
 * FixedSizeList<Int32>[context_size]) and, where documents have names, `documents.json` (their names by number).
 */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "./artifact-error.ts"
import { makeKind } from "./artifact-kind.ts"

export interface TokensInfo {
  readonly contexts: number
  /** Ids in each context, the BOS included. */
  readonly context_size: number
  /** Number of documents: the numbers in `documents` are below this. */
  readonly documents: number
  readonly vocab_size: number
  /** Id of the beginning-of-sequence token that stands at position 0 of every context; null where there is none. */
  readonly bos_id: number | null
  /** sha256 of the tokenizer.json that made the ids. */
  readonly tokenizer: string
  /** Where the text came from, without its path: `builtin:speller-text`, `file:corpus.txt`. */
  readonly source: string
}

/** Whole contexts, row-major: id `p` of context `first + c` is `ids[c * context_size + p]`. */
export interface ContextBlock {
  readonly first: number
  readonly count: number
  readonly ids: Int32Array<ArrayBuffer>
  /** Document number of each id; -1 where an id belongs to no document (BOS, padding, separators). */
  readonly documents: Int32Array<ArrayBuffer>
}

export interface TokensHandle extends TokensInfo {
  /** Digest of the artifact. */
  readonly digest: string
  /** Contexts `first` to `first + count`, cut off at the end. Reads only the record batches concerned. */
  readonly read: (first: number, count: number) => Effect.Effect<ContextBlock, ArtifactError>
  /** Names by document number; undefined where the documents have none. */
  readonly documentNames: Effect.Effect<ReadonlyArray<string> | undefined, ArtifactError>
}

export const Tokens = makeKind({
  name: "Tokens",
  version: 1,
  description: "token ids in contexts of one length, with the document of each",
  open: (artifact) =>
    Effect.flatMap(
      Effect.promise(() => import("./read-tokens.ts")),
      (module) => module.readTokens(artifact)
    )
})
