/**
 * A stage kind: typed parameters, sources and inputs, an output kind, and `run`.
 *
 * `make` is all that a file in `stages/` needs. The types of what `run` receives follow from the declaration. The
 * declaration is read in the head process to check files and to make keys; `run` is called only in a worker.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Metrics } from "../artifact/artifact.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { ArtifactKind } from "../artifact/artifact-kind.ts"
import type { Json } from "../json/canonical-json.ts"
import type { Coordinates } from "./coordinates.ts"
import type { Inputs, InputValues } from "./input.ts"
import { type DeclaredMetrics, flatMetrics, type GivenMetrics, type MetricInfos, type MetricValues } from "./metric.ts"
import type { Params, ParamValues } from "./param.ts"
import { type Decoded, formatParamProblem, type ParamProblem } from "./param-problem.ts"
import type { Resources } from "./resources.ts"
import type { ResolvedSource, Sources } from "./source.ts"
import type { StageContext } from "./stage-context.ts"
import { stageFailed, type StageFailed } from "./stage-failed.ts"
import type { Upstream, UpstreamOf } from "./upstream.ts"
import type { Wiring } from "./wiring.ts"

export { decoded } from "./param-problem.ts"
export { list, namedParts, one, optional, optionalList, parts, record, some } from "./input.ts"
export { late } from "./late.ts"
export type { Unmeasured } from "./metric.ts"
export type { Opened } from "./input.ts"
export type { StageContext } from "./stage-context.ts"

/** What is wired to inputs, while planning and running: equal digests are equal artifacts. */
export type WiredInputs = Readonly<Record<string, Wiring<{ readonly digest: string; readonly at: Coordinates }>>>

type Failure = StageFailed | ArtifactError

/** Metrics that a line about a result shows, where a kind does not say which. */
const HEADLINE = 3

/** One instance at a time. */
interface Alone<Context, Metrics> {
  readonly run: (context: Context) => Effect.Effect<Metrics, Failure, Scope.Scope>
  readonly runTogether?: undefined
}

/**
 * Several instances of a kind in one pass over what they share. The keys are those that they have apart, and so must the
 * bytes be: each instance has a context of its own, and whether it ran alone cannot be told from its artifact.
 */
interface Together<P, D, Context, Metrics> {
  readonly run?: undefined
  readonly runTogether: {
    /** Instances of one stage with equal answers are done together; undefined: this one by itself. Pure. */
    readonly group: (instance: {
      readonly params: P
      readonly settings: D
      readonly inputs: WiredInputs
    }) => string | undefined
    /** Metrics in the order of `members`. When it fails, each member is run by itself, from its own checkpoint. */
    readonly run: (members: ReadonlyArray<Context>) => Effect.Effect<ReadonlyArray<Metrics>, Failure, Scope.Scope>
  }
}

/**
 * One of `run` and `runTogether`; `D` is what `decode` gives, undefined without one. `params` and `decode` stand before
 * what uses them, since the compiler infers their types from top to bottom.
 */
