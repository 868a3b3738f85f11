/**
 * Builds the tensorflow engine in the per-user engines folder: fetch the wheel, check it, unpack the two libraries and a
 * few headers, compile the binding and our own operations, try them in a process of its own, rename the folder into place. The rename is the only
 * step that anybody sees, so two processes may build at once; a lease that expires by itself only saves the second one
 * the work. Nothing of an interrupted build is ever loaded.
 */
import { mkdir, rename, rm } from "node:fs/promises"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import { compileBinding, tryBinding } from "./compile-binding.ts"
import { installedCudaLibraries } from "./cuda-libraries.ts"
import { downloadWheel } from "./download-wheel.ts"
import { workOnce } from "../../file/work-once.ts"
import { filesAreWhole, writeEngineManifest } from "./engine-manifest.ts"
import { installCudaLibraries } from "./install-cuda-libraries.ts"
import { attempt, type InstallProgress, unavailable } from "./install-step.ts"
import { temporaryBuild } from "./temporary-build.ts"
import { engineId, enginesFolder, HEADER_PREFIXES, type Variant, wheelFor } from "./tensorflow-recipe.ts"
import { engineOf, tensorflowStatus, wantedVariant, wantsCudaLibraries } from "./tensorflow-status.ts"
import { unpackWheel } from "./unpack-wheel.ts"

export interface InstallOptions {
  readonly onProgress?: (progress: InstallProgress) => void
  /** Of the CUDA build: with the CUDA libraries. @default where they are wanted */
  readonly libraries?: boolean
}

/** Puts a finished engine in place. A whole one that another process put there first is kept, a damaged one replaced. */
const putInPlace = (engine: string, target: string, id: string, build: string) =>
  attempt("moving the engine into place", async () => {
    try {
      await rename(engine, target)
    } catch (error) {
      if (filesAreWhole(target, id)) return
      await rename(target, join(build, "damaged")).catch(() => {
        throw error
      })
      await rename(engine, target)
    }
  })

const build = Effect.fn("buildTensorflow")(function* (variant: Variant, report: (progress: InstallProgress) => void) {
  const wheel = wheelFor(process.platform, process.arch, variant)
  if (wheel === undefined) return yield* unavailable(`there is no TensorFlow for ${process.platform} ${process.arch}`)
  const id = engineId(process.platform, process.arch, variant)
  const folder = yield* temporaryBuild
  const file = yield* downloadWheel(wheel, folder, report)
  report({ step: "unpack", message: "unpacking the libraries" })
  const unpacked = join(folder, "unpacked")
  const engine = join(folder, id)
  yield* unpackWheel(file, unpacked, [...wheel.libraries, ...HEADER_PREFIXES])
  const [cApi, framework] = wheel.libraries
  const libraries = [basename(cApi), basename(framework)] as const
  yield* attempt("moving the libraries", async () => {
    await mkdir(engine)
    await Promise.all(libraries.map((library) => rename(join(unpacked, "tensorflow", library), join(engine, library))))
    await rm(file)
  })
  report({ step: "compile", message: "compiling the binding and our own operations" })
  yield* compileBinding(join(unpacked, "tensorflow", "include"), engine, libraries, variant, report)
  report({ step: "try", message: "trying it" })
  yield* tryBinding(engine, report)
  yield* attempt("writing the engine's manifest", () => writeEngineManifest(engine, id, [wheel]))
  yield* putInPlace(engine, join(enginesFolder(), id), id, folder)
}, Effect.scoped)

const buildAll = Effect.fn("buildAll")(function* (
  variant: Variant,
  libraries: boolean,
  report: (progress: InstallProgress) => void
) {
  if (libraries) yield* installCudaLibraries(report)
  if (engineOf(variant) === undefined) yield* build(variant, report)
})

/** Returns the installed engine, building it first where needed. Does nothing when it is there. */
export const installTensorflow = Effect.fn("installTensorflow")(function* (options: InstallOptions = {}) {
  const report = options.onProgress ?? (() => {})
  const status = yield* tensorflowStatus
  if (status.state === "installed") return status.engine
  if (status.state === "missing") {
    const reasons = status.missing.map((part) => part.what).join("; ")
    return yield* unavailable(reasons, status.missing.map((part) => part.fix).join("; "))
  }
  const variant = wantedVariant()
  const libraries = options.libraries ?? wantsCudaLibraries()
  const whole = (): boolean => engineOf(variant) !== undefined && (!libraries || installedCudaLibraries() !== undefined)
  const lease = join(enginesFolder(), `${engineId(process.platform, process.arch, variant)}.lease`)
  yield* workOnce(lease, {
    done: whole,
    onWait: () => report({ step: "wait", message: "waiting for another process that builds the same engine" }),
    work: buildAll(variant, libraries, report),
    purpose: "the tensorflow engine"
  }).pipe(Effect.catchTag("Unwritable", (error) => unavailable(error.message)))
  return engineOf(variant) ?? (yield* unavailable("it was built, but is not whole"))
})
