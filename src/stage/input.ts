/** Declared inputs of a stage kind: which artifacts each takes, and what `run` sees of them. */
import type { Artifact } from "../artifact/artifact.ts"
import type { ArtifactKind } from "../artifact/artifact-kind.ts"
import type { Coordinates } from "./coordinates.ts"

/** Which artifacts an input takes. `kind: undefined` accepts every kind. */
export interface Input<
  out Shape extends "one" | "optional" | "list" | "record" = "one" | "optional" | "list" | "record",
  out Handle = unknown
> {
  readonly shape: Shape
  readonly kind: ArtifactKind<string, Handle> | undefined
  readonly description: string
  /** Of a list: it may be left out, and is then empty. */
  readonly mayBeLeftOut?: boolean
  /**
   * Of a list or a record: where the stage that makes an item fails, the rest is enough, if there is any. The item is named in
   * `leftOut`; of a record, the entry that it belongs to is missing as a whole.
   */
  readonly mayFail?: boolean
}
export type Inputs = Readonly<Record<string, Input>>

/** An opened input: its typed handle, the artifact behind it, and where it stood in its matrix. */
export interface Opened<out Handle> {
  readonly value: Handle
  readonly artifact: Artifact
  readonly at: Coordinates
}

/**
 * One artifact.
 *
 * @example
 * ```ts
 * import { Activations } from "sae-pipeline/kinds"
 * import { Stage } from "sae-pipeline/stage"
 *
 * Stage.one(Activations, "the rows to train on").kind?.name // => "Activations"
 * ```
 */
export const one = <H>(kind: ArtifactKind<string, H>, description: string): Input<"one", H> => ({
  shape: "one",
  kind,
  description
})
/** One artifact, or none: `run` gets undefined where it is left out. */
export const optional = <H>(kind: ArtifactKind<string, H>, description: string): Input<"optional", H> => ({
  shape: "optional",
  kind,
  description
})
/** In `with`: a selector such as `${{ stages.sae[*] }}`, or a YAML list of references. */
export const list = <H>(kind: ArtifactKind<string, H>, description: string): Input<"list", H> => ({
  shape: "list",
  kind,
  description
})
/** A list that may be left out: `run` gets an empty one. */
export const optionalList = <H>(kind: ArtifactKind<string, H>, description: string): Input<"list", H> => ({
  ...list(kind, description),
  mayBeLeftOut: true
})
/**
 * A list that may be left out, and of which items may be missing because the stage that makes them failed: for what collects
 * results, and says what it lacks. `run` finds the ids of those stages in `leftOut`; they are in the key, so that the
 * artifact is not taken for the complete one.
 */
export const parts = <H>(kind: ArtifactKind<string, H>, description: string): Input<"list", H> => ({
  ...optionalList(kind, description),
  mayFail: true
})
/** The same of a list that may not be left out: at least one item is there. */
export const some = <H>(kind: ArtifactKind<string, H>, description: string): Input<"list", H> => ({
  ...list(kind, description),
  mayFail: true
})
/** In `with`: a map from names of the user's choice to references (one artifact or a list), of any kind. */
export const record = (description: string): Input<"record", Artifact> => ({
  shape: "record",
  kind: undefined,
  description
})
/** A record of which entries may be missing, each as a whole, because a stage that they are of failed. */
export const namedParts = (description: string): Input<"record", Artifact> => ({
  ...record(description),
  mayFail: true
})

type InputValue<I> =
  I extends Input<infer S, infer H>
    ? S extends "one"
      ? Opened<H>
      : S extends "optional"
        ? Opened<H> | undefined
        : S extends "list"
          ? ReadonlyArray<Opened<H>>
          : Readonly<Record<string, Opened<H> | ReadonlyArray<Opened<H>>>>
    : never

/** What `run` sees of declared inputs. */
export type InputValues<I extends Inputs> = { readonly [K in keyof I]: InputValue<I[K]> }
