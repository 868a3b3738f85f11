/**
 * A stage instance: one row of a stage's matrix (or the stage itself), with everything resolved that can be known
 * without running anything. The graph of instances is what plan and executor work on.
 */
import type { Json } from "../json/canonical-json.ts"
import type { Location } from "../specification/location.ts"
import type { Coordinates, Resources, StageKind } from "../stage/stage.ts"

/** A reference to the artifact of another instance; `at` are that instance's coordinates. */
export interface ArtifactRef {
  readonly instance: string
  readonly at: Coordinates
}

export type InputRef =
  | { readonly shape: "one"; readonly ref: ArtifactRef }
  | { readonly shape: "list"; readonly refs: ReadonlyArray<ArtifactRef> }
  | {
      readonly shape: "record"
      readonly refs: Readonly<Record<string, ArtifactRef | ReadonlyArray<ArtifactRef>>>
    }

export interface StageInstance {
  /** `capture`, or `sae[width=512,seed=0]`. Unique in the graph. */
  readonly id: string
  /** The stage's name in the pipeline: `sae`. */
  readonly stage: string
  readonly at: Coordinates
  readonly kind: StageKind
  /** Name of the artifact kind that comes out. */
  readonly output: string
  /** Checked, with defaults filled in. */
  readonly params: Readonly<Record<string, Json>>
  /** Source name -> URI as written. */
  readonly sources: Readonly<Record<string, string>>
  /** Optional inputs that were not given are absent. */
  readonly inputs: Readonly<Record<string, InputRef>>
  /** Ids of all instances that must be done first: those of `inputs`, and of `needs`. */
  readonly needs: ReadonlyArray<string>
  /** Declaration order, then matrix row-major: the order of GPU stages. */
  readonly order: number
  readonly resources: Resources
  readonly retries: number
  readonly timeoutSeconds: number | undefined
  /** Where each value was written, by path: `params.k`, `sources.text`, `inputs.sae`. For `why`. */
  readonly origins: Readonly<Record<string, Location>>
}

export interface Graph {
  /** In topological order; among equals, in `order`. */
  readonly instances: ReadonlyArray<StageInstance>
}
