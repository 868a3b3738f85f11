/** Copies a model's files from a source into an artifact, after checking that they make a model that can be run. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../artifact/artifact.ts"
import { canonicalJson } from "../json/canonical-json.ts"
import { readGgufModel } from "../kinds/language-model/gguf/read-gguf-model.ts"
import type { LanguageModelHandle } from "../kinds/language-model/language-model.ts"
import { readLanguageModel } from "../kinds/language-model/read-language-model.ts"
import { copySourceFile, fetchSourceFile } from "../source/read-source.ts"
import { sourceName } from "../source/source-name.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource } from "../stage/source.ts"
import { checkTokenizer } from "./check-tokenizer.ts"
import { filesArtifact } from "./files-artifact.ts"
import { checkWeights, modelInfo } from "./load-model.ts"

/** Files of a model folder that are used; a folder's other files (other formats, licences) stay where they are. */
const used = /^(config\.json|tokenizer\.json|model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json)$/

interface Imported {
  readonly handle: Pick<LanguageModelHandle, "config" | "tokenizer" | "weights">
  /** Files copied as they are, by the name that they get. */
  readonly copied: ReadonlyArray<readonly [name: string, file: ResolvedSource["files"][number]]>
  /** Files made of the others. */
  readonly made: Readonly<Record<string, string>>
}

const fromFolder = Effect.fnUntraced(function* (source: ResolvedSource) {
  const files = source.files.filter(({ name }) => used.test(name))
  for (const name of ["config.json", "tokenizer.json"]) {
    if (files.some((file) => file.name === name)) continue
    return yield* stageFailed(
      `source ${source.uri}: there is no ${name}; the source holds ${source.files.map((file) => file.name).join(", ")}`,
      "Give a folder with config.json, tokenizer.json and model.safetensors, or one GGUF file."
    )
  }
  for (const file of files) yield* fetchSourceFile(file)
  const artifact = yield* filesArtifact("LanguageModel", files)
  const imported: Imported = {
    handle: yield* readLanguageModel(artifact),
    copied: files.map((file) => [file.name, file] as const),
    made: {}
  }
  return imported
})

/** A GGUF file stays as it is; its configuration and tokenizer are written out beside it. */
const fromGguf = Effect.fnUntraced(function* (file: ResolvedSource["files"][number]) {
  yield* fetchSourceFile(file)
  const artifact = yield* filesArtifact("LanguageModel", [file])
  const { config, tokenizer: made, weights } = yield* readGgufModel(yield* artifact.open(file.name), file.name)
  const tokenizer = yield* made
  const imported: Imported = {
    handle: { config, tokenizer: Effect.succeed(tokenizer), weights: Effect.succeed(weights) },
    copied: [["model.gguf", file]],
    made: { "config.json": canonicalJson(config), "tokenizer.json": tokenizer }
  }
  return imported
})

/** Needs a scope, which closes the files. */
export const importModel = Effect.fn("importModel")(function* (source: ResolvedSource, output: ArtifactWriter) {
  const refused = (error: { readonly message: string }) =>
    stageFailed(
      `source ${source.uri}: ${error.message}`,
      "It takes a Hugging Face folder or a GGUF file of a supported architecture."
    )
  const gguf = source.files.filter(({ name }) => name.endsWith(".gguf"))
  const single = source.files.some(({ name }) => name === "config.json") ? undefined : gguf[0]
  if (single !== undefined && gguf.length > 1) {
    return yield* stageFailed(
      `source ${source.uri} holds ${gguf.length} GGUF files: ${gguf.map(({ name }) => name).join(", ")}`,
      "Give one of them."
    )
  }
  const { handle, copied, made } =
    single === undefined
      ? yield* fromFolder(source).pipe(Effect.catchTag("ArtifactError", (error) => Effect.fail(refused(error))))
      : yield* fromGguf(single).pipe(Effect.mapError(refused))
  const info = yield* modelInfo(handle.config).pipe(Effect.mapError(refused))
  const weights = yield* handle.weights.pipe(Effect.mapError(refused))
  yield* checkWeights(handle.config, weights).pipe(Effect.mapError(refused))
  const json = yield* handle.tokenizer.pipe(Effect.mapError(refused))
  yield* checkTokenizer(json, info.vocabulary).pipe(Effect.mapError(refused))
  for (const [name, file] of copied) yield* copySourceFile(source, file, yield* output.path(name))
  for (const [name, text] of Object.entries(made)) yield* output.write(name, text)
  // What a moving name stood for belongs to the model; where a local file lay does not.
  if (source.pin !== undefined) {
    yield* output.writeJson("source.json", { source: sourceName(source), licence: source.licence ?? null })
  }
  let parameters = 0
  for (const { shape } of weights.entries.values()) parameters += shape.reduce((a, b) => a * b, 1)
  return { info, parameters }
})
