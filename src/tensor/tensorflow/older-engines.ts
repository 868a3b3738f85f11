/** Engines that an earlier version of this project built for this user, and that this one does not load. */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CUDA_ID } from "./cuda-libraries.ts"
import { engineId, enginesFolder, MANIFEST_FILE, variants } from "./tensorflow-recipe.ts"

export interface OlderEngines {
  readonly folders: ReadonlyArray<string>
  readonly bytes: number
}

const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ files: Schema.Record(Schema.String, Schema.Finite) }))
)

const bytesOf = async (folder: string): Promise<number> => {
  const { files } = decode(await readFile(join(folder, MANIFEST_FILE), "utf8"))
  return Object.values(files).reduce((sum, size) => sum + size, 0)
}

export const olderEngines: Effect.Effect<OlderEngines> = Effect.promise(async () => {
  const parent = enginesFolder()
  const current = [...variants.map((variant) => engineId(process.platform, process.arch, variant)), CUDA_ID]
  const names = (await readdir(parent).catch(() => [])).filter((name) => !current.includes(name))
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = join(parent, name)
      const bytes = await bytesOf(folder).catch(() => undefined)
      return bytes === undefined ? [] : [{ folder, bytes }]
    })
  )
  const all = found.flat()
  return { folders: all.map(({ folder }) => folder).toSorted(), bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) }
})
