/**
 * Compares this project's tokenizers with the Rust library on what `make-tokenizers.py` made: for each folder how many
 * texts come out the same, otherwise, or are refused, in ids and back in text. `node bench/fidelity/tokenizers.ts OUT`
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { makeTokenizer } from "../../src/text/tokenizer.ts"

interface Expected {
  readonly text: string
  readonly ids: ReadonlyArray<number>
  readonly decoded?: string
}

const [root] = process.argv.slice(2)
if (root === undefined) throw new Error("usage: tokenizers.ts FOLDER")
const totals = { tokenizers: 0, refused: 0, texts: 0, otherIds: 0, otherText: 0 }

const compare = (name: string): void => {
  const read = (file: string) => readFileSync(join(root, name, file), "utf8")
  const expected = JSON.parse(read("expected.json")) as ReadonlyArray<Expected>
  totals.tokenizers++
  let tokenizer
  try {
    tokenizer = makeTokenizer(read("tokenizer.json"))
  } catch (error) {
    totals.refused++
    console.log(`${name}: refused: ${error instanceof Error ? error.message : String(error)}`)
    return
  }
  let [otherIds, otherText, shown] = [0, 0, ""]
  for (const { text, ids, decoded } of expected) {
    const ours = [...tokenizer.encode(text)]
    const sameIds = ours.join(" ") === ids.join(" ")
    const sameText = decoded === undefined || ids.length === 0 || tokenizer.decode(ids) === decoded
    if (!sameIds) otherIds++
    if (!sameText) otherText++
    if (shown === "" && !sameIds) {
      const at = ours.findIndex((id, i) => id !== ids[i])
      shown = `\n    ${JSON.stringify(text)}\n    from ${at}: ${ours.slice(at, at + 8).join(" ")} | ${ids.slice(at, at + 8).join(" ")}`
    }
    if (shown === "" && !sameText)
      shown = `\n    ${JSON.stringify(tokenizer.decode(ids))}\n    ${JSON.stringify(decoded)}`
  }
  totals.texts += expected.length
  totals.otherIds += otherIds
  totals.otherText += otherText
  if (otherIds + otherText > 0)
    console.log(`${name}: ${otherIds} other ids, ${otherText} other texts of ${expected.length}${shown}`)
}

for (const { name } of readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())) compare(name)
console.log(JSON.stringify(totals))
process.exitCode = totals.otherIds + totals.otherText > 0 ? 1 : 0
