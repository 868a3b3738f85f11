/**
 * `pipeline crate FILE DIRECTORY`: the results of an experiment with where they come from, as a Workflow Run RO-Crate that archives
 * and WorkflowHub take. Metrics and the list of files of every result; the files themselves with `--data`.
 */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { sha256Of } from "../../file/hash-file.ts"
import { fileName } from "../../file/file-name.ts"
import { packageFacts } from "../../project/package-facts.ts"
import type { Plan } from "../../plan/plan.ts"
import { upstreamOf } from "../../plan/manifest.ts"
import { pipelineOf } from "../../specification/specification.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import type { RunSummary } from "../../store/run-record.ts"
import { Store } from "../../store/store.ts"
import { makeCrate } from "../crate/make-crate.ts"
import type { CrateFile, CrateStage } from "../crate/crate-input.ts"
import { intoFreshFolder } from "../experiment/fresh-folder.ts"
import { readEvents } from "../../run/read-events.ts"
import { resultLost } from "../experiment/result-lost.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { CrateInput } from "../flags/flags.ts"
import { count } from "../render/words.ts"

/** To the second, as the profile's own check reads times. */
const seconds = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, "+00:00")
const iso = (at: number | undefined): string | undefined => (at === undefined ? undefined : seconds(new Date(at)))

/** When a stage was computed, from the events of the run that did. */
const timesOf = Effect.fn("timesOf")(function* (run: RunSummary | undefined, action: ActionRecord) {
  if (run === undefined) return { started: undefined, ended: undefined }
  const mine = (yield* readEvents(run)).filter((event) => "id" in event && event.id === action.stage)
  return {
    started: iso(mine.find(({ type }) => type === "stage-started")?.at),
    ended: iso(mine.findLast(({ type }) => type === "stage-finished")?.at)
  }
})

const writeText = (directory: string, path: string, text: string) =>
  Effect.promise(async (): Promise<CrateFile> => {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
    return { path, size: Buffer.byteLength(text), sha256: sha256Of(text) }
  })

const machineOf = ({ engine, provenance }: ActionRecord): Readonly<Record<string, string | number>> => ({
  ...(engine === null ? {} : { engine: `${engine.name} ${engine.version}`, isa: engine.isa }),
  ...(provenance === undefined
    ? {}
    : {
        node: provenance.node,
        device: provenance.device,
        cpuSeconds: provenance.cpuSeconds,
        gpuSeconds: provenance.gpuSeconds,
        peakMemory: provenance.peakMemory,
        ...(provenance.code === null
          ? {}
          : { commit: provenance.code.commit + (provenance.code.dirty ? " (changed)" : "") })
      })
})

const writeStages = Effect.fn("writeStages")(function* (plan: Plan<ActionRecord>, target: string, input: CrateInput) {
  const store = yield* Store
  const runs = new Map((yield* store.runs).map((run) => [run.id, run]))
  const stages: Array<CrateStage> = []
  for (const { instance, found, action } of plan.stages) {
    if (action !== "hit" || found === undefined) continue
    const { id, kind } = instance
    const folder = `results/${fileName(id)}/`
    const artifact = yield* store.artifact(found.digest).pipe(Effect.mapError(resultLost(input.file, id)))
    const listed = artifact.files.map(({ path, size, sha256 }) => ({ path, size, sha256 }))
    const list = JSON.stringify({ kind: found.output, digest: found.digest, files: listed }, null, 2)
    const described = yield* writeText(target, `${folder}result.json`, `${list}\n`)
    const copied = listed.map((file) => ({ ...file, path: `${folder}files/${file.path}` }))
    if (input.data) {
      yield* artifact.copyTo(join(target, folder, "files")).pipe(Effect.mapError(resultLost(input.file, id)))
    }
    stages.push({
      id,
      kind: kind.name,
      summary: kind.summary,
      params: Object.fromEntries(Object.entries(instance.params).filter(([, value]) => value !== null)),
      sources: instance.sources,
      inputs: upstreamOf(instance),
      key: found.key,
      digest: found.digest,
      output: found.output,
      bytes: listed.reduce((sum, { size }) => sum + size, 0),
      metrics: found.metrics,
      codeDigest: found.manifest.code.digest,
      packages: found.manifest.code.packages,
      ...(yield* timesOf(runs.get(found.run), found)),
      seconds: found.seconds,
      machine: machineOf(found),
      folder,
      files: input.data ? [described, ...copied] : [described]
    })
  }
  return stages
})

const copySource = (from: string, target: string, path: string) =>
  Effect.promise(async (): Promise<CrateFile> => {
    await mkdir(dirname(join(target, path)), { recursive: true })
    await copyFile(from, join(target, path))
    const bytes = await readFile(from)
    return { path, size: bytes.length, sha256: sha256Of(bytes) }
  })

export const crate = Effect.fn("crate")(function* (input: CrateInput) {
  const experiment = yield* readExperiment(input)
  const target = resolve(input.directory)
  const write = Effect.gen(function* () {
    const { plan } = yield* planExperiment(experiment)
    const missing = plan.stages.filter(({ action }) => action !== "hit").map(({ instance }) => instance.id)
    if (missing.length === plan.stages.length) {
      return yield* new UsageError({ problem: `no stage of ${input.file} has a result: \`pipeline run\` makes them` })
    }
    const text = yield* Effect.promise(() => readFile(resolve(input.file), "utf8"))
    const own = yield* copySource(resolve(input.file), target, `experiments/${basename(input.file)}`)
    const named = pipelineOf({ file: input.file, text })
    const pipeline =
      named === undefined
        ? []
        : [yield* copySource(resolve(dirname(resolve(input.file)), named), target, `pipelines/${basename(named)}`)]
    const stages = yield* writeStages(plan, target, input)
    const { name, description, params } = experiment.compiled
    const set = input.set.length === 0 ? "" : ` With ${input.set.map((each) => `--set ${each}`).join(" ")}.`
    const about = `${description ?? `Results of the experiment ${name}`}${set}`
    const readme = yield* writeText(
      target,
      "README.md",
      `# ${name}\n\n${about}\n\nA Workflow Run RO-Crate: \`ro-crate-metadata.json\` says what made each of \`results/\`, from what, and how.\n`
    )
    const metadata = makeCrate({
      name,
      description: about,
      published: seconds(new Date()),
      readme,
      licence: Option.getOrUndefined(input.licence),
      version: packageFacts.version,
      params,
      sources: [own, ...pipeline],
      stages
    })
    yield* writeText(target, "ro-crate-metadata.json", `${JSON.stringify(metadata, null, 2)}\n`)
    process.stderr.write(`${count(stages.length, "result")} in ${input.directory}/ro-crate-metadata.json\n`)
    if (missing.length > 0) process.stderr.write(`left out, without a result: ${missing.join(", ")}\n`)
  })
  yield* intoFreshFolder(target, input.directory, withStore(experiment.project, write))
})
