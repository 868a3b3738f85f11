/** The formats of SAEs that can be read, by name: every file of `formats/` and `layouts/` is one. */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { codeEnding } from "../../project/code-ending.ts"
import type { SaeFolder } from "./files/sae-folder.ts"
import type { ReadOptions, SaeFormat } from "./files/sae-format.ts"
import { type FormatFile, formatFiles } from "./format-names.ts"

export interface NamedFormat extends SaeFormat {
  readonly name: string
}

const load = ({ folder, file }: FormatFile): Promise<{ readonly default: SaeFormat }> =>
  folder === "formats"
    ? import(/* @vite-ignore */ `./formats/${file}${codeEnding}`)
    : import(/* @vite-ignore */ `./layouts/${file}${codeEnding}`)

const loaded = await Promise.all(
  formatFiles.map(async (one) => {
    const format: NamedFormat = { ...(await load(one)).default, name: one.name }
    if ((format.write !== undefined) !== (one.folder === "formats")) {
      throw new Error(
        `${one.folder}/${one.file}: what is read and written stands in formats/, what is only read in layouts/`
      )
    }
    return format
  })
)

export const formats: ReadonlyMap<string, NamedFormat> = new Map(loaded.map((format) => [format.name, format]))

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
  // As sparsify writes one SAE a hook, and hubs keep one a layer: what is meant stands a folder further down.
  const folders = [
    ...new Set(folder.names.flatMap((name) => (name.includes("/") ? [name.slice(0, name.indexOf("/"))] : [])))
  ]
  const below = folders.length === 0 ? "" : `; if it is in a folder of it, name that: ${folders.slice(0, 4).join(", ")}`
  return yield* new ArtifactError({
    reason: "invalid",
    digest: folder.digest,
    path: ".",
    detail:
      `no SAE of a known format is here. It holds ${some.join(", ")}${more > 0 ? ` and ${more} more` : ""}${below}; ` +
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
