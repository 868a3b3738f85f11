/**
 * The engine for machines that can build none, without internet or compiler: where this machine's stands on another file
 * system than the store, a copy of it in the store.
 */
import { statSync } from "node:fs"
import { cp, rename, rm } from "node:fs/promises"
import { randomUUID } from "node:crypto"
import { basename, dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { TEMPORARY } from "../../file/atomic-write.ts"
import { makeDirectory } from "../../file/make-directory.ts"
import type { EngineName } from "../../tensor/engine-info.ts"
import { cudaFolder, installedCudaLibraries } from "../../tensor/tensorflow/cuda-libraries.ts"
import { filesAreWhole } from "../../tensor/tensorflow/engine-manifest.ts"
import { installedEngine } from "../../tensor/tensorflow/tensorflow-status.ts"

const copyEngine = async (folder: string, shared: string): Promise<void> => {
  const id = basename(folder)
  if (filesAreWhole(join(shared, id), id)) return
  await makeDirectory(shared)
  const temporary = join(shared, TEMPORARY + randomUUID())
  await cp(folder, temporary, { recursive: true })
  await rm(join(shared, id), { recursive: true, force: true })
  // Another head may have been first.
  await rename(temporary, join(shared, id)).catch(() => rm(temporary, { recursive: true, force: true }))
}

/** @returns what tells a job where the engines are */
export const shareEngine = (name: EngineName, store: string): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.promise(async () => {
    const engine = name === "tensorflow" ? installedEngine() : undefined
    if (engine === undefined) return {}
    const own = dirname(engine.folder)
    await makeDirectory(store)
    if (statSync(own).dev === statSync(store).dev) return { PIPELINE_ENGINE_DIR: own }
    const shared = join(store, "engines")
    await copyEngine(engine.folder, shared)
    if (engine.variant === "cuda" && installedCudaLibraries() !== undefined) await copyEngine(cudaFolder(), shared)
    return { PIPELINE_ENGINE_DIR: shared }
  })
