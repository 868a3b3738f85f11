/**
 * What an editor says of pipeline and experiment files: the YAML language server with the schema of this project.
 *
 *     npm install --prefix /tmp/yls yaml-language-server     # elsewhere: it is no dependency
 *     npm run schema && node bench/editor/language-server.ts /tmp/yls
 *
 * Every file of `experiments/` and `pipelines/` has to be without a fault, each of the broken ones below has to have exactly the
 * messages that stand with it, and the stage kinds, and a pipeline's parameters, have to be offered where they may stand.
 */
import { spawn } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"

const [installed] = process.argv.slice(2)
if (installed === undefined) throw new Error("name the folder that yaml-language-server is installed in")
const root = resolve(import.meta.dirname, "../..")
const server = spawn(process.execPath, [
  join(installed, "node_modules", "yaml-language-server", "bin", "yaml-language-server"),
  "--stdio"
])

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
}
interface Diagnostics {
  readonly uri: string
  readonly diagnostics: ReadonlyArray<{
    readonly message: string
    readonly range: { readonly start: { line: number } }
  }>
}

const waiting = new Map<number, (result: unknown) => void>()
const told = new Map<string, (diagnostics: Diagnostics["diagnostics"]) => void>()
let bytes = Buffer.alloc(0)

const send = (message: object): void => {
  const text = JSON.stringify({ jsonrpc: "2.0", ...message })
  server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}
const receive = (message: Message): void => {
  if (message.method === "textDocument/publishDiagnostics") {
    const { uri, diagnostics } = message.params as Diagnostics
    told.get(uri)?.(diagnostics)
  } else if (message.method === "workspace/configuration") {
    send({ id: message.id, result: [{ validate: true, schemaStore: { enable: false } }, {}, {}, {}, {}] })
  } else if (message.method !== undefined && message.id !== undefined) send({ id: message.id, result: null })
  else if (message.id !== undefined) waiting.get(message.id)?.(message.result)
}
server.stdout.on("data", (chunk: Buffer) => {
  bytes = Buffer.concat([bytes, chunk])
  for (;;) {
    const end = bytes.indexOf("\r\n\r\n")
    const length = Number(/Content-Length: (\d+)/.exec(bytes.subarray(0, Math.max(end, 0)).toString())?.[1])
    if (end < 0 || bytes.length < end + 4 + length) return
    const text = bytes.subarray(end + 4, end + 4 + length).toString()
    bytes = bytes.subarray(end + 4 + length)
    receive(JSON.parse(text) as Message)
  }
})

let last = 0
const ask = (method: string, params: object): Promise<unknown> => {
  const id = ++last
  send({ id, method, params })
  return new Promise((answer) => waiting.set(id, answer))
}

const uriOf = (name: string): string => pathToFileURL(join(root, name)).href
const open = (name: string, text: string): Promise<ReadonlyArray<string>> =>
  new Promise((answer) => {
    told.set(uriOf(name), (all) => answer(all.map(({ message, range }) => `${range.start.line + 1}: ${message}`)))
    const textDocument = { uri: uriOf(name), languageId: "yaml", version: 1, text }
    send({ method: "textDocument/didOpen", params: { textDocument } })
  })
const complete = async (name: string, line: number, character: number): Promise<ReadonlyArray<string>> => {
  const position = { line, character }
  const result = await ask("textDocument/completion", { textDocument: { uri: uriOf(name) }, position })
  const { items } = result as { readonly items: ReadonlyArray<{ readonly label: string }> }
  return items.map(({ label }) => label)
}

const line = "# yaml-language-server: $schema=../pipeline.schema.json\n"
const broken: Readonly<Record<string, readonly [text: string, ...messages: ReadonlyArray<RegExp>]>> = {
  "a wrong kind is one message": ["stages:\n  a: { uses: train-sea }\n", /^3: Value is not accepted. Valid values: /],
  "a wrong value": [
    "stages:\n  a:\n    uses: load-text\n    with: { source: 'builtin:speller-text', model: '${{ stages.m }}', tokens: many }\n",
    /^5: /
  ],
  "an unknown parameter of a kind": [
    "stages:\n  a: { uses: load-model, with: { sorce: 'file:x' } }\n",
    /^3: Missing property "source"/,
    /^3: Property sorce is not allowed/
  ],
  "parameters that the pipeline does not have": [
    "pipeline: ../pipelines/sae.yaml\nparams: { widht: [4], tokens: many }\n",
    /^3: Property widht is not allowed/,
    /^3: /
  ]
}

await ask("initialize", {
  processId: process.pid,
  rootUri: uriOf(""),
  capabilities: { workspace: { configuration: true } }
})
send({ method: "initialized", params: {} })
let faults = 0
const expectAll = (what: string, found: ReadonlyArray<string>, wanted: ReadonlyArray<RegExp>): void => {
  const left = found.filter((message) => !wanted.some((pattern) => pattern.test(message)))
  const missing = wanted.filter((pattern) => !found.some((message) => pattern.test(message)))
  const good = left.length === 0 && missing.length === 0 && found.length === wanted.length
  if (!good) faults++
  console.log(`${good ? "ok  " : "FAIL"} ${what}`)
  for (const message of found) console.log(`       ${message.slice(0, 160)}`)
}

for (const name of globSync("{experiments,pipelines}/*.yaml", { cwd: root, exclude: ["**/*.lock.yaml"] }).toSorted()) {
  expectAll(name, await open(name, readFileSync(join(root, name), "utf8")), [])
}
for (const [index, [what, [text, ...wanted]]] of Object.entries(broken).entries()) {
  expectAll(what, await open(`experiments/broken-${index}.yaml`, line + text), wanted)
}
await open("experiments/new.yaml", `${line}stages:\n  a:\n    uses: \n`)
const kinds = await complete("experiments/new.yaml", 3, 10)
await open("experiments/params.yaml", `${line}pipeline: ../pipelines/sae.yaml\nparams:\n  \n`)
const params = await complete("experiments/params.yaml", 3, 2)
for (const [what, offered, wanted] of [
  ["stage kinds", kinds, "train-sae"],
  ["parameters of the pipeline", params, "widths"]
] as const) {
  if (!offered.includes(wanted)) faults++
  console.log(`${offered.includes(wanted) ? "ok  " : "FAIL"} offers ${what}: ${offered.slice(0, 8).join(", ")}, ...`)
}
server.kill()
process.exitCode = faults === 0 ? 0 : 1
