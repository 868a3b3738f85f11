/** Runs opened instances of one stage kind, checks what comes out, and puts it into the store. */
import * as Effect from "effect/Effect"
import type { ArtifactKind } from "../../artifact/artifact-kind.ts"
import type { MetricValues } from "../../stage/metric.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { InstanceContext, StageKind } from "../../stage/stage.ts"
import type { Store } from "../../store/store.ts"

/** A reason, or a value as code writes it: `"1"` is no number, and should look like none. */
const shown = (value: unknown): string => {
  if (typeof value === "object" && value !== null && "unmeasured" in value) return String(value.unmeasured)
  return typeof value === "string" ? JSON.stringify(value) : String(value)
}

/**
 * What `run` gave: numbers, and reasons why an optional metric has none. A wrong number is worse than a crash: a stage that
 * lacks a metric which is not optional, or gives one that is no finite number, has failed.
 */
const metricsOf = Effect.fnUntraced(function* (kind: StageKind, values: MetricValues, log: (line: string) => void) {
  const metrics: Record<string, number> = {}
  const unmeasured: Record<string, string> = {}
  const wrong: Array<string> = []
  for (const [name, value] of Object.entries(values)) {
    const optional = kind.metrics[name]?.optional === true
    if (typeof value === "number" && Number.isFinite(value)) metrics[name] = value
    else if (typeof value === "object" && optional) unmeasured[name] = value.unmeasured
    else if (value !== undefined) wrong.push(`${name} = ${shown(value)}`)
  }
  if (wrong.length > 0) return yield* stageFailed(`metrics that are no finite number: ${wrong.join(", ")}`)
  const missing = Object.entries(kind.metrics).filter(([name, { optional }]) => optional !== true && !(name in metrics))
  if (missing.length > 0) {
    return yield* stageFailed(`the stage gave no ${missing.map(([name]) => name).join(", ")}, which it declares`)
  }
  const reasons = new Set(Object.values(unmeasured))
  for (const reason of reasons) {
    const names = Object.keys(unmeasured).filter((name) => unmeasured[name] === reason)
    log(`not measured: ${names.join(", ")} (${reason})`)
  }
  return { metrics, unmeasured }
})

/** @param output what `kind` makes, which a parameter may name */
export const runInstances = Effect.fn("runInstances")(function* (
  store: Pick<Store["Service"], "ingest" | "artifact">,
  kind: StageKind,
  output: ArtifactKind,
  instances: ReadonlyArray<InstanceContext>
) {
  const results = yield* kind.run(instances)
  if (results.length !== instances.length) {
    return yield* stageFailed(`${instances.length} instances were run together, and ${results.length} gave metrics`)
  }
  return yield* Effect.forEach(
    instances,
    Effect.fnUntraced(function* ({ output: { directory }, log }, i) {
      const { metrics, unmeasured } = yield* metricsOf(kind, results[i] ?? {}, log)
      const digest = yield* store.ingest({ directory, kind: output, metrics, unmeasured })
      // What the stage wrote has to be what the kind says, before anything can depend on it.
      yield* store.artifact(digest).pipe(Effect.flatMap(output.open))
      return { digest, metrics, unmeasured }
    })
  )
})
