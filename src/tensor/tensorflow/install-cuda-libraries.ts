/** Fetches the CUDA libraries into the per-user engines folder: each wheel checked, all of them in place at once or none. */
import { mkdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { CUDA_ID, cudaDownloadBytes, cudaFolder, cudaWheels, installedCudaLibraries } from "./cuda-libraries.ts"
import { downloadWheel } from "./download-wheel.ts"
import { writeEngineManifest } from "./engine-manifest.ts"
import { attempt, type InstallProgress } from "./install-step.ts"
import { temporaryBuild } from "./temporary-build.ts"
import { unpackWheel } from "./unpack-wheel.ts"

export const installCudaLibraries = Effect.fn("installCudaLibraries")(function* (
  report: (progress: InstallProgress) => void
) {
  if (installedCudaLibraries() !== undefined) return
  const folder = yield* temporaryBuild
  const libraries = join(folder, CUDA_ID)
  yield* attempt("making a folder", () => mkdir(libraries))
  const all = `${cudaWheels.length} CUDA libraries, ${Math.round(cudaDownloadBytes / 1e6)} MB in all`
  for (const [index, wheel] of cudaWheels.entries()) {
    const own = join(folder, String(index))
    yield* attempt("making a folder", () => mkdir(own))
    const file = yield* downloadWheel(wheel, own, (progress) =>
      report({ ...progress, message: `${progress.message} (${index + 1} of ${all})` })
    )
    report({ step: "unpack", message: `unpacking ${wheel.file}` })
    const [library = ""] = wheel.opens
    yield* unpackWheel(file, libraries, [`${library.slice(0, library.lastIndexOf("/"))}/`])
    yield* attempt("removing the wheel", () => rm(own, { recursive: true }))
  }
  yield* attempt("moving the CUDA libraries into place", async () => {
    await writeEngineManifest(libraries, CUDA_ID, cudaWheels)
    await rename(libraries, cudaFolder()).catch(async (error: unknown) => {
      // Another process was first, or half of it is left of one that somebody deleted from.
      if (installedCudaLibraries() !== undefined) return
      await rename(cudaFolder(), join(folder, "damaged")).catch(() => {
        throw error
      })
      await rename(libraries, cudaFolder())
    })
  })
}, Effect.scoped)
