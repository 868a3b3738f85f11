/** Copies a model's files from a source into an artifact, after checking that they make a model that can be run. */
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../artifact/artifact.ts"
import { canonicalJson } from "../json/canonical-json.ts"
import { readGgufModel } from "../kinds/language-model/gguf/read-gguf-model.ts"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import { chatFiles } from "../kinds/language-model/read-chat-template.ts"
import { readLanguageModel } from "../kinds/language-model/read-language-model.ts"
import { findWeights } from "../kinds/language-model/weight-files.ts"
import { copySourceFile, fetchSourceFile } from "../source/read-source.ts"
import { ggufModels } from "../source/scheme/gguf-names.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource, SourceFile } from "../stage/source.ts"
import { checkTokenizer } from "./check-tokenizer.ts"
import { filesArtifact } from "./files-artifact.ts"
import { writeRandomWeights } from "./randomize-weights.ts"
import { checkWeights, modelInfo, modelWarnings } from "./load-model.ts"

interface Imported {
  readonly handle: Pick<LanguageModelHandle, "config" | "tokenizer" | "weights">
  /** Files of weights among `copied`, by the name that they get. */
  readonly weightFiles: ReadonlyArray<string>
  /** Files copied as they are, by the name that they get. */
  readonly copied: ReadonlyArray<readonly [name: string, file: SourceFile]>
  /** Files made of the others. */
  readonly made: Readonly<Record<string, string>>
}

const needed = ["config.json", "tokenizer.json"]

/** What to do where a folder has no tokenizer.json: other forms can be turned into one, and a vocabulary without text be told in one. */
const withoutTokenizer = (has: (name: string) => boolean): string => {
  const other = ["vocab.json", "tokenizer.model", "vocab.txt", "spiece.model"].find(has)
  return other === undefined
    ? "Save the model's tokenizer beside it (AutoTokenizer.from_pretrained(...).save_pretrained(DIR) of transformers); where its ids are of no text, a WordLevel tokenizer that names each id."
    : `Turn ${other} into one: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR) of transformers writes it.`
}

const fromFolder = Effect.fnUntraced(function* (source: ResolvedSource) {
  for (const name of needed) {
    if (source.files.some((file) => file.name === name)) continue
    return yield* stageFailed(
      `source ${source.uri}: there is no ${name}; the source holds ${source.files.map((file) => file.name).join(", ")}`,
      name === "tokenizer.json"
        ? withoutTokenizer((file) => source.files.some((each) => each.name === file))
        : "Give a folder with config.json, tokenizer.json and model.safetensors, or one GGUF file."
    )
  }
  const fetch = (files: ReadonlyArray<SourceFile>) => Effect.forEach(files, fetchSourceFile, { discard: true })
  const has = (name: string): boolean => source.files.some((file) => file.name === name)
  // Which files are needed follows from names and small files; the others (other formats, licences) are not fetched.
  const indices = source.files.filter(({ name }) => name.endsWith(".index.json"))
  yield* fetch(indices)
  const found = yield* findWeights({ ...(yield* filesArtifact("LanguageModel", indices)), has })
  const files = source.files.filter(({ name }) => [...needed, ...chatFiles, ...(found?.names ?? [])].includes(name))
  yield* fetch(files)
  const imported: Imported = {
    handle: yield* readLanguageModel(yield* filesArtifact("LanguageModel", files)),
    weightFiles: found?.names ?? [],
    copied: files.map((file) => [file.name, file] as const),
    made: {}
  }
  return imported
})

