/** What a crate is made of: the experiment, its files and the results of its stages. */
import type { Json } from "../../json/canonical-json.ts"

export interface CrateFile {
  /** In the crate, with `/`. */
  readonly path: string
  readonly size: number
  readonly sha256: string
}

export interface CrateStage {
  readonly id: string
  readonly kind: string
  readonly summary: string
  readonly params: Readonly<Record<string, Json>>
  /** Source name -> URI as written. */
  readonly sources: Readonly<Record<string, string>>
  /** Ids of the stages whose results it took. */
  readonly inputs: ReadonlyArray<string>
  readonly key: string
  readonly digest: string
  /** Name of the artifact kind. */
  readonly output: string
  /** Sum of its files. */
  readonly bytes: number
  readonly metrics: Readonly<Record<string, number>>
  readonly codeDigest: string
  readonly packages: Readonly<Record<string, string>>
  /** ISO times of the run that computed it; undefined where the store no longer has that run. */
  readonly started: string | undefined
  readonly ended: string | undefined
  readonly seconds: number
  readonly machine: Readonly<Record<string, string | number>>
  /** Folder of the result in the crate, ending in `/`. */
  readonly folder: string
  readonly files: ReadonlyArray<CrateFile>
}

export interface CrateInput {
  readonly name: string
  readonly description: string
  /** ISO. */
  readonly published: string
  /** URL or text; undefined: none is stated. */
  readonly licence: string | undefined
  readonly version: string
  readonly params: Readonly<Record<string, Json>>
  /** The experiment's file, first, and that of its pipeline. */
  readonly sources: readonly [CrateFile, ...ReadonlyArray<CrateFile>]
  /** For people who open the folder. */
  readonly readme: CrateFile
  /** In topological order. */
  readonly stages: ReadonlyArray<CrateStage>
}
