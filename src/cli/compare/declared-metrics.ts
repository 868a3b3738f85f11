/** Declared metrics by kind; of a kind that is gone or cannot be loaded there are none. */
import * as Effect from "effect/Effect"
import { loadStageKind, stageFiles } from "../../catalog/stage-catalog.ts"
import type { Project } from "../../config/locate-project.ts"
import type { MetricInfos } from "../../stage/metric.ts"

export const declaredMetrics = Effect.fn("declaredMetrics")(function* (project: Project, kinds: ReadonlySet<string>) {
  const files = Object.entries(stageFiles(project.stageDirectories)).filter(([name]) => kinds.has(name))
  const loaded = yield* Effect.forEach(files, ([name, file]) =>
    loadStageKind(file).pipe(
      Effect.map(({ metrics }): readonly [string, MetricInfos] => [name, metrics]),
      Effect.catch((error) =>
        Effect.sync((): readonly [string, MetricInfos] => {
          process.stderr.write(`its tolerances are not known: ${error.message}\n`)
          return [name, {}]
        })
      )
    )
  )
  const infos = new Map(loaded)
  return (kind: string): MetricInfos => infos.get(kind) ?? {}
})