export type StageDeclaration<P extends Params, S extends Sources, I extends Inputs, M extends MetricInfos, D> = {
  /** One sentence. */
  readonly summary: string
  readonly params: P
  readonly sources?: S
  readonly inputs: I
  /** The kind of the output, or the name of the parameter that names it (`command`). */
  readonly output: ArtifactKind | { readonly fromParam: string }
  readonly metrics: M
  /** The two or three metrics that a line about a result shows. @default the first three that are declared */
  readonly headline?: ReadonlyArray<NoInfer<keyof M & string>>
  /** Whether `run` multiplies matrices: the worker then loads a tensor engine first. */
  readonly engine: boolean
  /** process: own process; pool: a warm worker; inline: in the head process, for pure work of milliseconds. */
  readonly isolation: "process" | "pool" | "inline"
  /**
   * Settings from parameters that are each valid by themselves, or what is wrong with them together. Called when files
   * are checked, which shows problems at the parameters, and again in the worker. Pure.
   *
   * @param wired number of artifacts at each input: 0 where an optional one was left out
   */
  readonly decode?: (params: ParamValues<P>, wired: { readonly [K in keyof I]: number }) => Decoded<D>
  /**
   * What is wrong with where the inputs come from, as far as that is known before anything runs: the stages that make them, and
   * results that are there. Called by the plan for what has to run; what it tells too late the stage tells itself.
   */
  readonly check?: (instance: {
    readonly params: ParamValues<P>
    readonly settings: D
    readonly upstream: UpstreamOf<I>
  }) => Effect.Effect<ReadonlyArray<ParamProblem>>
  /** Metrics that are certain before it runs, for checks of what stands below it; nothing of a result that is there. */
  readonly foresee?: (instance: {
    readonly params: ParamValues<P>
    readonly upstream: UpstreamOf<I>
  }) => Effect.Effect<Metrics>
  readonly resources?: (instance: { readonly params: ParamValues<P>; readonly settings: D }) => Resources
  /**
   * Modules that `run` finds by what the parameters name, absolute paths. What the kind's own module imports, late imports by
   * a literal path included, is in its key anyway; what it finds by a name is in it only so.
   */
  readonly code?: (instance: { readonly params: ParamValues<P>; readonly settings: D }) => ReadonlyArray<string>
  /** Facts found at plan time that belong in the key (`command`: digests of files, a probe's output). */
  readonly facts?: (instance: {
    readonly params: ParamValues<P>
    readonly settings: D
    readonly projectDirectory: string
  }) => Effect.Effect<Readonly<Record<string, Json>>, StageFailed>
} & (
  | Alone<StageContext<ParamValues<P>, SourceValues<S>, InputValues<I>, D>, DeclaredMetrics<M>>
  | Together<ParamValues<P>, D, StageContext<ParamValues<P>, SourceValues<S>, InputValues<I>, D>, DeclaredMetrics<M>>
)

type SourceValues<S extends Sources> = { readonly [K in keyof S]: ResolvedSource }

/** Parameters that the schemas of a kind have taken. */
export type CheckedParams = Readonly<Record<string, Json>>

/** Number of artifacts at each declared input. */
export type WiredCounts = Readonly<Record<string, number>>

/** What a worker has for an instance: sources resolved, and inputs opened, as the kind declares them. */
export interface InstanceContext extends Omit<
  StageContext<CheckedParams, Readonly<Record<string, ResolvedSource>>, Readonly<Record<string, unknown>>>,
  "settings"
> {
  readonly wired: WiredCounts
}

/** What the parameters of an instance decide before it runs. */
export interface DecodedStage {
  readonly resources: Resources
  /** Modules besides the kind's own whose code determines the output: absolute paths. */
  readonly code: ReadonlyArray<string>
  /** Undefined for a kind that has none. */
  readonly facts: ((projectDirectory: string) => Effect.Effect<Readonly<Record<string, Json>>, StageFailed>) | undefined
  /** Undefined for a kind that has none. */
  readonly check:
    | ((upstream: Readonly<Record<string, ReadonlyArray<Upstream>>>) => Effect.Effect<ReadonlyArray<ParamProblem>>)
    | undefined
  /** Undefined for a kind that has none. */
  readonly foresee:
    | ((upstream: Readonly<Record<string, ReadonlyArray<Upstream>>>) => Effect.Effect<Metrics>)
    | undefined
  /** Instances of one stage with equal answers may be run together; undefined: this one by itself. */
  readonly group: (inputs: WiredInputs) => string | undefined
}

/** A stage kind as specification, plan and run see it: whatever its parameters, settings and inputs are. */
export interface StageKind {
  readonly name: string
  readonly summary: string
  readonly params: Params
  readonly sources: Sources
  readonly inputs: Inputs
  readonly output: ArtifactKind | { readonly fromParam: string }
  readonly metrics: MetricInfos
  readonly headline: ReadonlyArray<string>
  readonly engine: boolean
  readonly isolation: "process" | "pool" | "inline"
  readonly decode: (params: CheckedParams, wired: WiredCounts) => Decoded<DecodedStage>
  /** Metrics in the order of the instances: one, or several that `group` has put together. */
  readonly run: (
    instances: ReadonlyArray<InstanceContext>
  ) => Effect.Effect<ReadonlyArray<MetricValues>, Failure, Scope.Scope>
}

