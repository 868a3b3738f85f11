/** Which files of a repository a source needs: those that our readers read, and no others. */
import type { SourceOf } from "../../stage/source.ts"
import { ggufModels, ggufParts } from "../scheme/gguf-names.ts"
import type { HubEntry } from "./hub-listing.ts"

export interface Chosen {
  /** Name in the source. */
  readonly name: string
  readonly entry: HubEntry
}

/** What is wrong, and what to write instead. */
export interface NothingChosen {
  readonly problem: string
  readonly remedy: string
}

/** How the path of a source is looked up: the folder to list, and the name or pattern of files in it. */
export interface Lookup {
  readonly folder: string
  readonly recursive: boolean
  readonly wanted: RegExp | undefined
}

const files = {
  model: /\.(gguf|safetensors|bin|json|jinja)$/i,
  // A plain .json may describe the data; compressed, it is data.
  text: /\.(parquet|arrow|feather|(jsonl|ndjson|txt)(\.gz|\.zst)?|json\.(gz|zst)|(?<!(^|\/)(dataset_infos?|dataset_dict|state|config)\.)json)$/i,
  sae: /\.(json|safetensors|npz|pt|pth|bin)$/i
}

const escaped = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)

/** The last part of a path is a file where it has an extension that is read, or a `*`; else all of it is a folder. */
export const lookupOf = (of: SourceOf, path: string): Lookup => {
  const parts = path.split("/")
  const at = parts.findIndex((part) => part.includes("*"))
  if (at < 0 && !files[of].test(path))
    return { folder: path, recursive: of === "text" || (of === "sae" && path !== ""), wanted: undefined }
  const folder = parts.slice(0, at < 0 ? -1 : at).join("/")
  const pattern = path.split("*").map(escaped).join("[^/]*")
  return { folder, recursive: at >= 0 && at < parts.length - 1, wanted: new RegExp(`^${pattern}$`) }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

const listed = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "nothing" : `${names.slice(0, 12).join(", ")}${names.length > 12 ? ", ..." : ""}`

const asNamed = (entries: ReadonlyArray<HubEntry>): ReadonlyArray<Chosen> =>
  entries.map((entry) => ({ name: baseName(entry.path), entry }))

/** Files of weights in the order in which they are preferred: one file, or shards and their index. */
const weightFiles = [
  /^model\.safetensors$/,
  /^(model-\d+-of-\d+\.safetensors|model\.safetensors\.index\.json)$/,
  /^pytorch_model\.bin$/,
  /^(pytorch_model-\d+-of-\d+\.bin|pytorch_model\.bin\.index\.json)$/
]

const chooseModel = (found: ReadonlyArray<HubEntry>, all: string): ReadonlyArray<Chosen> | NothingChosen => {
  const named = (pattern: RegExp) => found.filter(({ path }) => pattern.test(baseName(path)))
  const described = named(/^(config|tokenizer)\.json$/)
  const weights = weightFiles.map(named).find((files) => files.length > 0)
  if (described.length === 2 && weights !== undefined) {
    return asNamed([...described, ...named(/^(tokenizer_config\.json|chat_template\.jinja)$/), ...weights])
  }
  const gguf = ggufModels(found.map(({ path }) => path))
  const [parts = []] = gguf
  if (gguf.length > 1) {
    return {
      problem: `it holds ${gguf.length} GGUF models: ${listed(gguf.map(([path]) => path as string))}`,
      remedy: "add the path of one: hf:org/name@revision/FILE.gguf"
    }
  }
  const absent = parts.find((path) => !found.some((entry) => entry.path === path))
  if (absent !== undefined) {
    return {
      problem: `the model stands in ${parts.length} parts, and there is no ${absent}`,
      remedy: "name a repository or a revision of one that holds all parts"
    }
  }
  if (parts.length > 0) return asNamed(found.filter(({ path }) => parts.includes(path)))
  return {
    problem: `a model is config.json, tokenizer.json and model.safetensors (or its shards, or pytorch_model.bin), or a GGUF file; there is ${all}`,
    remedy: "name a repository or a folder of one that holds these: hf:org/name@revision/FOLDER"
  }
}

/** The folder of a file, without what says a split: `en/train/` and `en/test/` are one data set. */
const dataSetOf = ({ path }: HubEntry): string =>
  path.slice(0, path.lastIndexOf("/") + 1).replaceAll(/(^|[^a-z0-9])(train|validation|valid|test)(?=[^a-z0-9])/gi, "$1")

/** Splits are the reader's choice, so files of all of them are in the source. */
const chooseText = (
  found: ReadonlyArray<HubEntry>,
  isNamed: boolean,
  all: string
): ReadonlyArray<Chosen> | NothingChosen => {
  const folders = [...new Set(found.map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1)))]
  if (found.length === 0) {
    return {
      problem: `there is no .parquet, .arrow, .jsonl, .json or .txt file; there is ${all}`,
      remedy:
        "name a folder that holds such files, or the hub's own conversion: hf:datasets/org/name@refs/convert/parquet"
    }
  }
  if (!isNamed && new Set(found.map(dataSetOf)).size > 1) {
    return {
      problem: `it holds several data sets, in ${listed(folders)}`,
      remedy: "add the folder of one, or a pattern: hf:datasets/org/name@revision/FOLDER/train-*.parquet"
    }
  }
  return found.map((entry) => ({ name: entry.path, entry }))
}

/** A folder's own files; where they are a configuration alone, those of its `checkpoints/` as well (Llama Scope). */
const chooseSae = (
  found: ReadonlyArray<HubEntry>,
  folder: string,
  all: string
): ReadonlyArray<Chosen> | NothingChosen => {
  const named = found.map((entry) => ({ name: entry.path.slice(folder === "" ? 0 : folder.length + 1), entry }))
  const own = named.filter(({ name }) => !name.includes("/"))
  const isWeights = ({ name }: Chosen) => /\.(safetensors|npz|pt|pth|bin)$/i.test(name)
  if (own.some(isWeights)) return own
  const below = named.filter(({ name }) => /^checkpoints\/[^/]*$/.test(name))
  if (own.length > 0 && below.some(isWeights)) return [...own, ...below]
  return {
    problem: `no weights of an SAE stand there (.safetensors, .npz, .pt, .pth or .bin); there is ${all}`,
    remedy: "add the folder of one SAE: hf:org/name@revision/FOLDER"
  }
}

export const chooseHubFiles = (
  of: SourceOf,
  { folder, wanted }: Lookup,
  entries: ReadonlyArray<HubEntry>
): ReadonlyArray<Chosen> | NothingChosen => {
  const all = listed(entries.map(({ type, path }) => (type === "directory" ? `${path}/` : path)))
  const named = entries.filter(
    ({ type, path }) => type === "file" && files[of].test(path) && (wanted === undefined || wanted.test(path))
  )
  // Who names one part of a model means the model.
  const parts = new Set(of === "model" ? named.flatMap(({ path }) => ggufParts(path)) : [])
  const found = [...named, ...entries.filter((entry) => parts.has(entry.path) && !named.includes(entry))]
  switch (of) {
    case "model":
      return chooseModel(found, all)
    case "text":
      return chooseText(found, wanted !== undefined || folder !== "", all)
    case "sae":
      return chooseSae(found, folder, all)
  }
}
