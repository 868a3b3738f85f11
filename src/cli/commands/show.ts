/**
 * `pipeline show FILE STAGE`: an artifact's metrics and files, every byte read and checked before a number is shown; of a stage
 * that several seeds were given, the means of its metrics.
 */
import * as Effect from "effect/Effect"
import type { Artifact } from "../../artifact/artifact.ts"
import { oneSeed } from "../../numeric/seed-interval.ts"
import { aloneWithSeed } from "../../plan/seed-means.ts"
import { describeValue } from "../../stage/metric.ts"
import { Store } from "../../store/store.ts"
import type { StageInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { oneResult } from "../experiment/one-stage.ts"
import { resultLost } from "../experiment/result-lost.ts"
import { showSeeds } from "../experiment/show-seeds.ts"
import {
  count,
  formatNumber,
  formatBytes,
  formatMetric,
  formatSeconds,
  formatTable,
  ownNames,
  withHalfWidth
} from "../render/words.ts"

/** Bytes read at once: the store's chunk size. */
const READ_BYTES = 4 << 20

const checkEveryByte = Effect.fn("checkEveryByte")(function* (artifact: Artifact) {
  for (const { path, size } of artifact.files) {
    const file = yield* artifact.open(path)
    for (let offset = 0; offset < size; offset += READ_BYTES) {
      yield* Effect.tryPromise({
        try: () => file.read(offset, Math.min(READ_BYTES, size - offset)),
        catch: (cause) => cause as Error
      })
    }
  }
}, Effect.scoped)

const seedsText = ({ shown, infos }: Effect.Success<ReturnType<typeof showSeeds>> & {}): string => {
  const { id, kind, seeds, metrics } = shown
  const rows = Object.entries(metrics).map(([name, { value, seeds: n, ...interval }]) => [
    `  ${name}`,
    `${withHalfWidth(formatNumber(value), interval.high > interval.low ? interval : undefined)} (${count(n, "seed")})`,
    infos[name]?.description ?? ""
  ])
  return [`${id}: ${kind}, mean and 95 % interval over ${seeds.join(", ")}`, "", formatTable(rows)].join("\n")
}

export const show = Effect.fn("show")(function* (input: StageInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  yield* withStore(
    experiment.project,
    Effect.gen(function* () {
      const { plan } = yield* planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
      const seeds = yield* showSeeds(plan, input.stage)
      if (seeds !== undefined) {
        process.stdout.write(`${input.json ? JSON.stringify(seeds.shown, null, 2) : seedsText(seeds)}\n`)
        return
      }
      const { stage, action } = yield* oneResult(plan, input.stage)
      const store = yield* Store
      const artifact = yield* store
        .artifact(action.digest)
        .pipe(Effect.tap(checkEveryByte), Effect.mapError(resultLost(input.file, stage.instance.id)))
      const { metrics, unmeasured } = artifact
      if (input.json) {
        const { key, digest, seconds, engine, run } = action
        const files = artifact.files.map(({ path, size, sha256 }) => ({ path, size, sha256 }))
        const json = {
          id: stage.instance.id,
          kind: artifact.kind,
          key,
          digest,
          seconds,
          engine,
          run,
          metrics,
          unmeasured,
          files
        }
        process.stdout.write(`${JSON.stringify(json, null, 2)}\n`)
        return
      }
      const infos = stage.instance.kind.metrics
      const alone = aloneWithSeed(plan.stages.map(({ instance }) => instance)).includes(stage.instance.id)
      const engine =
        action.engine === null ? "" : ` on ${action.engine.name} ${action.engine.version} (${action.engine.device})`
      const table = [
        ...ownNames(metrics).map((name) => [
          `  ${name}`,
          formatMetric(metrics, name),
          describeValue(metrics, name, infos)
        ]),
        ...Object.entries(unmeasured).map(([name, reason]) => [`  ${name}`, "none", `not measured: ${reason}`])
      ]
      process.stdout.write(
        [
          `${stage.instance.id}: ${artifact.kind} ${action.digest}`,
          `computed in ${formatSeconds(action.seconds)}${engine}, run ${action.run}`,
          ...(action.acceptedFrom === null
            ? []
            : [`accepted by \`pipeline accept\`: computed under the key ${action.acceptedFrom}, by other code`]),
          ...(table.length === 0 ? [] : ["", formatTable(table)]),
          ...(alone ? [oneSeed] : []),
          "",
          formatTable(artifact.files.map(({ path, size }) => [`  ${path}`, formatBytes(size)])),
          ""
        ].join("\n")
      )
    })
  )
})
