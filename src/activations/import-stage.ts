/** The stage import-activations. */
import * as Effect from "effect/Effect"
import type { Artifact } from "../artifact/artifact.ts"
import type { Opened } from "../stage/input.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { type ImportOptions, importActivations, readMatrix } from "./import-activations.ts"

interface ImportParams extends Omit<ImportOptions, "source"> {
  readonly file: string
  /** Of safetensors: its name; null: the only one. */
  readonly tensor: string | null
}

export const importStage = Effect.fn("importStage")(function* ({
  inputs,
  params,
  output
}: StageContext<ImportParams, unknown, { readonly files: Opened<Artifact> }>) {
  const { file, tensor, hook, held_out_fraction, seed } = params
  const matrix = yield* readMatrix(inputs.files.value, file, tensor)
  return yield* importActivations(matrix, output, { hook, held_out_fraction, seed, source: file })
})
