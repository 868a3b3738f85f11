/** Opens a LanguageModel artifact: config and tokenizer are checked to be there, weights are opened when asked for. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Artifact } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import type { WeightTensors } from "../../format/weight-tensors.ts"
import type { LanguageModelHandle } from "./language-model-handle.ts"
import { readChatTemplate } from "./read-chat-template.ts"
import { findWeights, weightFileNames } from "./weight-files.ts"

/** Beside it stand the config.json and the tokenizer.json that its metadata were turned into. */
const isGguf = (name: string): boolean => /^model(-\d+-of-\d+)?\.gguf$/.test(name)

const Config = Schema.Record(Schema.String, Schema.Unknown)

export const readLanguageModel = Effect.fn("readLanguageModel")(function* (artifact: Artifact) {
  const fail = (path: string, detail: string) =>
    new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
  const config = yield* readJsonFile(artifact, "config.json", Config)
  const tokenizer = artifact.files.find((file) => file.path === "tokenizer.json")
  if (tokenizer === undefined) return yield* fail("tokenizer.json", "the folder has no tokenizer")
  const gguf = artifact.files.map(({ path }) => path).filter(isGguf)
  const found = gguf.length > 0 ? undefined : yield* findWeights(artifact)
  if (found === undefined && gguf.length === 0) {
    return yield* fail(
      weightFileNames[0] as string,
      `the folder has none of ${[...weightFileNames, "model.gguf"].join(", ")}`
    )
  }
  const fromGguf = Effect.gen(function* (): Effect.fn.Return<WeightTensors, ArtifactError, Scope.Scope> {
    const { readGgufModel } = yield* Effect.promise(() => import("./gguf/read-gguf-model.ts"))
    const files = yield* Effect.forEach(gguf, (path) => Effect.map(artifact.open(path), (file) => ({ path, file })))
    return (yield* readGgufModel(files, artifact.digest)).weights
  })
  const handle: LanguageModelHandle = {
    digest: artifact.digest,
    config,
    tokenizer: artifact.readText("tokenizer.json"),
    tokenizerDigest: tokenizer.sha256,
    chatTemplate: readChatTemplate(artifact),
    weights: found?.open ?? fromGguf
  }
  return handle
})
