/** Whether the tensorflow engine is built, can be built here, or what is missing and the command that fixes it. */
import { execFile } from "node:child_process"
import { existsSync, readFileSync, statSync } from "node:fs"
import { statfs } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { bindingPackageFolder, headerPackageFolder } from "./binding-package.ts"
import { opsFit } from "./compiled-ops.ts"
import { instructionSet } from "./instruction-set.ts"
import {
  ADDON_FILE,
  BINDING_PACKAGE,
  BINDING_VERSION,
  engineId,
  enginesFolder,
  MANIFEST_FILE,
  OPS_FILE,
  QUIET_FILE,
  wheelFor
} from "./tensorflow-recipe.ts"

export interface InstalledEngine {
  readonly id: string
  readonly folder: string
  /** The native module that tfjs calls. */
  readonly addon: string
  /** The native module to load before it. */
  readonly quiet: string
  /** The one with operations of our own, to load after it where it is there. */
  readonly operations: string
}

/** `engine.json` of a built engine: every file beside it with its size, so that a half-deleted engine is noticed. */
export const EngineManifest = Schema.Struct({
  id: Schema.String,
  wheel: Schema.String,
  sha256: Schema.String,
  files: Schema.Record(Schema.String, Schema.Finite)
})
export type EngineManifest = typeof EngineManifest.Type
const decodeManifest = Schema.decodeUnknownOption(Schema.fromJsonString(EngineManifest))

export interface MissingPart {
  readonly what: string
  readonly fix: string
}

export type TensorflowStatus =
  | { readonly state: "installed"; readonly engine: InstalledEngine; readonly notes: ReadonlyArray<string> }
  | {
      readonly state: "installable"
      readonly folder: string
      readonly downloadBytes: number | undefined
      readonly notes: ReadonlyArray<string>
    }
  | { readonly state: "missing"; readonly missing: ReadonlyArray<MissingPart>; readonly notes: ReadonlyArray<string> }

/** Wheel, unpacked libraries (0.85 GB) and the compiler's temporary files. */
const BYTES_WHILE_BUILDING = 1.4e9

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? -1

const readManifest = (folder: string): EngineManifest | undefined => {
  const file = join(folder, MANIFEST_FILE)
  return existsSync(file) ? Option.getOrUndefined(decodeManifest(readFileSync(file, "utf8"))) : undefined
}

/** Whether `folder` holds a whole engine `id`. */
export const isWhole = (folder: string, id: string): boolean => {
  const manifest = readManifest(folder)
  if (manifest?.id !== id) return false
  return Object.entries(manifest.files).every(([file, size]) => sizeOf(join(folder, file)) === size)
}

/** The engine that `loadEngine("tensorflow")` would load, undefined where there is none. A few file look-ups. */
export const installedEngine = (): InstalledEngine | undefined => {
  const id = engineId(process.platform, process.arch)
  const folder = join(enginesFolder(), id)
  if (!isWhole(folder, id) || bindingPackageFolder() === undefined) return undefined
  return {
    id,
    folder,
    addon: join(folder, ADDON_FILE),
    quiet: join(folder, QUIET_FILE),
    operations: join(folder, OPS_FILE)
  }
}

/** The folder with `node_api.h`: the npm package `node-api-headers`, else beside the running Node, else the system's. */
export const nodeHeadersFolder = (): string | undefined => {
  const fromPackage = headerPackageFolder()
  const candidates = [
    ...(fromPackage === undefined ? [] : [join(fromPackage, "include")]),
    join(dirname(process.execPath), "..", "include", "node"),
    "/usr/include/node",
    "/usr/local/include/node",
    "/usr/include/nodejs/src"
  ]
  return candidates.find((folder) => existsSync(join(folder, "node_api.h")))
}

export const compiler = (): string => process.env["CXX"] || "g++"
export const python = (): string => process.env["PYTHON"] || "python3"

