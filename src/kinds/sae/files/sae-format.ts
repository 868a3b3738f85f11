/** What a format of SAEs is to the rest: how to tell it, read it and write it. One file each in `formats/`, or in `layouts/` where it is only read. */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ArtifactError } from "../../../artifact/artifact-error.ts"
import type { SaeFolder } from "./sae-folder.ts"
import type { StoredSae } from "../stored/stored-sae.ts"
import type { SaeRefused } from "../latents/sae-refused.ts"

export interface SaeFormat {
  /** Its files, for people. */
  readonly files: string
  /** Whether the folder holds this format. A format that must look into a file says so: those come after the others. */
  readonly detect: (folder: SaeFolder) => Effect.Effect<boolean, ArtifactError, Scope.Scope>
  readonly looks_inside?: true
  readonly read: (folder: SaeFolder, options?: ReadOptions) => Effect.Effect<StoredSae, ArtifactError, Scope.Scope>
  /**
   * Files by name, equal for equal SAEs; or the reason why the format cannot hold this SAE without loss. Absent: a layout
   * that is only read.
   */
  readonly write?: (sae: StoredSae) => ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused
  /** Metadata that the files keep; `all`: whatever there is. */
  readonly keeps: ReadonlyArray<string> | "all"
  /** Whether the configuration of an SAE that came in this format is written as it was read. */
  readonly keeps_config?: true
  /** What else the files have no place for. */
  readonly loses?: (sae: StoredSae) => ReadonlyArray<string>
}

/** What files do not say, from the user. */
export interface ReadOptions {
  /** Latents per row, where only the name of the repository says it. */
  readonly k?: number | undefined
}
