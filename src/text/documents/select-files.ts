/**
 * Which files of a source hold its documents, and in which format: by the ends of their names. Where a folder has data
 * files (Parquet, Arrow, JSON), what else lies there describes them; where it has `.txt` files, so does the rest. What
 * nothing is known of is refused by name, not read as text.
 */
import type { ResolvedSource } from "../../stage/source.ts"
import { type FileFormat, namedFormat, type NamedFormat } from "./file-format.ts"

export interface FileChoice {
  /** Name of a split, as Hugging Face datasets name their files; "all": whatever the names say. */
  readonly split: string | null
  /** A folder of the path: the configuration of a Hugging Face dataset. */
  readonly config: string | null
  /** Pattern that relative names must match: `*` within a folder, `**` across folders, `?` for one character. */
  readonly files: string | null
}

export type { FileFormat } from "./file-format.ts"

export interface DataFile {
  readonly file: ResolvedSource["files"][number]
  readonly format: FileFormat
}

const special = /[.+^${}()|[\]\\]/g

const patternOf = (glob: string): RegExp => {
  const source = glob
    .replace(special, "\\$&")
    .replace(/\*\*\/|\*\*|\*|\?/g, (sign) =>
      sign === "**/" ? "(?:.*/)?" : sign === "**" ? ".*" : sign === "*" ? "[^/]*" : "[^/]"
    )
  return new RegExp(`^${source}$`)
}

const known = ["train", "validation", "test"] as const
const spellings: Readonly<Record<string, string>> = {
  train: "train|training",
  validation: "validation|valid|val|dev",
  test: "test|testing|eval|evaluation"
}

/** As Hugging Face `datasets` reads names: the word stands by itself between signs that are no letters or digits. */
const hasWord = (name: string, words: string): boolean =>
  new RegExp(`(^|[^a-z0-9])(${words})([^a-z0-9]|$)`, "i").test(name)

const inSplit = (name: string, split: string, folders: ReadonlyMap<string, string>): boolean => {
  const folder = folders.get(split)
  return folder === undefined
    ? hasWord(name, spellings[split] ?? split.replace(special, "\\$&"))
    : name.startsWith(folder)
}

interface Refusal {
  readonly problem: string
  readonly remedy: string
}

interface Named {
  readonly file: DataFile["file"]
  readonly format: NamedFormat
}

const isData = (format: NamedFormat, ...kinds: ReadonlyArray<FileFormat>): boolean =>
  format.is !== "refused" && format.is !== "unknown" && format.describes !== true && kinds.includes(format.is)

const taken = (files: ReadonlyArray<Named>): ReadonlyArray<DataFile> =>
  files.flatMap(({ file, format: { is } }) => (is === "refused" || is === "unknown" ? [] : [{ file, format: is }]))

/** What stands in the way, of files that hold no documents that are known. */
const refusalOf = (files: ReadonlyArray<Named>): Refusal => {
  const [first] = files.filter(({ format }) => format.is === "refused") as ReadonlyArray<Named & { format: Refusal }>
  if (first !== undefined)
    return { problem: `${first.file.name}: ${first.format.problem}`, remedy: first.format.remedy }
  const { name } = (files.find(({ format }) => format.is === "unknown") as Named).file
  const end = name.slice(name.lastIndexOf("."))
  return {
    problem: `${name}: nothing is known of how a file ending in ${end} is read`,
    remedy: `Set files to a pattern, such as '**/*${end}', to read it as plain text; or rename it after what it holds (.jsonl, .json.gz, .txt, ...).`
  }
}

/** @param named whether the user named the files by a pattern: then what is unknown is text */
const chooseData = (files: ReadonlyArray<Named>, named: boolean): ReadonlyArray<DataFile> | Refusal => {
  const all = (...kinds: ReadonlyArray<FileFormat>) => taken(files.filter(({ format }) => isData(format, ...kinds)))
  const compressed = files.filter(({ file, format }) => isData(format, "json") && !/\.json$/i.test(file.name))
  const tables: ReadonlyArray<readonly [string, ReadonlyArray<DataFile>]> = [
    ["parquet", all("parquet")],
    ["arrow", all("arrow")],
    ["json lines", [...all("json lines"), ...taken(compressed)]]
  ]
  const found = tables.filter(([, members]) => members.length > 0)
  if (found.length > 1) {
    return {
      problem: `the folder holds files of several formats: ${found.map(([name]) => name).join(", ")}`,
      remedy: "Choose some with files, such as files: '**/*.parquet'."
    }
  }
  const [first] = found
  if (first !== undefined) {
    const chosen = new Set(first[1].map(({ file }) => file))
    return taken(files.filter(({ file }) => chosen.has(file)))
  }
  const texts = all("text")
  if (texts.length > 0) return texts
  const json = all("json")
  if (json.length > 0) return json
  const strange = files.filter(({ format }) => format.is === "refused" || (format.is === "unknown" && !named))
  if (strange.length > 0) return refusalOf(strange)
  return files.map(({ file, format }) => ({ file, format: format.is === "json" ? "json" : "text" }))
}

/**
 * @param folders of splits, where a saved data set says them
 * @returns the files in the order of the source, or what is wrong, with what to do
 */
export const selectFiles = (
  { files }: Pick<ResolvedSource, "files">,
  choice: FileChoice,
  folders: ReadonlyMap<string, string> = new Map()
): ReadonlyArray<DataFile> | Refusal => {
  const pattern = choice.files === null ? undefined : patternOf(choice.files)
  const matching = files.filter(({ name }) => pattern === undefined || pattern.test(name))
  if (matching.length === 0) {
    const names = files.slice(0, 5).map(({ name }) => name)
    return {
      problem: `no file matches ${String(choice.files)}`,
      remedy: `Set files to another pattern; there are ${names.join(", ")}${files.length > 5 ? ", ..." : ""}.`
    }
  }
  const chosen = chooseData(
    matching.map((file) => ({ file, format: namedFormat(file.name) })),
    pattern !== undefined
  )
  if ("problem" in chosen) return chosen
  const { config, split } = choice
  const configured =
    config === null ? chosen : chosen.filter(({ file }) => file.name.split("/").slice(0, -1).includes(config))
  if (configured.length === 0) {
    const parents = new Set(chosen.flatMap(({ file }) => file.name.split("/").slice(0, -1)))
    return {
      problem: `no file lies in a folder ${String(config)}`,
      remedy: parents.size === 0 ? "Leave config out." : `Set config to one of ${[...parents].toSorted().join(", ")}.`
    }
  }
  const candidates = folders.size > 0 ? [...folders.keys()] : known
  const splits = candidates.filter((name) => configured.some(({ file }) => inSplit(file.name, name, folders)))
  if (split === null && splits.length > 1) {
    return {
      problem: `the files are of several splits: ${splits.join(", ")}`,
      remedy: `Set split to one of them, or to all.`
    }
  }
  const selected =
    split === null || split === "all" ? configured : configured.filter(({ file }) => inSplit(file.name, split, folders))
  if (selected.length > 0) return selected
  return {
    problem: `no file is named after the split ${String(split)}`,
    remedy: splits.length === 0 ? "Leave split out." : `Set split to one of ${splits.join(", ")}.`
  }
}
