/**
 * The key of a stage instance: the sha256 of a canonical manifest of everything that determines its output.
 *
 * Names, order, resources, retries, timeouts and paths are not in it. The whole manifest is kept with the result, so
 * that "why did this run again" is always a diff of two manifests.
 */
import { createHash } from "node:crypto"
import { canonicalJson } from "../json/canonical-json.ts"
import type { Json } from "../json/canonical-json.ts"
import type { Coordinates } from "../stage/coordinates.ts"
import type { Plain } from "../stage/wiring.ts"

/** Raise it when the manifest changes its meaning: every key changes with it. */
export const KEY_FORMAT = 2

export interface InputItem {
  readonly at: Coordinates
  readonly digest: string
}
/** Where a list's items stood in their matrix is in the key; where a single artifact stood is not. */
export type InputDigests = Plain<string, InputItem>

export interface KeyManifest {
  readonly format: typeof KEY_FORMAT
  readonly kind: string
  readonly code: {
    /** sha256 of the stage kind's bundled, minified module graph. */
    readonly digest: string
    /** npm packages that the graph imports, name -> version. */
    readonly packages: Readonly<Record<string, string>>
  }
  readonly params: Readonly<Record<string, Json>>
  /** Source name -> content digest. */
  readonly sources: Readonly<Record<string, string>>
  /** Input name -> content digest, or a list, or (for a record input) a map of those. */
  readonly inputs: Readonly<Record<string, InputDigests>>
  /** What the kind's own `facts` found at plan time. */
  readonly facts: Readonly<Record<string, Json>>
  readonly numerics: Readonly<Record<string, string | number>>
}

export const keyOf = (manifest: KeyManifest): string =>
  createHash("sha256").update(canonicalJson(manifest)).digest("hex")

/** Beside the manifest, not in the key: what makes a diff readable. */
export interface KeyNotes {
  /** Minified digest of every source file in the stage kind's module graph, by project-relative path. */
  readonly codeFiles: Readonly<Record<string, string>>
  /** Per source: the URI as written, what it was pinned to, and the digest of each file by name. */
  readonly sources: Readonly<
    Record<string, { readonly uri: string; readonly pin?: string; readonly files: Readonly<Record<string, string>> }>
  >
}

/** What is kept with a result, so that a later run can say what changed. */
export interface KeyRecord {
  readonly manifest: KeyManifest
  readonly notes: KeyNotes
}
