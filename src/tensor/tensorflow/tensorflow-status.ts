/** Whether the tensorflow engine is built, can be built here, or what is missing and the command that fixes it. */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { statfs } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import { bindingPackageFolder, headerPackageFolder } from "./binding-package.ts"
import { opsFit } from "./compiled-ops.ts"
import { cudaDownloadBytes, hasNvidiaDriver, installedCudaLibraries } from "./cuda-libraries.ts"
import { filesAreWhole } from "./engine-manifest.ts"
import { instructionSet } from "./instruction-set.ts"
import {
  ADDON_FILE,
  BINDING_PACKAGE,
  BINDING_VERSION,
  engineId,
  enginesFolder,
  OPS_FILE,
  PRELOAD_FILE,
  QUIET_FILE,
  type Variant,
  variants,
  wheelFor
} from "./tensorflow-recipe.ts"

export interface InstalledEngine {
  readonly id: string
  readonly variant: Variant
  readonly folder: string
  /** The native module that tfjs calls. */
  readonly addon: string
  /** The native module to load before it. */
  readonly quiet: string
  /** The one with operations of our own, to load after it where it is there. */
  readonly operations: string
  /** Of the CUDA build: the one to load before all others, which opens the CUDA libraries. */
  readonly preload: string
}

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

/** Wheel, unpacked libraries (0.85 GB; 1.3 GB of the CUDA build) and the compiler's temporary files. */
const BYTES_WHILE_BUILDING: Readonly<Record<Variant, number>> = { cpu: 1.4e9, cuda: 2.2e9 }
/** The unpacked CUDA libraries, and the largest of their wheels. */
const BYTES_OF_CUDA = 4.4e9

/** `PIPELINE_TENSORFLOW`, else what this machine can use. */
export const wantedVariant = (): Variant => {
  const named = variants.find((variant) => variant === process.env["PIPELINE_TENSORFLOW"])
  if (named !== undefined) return named
  return hasNvidiaDriver() && wheelFor(process.platform, process.arch, "cuda") !== undefined ? "cuda" : "cpu"
}

/** A built engine; undefined where it is not there, or not whole. A few file look-ups. */
export const engineOf = (variant: Variant): InstalledEngine | undefined => {
  const id = engineId(process.platform, process.arch, variant)
  const folder = join(enginesFolder(), id)
  if (!filesAreWhole(folder, id) || bindingPackageFolder() === undefined) return undefined
  return {
    id,
    variant,
    folder,
    addon: join(folder, ADDON_FILE),
    quiet: join(folder, QUIET_FILE),
    operations: join(folder, OPS_FILE),
    preload: join(folder, PRELOAD_FILE)
  }
}

/** The engine that `loadEngine("tensorflow")` would load, undefined where there is none: the build for CPUs will do. */
export const installedEngine = (): InstalledEngine | undefined => engineOf(wantedVariant()) ?? engineOf("cpu")

/** Where there is a driver; and where the CUDA build was named, for machines that take the engine from this one. */
export const wantsCudaLibraries = (): boolean =>
  wantedVariant() === "cuda" && (hasNvidiaDriver() || process.env["PIPELINE_TENSORFLOW"] === "cuda")

const cudaMissing = (): boolean => wantsCudaLibraries() && installedCudaLibraries() === undefined

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
  const named = process.env["PIPELINE_TENSORFLOW"]
  if (named !== undefined && named !== "" && !variants.some((variant) => variant === named)) {
    return [{ what: `PIPELINE_TENSORFLOW=${named} names no build`, fix: `Set it to one of: ${variants.join(", ")}` }]
  }
  const wheel = wheelFor(process.platform, process.arch, wantedVariant())
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
  const needed = BYTES_WHILE_BUILDING[wantedVariant()] + (cudaMissing() ? BYTES_OF_CUDA : 0)
  if (free < needed) {
    const smaller = wantedVariant() === "cuda" ? ", or PIPELINE_TENSORFLOW=cpu to do without GPUs" : ""
    missing.push({
      what: `${(free / 1e9).toFixed(1)} GB free in ${enginesFolder()}, ${(needed / 1e9).toFixed(1)} GB are needed`,
      fix: `Make room, or set PIPELINE_ENGINE_DIR to a folder on another disk${smaller}`
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
  ...(hasNvidiaDriver() && wantedVariant() === "cpu"
    ? ["an NVIDIA driver is here, and TensorFlow for CPUs is what is used: stages run on the CPU"]
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
  const variant = wantedVariant()
  const engine = engineOf(variant)
  if (engine !== undefined && !cudaMissing()) {
    return { state: "installed", engine, notes: [...notes(), ...kernelNotes(engine)] }
  }
  const missing = yield* missingParts()
  if (missing.length > 0) return { state: "missing", missing, notes: notes() }
  const folder = join(enginesFolder(), engineId(process.platform, process.arch, variant))
  const ofWheel = engine === undefined ? wheelFor(process.platform, process.arch, variant)?.size : 0
  const downloadBytes = ofWheel === undefined ? undefined : ofWheel + (cudaMissing() ? cudaDownloadBytes : 0)
  return { state: "installable", folder, downloadBytes, notes: notes() }
})
