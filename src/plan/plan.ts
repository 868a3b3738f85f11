/**
 * What a run would do, instance by instance in the graph's order: hit, run, or "hit if what stands above is unchanged".
 *
 * Inputs enter keys by content, so below a stage that must run nothing is certain: it may give the same bytes again.
 */
import * as Effect from "effect/Effect"
import type { Json } from "../json/canonical-json.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { sortProblems } from "../specification/problem.ts"
import type { Problem } from "../specification/problem.ts"
import type { StageKind } from "../stage/stage.ts"
import type { Metrics } from "../artifact/artifact.ts"
import type { ArtifactKind } from "../artifact/artifact-kind.ts"
import { checkSites } from "./check-sites.ts"
import { checkUpstream, foresee, type Need, type UpstreamOf } from "./check-upstream.ts"
import { explain } from "./explain.ts"
import type { LastRecord, Reason } from "./explain.ts"
import { keyedManifest } from "./keyed-manifest.ts"
import type { KeyManifest, KeyNotes } from "./key.ts"
import { upstreamOf } from "./manifest.ts"
import type { KeyFacts } from "./manifest.ts"
import type { Graph, StageInstance } from "./stage-instance.ts"

/** What the store holds under a key. The plan needs its digest only; the rest is the caller's. */
export interface Found {
  /** Content digest of the artifact. */
  readonly digest: string
  readonly metrics?: Metrics
}

/** How the plan learns what is outside the files, once for an instance. */
export interface PlanResolver<A extends Found, E, R> {
  /** Once for a kind and the modules that instances of it name. */
  readonly code: (
    kind: StageKind,
    modules: ReadonlyArray<string>
  ) => Effect.Effect<
    {
      readonly digest: string
      readonly packages: Readonly<Record<string, string>>
      /** Digest of every source file, by path: `KeyNotes.codeFiles`. */
      readonly files: Readonly<Record<string, string>>
    },
    E,
    R
  >
  /** A failure becomes a problem at the line that names the source. */
  readonly source: (
    instance: StageInstance,
    name: string
  ) => Effect.Effect<
    {
      readonly digest: string
      readonly pin?: string
      readonly files: ReadonlyArray<{ readonly name: string; readonly sha256: string }>
    },
    { readonly message: string },
    R
  >
  /** The kind's own `facts`. A failure becomes a problem at the line of the stage. */
  readonly facts: (
    instance: StageInstance
  ) => Effect.Effect<Readonly<Record<string, Json>>, { readonly message: string }, R>
  readonly numerics: (instance: StageInstance) => Effect.Effect<KeyManifest["numerics"], E, R>
  /** An artifact that is there, as a kind opens it; undefined where it cannot be read. @default nothing can be */
  readonly open?: (digest: string, kind: ArtifactKind) => Effect.Effect<unknown>
  readonly lookup: (key: string, instance: StageInstance) => Effect.Effect<A | undefined, E, R>
  /** The last result of the same instance of the same pipeline, whatever its key: what reasons compare with. */
  readonly previous: (instance: StageInstance) => Effect.Effect<LastRecord, E, R>
}

export interface PlannedStage<A extends Found = Found> {
  readonly instance: StageInstance
  /** unknown: a hit if what `waitsFor` names comes out as it was. */
  readonly action: "hit" | "run" | "unknown"
  /** undefined while an artifact above is not known. */
  readonly key: string | undefined
  readonly manifest: KeyManifest | undefined
  /** Everything for `manifestOf` once the digests above are known. */
  readonly facts: KeyFacts
  readonly notes: KeyNotes
  readonly found: A | undefined
  /** Why it runs, or what has changed already where that is not certain. Empty for a hit. */
  readonly reasons: ReadonlyArray<Reason>
  /** Ids of the instances above, with an artifact that is an input, that run or may run first. */
  readonly waitsFor: ReadonlyArray<string>
  /** True: run even if the result is there. */
  readonly forced: boolean
}

export interface Plan<A extends Found = Found> {
  readonly stages: ReadonlyArray<PlannedStage<A>>
  /** What is not wrong, but should be known before it runs. */
  readonly notes: ReadonlyArray<Problem>
  /** What stages that may run cannot do without. */
  readonly needs: ReadonlyArray<Need>
}

const KIND_CONCURRENCY = 8

interface Learned {
  readonly facts: KeyFacts
  readonly notes: KeyNotes
  readonly problems: ReadonlyArray<Problem>
}

