/**
 * Tokenizers against the Rust library: every folder below TOKENIZERS_DIR that holds `tokenizer.json` and `expected.json`
 * (`[{ text, ids, decoded? }]`), and our own, made by `bench/fidelity/make-tokenizers.py --small`. The same ids, or a
 * refusal that names the part.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { makeTokenizer, type StreamingTokenizer } from "../../src/text/tokenizer.ts"
import { TokenizerProblem } from "../../src/text/tokenizer/tokenizer-problem.ts"
import { foldersIn } from "./golden-folders.ts"

interface Expected {
  readonly text: string
  readonly ids: ReadonlyArray<number>
  readonly decoded?: string
}

const own = path.join(import.meta.dirname, "tokenizers")
const given = process.env["TOKENIZERS_DIR"] ?? path.join(import.meta.dirname, "../../../shared/cases/tokenizers")
const complete = (folder: string): boolean =>
  ["tokenizer.json", "expected.json"].every((name) => fs.existsSync(path.join(folder, name)))

const inPieces = async (tokenizer: StreamingTokenizer, text: string): Promise<ReadonlyArray<number>> => {
  const ids: Array<number> = []
  const parts = Array.from({ length: Math.ceil(text.length / 7) }, (_, i) => text.slice(7 * i, 7 * i + 7))
  for await (const part of tokenizer.encodePieces(parts)) ids.push(...part)
  return ids
}

/** What is wrong with the file, if it is refused: then the message has to say where. */
const open = (json: string): StreamingTokenizer | TokenizerProblem => {
  try {
    return makeTokenizer(json)
  } catch (error) {
    if (error instanceof TokenizerProblem) return error
    throw error
  }
}

describe("a tokenizer.json gives the ids that the Rust library gives", () => {
  const folders = [...foldersIn(own), ...foldersIn(given)].filter(complete)
  for (const folder of folders) {
    it(path.basename(folder), async () => {
      const read = (name: string): string => fs.readFileSync(path.join(folder, name), "utf8")
      const tokenizer = open(read("tokenizer.json"))
      if (tokenizer instanceof TokenizerProblem) {
        expect(folder.startsWith(own), tokenizer.message).toBe(false)
        expect(tokenizer.message).toMatch(/^[a-z_]+.*: /)
        return
      }
      const expected = JSON.parse(read("expected.json")) as ReadonlyArray<Expected>
      expect(expected.length).toBeGreaterThan(0)
      for (const { text, ids, decoded } of expected) {
        expect([...tokenizer.encode(text)], text).toEqual(ids)
        expect(await inPieces(tokenizer, text), text).toEqual(ids)
        if (decoded !== undefined) expect(tokenizer.decode(ids), text).toBe(decoded)
      }
    })
  }
})
