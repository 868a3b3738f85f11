/** What is read of a Tokens artifact. */
import type * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { DocumentNames } from "./document-names.ts"

/** How documents were put into contexts. */
export interface PackingInfo {
  /** See `src/text/pack-contexts.ts`. */
  readonly documents: "join_ends" | "one_per_document"
  /** Id that stands between two documents of a context; null: none does. */
  readonly separator_id: number | null
  /** Seed of the order of documents; null: that of the source. */
  readonly shuffle_seed: number | null
}

export interface TokensInfo {
  readonly contexts: number
  /** Ids in each context, the BOS included. */
  readonly context_size: number
  /** Number of documents: the numbers in `documents` are below this. */
  readonly documents: number
  readonly vocab_size: number
  /** Id of the beginning-of-sequence token that stands at position 0 of every context; null where there is none. */
  readonly bos_id: number | null
  readonly packing: PackingInfo
  /** sha256 of the tokenizer.json that made the ids; null where the ids came as such and nobody said from where. */
  readonly tokenizer: string | null
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
  /** Names by document number, in 8 bytes a document; undefined where the documents have none. */
  readonly documentNames: Effect.Effect<DocumentNames | undefined, ArtifactError>
}
