/**
 * The floors of the house, from the top down. A folder of src/ imports from itself and from the floors below its own, by
 * whatever kind of import: of values, of types, at run time. So there is no cycle of folders. A new folder gets its place here.
 */
import { existsSync, statSync } from "node:fs"
import { dirname, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const floors = [
  "cli api",
  "cli/commands",
  "cli/compare cli/table cli/crate",
  "serve",
  "cli/experiment cli/graph report report/findings report/browser/live",
  "cli/render",
  "experiment telemetry",
  "report/sections report/browser/script",
  "report/browser report/charts",
  "explore interp/by-model interp/dashboard",
  "analysis/steering analysis/hedging",
  "report/page interp analysis/meta-sae analysis/stitching analysis/absorption analysis/probing analysis/size-selection sae/dictionaries sae/stages",
  "sae/training",
  "sae/rows sae/evaluate model/train analysis/comparison analysis/ground-truth analysis/clusters analysis/othello analysis/attribution analysis/recall analysis/perturbation analysis/ravel analysis/rule analysis/concepts analysis/scaling synthetic",
  "analysis/patching text/ioi",
  "activations analysis model/evaluate chat",
  "model sae/architectures othello",
  "model/architectures sae/loss run",
  "model/decoder text text/entities sae execute/by-name execute/slurm execute/command",
  "execute/batch",
  "execute/local text/chat-template",
  "store/remote model/blocks text/documents sae/settings tensor/adam command execute/worker",
  "execute store/by-name store/local kinds/dashboard kinds/evaluation lock",
  "store remote source tensor/engine",
  "source/schemes tensor/kernels",
  "plan project/config source/hub source/pypi source/builtin kinds/sae",
  "execute/settings",
  "remote/schemes specification catalog source/scheme kinds/activations kinds/first-letter-answers kinds/language-model kinds/sae/formats kinds/sae/layouts tensor/tensorflow tensor/wasm tensor/webgpu",
  "kinds/sae/files",
  "remote/s3 stage file kinds/tokens kinds/language-model/gguf format/torch",
  "format kinds format/arrow kinds/sae/stored text/first-letter text/tokenizer numeric cli/flags",
  "remote/port artifact tensor kinds/sae/latents kinds/probing start",
  "words",
  "json random project"
].map((floor) => floor.split(" "))

/** What a stage kind may not see: it gets artifacts, never the store, the plan or who runs it. */
const closedToStages = ["cli", "api", "experiment", "run", "execute", "store", "plan", "specification", "catalog"]

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const floorOf = (folder) => floors.findIndex((rooms) => rooms.includes(folder))
const folderOf = (file) => relative(resolve(root, "src"), dirname(file)).replaceAll("\\", "/")
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
  const [above, below] = [floorOf(from), floorOf(to)]
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
