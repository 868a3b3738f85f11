/** A random text of a random GPT-2, and captures over it. */
import type { Artifact } from "../../src/artifact/artifact.ts"
import { openActivations } from "../../src/activations/open-activations.ts"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { Activations } from "../../src/kinds/activations/activations.ts"
import type { RowSet } from "../../src/kinds/activations/row-set.ts"
import type { LanguageModelHandle } from "../../src/kinds/language-model/language-model-handle.ts"
import { Tokens } from "../../src/kinds/tokens/tokens.ts"
import type { TokensHandle } from "../../src/kinds/tokens/tokens-handle.ts"
import * as Rng from "../../src/random/rng.ts"
import type { Checkpoint } from "../../src/stage/checkpoint.ts"
import type { Opened } from "../../src/stage/input.ts"
import capture from "../../stages/capture-activations.ts"
import { folderArtifact, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { randomGpt2, vocabulary, writeTokens } from "./random-gpt2.ts"
import { opened, runStage } from "../stage/run-stage.ts"

export const time = 16
export const hook = "blocks.1.hook_resid_post"

export interface CaptureInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly tokens: Opened<TokensHandle>
}

/** Documents of 40 tokens over contexts of 16 whose BOS belongs to none. */
export const documentsOf = (contexts: number): Int32Array =>
  Int32Array.from({ length: contexts * time }, (_, i) => (i % time === 0 ? -1 : Math.floor(i / 40)))

export const randomIds = (contexts: number): Int32Array => {
  const rng = Rng.make(2, "ids")
  return Int32Array.from({ length: contexts * time }, (_, i) => (i % time === 0 ? 0 : 1 + rng.int(vocabulary - 1)))
}

/** The random model, and `ids` [contexts * time] as the text. */
export const captureInputs = Effect.fn(function* (contexts: number, ids = randomIds(contexts)) {
  const written = yield* writeTokens(ids, documentsOf(contexts), time)
  const tokens = yield* opened(Tokens, folderArtifact(written, "Tokens"))
  const inputs: CaptureInputs = { model: yield* randomGpt2, tokens }
  return inputs
})

export const captured = Effect.fn(function* (
  inputs: CaptureInputs,
  params: Record<string, unknown> = {},
  more: {
    readonly checkpoint?: Checkpoint
    readonly progress?: (done: number) => void
    readonly log?: (line: string) => void
  } = {}
) {
  const directory = yield* temporaryDirectory
  const { artifact, metrics } = yield* runStage(capture, { ...inputs }, { hook, ...params }, directory, more)
  return { ...inputs, directory, artifact, metrics, activations: yield* openedActivations(artifact) }
})

/** An Activations artifact with its rows. */
export const openedActivations = Effect.fnUntraced(function* (artifact: Artifact) {
  const found = yield* opened(Activations, artifact)
  return { ...found, value: yield* openActivations(found.value) }
})

/** sha256 of every file of a folder that a capture writes. */
export const filesOf = (directory: string): Record<string, string> =>
  Object.fromEntries(
    folderArtifact(directory, "").files.map(({ path }) => [
      path,
      createHash("sha256")
        .update(readFileSync(join(directory, path)))
        .digest("hex")
    ])
  )

/** The columns of all rows of a set. */
export const columnsOf = Effect.fn(function* (set: RowSet) {
  const batches = yield* Effect.forEach([...Array(set.batches).keys()], set.readBatch)
  const join = (name: "activation" | "norm" | "document" | "position" | "token") =>
    batches.flatMap((batch) => [...batch[name]])
  return {
    activation: Float32Array.from(join("activation")),
    norm: join("norm"),
    document: join("document"),
    position: join("position"),
    token: join("token")
  }
})
