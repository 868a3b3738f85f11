/**
 * The formats of SAEs that can be read, by name: every file of `formats/` is one. What can be chosen anywhere follows from
 * what stands there.
 */
import { readdirSync } from "node:fs"
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { codeEnding } from "../../project/code-ending.ts"
import type { SaeFolder } from "./files/sae-folder.ts"
import type { ReadOptions, SaeFormat } from "./files/sae-format.ts"

const files = readdirSync(new URL("./formats/", import.meta.url))
  .flatMap((file) => /^([a-z][a-z0-9-]*)\.(?:ts|js)$/.exec(file)?.[1] ?? [])
  .toSorted()

const modules = await Promise.all(
  files.map(
    (file) => import(/* @vite-ignore */ `./formats/${file}${codeEnding}`) as Promise<{ readonly default: SaeFormat }>
  )
)

export interface NamedFormat extends SaeFormat {
  /** That of its file, with `_` for `-`. */
  readonly name: string
}

/** By name. */
export const formats: ReadonlyMap<string, NamedFormat> = new Map(
  modules.map(({ default: format }, i) => {
    const name = (files[i] as string).replaceAll("-", "_")
    return [name, { ...format, name }]
  })
)

export const formatNames: ReadonlyArray<string> = [...formats.keys()]

/** Those that can be written. */
export const writableNames: ReadonlyArray<string> = formatNames.filter((name) => formats.get(name)?.write !== undefined)

/** The format of the files, or a failure that lists what was looked for. */
export const detectFormat = Effect.fn("detectFormat")(function* (folder: SaeFolder) {
  const inside = (format: SaeFormat) => Number(format.looks_inside === true)
  let unreadable: ArtifactError | undefined
  for (const format of [...formats.values()].toSorted((a, b) => inside(a) - inside(b))) {
    const found = yield* Effect.catch(format.detect(folder), (error) => {
      unreadable ??= error
      return Effect.succeed(false)
    })
    if (found) return format
  }
  // A file that nobody can open is worth more words than a list of what was looked for.
  if (unreadable !== undefined) return yield* unreadable
  const known = [...formats.values()].map(({ name, files: own }) => `${name}: ${own}`)
  const [some, more] = [folder.names.slice(0, 8), folder.names.length - 8]
  return yield* new ArtifactError({
    reason: "invalid",
    digest: folder.digest,
    path: ".",
    detail:
      `no SAE of a known format is here. It holds ${some.join(", ")}${more > 0 ? ` and ${more} more` : ""}; ` +
      `known are ${known.join("; ")}`
  })
})

/**
 * Reads whatever format the folder holds.
 *
 * Fails with `ArtifactError` where it is none that is known, or what it holds cannot be computed with exactly.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { convertSae, diskFolder, readAnySae } from "sae-pipeline/formats"
 *
 * const toSparsify = (path: string) =>
 *   Effect.scoped(Effect.map(readAnySae(diskFolder(path)), (sae) => convertSae(sae, "sparsify", { fold: false })))
 * ```
 */
export const readAnySae = Effect.fn("readAnySae")(function* (folder: SaeFolder, options: ReadOptions = {}) {
  return yield* (yield* detectFormat(folder)).read(folder, options)
})
