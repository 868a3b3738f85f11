/** `engine.json` in a folder that was built or fetched: every file below it with its size, so that half of one is noticed. */
import { existsSync, readFileSync, statSync } from "node:fs"
import { readdir, stat, writeFile } from "node:fs/promises"
import { join, relative } from "node:path"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { MANIFEST_FILE, type WheelFile } from "./tensorflow-recipe.ts"

export const EngineManifest = Schema.Struct({
  id: Schema.String,
  wheel: Schema.String,
  sha256: Schema.String,
  files: Schema.Record(Schema.String, Schema.Finite)
})
export type EngineManifest = typeof EngineManifest.Type
const decodeManifest = Schema.decodeUnknownOption(Schema.fromJsonString(EngineManifest))

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? -1

const readManifest = (folder: string): EngineManifest | undefined => {
  const file = join(folder, MANIFEST_FILE)
  return existsSync(file) ? Option.getOrUndefined(decodeManifest(readFileSync(file, "utf8"))) : undefined
}

/** Whether `folder` holds all of what `id` names. */
export const filesAreWhole = (folder: string, id: string): boolean => {
  const manifest = readManifest(folder)
  if (manifest?.id !== id) return false
  return Object.entries(manifest.files).every(([file, size]) => sizeOf(join(folder, file)) === size)
}

/** @param wheels what it was made of */
export const writeEngineManifest = async (
  folder: string,
  id: string,
  wheels: ReadonlyArray<Pick<WheelFile, "file" | "sha256">>
): Promise<void> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const sizes = await Promise.all(paths.toSorted().map((path) => stat(path).then(({ size }) => [path, size] as const)))
  const manifest: EngineManifest = {
    id,
    wheel: wheels.map(({ file }) => file).join(" "),
    sha256: wheels.map(({ sha256 }) => sha256).join(" "),
    files: Object.fromEntries(sizes.map(([path, size]) => [relative(folder, path), size]))
  }
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
}
