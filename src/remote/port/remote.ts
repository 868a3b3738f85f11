/**
 * The port to a place that is shared with others: named blobs, each of a few megabytes at most, which are written once. What
 * they mean is the store's matter (`src/store/remote`).
 */
import type * as Effect from "effect/Effect"
import type { RemoteFailed } from "./remote-failed.ts"

/** Names are `folder/folder/name`, of letters, digits, `.`, `_` and `-`. */
export interface Remote {
  /** For people, without credentials: `s3://lab/sae at http://localhost:9000`. */
  readonly place: string
  /** Undefined: there is no such blob. Fails where it has more than `limit` bytes, without taking them in. */
  readonly get: (name: string, limit: number) => Effect.Effect<Uint8Array<ArrayBuffer> | undefined, RemoteFailed>
  /** Since it was last written, by the clock of the place itself, which all its users share. Undefined: there is none. */
  readonly ageSeconds: (name: string) => Effect.Effect<number | undefined, RemoteFailed>
  /** False: somebody was first, and theirs stays as it is. One of any number of writers at once gets true. */
  readonly putIfAbsent: (name: string, bytes: Uint8Array) => Effect.Effect<boolean, RemoteFailed>
  /** Replaces what is there. */
  readonly put: (name: string, bytes: Uint8Array) => Effect.Effect<void, RemoteFailed>
  /** Names of all blobs that begin with `prefix`, sorted. */
  readonly list: (prefix: string) => Effect.Effect<ReadonlyArray<string>, RemoteFailed>
  /** What is not there is removed already. */
  readonly remove: (name: string) => Effect.Effect<void, RemoteFailed>
}

/** What a file of `src/remote/schemes` exports as `open`. */
export type OpenRemote = (options: {
  /** `s3://lab/sae`, or a folder. */
  readonly url: string
  /** Relative folders stand below it. */
  readonly projectDirectory: string
  readonly endpoint: string | undefined
  readonly region: string | undefined
  /** Where credentials are, and nowhere else. */
  readonly environment: NodeJS.ProcessEnv
  /** Nothing will be written: what only writers need may be missing. */
  readonly readOnly: boolean
}) => Effect.Effect<Remote, RemoteFailed>

export const isBlobName = (name: string): boolean =>
  /^[\w.-]+(\/[\w.-]+)*$/.test(name) && !name.split("/").some((part) => part === "." || part === "..")
