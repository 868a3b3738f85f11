/** What a format of SAEs is to the rest: how to tell it, read it and write it. One file each. */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ArtifactError } from "../../../artifact/artifact-error.ts"
import type { SaeFolder } from "./sae-folder.ts"
import type { StoredSae } from "../stored/stored-sae.ts"

export type FormatName = "saelens" | "gemma_scope" | "dictionary_learning" | "sparsify" | "openai"

export interface SaeFormat {
  readonly name: FormatName
  /** Its files, for people. */
  readonly files: string
  /** Whether the folder holds this format. */
  readonly detect: (folder: SaeFolder) => Effect.Effect<boolean, ArtifactError, Scope.Scope>
  readonly read: (folder: SaeFolder) => Effect.Effect<StoredSae, ArtifactError, Scope.Scope>
  /** Files by name, equal for equal SAEs; or the reason why the format cannot hold this SAE without loss. */
  readonly write: (sae: StoredSae) => ReadonlyMap<string, Uint8Array<ArrayBuffer>> | string
}