/** A GGUF model stays as it is; its configuration and tokenizer are written out beside it. */
const fromGguf = Effect.fnUntraced(function* (files: ReadonlyArray<SourceFile>) {
  for (const file of files) yield* fetchSourceFile(file)
  const artifact = yield* filesArtifact("LanguageModel", files)
  const parts = yield* Effect.forEach(files, ({ name }) =>
    Effect.map(artifact.open(name), (file) => ({ path: name, file }))
  )
  const { config, tokenizer: made, weights, chat } = yield* readGgufModel(parts)
  const tokenizer = yield* made
  const copied = files.map(
    (file) => [`model${/-\d{5}-of-\d{5}(?=\.gguf$)/i.exec(file.name)?.[0] ?? ""}.gguf`, file] as const
  )
  const imported: Imported = {
    handle: { config, tokenizer: Effect.succeed(tokenizer), weights: Effect.succeed(weights) },
    weightFiles: copied.map(([name]) => name),
    copied,
    made: {
      "config.json": canonicalJson(config),
      "tokenizer.json": tokenizer,
      ...(chat === undefined ? {} : { "tokenizer_config.json": canonicalJson(chat) })
    }
  }
  return imported
})

/** The parts of the one GGUF model that a source holds; undefined where it is a folder of other files. */
const ggufFiles = Effect.fnUntraced(function* (source: ResolvedSource) {
  if (source.files.some(({ name }) => name === "config.json")) return undefined
  const models = ggufModels(source.files.map(({ name }) => name))
  const [parts] = models
  if (parts === undefined) return undefined
  if (models.length > 1) {
    return yield* stageFailed(
      `source ${source.uri} holds ${models.length} GGUF models: ${models.map(([name]) => name).join(", ")}`,
      "Give one of them."
    )
  }
  const found = source.files.filter(({ name }) => parts.includes(name))
  const absent = parts.find((name) => !found.some((file) => file.name === name))
  if (absent === undefined) return found
  return yield* stageFailed(
    `source ${source.uri}: the model stands in ${parts.length} parts, and there is no ${absent}`,
    "Give the folder, or a file of the folder, that holds all of them."
  )
})

/**
 * Needs a scope, which closes the files.
 *
 * @param randomSeed draws every weight anew from it, as `writeRandomWeights` says; undefined: the model as it is
 */
export const importModel = Effect.fn("importModel")(function* (
  source: ResolvedSource,
  output: ArtifactWriter,
  randomSeed?: number
) {
  const refused = (error: { readonly message: string }) =>
    stageFailed(
      `source ${source.uri}: ${error.message}`,
      "It takes a Hugging Face folder or a GGUF file of a supported architecture."
    )
  const gguf = yield* ggufFiles(source)
  const { handle, weightFiles, copied, made } =
    gguf === undefined
      ? yield* fromFolder(source).pipe(Effect.catchTag("ArtifactError", (error) => Effect.fail(refused(error))))
      : yield* fromGguf(gguf).pipe(Effect.mapError(refused))
  const info = yield* modelInfo(handle.config).pipe(Effect.mapError(refused))
  const weights = yield* handle.weights.pipe(Effect.mapError(refused))
  yield* checkWeights(handle.config, weights).pipe(Effect.mapError(refused))
  const warnings = yield* modelWarnings(handle.config, weights).pipe(Effect.mapError(refused))
  const json = yield* handle.tokenizer.pipe(Effect.mapError(refused))
  yield* checkTokenizer(json, info.d_vocab).pipe(Effect.mapError(refused))
  const kept = randomSeed === undefined ? copied : copied.filter(([name]) => !weightFiles.includes(name))
  for (const [name, file] of kept) yield* copySourceFile(source, file, yield* output.path(name))
  if (randomSeed !== undefined) yield* writeRandomWeights(output, weights, randomSeed)
  for (const [name, text] of Object.entries(made)) yield* output.write(name, text)
  // What a moving name stood for belongs to the model; where a local file lay does not.
  if (source.pin !== undefined) {
    yield* output.writeJson("source.json", { source: source.name, licence: source.licence ?? null })
  }
  let parameters = 0
  for (const { shape } of weights.entries.values()) parameters += shape.reduce((a, b) => a * b, 1)
  // An artifact says of itself in what it differs from its config.json.
  if (warnings.length > 0) yield* output.writeJson("warnings.json", warnings)
  return { info, parameters, warnings }
})
