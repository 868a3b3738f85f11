/** A result as a table takes it: where it stands, what it was made of, and its numbers. */
import type { Metrics } from "../../artifact/artifact.ts"
import type { Json } from "../../json/canonical-json.ts"
import type { KeyManifest } from "../../plan/key.ts"
import type { Coordinates } from "../../stage/coordinates.ts"

export interface Result {
  readonly id: string
  /** Without coordinates. */
  readonly stage: string
  readonly at: Coordinates
  /** Of the run that the table is told of it by; null where it is the store's answer to the files of now. */
  readonly run: string | null
  /** Undefined where there is no result (yet). */
  readonly key: string | undefined
  readonly metrics: Metrics
  readonly params: Readonly<Record<string, Json>>
  /** Undefined where what it was made of is not on record. */
  readonly manifest: KeyManifest | undefined
  /** Those of the same run, or plan, that it takes from. */
  readonly needs: ReadonlyArray<Result>
}
