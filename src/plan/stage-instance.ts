/**
 * A stage instance: one row of a stage's matrix (or the stage itself), with everything resolved that can be known
 * without running anything. The graph of instances is what plan and executor work on.
 */
import type { Json } from "../json/canonical-json.ts"
import type { Location } from "../specification/location.ts"
import type { Coordinates } from "../stage/coordinates.ts"
import type { Resources } from "../stage/resources.ts"
import type { DecodedStage, StageKind } from "../stage/stage.ts"
import type { Wiring } from "../stage/wiring.ts"

/** A reference to the artifact of another instance; `at` are that instance's coordinates. */
export interface ArtifactRef {
  readonly instance: string
  readonly at: Coordinates
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
  readonly inputs: Readonly<Record<string, Wiring<ArtifactRef>>>
  /** Ids of instances that failed, and whose artifacts `inputs` has no more (`Stage.parts`, `some`, `namedParts`). @default none */
  readonly leftOut?: ReadonlyArray<string>
  /** Ids of all instances that must be done first: those of `inputs`, and of `needs`. */
  readonly needs: ReadonlyArray<string>
  /** Declaration order, then matrix row-major: the order of GPU stages. */
  readonly order: number
  readonly resources: Resources
  /** What its parameters decide before it runs. */
  readonly decoded: DecodedStage
  readonly retries: number
  readonly timeoutSeconds: number | undefined
  /** Its bytes may go when what needs them is done (`pipeline cache gc`); its record stays. @default false */
  readonly temp?: boolean
  /** Where each value was written, by path: `params.k`, `sources.text`, `inputs.sae`. For `why`. */
  readonly origins: Readonly<Record<string, Location>>
}

export interface Graph {
  /** In topological order; among equals, in `order`. */
  readonly instances: ReadonlyArray<StageInstance>
}
