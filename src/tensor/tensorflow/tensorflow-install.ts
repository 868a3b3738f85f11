/**
 * Builds the tensorflow engine in the per-user engines folder: fetch the wheel, check it, unpack the two libraries and a
 * few headers, compile the binding and our own operations, try them in a process of its own, rename the folder into place. The rename is the only
 * step that anybody sees, so two processes may build at once; a lease that expires by itself only saves the second one
 * the work. Nothing of an interrupted build is ever loaded.
 */
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import { compileBinding, tryBinding } from "./compile-binding.ts"
import { downloadWheel } from "./download-wheel.ts"
import { makeDirectory } from "../../file/make-directory.ts"
import { workOnce } from "../../file/work-once.ts"
import { attempt, command, type InstallProgress, unavailable } from "./install-step.ts"
import { engineId, enginesFolder, HEADER_PREFIXES, MANIFEST_FILE, type Wheel, wheelFor } from "./tensorflow-recipe.ts"
import {
  type EngineManifest,
  type InstalledEngine,
  installedEngine,
  isWhole,
  python,
  tensorflowStatus
} from "./tensorflow-status.ts"

export interface InstallOptions {
  readonly onProgress?: (progress: InstallProgress) => void
}

/** Extracts members by name or prefix; a zip reader is the one thing that any Python brings along. */
const UNPACK = `
import sys, zipfile
wheel, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    names = [n for n in archive.namelist() if any(n == w or n.startswith(w) for w in wanted)]
    for w in wanted:
        if not any(n == w or n.startswith(w) for n in names):
            sys.exit("not in the wheel: " + w)
    archive.extractall(target, names)
`

const writeManifest = (engine: string, id: string, wheel: Wheel) =>
  attempt("writing the engine's manifest", async () => {
    const names = (await readdir(engine)).toSorted()
    const sizes = await Promise.all(names.map((name) => stat(join(engine, name)).then((stats) => stats.size)))
    const files = Object.fromEntries(names.map((name, index) => [name, sizes[index] ?? -1]))
    const manifest: EngineManifest = { id, wheel: wheel.file, sha256: wheel.sha256, files }
    await writeFile(join(engine, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
  })

/** Puts a finished engine in place. A whole one that another process put there first is kept, a damaged one replaced. */
const putInPlace = (engine: string, target: string, id: string, build: string) =>
  attempt("moving the engine into place", async () => {
    try {
      await rename(engine, target)
    } catch (error) {
      if (isWhole(target, id)) return
      await rename(target, join(build, "damaged")).catch(() => {
        throw error
      })
      await rename(engine, target)
    }
  })

const build = Effect.fn("buildTensorflow")(function* (report: (progress: InstallProgress) => void) {
  const wheel = wheelFor(process.platform, process.arch)
  if (wheel === undefined) return yield* unavailable(`there is no TensorFlow for ${process.platform} ${process.arch}`)
  const id = engineId(process.platform, process.arch)
  const root = enginesFolder()
  const folder = yield* Effect.acquireRelease(
    attempt(`making a folder in ${root}`, () => mkdtemp(join(root, BUILD_PREFIX))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }).catch(() => {}))
  )
  const file = yield* downloadWheel(wheel, folder, report)
  report({ step: "unpack", message: "unpacking the libraries" })
  const unpacked = join(folder, "unpacked")
  const engine = join(folder, id)
  const wanted = [...wheel.libraries, ...HEADER_PREFIXES]
  yield* command("unpacking TensorFlow", python(), ["-c", UNPACK, file, unpacked, ...wanted], { cwd: folder })
  const [cApi, framework] = wheel.libraries
  const libraries = [basename(cApi), basename(framework)] as const
  yield* attempt("moving the libraries", async () => {
    await mkdir(engine)
    await Promise.all(libraries.map((library) => rename(join(unpacked, "tensorflow", library), join(engine, library))))
    await rm(file)
  })
  report({ step: "compile", message: "compiling the binding and our own operations" })
  yield* compileBinding(join(unpacked, "tensorflow", "include"), engine, libraries, report)
  report({ step: "try", message: "trying it" })
  yield* tryBinding(engine, report)
  yield* writeManifest(engine, id, wheel)
  yield* putInPlace(engine, join(root, id), id, folder)
}, Effect.scoped)

const BUILD_PREFIX = ".build-"
/** A build takes minutes on most networks; a folder this old belongs to a process that was killed. */
const ABANDONED_AFTER_MS = 6 * 3600 * 1000

const removeAbandoned = (root: string) =>
  attempt("removing abandoned builds", async () => {
    await makeDirectory(root)
    for (const name of await readdir(root)) {
      if (!name.startsWith(BUILD_PREFIX)) continue
      const path = join(root, name)
      const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())
      if (age > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true })
    }
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
  yield* removeAbandoned(enginesFolder())
  const lease = join(enginesFolder(), `${engineId(process.platform, process.arch)}.lease`)
  yield* workOnce(lease, {
    done: () => installedEngine() !== undefined,
    onWait: () => report({ step: "wait", message: "waiting for another process that builds the same engine" }),
    work: build(report),
    purpose: "the tensorflow engine"
  }).pipe(Effect.catchTag("Unwritable", (error) => unavailable(error.message)))
  const engine: InstalledEngine | undefined = installedEngine()
  return engine ?? (yield* unavailable("it was built, but is not whole"))
})
