/** Copies a model's files from a source into an artifact, after checking that they make a model that can be run. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../artifact/artifact.ts"
import { readLanguageModel } from "../artifact/read-language-model.ts"
import { readSourceFile } from "../source/read-source.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource } from "../stage/stage.ts"
import { makeTokenizer } from "../text/tokenizer.ts"
import { filesArtifact } from "./files-artifact.ts"
import { checkWeights, modelInfo } from "./load-model.ts"

/** Files of a model folder that are used; a folder's other files (other formats, licences) stay where they are. */
const used = /^(config\.json|tokenizer\.json|model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json)$/

export const importModel = Effect.fn("importModel")(function* (source: ResolvedSource, output: ArtifactWriter) {
  const refused = (error: { readonly message: string }) =>
    stageFailed(`source ${source.uri}: ${error.message}`, "It takes a Hugging Face folder of a supported architecture.")
  const files = source.files.filter(({ name }) => used.test(name))
  for (const name of ["config.json", "tokenizer.json"]) {
    if (files.some((file) => file.name === name)) continue
    return yield* stageFailed(
      `source ${source.uri}: there is no ${name}; the source holds ${source.files.map((file) => file.name).join(", ")}`,
      "Give a folder with config.json, tokenizer.json and model.safetensors."
    )
  }
  const artifact = yield* filesArtifact("LanguageModel", files)
  const handle = yield* readLanguageModel(artifact).pipe(Effect.mapError(refused))
  const info = yield* modelInfo(handle.config).pipe(Effect.mapError(refused))
  const weights = yield* handle.weights.pipe(Effect.mapError(refused))
  yield* checkWeights(handle.config, weights).pipe(Effect.mapError(refused))
  const json = yield* handle.tokenizer.pipe(Effect.mapError(refused))
  const tokenizer = yield* Effect.try({
    try: () => makeTokenizer(json),
    catch: (error) => refused({ message: `tokenizer.json cannot be read: ${String(error)}` })
  })
  if (tokenizer.vocabularySize > info.vocabulary) {
    return yield* refused({
      message: `tokenizer.json has ${tokenizer.vocabularySize} tokens, config.json a vocab_size of ${info.vocabulary}`
    })
  }
  for (const file of files) yield* output.write(file.name, yield* readSourceFile(source, file))
  let parameters = 0
  for (const { shape } of weights.entries.values()) parameters += shape.reduce((a, b) => a * b, 1)
  return { info, parameters }
})
