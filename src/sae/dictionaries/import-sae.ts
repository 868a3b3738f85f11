/** An SAE of another library as an Sae artifact: its files checked against the digests that are in the key, read, written. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter, VerifiedFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { bytesFile } from "../../artifact/bytes-file.ts"
import { computableSae } from "../../kinds/sae/stored/computable-sae.ts"
import { formatNames } from "../../kinds/sae/format-names.ts"
import { detectFormat, formats } from "../../kinds/sae/formats.ts"
import type { SaeFolder } from "../../kinds/sae/files/sae-folder.ts"
import { storedInfo } from "../../kinds/sae/stored/stored-info.ts"
import { writeStoredSae } from "../../kinds/sae/write-sae.ts"
import { readSourceFile } from "../../source/read-source.ts"
import type { ResolvedSource } from "../../stage/source.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { isRefused } from "../../kinds/sae/latents/sae-refused.ts"

/** Every file that is opened is read and hashed whole: what is imported is what was planned. */
const sourceFolder = (source: ResolvedSource): SaeFolder => {
  // Formats look into the same files one after the other.
  const opened = new Map<string, VerifiedFile>()
  return {
    digest: "",
    // A key holds what files say and not where they stand; on the hub the two go together.
    ...(source.uri.startsWith("hf:") ? { place: source.uri } : {}),
    names: source.files.map(({ name }) => name),
    open: (name) =>
      Effect.gen(function* () {
        const known = opened.get(name)
        if (known !== undefined) return known
        const file = source.files.find((one) => one.name === name) as ResolvedSource["files"][number]
        const changed = (error: Error) =>
          new ArtifactError({ reason: "missing", digest: "", path: name, detail: error.message })
        const bytes = bytesFile(yield* Effect.mapError(readSourceFile(source, file), changed), name)
        opened.set(name, bytes)
        return bytes
      })
  }
}

export interface ImportOptions {
  /** Null: told by its files. */
  readonly format: string | null
  /** The hook that it was trained at, where its files do not say or say otherwise. */
  readonly hook: string | null
  /** Latents per row, where only the name of the repository says it. */
  readonly k: number | null
}

export const importSae = Effect.fn("importSae")(function* (
  source: ResolvedSource,
  options: ImportOptions,
  output: ArtifactWriter
) {
  const folder = sourceFolder(source)
  const format = options.format === null ? yield* detectFormat(folder) : formats.get(options.format)
  if (format === undefined) {
    return yield* stageFailed(`there is no format ${options.format}`, `Known are ${formatNames.join(", ")}.`)
  }
  if (options.format !== null && !(yield* format.detect(folder))) {
    return yield* stageFailed(`${source.uri} is not in the format ${format.name}`, `Its files: ${format.files}.`)
  }
  const read = yield* format.read(folder, { k: options.k ?? undefined })
  const sae = options.hook === null ? read : { ...read, metadata: { ...read.metadata, hook_name: options.hook } }
  const weights = computableSae(sae)
  if (isRefused(weights)) return yield* stageFailed(weights.problem, "Import an SAE that was trained further.")
  const info = storedInfo(sae)
  yield* writeStoredSae(output, sae, {
    ...info,
    model: null,
    activations: null,
    rows: "activations",
    training: null
  })
  return { format: format.name, sae, info }
})
