/** What a scheme of sources is: a file in `src/source/schemes/` with one of these as its default export. */
import type * as Effect from "effect/Effect"
import type { FileIndex } from "../../file/file-index.ts"
import type { Json } from "../../json/canonical-json.ts"
import type { ResolvedSource, SourceOf } from "../../stage/source.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import type { SourceMissing } from "./source-missing.ts"

export interface SchemeRequest {
  /** As written: `file:corpus.txt`. */
  readonly uri: string
  readonly of: SourceOf
  /** Folder that a relative path starts from: that of the YAML file which names it. */
  readonly baseDirectory: string
  /** Remembers digests of files that have not changed. */
  readonly index: FileIndex
  /** Told of downloads, licences, and of a hub that cannot be reached. */
  readonly say: (line: string) => void
}

/** A file that is brought when a stage is about to read it. */
export interface SchemeFetch {
  readonly uri: string
  /** What `resolve` put into the file's `remote`. */
  readonly place: Json
  readonly log: (line: string) => void
  /** Megabytes. */
  readonly progress: (done: number, total: number) => void
}

export interface SourceScheme {
  /** The same source at a pin: there where a name can move. */
  readonly pinned?: (uri: string, pin: string) => string
  readonly resolve: (request: SchemeRequest) => Effect.Effect<ResolvedSource, SourceMissing>
  /** Of a scheme whose files may not be on this machine yet. */
  readonly fetch?: (request: SchemeFetch) => Effect.Effect<void, StageFailed>
}
