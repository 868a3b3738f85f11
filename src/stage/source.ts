/** Sources of a stage kind: something outside the pipeline, resolved to a content digest at plan time. */
import type * as Effect from "effect/Effect"
import type { Json } from "../json/canonical-json.ts"
import type { StageFailed } from "./stage-failed.ts"

/** What a source can be of. */
export type SourceOf = "model" | "text" | "sae"

/** Something outside the pipeline, given as text: `file:`, `builtin:`, ... */
export interface Source {
  readonly description: string
  /** What the source is of: which resolver and which builtins apply. */
  readonly of: SourceOf
  readonly default?: string
}
export type Sources = Readonly<Record<string, Source>>

/** Where a file that is not here yet comes from. Only the source's scheme, which named it, knows what `place` means. */
export interface RemoteFile {
  readonly scheme: string
  readonly place: Json
}

/** A file of a source. */
export interface SourceFile {
  /** Relative, with forward slashes: part of the digest. */
  readonly name: string
  readonly path: string
  readonly sha256: string
  /** Where the file is fetched from, where `path` does not exist yet. */
  readonly remote?: RemoteFile
  /** Puts the file at `path`: there where the file has a `remote`. Read files through `src/source`, which does it. */
  readonly fetch?: Effect.Effect<void, StageFailed>
}

/** A source as `run` gets it: the files that its digest covers, on this machine. */
export interface ResolvedSource {
  /** As written: `file:corpus.txt`. */
  readonly uri: string
  /**
   * What an artifact may say of where it came from, nothing that its key does not hold, so no path: `builtin:speller-text`;
   * `file:corpus.txt` whatever its folder; `hf:org/name@<commit>`, `pypi:name==<version>`.
   */
  readonly name: string
  /** sha256 over the relative names and contents of `files`, and a builtin's name: this, not the path, is in the key. */
  readonly digest: string
  /** What a moving name was at plan time: the commit of a branch on the hub, the version of a package. */
  readonly pin?: string
  /** As the source itself states it. */
  readonly licence?: string
  readonly files: ReadonlyArray<SourceFile>
}
