/** A hub, a cache and a user of their own for each test: nothing of the machine's is read or written. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { openFileIndex } from "../../../src/file/file-index.ts"
import { resolveSource } from "../../../src/source/resolve-source.ts"
import { fetchableSources } from "../../../src/source/fetchable-sources.ts"
import { readSourceFile } from "../../../src/source/read-source.ts"
import type { ResolvedSource, SourceOf } from "../../../src/stage/source.ts"
import { startHub } from "./hub-server.ts"
import type { TestHub } from "./test-hub.ts"

const variables = [
  "HF_ENDPOINT",
  "HF_HOME",
  "HF_HUB_CACHE",
  "HUGGINGFACE_HUB_CACHE",
  "HF_HUB_OFFLINE",
  "HF_TOKEN",
  "HUGGING_FACE_HUB_TOKEN",
  "HF_TOKEN_PATH",
  "TRANSFORMERS_OFFLINE",
  "XDG_CACHE_HOME"
]

export interface HubWorld {
  readonly hub: TestHub
  readonly root: string
  /** `$HF_HOME/hub`. */
  readonly cache: string
  /** What was told to the person. */
  readonly said: Array<string>
  readonly resolve: (uri: string, of?: SourceOf) => Promise<ResolvedSource>
  /** The message of the failure. */
  readonly failure: (uri: string, of?: SourceOf) => Promise<string>
  /** Reads a file of a source as a stage would, by name. */
  readonly read: (source: ResolvedSource, name: string) => Promise<Buffer>
  readonly close: () => Promise<void>
}

export const hubWorld = async (): Promise<HubWorld> => {
  const hub = await startHub()
  const root = mkdtempSync(join(tmpdir(), "hub-"))
  const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]))
  for (const name of variables) delete process.env[name]
  process.env["HF_ENDPOINT"] = hub.url
  process.env["HF_HOME"] = join(root, "hf")
  process.env["XDG_CACHE_HOME"] = join(root, "xdg")
  const said: Array<string> = []
  const resolve = async (uri: string, of: SourceOf = "model") => {
    const index = await openFileIndex(join(root, "index.json"), "1")
    const source = await Effect.runPromise(resolveSource(uri, of, root, index, (line) => said.push(line)))
    await index.save()
    return source
  }
  return {
    hub,
    root,
    cache: join(root, "hf", "hub"),
    said,
    resolve,
    failure: (uri, of) =>
      resolve(uri, of).then(
        () => "no error",
        (error: Error) => error.message
      ),
    read: async (source, name) => {
      const sources = fetchableSources({ source }, { progress: () => {}, log: (line) => said.push(line) })
      const fetchable = sources["source"] as ResolvedSource
      const file = fetchable.files.find((each) => each.name === name)
      if (file === undefined) throw new Error(`the source has no ${name}`)
      return Buffer.from(await Effect.runPromise(readSourceFile(fetchable, file)))
    },
    close: async () => {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
      await hub.close()
      rmSync(root, { recursive: true, force: true })
    }
  }
}