/** All that does not depend on what stands above. Failures of sources and facts become problems with their lines. */
const learn = Effect.fnUntraced(function* <A extends Found, E, R>(
  instance: StageInstance,
  code: {
    readonly digest: string
    readonly packages: Readonly<Record<string, string>>
    readonly files: KeyNotes["codeFiles"]
  },
  resolve: PlanResolver<A, E, R>
) {
  const problems: Array<Problem> = []
  const note = (origin: string, path: string) => (error: { readonly message: string }) => {
    const at = instance.origins[origin] ?? instance.origins["stage.uses"] ?? { file: instance.id, line: 0, col: 0 }
    problems.push({ at, path, message: error.message })
    return undefined
  }
  const sources: Record<string, string> = {}
  const sourceNotes: Record<string, KeyNotes["sources"][string]> = {}
  for (const [name, uri] of Object.entries(instance.sources)) {
    const path = `stages.${instance.stage}.with.${name}`
    const resolved = yield* resolve
      .source(instance, name)
      .pipe(Effect.catch((error) => Effect.sync(() => note(`sources.${name}`, path)(error))))
    if (resolved === undefined) continue
    sources[name] = resolved.digest
    sourceNotes[name] = {
      uri,
      ...(resolved.pin === undefined ? {} : { pin: resolved.pin }),
      files: Object.fromEntries(resolved.files.map((file) => [file.name, file.sha256]))
    }
  }
  const facts = yield* resolve
    .facts(instance)
    .pipe(Effect.catch((error) => Effect.sync(() => note("stage.uses", `stages.${instance.stage}`)(error))))
  const numerics = yield* resolve.numerics(instance)
  const learned: Learned = {
    facts: { code: { digest: code.digest, packages: code.packages }, sources, facts: facts ?? {}, numerics },
    notes: { codeFiles: code.files, sources: sourceNotes },
    problems
  }
  return learned
})

/** Instances with equal answers have the same code. */
const codeName = ({ kind, decoded }: StageInstance): string => JSON.stringify([kind.name, ...decoded.code])

/**
 * @param options.wanted ids to plan; all without it. What a wanted instance needs must be wanted too.
 * @param options.force ids that run even if their result is there
 */
export const plan = Effect.fn("plan")(function* <A extends Found, E, R>(
  graph: Graph,
  resolve: PlanResolver<A, E, R>,
  options: { readonly wanted?: ReadonlySet<string>; readonly force?: ReadonlySet<string> } = {}
) {
  const { wanted, force } = options
  const instances = graph.instances.filter(({ id }) => wanted === undefined || wanted.has(id))
  const named = new Map(instances.map((instance) => [codeName(instance), instance]))
  const codes = new Map(
    yield* Effect.forEach(
      named,
      ([name, { kind, decoded }]) => Effect.map(resolve.code(kind, decoded.code), (code) => [name, code] as const),
      { concurrency: KIND_CONCURRENCY }
    )
  )
  const learned = yield* Effect.forEach(
    instances,
    (instance) => learn(instance, codes.get(codeName(instance)) as NonNullable<ReturnType<typeof codes.get>>, resolve),
    { concurrency: KIND_CONCURRENCY }
  )
  const problems = learned.flatMap((each) => each.problems)
  if (problems.length > 0) return yield* new SpecInvalid({ problems: sortProblems(problems) })

  const digests = new Map<string, string>()
  const stages: Array<PlannedStage<A>> = []
  for (const [index, instance] of instances.entries()) {
    const { facts, notes } = learned[index] as Learned
    const { manifest, key } = keyedManifest(instance, facts, (id) => digests.get(id)) ?? {}
    const forced = force?.has(instance.id) ?? false
    const found = key === undefined ? undefined : yield* resolve.lookup(key, instance)
    const action = forced ? "run" : key === undefined ? "unknown" : found === undefined ? "run" : "hit"
    if (action === "hit") digests.set(instance.id, (found as A).digest)
    let reasons: ReadonlyArray<Reason> = []
    if (action !== "hit") {
      reasons = explain(instance, yield* resolve.previous(instance), { facts, notes, inputs: manifest?.inputs })
      if (forced && (found !== undefined || reasons.length === 0)) reasons = [{ path: "forced", source: null }]
      else if (action === "run" && reasons.length === 0) reasons = [{ path: "no result in the store", source: null }]
    }
    const waitsFor = upstreamOf(instance).filter((id) => !digests.has(id))
    stages.push({ instance, action, key, manifest, facts, notes, found, reasons, waitsFor, forced })
  }
  const found = new Map(stages.flatMap((stage) => (stage.action === "hit" ? [[stage.instance.id, stage.found]] : [])))
  const byId = new Map(instances.map((instance) => [instance.id, instance]))
  const metrics = new Map<string, Metrics>()
  const upstreamFor =
    ({ kind }: StageInstance): UpstreamOf =>
    (id, input) => {
      const result = found.get(id)
      const as = kind.inputs[input]?.kind
      const open = result === undefined || as === undefined ? undefined : resolve.open?.(result.digest, as)
      const params = byId.get(id)?.params ?? {}
      return { id, params, metrics: metrics.get(id), open: open ?? Effect.succeed(undefined) }
    }
  const running = stages.filter(({ action }) => action !== "hit").map(({ instance }) => instance)
  const above = new Set(running.flatMap(upstreamOf))
  for (const instance of instances) {
    if (!above.has(instance.id)) continue
    const foreseen = yield* foresee(instance, upstreamFor(instance))
    const known = { ...foreseen, ...found.get(instance.id)?.metrics }
    if (Object.keys(known).length > 0) metrics.set(instance.id, known)
  }
  const checked = yield* Effect.forEach(running, (instance) => checkUpstream(instance, upstreamFor(instance)))
  const sites = running.map((instance) => checkSites(instance, (id) => byId.get(id)))
  const wrong = [...checked, ...sites].flatMap((each) => each.problems)
  if (wrong.length > 0) return yield* new SpecInvalid({ problems: sortProblems(wrong) })
  const notes = sortProblems([...checked, ...sites].flatMap((each) => each.notes))
  const result: Plan<A> = { stages, notes, needs: checked.flatMap((each) => each.needs) }
  return result
})
