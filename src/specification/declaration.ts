/** What the files declare, located and checked in form; what the names in it stand for is not looked at yet. */
import type { StageKind } from "../stage/stage.ts"
import type { Location } from "./location.ts"
import type { Entry, MapNode, Node } from "./node.ts"
import type { ParamType } from "./param-type.ts"
import type { Selector } from "./expression.ts"

export interface ParamDeclaration extends ParamType {
  readonly name: string
  readonly description?: string
  readonly unit?: string
  /** Absent: an experiment must give the value. */
  readonly default?: Node
  readonly at: Location
}

export interface StageDeclaration {
  readonly name: string
  /** Where the stage's name stands. */
  readonly at: Location
  /** undefined: a problem says why. */
  readonly kind: StageKind | undefined
  readonly usesAt: Location
  readonly with: ReadonlyMap<string, Entry>
  readonly withAt: Location
  readonly matrix: MapNode | undefined
  /** `capture`, `sae[width=512]`. */
  readonly needs: ReadonlyArray<Node>
  readonly resources: ReadonlyMap<string, Entry>
  readonly retries: Node | undefined
  readonly timeout: Node | undefined
  readonly temp: Node | undefined
}

/** One value set from outside its place: under `overrides:`, or by `--set`. */
export interface Override {
  readonly at: Location
  /** As written: `stages.sae[width=2048].with.k`. */
  readonly path: string
  readonly target:
    | { readonly kind: "param"; readonly name: string }
    | {
        readonly kind: "stage"
        readonly stage: string
        /** undefined: every instance. */
        readonly selector: Selector | undefined
        /** `["with", "k"]`. */
        readonly field: ReadonlyArray<string>
      }
  readonly value: Node
}
