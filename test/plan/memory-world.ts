/** A world in memory for the plan to look at: code, sources and a store of results that `runAll` fills. */
import * as Effect from "effect/Effect"
import { keyOf } from "../../src/plan/key.ts"
import type { KeyRecord } from "../../src/plan/key.ts"
import { manifestOf } from "../../src/plan/manifest.ts"
import type { Plan, PlanResolver } from "../../src/plan/plan.ts"
import { plan } from "../../src/plan/plan.ts"
import type { Graph } from "../../src/plan/stage-instance.ts"

export interface World {
  /** Kind -> its source file's digest. Kinds that are not in it have code "1". */
  readonly code: Record<string, string>
  readonly packages: Record<string, string>
  /** URI -> content; a URI that is not in it is missing. */
  readonly sources: Record<string, string>
  readonly numerics: Record<string, string>
  readonly facts: Record<string, string>
  /** Instance -> what its output depends on besides its key; equal for all keys where it is set. */
  readonly outputs: Record<string, string>
  readonly actions: Map<string, { readonly digest: string }>
  readonly last: Map<string, KeyRecord>
}

export const makeWorld = (): World => ({
  code: {},
  packages: { "apache-arrow": "21.2.0" },
  sources: { "builtin:m": "model", "builtin:t": "text" },
  numerics: { precision: "f32" },
  facts: {},
  outputs: {},
  actions: new Map(),
  last: new Map()
})

export const resolverOf = (world: World): PlanResolver<{ readonly digest: string }, never, never> => ({
  code: (kind) => {
    const digest = world.code[kind.name] ?? "1"
    return Effect.succeed({
      digest: `${kind.name}-${digest}`,
      packages: world.packages,
      files: { [`stages/${kind.name}.ts`]: digest, "src/shared.ts": "same" }
    })
  },
  source: (instance, name) => {
    const uri = instance.sources[name] as string
    const content = world.sources[uri]
    if (content === undefined) return Effect.fail({ message: `source ${uri}: there is no such file` })
    return Effect.succeed({ digest: content, files: [{ name: "content.txt", sha256: content }] })
  },
  facts: ({ decoded }) => Effect.succeed(decoded.facts === undefined ? {} : world.facts),
  numerics: () => Effect.succeed(world.numerics),
  lookup: (key) => Effect.succeed(world.actions.get(key)),
  previous: (instance) => Effect.succeed(world.last.get(instance.id))
})

type Options = Parameters<typeof plan>[2]

export const planOf = (graph: Graph, world: World, options?: Options): Plan =>
  Effect.runSync(plan(graph, resolverOf(world), options))

/** Runs everything that the plan wants run, as an executor would: in order, with the keys that come out. */
export const runAll = (graph: Graph, world: World, options?: Options): ReadonlyArray<string> => {
  const digests = new Map<string, string>()
  const ran: Array<string> = []
  for (const { instance, facts, notes, forced } of planOf(graph, world, options).stages) {
    const manifest = manifestOf(instance, facts, (id) => digests.get(id))
    if (manifest === undefined) throw new Error(`${instance.id} is ordered before what it needs`)
    const key = keyOf(manifest)
    let found = world.actions.get(key)
    if (found === undefined || forced) {
      ran.push(instance.id)
      found = { digest: world.outputs[instance.id] ?? `output of ${key}` }
      world.actions.set(key, found)
    }
    world.last.set(instance.id, { manifest, notes })
    digests.set(instance.id, found.digest)
  }
  return ran
}
