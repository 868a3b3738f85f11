/** Runs load-text on files of a folder, resolved and hashed as a plan would. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { Tokens } from "../../src/kinds/tokens/tokens.ts"
import { openFileIndex } from "../../src/file/file-index.ts"
import { resolveSource } from "../../src/source/resolve-source.ts"
import loadText from "../../stages/load-text.ts"
import { temporaryDirectory } from "../artifact/folder-artifact.ts"
import { type Given, runStage } from "../stage/run-stage.ts"

export interface Loading {
  /** Another source than the files. */
  readonly uri?: string
  /** Contents by relative name. */
  readonly files: Readonly<Record<string, string | Uint8Array>>
  readonly params: Readonly<Record<string, unknown>>
  readonly inputs?: Readonly<Record<string, Given>>
  /** Called between resolving and loading, with the folder. */
  readonly meanwhile?: (directory: string) => void
}

/** A folder of `files`, or the only file by itself. */
export const resolveFiles = Effect.fn("resolveFiles")(function* (files: Loading["files"], other?: string) {
  const directory = yield* temporaryDirectory
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), content)
  }
  const names = Object.keys(files)
  const index = yield* Effect.promise(() => openFileIndex(join(directory, ".index"), "1"))
  const uri = other ?? (names.length === 1 ? `file:${names[0]}` : "file:.")
  return { directory, source: yield* resolveSource(uri, "text", directory, index) }
})

export const loadSource = Effect.fn("loadSource")(function* ({ uri, files, params, inputs = {}, meanwhile }: Loading) {
  const { directory, source } = yield* resolveFiles(files, uri)
  meanwhile?.(directory)
  const target = yield* temporaryDirectory
  const lines: Array<string> = []
  const log = (line: string) => void lines.push(line)
  const { metrics, artifact } = yield* runStage(loadText, inputs, params, target, { sources: { source }, log })
  const tokens = yield* Tokens.open(artifact)
  const block = yield* tokens.read(0, tokens.contexts)
  const names = yield* tokens.documentNames
  const documents = Array.from({ length: tokens.documents }, (_, i) => names?.at(i))
  /** Ids of each document that are in contexts, in order. */
  const idsOf = (document: number): ReadonlyArray<number> =>
    [...block.ids].filter((_, i) => block.documents[i] === document)
  return { metrics, artifact, tokens, block, documents, idsOf, log: lines.join("\n") }
})

/** The failure's message. */
export const refusal = (loading: Loading) => Effect.map(Effect.flip(loadSource(loading)), (error) => error.message)