/**
 * A stage kind, from its declaration: what a file in `stages/` exports, under the file's own name.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Files, Sae } from "sae-pipeline/kinds"
 * import { Param, Stage } from "sae-pipeline/stage"
 *
 * // stages/decoder-norms.ts
 * const kind = Stage.make("decoder-norms", {
 *   summary: "Writes the norm of every decoder row",
 *   inputs: { sae: Stage.one(Sae, "the SAE to look into") },
 *   params: { power: Param.number({ description: "which norm", default: 2, minimum: 1 }) },
 *   output: Files,
 *   metrics: { largest: { better: "neither", tolerance: 1e-3, description: "largest norm" } },
 *   engine: false,
 *   isolation: "pool",
 *   run: ({ inputs, params, output }) =>
 *     Effect.gen(function* () {
 *       const { d_in, d_sae, weights } = inputs.sae.value
 *       const { W_dec } = yield* weights
 *       const norms = Array.from({ length: d_sae }, (_, i) => {
 *         const row = W_dec.subarray(i * d_in, (i + 1) * d_in)
 *         return row.reduce((sum, x) => sum + Math.abs(x) ** params.power, 0) ** (1 / params.power)
 *       })
 *       yield* output.writeJson("norms.json", norms)
 *       return { largest: Math.max(...norms) }
 *     })
 * })
 * kind.name // => "decoder-norms"
 * ```
 */
export const make = <
  const P extends Params,
  const I extends Inputs,
  const M extends MetricInfos,
  const S extends Sources = {},
  D = undefined
>(
  name: string,
  declaration: StageDeclaration<P, S, I, M, D>
): StageKind => {
  // Who calls has checked parameters by the schemas of `params`; the types of their values say no more than those.
  const decode = (
    params: CheckedParams,
    wired: WiredCounts
  ): Decoded<{ readonly params: ParamValues<P>; readonly settings: D }> => {
    const values = params as ParamValues<P>
    if (declaration.decode === undefined) return Result.succeed({ params: values, settings: undefined as D })
    const counts = wired as { readonly [K in keyof I]: number }
    return Result.map(declaration.decode(values, counts), (settings) => ({ params: values, settings }))
  }
  const contextOf = (instance: InstanceContext) =>
    Result.match(decode(instance.params, instance.wired), {
      onFailure: (problems) =>
        Effect.fail(stageFailed(problems.map((each) => `${each.param}: ${formatParamProblem(each)}`).join("\n"))),
      onSuccess: (asked) =>
        Effect.succeed({
          ...instance,
          ...asked,
          sources: instance.sources as SourceValues<S>,
          inputs: instance.inputs as InputValues<I>
        })
    })
  return {
    name,
    summary: declaration.summary,
    params: declaration.params,
    sources: declaration.sources ?? {},
    inputs: declaration.inputs,
    output: declaration.output,
    metrics: declaration.metrics,
    headline: declaration.headline ?? Object.keys(declaration.metrics).slice(0, HEADLINE),
    engine: declaration.engine,
    isolation: declaration.isolation,
    decode: (given, wired) =>
      Result.map(decode(given, wired), (asked): DecodedStage => {
        const { check, facts, foresee } = declaration
        return {
          resources: declaration.resources?.(asked) ?? {},
          code: declaration.code?.(asked) ?? [],
          facts: facts && ((projectDirectory) => facts({ ...asked, projectDirectory })),
          check: check && ((upstream) => check({ ...asked, upstream: upstream as UpstreamOf<I> })),
          foresee: foresee && ((upstream) => foresee({ ...asked, upstream: upstream as UpstreamOf<I> })),
          group: (inputs) => declaration.runTogether?.group({ ...asked, inputs })
        }
      }),
    run: (instances) =>
      Effect.forEach(instances, contextOf).pipe(
        Effect.flatMap((contexts): Effect.Effect<ReadonlyArray<DeclaredMetrics<M>>, Failure, Scope.Scope> =>
          declaration.runTogether === undefined
            ? Effect.forEach(contexts, declaration.run)
            : declaration.runTogether.run(contexts)
        ),
        // A `run` of JavaScript, or of an editor that checks nothing, may end without a `return`.
        Effect.map((given) => given.map((metrics: GivenMetrics | undefined) => flatMetrics(metrics ?? {})))
      )
  }
}
