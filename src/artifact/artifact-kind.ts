/**
 * An artifact kind says what an artifact holds and how to open it.
 *
 * `open` checks the files (shapes, counts, format version) and gives a typed handle; it is also what validates the
 * output of a `command` stage that claims to be of this kind.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Artifact } from "./artifact.ts"
import type { ArtifactError } from "./artifact-error.ts"

export interface ArtifactKind<out Name extends string = string, out Handle = unknown> {
  readonly name: Name
  /** Format version, recorded in every artifact; raise it when old files can no longer be read. */
  readonly version: number
  readonly description: string
  readonly open: (artifact: Artifact) => Effect.Effect<Handle, ArtifactError, Scope.Scope>
}

/**
 * Identity with inference.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { makeKind } from "sae-pipeline/kinds"
 *
 * const Words = makeKind({
 *   name: "Words",
 *   version: 1,
 *   description: "a word on every line of words.txt",
 *   open: (artifact) => Effect.map(artifact.readText("words.txt"), (text) => ({ words: text.trim().split("\n") }))
 * })
 * Words.name // => "Words"
 * ```
 */
export const makeKind = <const Name extends string, Handle>(
  kind: ArtifactKind<Name, Handle>
): ArtifactKind<Name, Handle> => kind
