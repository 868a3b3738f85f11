/**
 * What an artifact is to the code that reads and writes one: an immutable tree of files with metrics.
 *
 * These are interfaces only. The store implements them (every byte that comes out has been checked against its digest),
 * artifact kinds (`artifact-kind.ts`) give the files a meaning, and stages see nothing else of the store.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ArtifactError } from "./artifact-error.ts"

/** One file of an artifact. `chunks` are the sha256 of every 4 MiB, listed for files above 4 MiB. */
export interface ArtifactFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
  readonly chunks?: ReadonlyArray<string>
}

/** Flat numbers that an artifact carries in `metrics.json`. */
export type Metrics = Readonly<Record<string, number>>

/** Metrics that have no number, with the reason; carried in `artifact.json` where there are any. */
export type UnmeasuredMetrics = Readonly<Record<string, string>>

/** @param offsets of pieces of `bytes` bytes each; returns at once */
export type ReadAhead = (offsets: Float64Array<ArrayBuffer>, bytes: number) => void

/** A file opened for random access; each chunk is verified the first time that a read touches it. */
export interface VerifiedFile {
  readonly size: number
  /** `length` bytes from `offset`, in a fresh buffer. Rejects with an `ArtifactError`. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>
  /**
   * Fills `target` from `offset`, waited for, where `read` has been there before: for many small pieces, whose promises cost
   * more than they. Throws an `ArtifactError`. Absent: the file can only be read by promises.
   */
  readonly readAgain?: (offset: number, target: Uint8Array) => void
  /** What is told which pieces `readAgain` will be asked for soon. Absent: they are at hand, or cannot be had sooner. */
  readonly readAhead?: Effect.Effect<ReadAhead, never, Scope.Scope>
}

export interface Artifact {
  readonly digest: string
  /** Name of the artifact kind, as `artifact.json` states it. */
  readonly kind: string
  readonly metrics: Metrics
  readonly unmeasured: UnmeasuredMetrics
  readonly files: ReadonlyArray<ArtifactFile>
  readonly has: (path: string) => boolean
  /** The whole file, verified. For files of a size that fits in memory; use `open` for large ones. */
  readonly read: (path: string) => Effect.Effect<Uint8Array<ArrayBuffer>, ArtifactError>
  readonly readText: (path: string) => Effect.Effect<string, ArtifactError>
  readonly open: (path: string) => Effect.Effect<VerifiedFile, ArtifactError, Scope.Scope>
  /** Puts all files into `directory`, verified: for programs that need real paths, and for `pipeline export`. */
  readonly copyTo: (directory: string) => Effect.Effect<void, ArtifactError>
  /**
   * Puts one file at `target`, verified, without a second copy of its bytes where the file system has hard links. The
   * file there must not be changed. Absent: `linkFiles` copies.
   */
  readonly link?: (path: string, target: string) => Effect.Effect<void, ArtifactError>
}

/** Where a stage puts its output: a fresh directory, of which every file becomes part of the artifact. */
export interface ArtifactWriter {
  readonly directory: string
  /** Absolute path for a file that a library writes itself; parent folders exist afterwards. */
  readonly path: (relative: string) => Effect.Effect<string, ArtifactError>
  readonly write: (relative: string, content: Uint8Array | string) => Effect.Effect<void, ArtifactError>
  /** Canonical JSON (sorted keys, newline at the end), so that equal values are equal bytes. */
  readonly writeJson: (relative: string, value: unknown) => Effect.Effect<void, ArtifactError>
}