const runs = (command: string, ...args: ReadonlyArray<string>) =>
  Effect.tryPromise(() => promisify(execFile)(command, args, { timeout: 30_000 })).pipe(
    Effect.as(true),
    Effect.catch(() => Effect.succeed(false))
  )

const onMusl = (): boolean => {
  if (process.platform !== "linux") return false
  const report = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } }
  return report.header.glibcVersionRuntime === undefined
}

const nearestExisting = (folder: string): string => (existsSync(folder) ? folder : nearestExisting(dirname(folder)))

const freeBytes = (folder: string) =>
  Effect.tryPromise(() => statfs(nearestExisting(folder))).pipe(
    Effect.map((stats) => stats.bavail * stats.bsize),
    Effect.catch(() => Effect.succeed(Number.POSITIVE_INFINITY))
  )

const missingParts = Effect.fn("missingParts")(function* () {
  const wheel = wheelFor(process.platform, process.arch)
  if (wheel === undefined || onMusl()) {
    const here = `${process.platform} ${process.arch}${onMusl() ? " with musl" : ""}`
    return [{ what: `TensorFlow publishes no library for ${here}`, fix: "Use the engine wasm." }]
  }
  const missing: Array<MissingPart> = []
  if (bindingPackageFolder() === undefined) {
    missing.push({
      what: `the optional npm package ${BINDING_PACKAGE}@${BINDING_VERSION} is not installed`,
      fix: `npm install --no-save --ignore-scripts ${BINDING_PACKAGE}@${BINDING_VERSION}`
    })
  }
  if (!(yield* runs(python(), "-m", "pip", "--version"))) {
    missing.push({ what: "python3 with pip is not there", fix: "apt-get install python3 python3-pip" })
  }
  if (!(yield* runs(compiler(), "--version"))) {
    missing.push({ what: `the C++ compiler ${compiler()} is not there`, fix: "apt-get install g++" })
  }
  if (nodeHeadersFolder() === undefined) {
    missing.push({
      what: "Node's native headers (node_api.h) are not there",
      fix: "npm install --no-save node-api-headers"
    })
  }
  const free = yield* freeBytes(enginesFolder())
  if (free < BYTES_WHILE_BUILDING) {
    missing.push({
      what: `${(free / 1e9).toFixed(1)} GB free in ${enginesFolder()}, ${BYTES_WHILE_BUILDING / 1e9} GB are needed`,
      fix: "Make room, or set PIPELINE_ENGINE_DIR to a folder on another disk"
    })
  }
  return missing
})

const notes = (): ReadonlyArray<string> => [
  ...(wheelFor(process.platform, process.arch)?.tested === false
    ? [
        `the recipe for ${process.platform} ${process.arch} follows the tested one for linux x64, but is itself untested`
      ]
    : []),
  ...(existsSync("/proc/driver/nvidia/version")
    ? ["an NVIDIA GPU is present, but this version installs TensorFlow for CPUs only: stages run on the CPU"]
    : [])
]

/** What of our own operations cannot be used here. */
const kernelNotes = (engine: InstalledEngine): ReadonlyArray<string> =>
  !existsSync(engine.operations)
    ? ["operations of our own could not be compiled for it: TensorFlow's do the same, more slowly"]
    : opsFit(instructionSet())
      ? []
      : [`this CPU (${instructionSet()}) is too old for operations of our own: TensorFlow's do the same, more slowly`]

export const tensorflowStatus: Effect.Effect<TensorflowStatus> = Effect.gen(function* () {
  const engine = installedEngine()
  if (engine !== undefined) return { state: "installed", engine, notes: [...notes(), ...kernelNotes(engine)] }
  const missing = yield* missingParts()
  if (missing.length > 0) return { state: "missing", missing, notes: notes() }
  const folder = join(enginesFolder(), engineId(process.platform, process.arch))
  const downloadBytes = wheelFor(process.platform, process.arch)?.size
  return { state: "installable", folder, downloadBytes, notes: notes() }
})
