/** Runs a `command` stage: a working folder with the declared files, inputs as folders, a clean environment. */
import { copyFile, mkdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import type { Artifact } from "../artifact/artifact.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { Opened } from "../stage/input.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { digestOfFile } from "./command-facts.ts"
import type { CommandParams } from "./command-facts.ts"
import { readMetrics } from "./read-metrics.ts"
import { findSecret, redactor, secretsOf, tooShort } from "./secrets.ts"
import { watchedShell } from "./watched-shell.ts"
import { workingFolder } from "./working-folder.ts"
import { distinctFileNames } from "../file/file-name.ts"
import { coordinatesText } from "../words/coordinate-text.ts"

type Inputs = { readonly inputs: Readonly<Record<string, Opened<Artifact> | ReadonlyArray<Opened<Artifact>>>> }

/**
 * What every program needs to start at all, and which GPUs it was given, none being "" there; everything else has to be
 * named. Their values are not in the key.
 */
const ALWAYS_PASSED = ["PATH", "HOME", "TMPDIR", "USER", "CUDA_VISIBLE_DEVICES"]

/** The last lines of output that a failure shows. */
const TAIL_LINES = 20

const placeFiles = Effect.fn("placeFiles")(function* (
  context: StageContext<CommandParams, unknown, unknown>,
  directory: string
) {
  const digests = context.facts["files"] as Readonly<Record<string, string>>
  for (const path of context.params.files) {
    const target = join(directory, path)
    yield* Effect.tryPromise({
      try: async () => {
        await mkdir(dirname(target), { recursive: true })
        await copyFile(join(context.projectDirectory, path), target)
      },
      catch: (cause) => stageFailed(`files: ${path} cannot be copied: ${String(cause)}`)
    })
    if ((yield* digestOfFile(directory, path)) !== digests[path]) {
      return yield* stageFailed(
        `files: ${path} has changed since this run was planned`,
        "run again: the plan then takes the new content"
      )
    }
  }
})

/** Each has a folder of its own: of a stage that prints a line, making and removing folders is the most of its cost. */
const placeInputs = Effect.fn("placeInputs")(function* (inputs: Inputs["inputs"]) {
  const folders: Record<string, string> = {}
  for (const [name, input] of Object.entries(inputs)) {
    const folder = yield* workingFolder
    folders[`INPUT_${name}`] = folder
    if ("artifact" in input) yield* input.artifact.copyTo(folder)
    else {
      const names = distinctFileNames(input.map(({ at }, index) => coordinatesText(at) || String(index)))
      for (const [index, item] of input.entries()) yield* item.artifact.copyTo(join(folder, names[index] as string))
    }
  }
  return folders
})

const environmentOf = (params: CommandParams): Record<string, string> => {
  const environment: Record<string, string> = { LANG: "C.UTF-8" }
  for (const name of [...ALWAYS_PASSED, ...params.env, ...params.secret]) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  for (const [name, value] of Object.entries(params.values)) {
    environment[`VALUE_${name}`] = typeof value === "string" ? value : JSON.stringify(value)
  }
  return environment
}

export const runCommand = Effect.fn("runCommand")(function* (context: StageContext<CommandParams, unknown, Inputs>) {
  const { params, inputs, output, log } = context
  const work = yield* workingFolder
  yield* placeFiles(context, work)
  const inputFolders = yield* placeInputs(inputs.inputs)
  const secrets = secretsOf(params.secret, process.env)
  const redact = redactor(secrets)
  const tail: Array<string> = []
  const options = {
    cwd: work,
    env: { ...environmentOf(params), ...inputFolders, OUTPUT: output.directory },
    mark: `OUTPUT=${output.directory}`,
    onLine: (line: string) => {
      const text = redact(line)
      log(text)
      tail.push(text)
      if (tail.length > TAIL_LINES) tail.shift()
    }
  }
  const exit = yield* watchedShell(params.run, options, [work, ...Object.values(inputFolders), output.directory])
  if (exit !== 0) {
    const how = typeof exit === "number" ? `with code ${exit}` : `by ${exit}`
    return yield* stageFailed(`\`${params.run}\` ended ${how}${tail.length === 0 ? "" : `\n${tail.join("\n")}`}`)
  }
  const short = tooShort(secrets)
  if (short.length > 0) log(`warning: ${short.join(", ")}: too short to be searched for in $OUTPUT`)
  const leaked = yield* Effect.promise(() => findSecret(output.directory, secrets))
  if (leaked !== undefined) {
    return yield* stageFailed(
      `$OUTPUT/${leaked.path} holds the value of the secret ${leaked.name}: the output is not taken`,
      "keep it out of what the program writes"
    )
  }
  return yield* readMetrics(output.directory, log)
})
