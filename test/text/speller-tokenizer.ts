/** The tokenizer of models/tiny-speller, as text, as it is used, and as what a stage is given. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { makeTokenizer } from "../../src/text/tokenizer.ts"
import { folderArtifact } from "../artifact/folder-artifact.ts"

const folder = join(import.meta.dirname, "../../models/tiny-speller")

export const json = readFileSync(join(folder, "tokenizer.json"), "utf8")
export const tokenizer = makeTokenizer(json)
export const tokenizerInput = { artifact: folderArtifact(folder, "Tokenizer"), at: {} }
