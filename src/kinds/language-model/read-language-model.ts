/** Opens a LanguageModel artifact: config and tokenizer are checked to be there, weights are opened when asked for. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Artifact } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import type { LanguageModelHandle } from "./language-model.ts"
import { mergeSafetensors, openSafetensors } from "../../format/safetensors.ts"
import type { WeightTensors } from "../../format/weight-tensors.ts"

const single = "model.safetensors"
const index = "model.safetensors.index.json"
/** Beside it stand the config.json and the tokenizer.json that its metadata were turned into. */
const gguf = "model.gguf"

const Config = Schema.Record(Schema.String, Schema.Unknown)
const Index = Schema.Struct({ weight_map: Schema.Record(Schema.String, Schema.String) })

export const readLanguageModel = Effect.fn("readLanguageModel")(function* (artifact: Artifact) {
  const fail = (path: string, detail: string) =>
    new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
  const config = yield* readJsonFile(artifact, "config.json", Config)
  const tokenizer = artifact.files.find((file) => file.path === "tokenizer.json")
  if (tokenizer === undefined) return yield* fail("tokenizer.json", "the folder has no tokenizer")
  if (![single, index, gguf].some(artifact.has)) {
    return yield* fail(single, `the folder has neither ${single} nor ${index} nor ${gguf}`)
  }

  const open = Effect.fnUntraced(function* (path: string) {
    return yield* openSafetensors(yield* artifact.open(path), path, artifact.digest)
  })
  const weights = Effect.gen(function* (): Effect.fn.Return<WeightTensors, ArtifactError, Scope.Scope> {
    if (artifact.has(gguf)) {
      const { readGgufModel } = yield* Effect.promise(() => import("./gguf/read-gguf-model.ts"))
      return (yield* readGgufModel(yield* artifact.open(gguf), gguf, artifact.digest)).weights
    }
    if (artifact.has(single)) return yield* open(single)
    const { weight_map: map } = yield* readJsonFile(artifact, index, Index)
    const names = [...new Set(Object.values(map))].toSorted()
    const shards = yield* Effect.forEach(names, open)
    const holders = new Map<string, string>()
    for (const [i, shard] of shards.entries()) {
      for (const name of shard.entries.keys()) {
        const other = holders.get(name)
        if (other !== undefined) return yield* fail(index, `${name} stands in ${other} and in ${names[i] as string}`)
        holders.set(name, names[i] as string)
      }
    }
    for (const [name, shard] of Object.entries(map)) {
      if (holders.get(name) !== shard) return yield* fail(index, `names ${name} in ${shard}, which does not hold it`)
    }
    return mergeSafetensors(shards)
  })
  const handle: LanguageModelHandle = {
    digest: artifact.digest,
    config,
    tokenizer: artifact.readText("tokenizer.json"),
    tokenizerDigest: tokenizer.sha256,
    weights
  }
  return handle
})
