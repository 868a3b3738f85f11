/**
 * A stage kind: typed parameters, sources and inputs, an output kind, and `run`.
 *
 * `make` is all that a file in `stages/` needs. The types of what `run` receives follow from the declaration. The
 * declaration is read in the head process to check files and to make keys; `run` is called only in a worker.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Artifact, ArtifactWriter, Metrics } from "../artifact/artifact.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { ArtifactKind } from "../artifact/artifact-kind.ts"
import type { Json } from "../json/canonical-json.ts"
import type { EngineInfo } from "../tensor/engine-info.ts"
import type { Param, ParamValues } from "./param.ts"
import type { StageFailed } from "./stage-failed.ts"

/** Coordinates of a matrix instance: `{ width: 512, seed: 0 }`. Empty for a stage without a matrix. */
export type Coordinates = Readonly<Record<string, Json>>

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
}

/** An opened input: its typed handle, the artifact behind it, and where it stood in its matrix. */
export interface Opened<out Handle> {
  readonly value: Handle
  readonly artifact: Artifact
  readonly at: Coordinates
}

export const one = <H>(kind: ArtifactKind<string, H>, description: string): Input<"one", H> => ({
  shape: "one",
  kind,
  description
})
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
/** In `with`: a map from names of the user's choice to references (one artifact or a list), of any kind. */
export const record = (description: string): Input<"record", Artifact> => ({
  shape: "record",
  kind: undefined,
  description
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

/** What a source can be of. */
export type SourceOf = "model" | "text" | "sae"

/** Something outside the pipeline, given as text: `file:`, `builtin:`, ... Resolved to a content digest at plan time. */
export interface Source {
  readonly description: string
  /** What the source is of: which resolver and which builtins apply. */
  readonly of: SourceOf
  readonly default?: string
}

/** Where a file that is not here yet comes from. Only the source's scheme, which named it, knows what `place` means. */
export interface RemoteFile {
  readonly scheme: string
  readonly place: Json
}

/** A file of a source. */
export interface SourceFile {
  /** Relative, with forward slashes: part of the digest. */
  readonly name: string
  readonly path: string
  readonly sha256: string
  /** Where the file is fetched from, where `path` does not exist yet. */
  readonly remote?: RemoteFile
  /** Puts the file at `path`: there where the file has a `remote`. Read files through `src/source`, which does it. */
  readonly fetch?: Effect.Effect<void, StageFailed>
}

/** A source as `run` gets it: the files that its digest covers, on this machine. */
export interface ResolvedSource {
  /** As written: `file:corpus.txt`. */
  readonly uri: string
  /** sha256 over the relative names and contents of `files`, and a builtin's name: this, not the path, is in the key. */
  readonly digest: string
  /** What a moving name was at plan time: the commit of a branch on the hub, the version of a package. */
  readonly pin?: string
  /** As the source itself states it. */
  readonly licence?: string
  readonly files: ReadonlyArray<SourceFile>
}

export interface Progress {
  readonly done: number
  readonly total: number
  /** What is counted: "tokens", "steps". The rate and the remaining time follow from it. */
  readonly unit: string
  /** Named live numbers: loss, L0, ... */
  readonly metrics?: Metrics
}

/** State of a long stage: JSON for counters, typed arrays for the rest. Saved under the stage's key. */
export interface CheckpointState {
  readonly json: Json
  readonly tensors: Readonly<
    Record<string, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>
  >
}

export interface Checkpoint {
  /** What an earlier, interrupted attempt of the same key saved last; undefined at a fresh start. */
  readonly load: Effect.Effect<CheckpointState | undefined, ArtifactError>
  /** True when enough time has passed since the last save to pay for another. */
  readonly due: () => boolean
  /** Atomic: after a kill at any moment, `load` gives either the earlier state or this one. */
  readonly save: (state: CheckpointState) => Effect.Effect<void, ArtifactError>
  /**
   * Path of a file that outlives a kill, for output too large to be saved again and again: a state says how much of it
   * counts (write, sync, then save), and whoever goes on cuts off the rest. Ask after `load`. A file that the state knows
   * and that is not there any more is the caller's to notice. Absent: this stage cannot go on from files.
   */
  readonly file?: (name: string) => Effect.Effect<string, ArtifactError>
}

export interface StageContext<P, S, I> {
  readonly params: P
  readonly sources: S
  readonly inputs: I
  readonly output: ArtifactWriter
  readonly progress: (progress: Progress) => void
  /** A line for the stage's log. */
  readonly log: (line: string) => void
  readonly checkpoint: Checkpoint
  /** The loaded engine (the tfjs backend is set), for kinds with `engine: true`. */
  readonly engine: EngineInfo
  /** The project folder, for stages that run files of the user. */
  readonly projectDirectory: string
  /** What the kind's own `facts` found at plan time: files may have changed since, and the key holds these. */
  readonly facts: Readonly<Record<string, Json>>
}

/** What `run` of a kind with these parameters and inputs, and no sources, receives. */
export type ContextOf<P extends Params, I extends Inputs> = StageContext<ParamValues<P>, {}, InputValues<I>>

export interface Resources {
  readonly gpu?: number
  /** Bytes. */
  readonly vram?: number
  readonly memory?: number
  readonly disk?: number
}

/** A number worth showing and locking: which way is better, and how far two machines may differ. */
export interface MetricInfo {
  readonly better: "higher" | "lower" | "neither"
  /** Absolute tolerance between two runs that ought to agree. */
  readonly tolerance: number
  readonly description: string
}

/**
 * Several instances of a kind in one pass over what they share. The keys are those that they have apart, and so must the
 * bytes be: each instance has a context of its own, and whether it ran alone cannot be told from its artifact.
 */
export interface Together<Params, Context, Metrics, Requirements> {
  /**
   * Instances of one stage with equal answers are done together; undefined: this one by itself. Pure.
   * `inputs`: what each input holds, by its name; equal texts are equal artifacts.
   */
  readonly group: (instance: {
    readonly params: Params
    readonly inputs: Readonly<Record<string, string>>
  }) => string | undefined
  /** Metrics in the order of `members`. When it fails, each member is run by itself, from its own checkpoint. */
  readonly run: (
    members: ReadonlyArray<Context>
  ) => Effect.Effect<ReadonlyArray<Metrics>, StageFailed | ArtifactError, Requirements>
}

type Params = Readonly<Record<string, Param<unknown>>>
type Sources = Readonly<Record<string, Source>>
type Inputs = Readonly<Record<string, Input>>
type MetricInfos = Readonly<Record<string, MetricInfo>>

type SourceValues<S extends Sources> = { readonly [K in keyof S]: ResolvedSource }
type InputValues<I extends Inputs> = { readonly [K in keyof I]: InputValue<I[K]> }

export interface StageDeclaration<P extends Params, S extends Sources, I extends Inputs, M extends MetricInfos> {
  /** One sentence. */
  readonly summary: string
  readonly params: P
  readonly sources?: S
  readonly inputs: I
  /** The kind of the output, or the name of the parameter that names it (`command`). */
  readonly output: ArtifactKind | { readonly fromParam: string }
  readonly metrics: M
  /** Whether `run` multiplies matrices: the worker then loads a tensor engine first. */
  readonly engine: boolean
  /** process: own process; pool: a warm worker; inline: in the head process, for pure work of milliseconds. */
  readonly isolation: "process" | "pool" | "inline"
  readonly resources?: (params: ParamValues<P>) => Resources
  /** Checks that one parameter alone cannot express; each message names the parameter first. Pure. */
  readonly check?: (params: ParamValues<P>) => ReadonlyArray<{ readonly param: string; readonly message: string }>
  /** Facts found at plan time that belong in the key (`command`: digests of files, a probe's output). */
  readonly facts?: (context: {
    readonly params: ParamValues<P>
    readonly projectDirectory: string
  }) => Effect.Effect<Readonly<Record<string, Json>>, StageFailed>
  readonly run: (
    context: StageContext<ParamValues<P>, SourceValues<S>, InputValues<I>>
  ) => Effect.Effect<{ readonly [K in keyof M]: number } & Metrics, StageFailed | ArtifactError, Scope.Scope>
  /** Where several instances that read the same input are cheaper in one pass. */
  readonly runTogether?: Together<
    ParamValues<P>,
    StageContext<ParamValues<P>, SourceValues<S>, InputValues<I>>,
    { readonly [K in keyof M]: number } & Metrics,
    Scope.Scope
  >
}

/** A stage kind with its types forgotten: what spec, plan and run work with. */
export interface StageKind {
  readonly name: string
  readonly summary: string
  readonly params: Params
  readonly sources: Sources
  readonly inputs: Inputs
  readonly output: ArtifactKind | { readonly fromParam: string }
  readonly metrics: MetricInfos
  readonly engine: boolean
  readonly isolation: "process" | "pool" | "inline"
  readonly resources: (params: never) => Resources
  readonly check: (params: never) => ReadonlyArray<{ readonly param: string; readonly message: string }>
  readonly facts:
    | ((context: {
        readonly params: never
        readonly projectDirectory: string
      }) => Effect.Effect<Readonly<Record<string, Json>>, StageFailed>)
    | undefined
  readonly run: (
    context: StageContext<never, never, never>
  ) => Effect.Effect<Metrics, StageFailed | ArtifactError, Scope.Scope>
  readonly runTogether: Together<never, StageContext<never, never, never>, Metrics, Scope.Scope> | undefined
}

export const make = <
  const P extends Params,
  const I extends Inputs,
  const M extends MetricInfos,
  const S extends Sources = {}
>(
  name: string,
  declaration: StageDeclaration<P, S, I, M>
): StageKind => ({
  name,
  summary: declaration.summary,
  params: declaration.params,
  sources: declaration.sources ?? {},
  inputs: declaration.inputs,
  output: declaration.output,
  metrics: declaration.metrics,
  engine: declaration.engine,
  isolation: declaration.isolation,
  resources: (declaration.resources ?? (() => ({}))) as StageKind["resources"],
  check: (declaration.check ?? (() => [])) as StageKind["check"],
  facts: declaration.facts as StageKind["facts"],
  run: declaration.run as unknown as StageKind["run"],
  runTogether: declaration.runTogether as unknown as StageKind["runTogether"]
})
