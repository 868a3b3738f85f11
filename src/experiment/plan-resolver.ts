/** What a plan asks of the world outside the files: code, sources, facts, and what the store has. */
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import type { CodeDigest, CodeUnreadable } from "../catalog/code-digest.ts"
import type { FileIndex } from "../file/file-index.ts"
import type { Lock } from "../lock/lock.ts"
import { pinOf } from "../lock/pin-of.ts"
import { LOST } from "../plan/explain.ts"
import type { PlanResolver } from "../plan/plan.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { RemoteFailed } from "../remote/port/remote-failed.ts"
import { resolveSource } from "../source/resolve-source.ts"
import type { ResolvedSource, SourceOf } from "../stage/source.ts"
import type { ActionRecord } from "../store/action-record.ts"
import { Store } from "../store/store.ts"
import type { Experiment } from "./load-experiment.ts"
import { baseOf } from "./outside-problems.ts"

/** What was found on the way, for whoever runs the plan. */
export interface Resolved {
  /** By id and name. */
  readonly sources: Map<string, Record<string, ResolvedSource>>
  /** Seconds of the last results, by id. */
  readonly lastSeconds: Map<string, number>
  /** Results that were looked at, by key. */
  readonly seen: Map<string, ActionRecord>
}

/** @param codeOf digest of a stage kind's module, and of the modules that an instance names */
export const makePlanResolver = Effect.fnUntraced(function* (
  experiment: Experiment,
  lock: Lock | undefined,
  index: FileIndex,
  codeOf: (kind: string, modules: ReadonlyArray<string>) => Effect.Effect<CodeDigest, CodeUnreadable>
) {
  const store = yield* Store
  const lastKeys = yield* store.lastKeys(experiment.name)
  const resolved: Resolved = { sources: new Map(), lastSeconds: new Map(), seen: new Map() }
  const { sources, lastSeconds, seen } = resolved
  const lookup = (key: string) =>
    Effect.tap(store.action(key), (record) =>
      Effect.sync(() => record !== undefined && void seen.set(record.key, record))
    )
  // One text serves many instances: it is resolved once.
  const resolving = yield* Cache.make({
    capacity: Infinity,
    lookup: (place: string) => {
      const { uri, of, base, pin } = JSON.parse(place) as { uri: string; of: SourceOf; base: string; pin?: string }
      return resolveSource(uri, of, base, index, (line) => process.stderr.write(`${line}\n`), pin)
    }
  })
  const resolver: PlanResolver<ActionRecord, CodeUnreadable | RemoteFailed, never> = {
    code: (kind, modules) => codeOf(kind.name, modules),
    source: (instance, name) => {
      const at = instance.origins[`sources.${name}`]
      const base = at === undefined ? process.cwd() : baseOf(at)
      const { of } = instance.kind.sources[name] as { readonly of: SourceOf }
      const uri = instance.sources[name] as string
      const pin = pinOf(lock, instance.id, name, uri)
      return Cache.get(resolving, JSON.stringify({ uri, of, base, pin })).pipe(
        Effect.tap((source) =>
          Effect.sync(() => sources.set(instance.id, { ...sources.get(instance.id), [name]: source }))
        )
      )
    },
    facts: Effect.fnUntraced(function* ({ kind, output, decoded }: StageInstance) {
      const own = yield* decoded.facts?.(experiment.project.directory) ?? Effect.succeed({})
      if (!("fromParam" in kind.output) || experiment.outputs === undefined) return own
      // A kind that is declared by value is in the stage kind's code.
      const { name, version } = yield* experiment.outputs.load(output)
      return { ...own, output: { name, version } }
    }),
    numerics: (instance) => Effect.succeed(instance.kind.engine ? { precision: "f32" } : {}),
    open: (digest, kind) =>
      // A plan waits for no transfer of gigabytes.
      store.artifact(digest, { fetch: false }).pipe(
        Effect.flatMap(kind.open),
        Effect.scoped,
        // What cannot be read here is told by the stage that reads it.
        Effect.catchCause(() => Effect.succeed(undefined))
      ),
    lookup,
    previous: Effect.fnUntraced(function* ({ id }: StageInstance) {
      const key = lastKeys[id]
      if (key === undefined) return undefined
      const record = yield* lookup(key)
      if (record !== undefined) lastSeconds.set(id, record.seconds)
      return record ?? LOST
    })
  }
  return { resolver, resolved }
})
