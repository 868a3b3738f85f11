/** `pipeline cache push` and `pull`: results between the store and the remote of a project; all, or those of an experiment. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { instancesNamed } from "../../plan/instances-named.ts"
import type { Project } from "../../config/locate-project.ts"
import { openRemote } from "../../remote/open-remote.ts"
import { Unreadable } from "../../specification/expression.ts"
import { allKeysHere, allKeysThere, type Exchanged, pullKeys, pushKeys } from "../../store/remote/exchange.ts"
import type { SharedRemote } from "../../store/remote/shared-remote.ts"
import { projectHere } from "../experiment/project-here.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { ExchangeInput } from "../flags/store-flags.ts"
import { count, formatBytes, formatTable } from "../render/words.ts"

class NotTaken extends Data.TaggedError("NotTaken")<{ readonly refused: number }> {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `${count(this.refused, "result")} could not be taken as they are there; the next run that needs one computes it`
  }
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const shared = Effect.fnUntraced(function* ({ config, directory }: Project, writes: boolean) {
  if (config.remote === undefined) {
    const problem =
      "this project names no remote: write `remote: { url: s3://BUCKET/PREFIX }` into pipeline.config.yaml"
    return yield* new UsageError({ problem })
  }
  const readOnly = config.remote.mode === "read"
  if (writes && readOnly) {
    const problem = "pipeline.config.yaml says `remote: { mode: read }`: nothing is written there from here"
    return yield* new UsageError({ problem })
  }
  const remote = yield* openRemote(config.remote, { projectDirectory: directory, readOnly })
  const opened: SharedRemote = { remote, writes: !readOnly, say }
  return opened
})

/** Keys of the stages that are named, as they stand now: hits of the store, or, with the remote behind it, of both. */
const keysOf = Effect.fnUntraced(function* (input: ExchangeInput, file: string, fromRemote: boolean) {
  const experiment = yield* readExperiment({ ...input, file })
  const { project } = experiment
  const { remote } = project.config
  const where: Project | string =
    fromRemote && remote !== undefined
      ? { ...project, config: { ...project.config, remote: { ...remote, mode: "read" } } }
      : project.cache
  const { plan } = yield* withStore(where, planExperiment(experiment))
  const instances = plan.stages.map(({ instance }) => instance)
  const wanted = input.stages.length === 0 ? instances : []
  for (const name of input.stages) {
    const named = instancesNamed(instances, name)
    if (named instanceof Unreadable) return yield* new UsageError({ problem: named.message })
    wanted.push(...named)
  }
  const ids = new Set(wanted.map(({ id }) => id))
  const chosen = plan.stages.filter(({ instance }) => ids.has(instance.id))
  const hits = chosen.filter(({ action }) => action === "hit")
  const missing = chosen.filter(({ action }) => action !== "hit").map(({ instance }) => instance.id)
  if (missing.length > 0) say(`without a result: ${missing.join(", ")}`)
  return { project, keys: [...new Set(hits.map(({ key }) => key as string))] }
})

const words: Readonly<Record<"push" | "pull", Readonly<Record<Exchanged["outcome"], string>>>> = {
  push: {
    sent: "sent",
    same: "there already",
    other: "another result was there first and counts from now on: the stage is not deterministic",
    bytesless: "record sent; its bytes are not here",
    refused: "refused"
  },
  pull: {
    sent: "taken",
    same: "here already",
    other: "taken in place of another result of the same key: the stage is not deterministic",
    bytesless: "record taken; its bytes are not there",
    refused: "refused: see above"
  }
}

const tell = (
  direction: "push" | "pull",
  rows: ReadonlyArray<Exchanged>,
  { remote }: SharedRemote,
  json: boolean
): void => {
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
    return
  }
  const telling = rows.filter(({ outcome }) => outcome !== "same")
  const table = telling.map(({ key, stage, outcome, bytes }) => [
    key.slice(0, 12),
    stage,
    bytes === 0 ? "" : formatBytes(bytes),
    words[direction][outcome]
  ])
  if (table.length > 0) process.stdout.write(`${formatTable(table)}\n`)
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0)
  const same = rows.length - telling.length
  const known = same === 0 ? "" : `, ${same} ${words[direction].same}`
  say(
    `${count(rows.length, "result")}, ${formatBytes(bytes)} ${direction === "push" ? "to" : "from"} ${remote.place}${known}`
  )
}

const exchange = Effect.fnUntraced(function* (direction: "push" | "pull", input: ExchangeInput) {
  const file = Option.getOrUndefined(input.file)
  const named = file === undefined ? undefined : yield* keysOf(input, file, direction === "pull")
  const project = named?.project ?? (yield* projectHere(input.cache))
  const there = yield* shared(project, direction === "push")
  const keys = named?.keys ?? (yield* direction === "push" ? allKeysHere(project.cache) : allKeysThere(there))
  const rows = yield* (direction === "push" ? pushKeys : pullKeys)(project.cache, there, keys)
  tell(direction, rows, there, input.json)
  const refused = rows.filter(({ outcome }) => outcome === "refused").length
  if (refused > 0) return yield* new NotTaken({ refused })
})

export const cachePush = (input: ExchangeInput) => exchange("push", input)
export const cachePull = (input: ExchangeInput) => exchange("pull", input)
