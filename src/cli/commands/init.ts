/** `pipeline init DIR`: a project with a pipeline, an experiment and a stage kind of its own, made from `examples/own-stage`. */
import { existsSync, globSync, readFileSync, statSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { locateProject } from "../../config/locate-project.ts"
import { packageDirectory } from "../../project/package-directory.ts"
import { packageFacts } from "../../project/package-facts.ts"
import { packageOrigin } from "../../project/package-origin.ts"
import { projectSchema } from "../experiment/project-schema.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { InitInput } from "../flags/flags.ts"
import { makeDirectory } from "../../file/make-directory.ts"

const template = join(packageDirectory, "examples", "own-stage")
const SCHEMA = "pipeline.schema.json"
const PACKAGE = "package.json"

/** As a shell reads it back. */
const shellWord = (text: string): string =>
  /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

const problem = (text: string) => new UsageError({ problem: `${text}; nothing was written` })

const Fields = Schema.Record(Schema.String, Schema.Json)
type Fields = typeof Fields.Type
const Package = Schema.fromJsonString(Fields)

const fieldsOf = (value: Schema.Json | undefined): Fields =>
  Option.getOrElse(Schema.decodeUnknownOption(Fields)(value), () => ({}))

/** The template's, with what is there already left as it is. */
const packageJson = Effect.fn("packageJson")(function* (directory: string) {
  const {
    name: _,
    dependencies,
    ...rest
  } = Schema.decodeUnknownSync(Package)(readFileSync(join(template, PACKAGE), "utf8"))
  const ours: Fields = {
    name:
      basename(directory)
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]+/g, "-")
        .replace(/^-+/, "") || "experiments",
    ...rest,
    dependencies: { ...fieldsOf(dependencies), [packageFacts.name]: packageOrigin(directory) }
  }
  const path = join(directory, PACKAGE)
  if (!existsSync(path)) return ours
  const theirs = Schema.decodeUnknownOption(Package)(readFileSync(path, "utf8"))
  if (Option.isNone(theirs)) return yield* problem(`${path} is no JSON object`)
  if (theirs.value["type"] === "commonjs") {
    return yield* problem(`${path} says "type": "commonjs", and stage kinds are ES modules: make it "module"`)
  }
  const merged: Record<string, Schema.Json> = { ...ours, ...theirs.value }
  for (const field of ["scripts", "dependencies", "devDependencies", "allowScripts"]) {
    merged[field] = { ...fieldsOf(ours[field]), ...fieldsOf(theirs.value[field]) }
  }
  return merged
})

/** Name -> text of all files but package.json and the schema. npm packs no `.gitignore`. */
const templateFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ...globSync("{*.md,*.json,{pipelines,experiments,stages,science}/*}", { cwd: template })
      .filter((name) => name !== PACKAGE && name !== SCHEMA && name !== "package-lock.json")
      .map((name) => [name, readFileSync(join(template, name), "utf8")] as const),
    [".gitignore", "node_modules/\ncache/\n"]
  ])

export const init = Effect.fn("init")(function* (input: InitInput) {
  const directory = resolve(input.directory)
  if (existsSync(directory) && !statSync(directory).isDirectory()) return yield* problem(`${directory} is a file`)
  const files = templateFiles()
  const there = [...files.keys(), SCHEMA].filter((name) => existsSync(join(directory, name)))
  if (there.length > 0) return yield* problem(`${input.directory} already holds ${there.join(", ")}`)
  const described = yield* packageJson(directory)
  const write = (name: string, text: string) =>
    Effect.tryPromise({
      try: async () => {
        await makeDirectory(dirname(join(directory, name)))
        await writeFile(join(directory, name), text)
      },
      catch: (error) => new UsageError({ problem: `${join(directory, name)} cannot be written: ${String(error)}` })
    })
  for (const [name, text] of files) yield* write(name, text)
  yield* write(PACKAGE, `${JSON.stringify(described, null, 2)}\n`)
  const project = yield* locateProject({ workingDirectory: directory, cache: undefined })
  yield* write(SCHEMA, `${JSON.stringify(yield* projectSchema(project), null, 2)}\n`)
  const enter = directory === process.cwd() ? "" : `cd ${shellWord(input.directory)} && `
  process.stderr.write(
    `${input.directory}: a project with the stage kind rogue-dimensions. Next:\n` +
      `  ${enter}npm install && npx pipeline run experiments/first.yaml\n`
  )
})
