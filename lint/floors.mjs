/**
 * The floors of the house, from the top down: a folder of src/ imports from the floors below its own, by whatever kind of
 * import: of values, of types, at run time. Below a folder of several, its folders have floors of their own. So there is no
 * cycle of folders, neither of those of src/ nor of the ones below them. A new folder gets its place here.
 */
import { existsSync, statSync } from "node:fs"
import { dirname, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const floors = [
  "cli",
  "report serve",
  "api explore",
  "experiment interp telemetry",
  "analysis run",
  "execute lock sae synthetic",
  "activations chat store",
  "model othello remote",
  "config plan text",
  "catalog command source specification",
  "stage",
  "kinds tensor",
  "file format",
  "artifact",
  "numeric start words",
  "json project random"
]

/** `.`: the files that stand in the folder itself. */
const floorsWithin = {
  analysis: [
    "steering",
    "meta-sae",
    "absorption attribution clusters comparison concepts ground-truth othello patching perturbation probing recall rule stitching",
    ". crosscoder hedging ravel scaling size-selection"
  ],
  cli: [".", "commands", "compare", "experiment graph table", "crate flags render"],
  execute: ["command slurm", "batch", "local", "by-name worker", "."],
  format: ["torch", ". arrow"],
  interp: ["by-model dashboard", "."],
  kinds: [
    "evaluation",
    "sae",
    "sae/formats sae/layouts",
    "sae/files",
    ". activations language-model sae/stored",
    "dashboard first-letter-answers language-model/gguf probing sae/latents tokens"
  ],
  model: ["train", "evaluate", ". architectures", "decoder", "blocks"],
  remote: ["schemes", ". s3", "port"],
  report: [". browser/live", "browser/script sections", "browser charts findings", "page"],
  sae: ["dictionaries stages", "architectures training", "evaluate loss", ". rows", "settings"],
  source: ["schemes", ". builtin hub pypi", "scheme"],
  store: ["remote", "by-name local", "."],
  tensor: ["adam engine", "kernels", "tensorflow wasm webgpu", "."],
  text: ["ioi", ".", "chat-template", "documents", "entities first-letter tokenizer"]
}

/** What a stage kind may not see: it gets artifacts, never the store, the plan or who runs it. */
const closedToStages = ["cli", "api", "experiment", "run", "execute", "store", "plan", "specification", "catalog"]

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const floorOf = (room, among) => among.findIndex((floor) => floor.split(" ").includes(room))
const folderOf = (file) => relative(resolve(root, "src"), dirname(file)).replaceAll("\\", "/")
const split = (folder) => {
  const [first, ...rest] = folder.split("/")
  return [first, rest.length === 0 ? "." : rest.join("/")]
}
const isFile = (path) => existsSync(path) && statSync(path).isFile()

/** @returns what is wrong with `file` importing `target`, both absolute paths; undefined where nothing is */
export const floorProblem = (file, target) => {
  const to = folderOf(target)
  if (to.startsWith("..") || !isFile(target)) return undefined
  const from = folderOf(file)
  if (from === to) return undefined
  if (relative(root, file).startsWith("stages/")) {
    const room = closedToStages.find((closed) => to === closed || to.startsWith(`${closed}/`))
    return room === undefined ? undefined : `a stage kind sees artifacts, never src/${room}`
  }
  if (from.startsWith("..")) return undefined
  const [[house, room], [otherHouse, otherRoom]] = [split(from), split(to)]
  const [above, below] =
    house === otherHouse
      ? [room, otherRoom].map((each) => floorOf(each, floorsWithin[house] ?? []))
      : [house, otherHouse].map((each) => floorOf(each, floors))
  if (above < 0 || below < 0) return `src/${above < 0 ? from : to} has no floor: give it one in lint/floors.mjs`
  return above < below ? undefined : `src/${from} imports from src/${to}, which is not below it (lint/floors.mjs)`
}

const imports = {
  meta: { type: "problem", schema: [] },
  create: (context) => {
    const check = (node, source) => {
      if (typeof source !== "string" || !source.startsWith(".")) return
      const message = floorProblem(context.filename, resolve(dirname(context.filename), source))
      if (message !== undefined) context.report({ node, message })
    }
    const declaration = (node) => check(node, node.source?.value)
    return {
      ImportDeclaration: declaration,
      ExportNamedDeclaration: declaration,
      ExportAllDeclaration: declaration,
      ImportExpression: declaration,
      TSImportType: (node) => check(node, node.source?.value ?? node.argument?.literal?.value)
    }
  }
}

export default { meta: { name: "floors" }, rules: { imports } }
