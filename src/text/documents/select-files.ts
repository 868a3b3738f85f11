/**
 * Which files of a source hold its documents, and in which format: by the ends of their names. Where a folder has data
 * files (Parquet, Arrow, JSON lines), what else lies there describes them; where it has `.txt` files, so does the rest.
 */
import type { ResolvedSource } from "../../stage/source.ts"

export type FileFormat = "parquet" | "arrow" | "json lines" | "text"

export interface FileChoice {
  /** Name of a split, as Hugging Face datasets name their files; "all": whatever the names say. */
  readonly split: string | null
  /** A folder of the path: the configuration of a Hugging Face dataset. */
  readonly config: string | null
  /** Pattern that relative names must match: `*` within a folder, `**` across folders, `?` for one character. */
  readonly files: string | null
}

export interface DataFile {
  readonly file: ResolvedSource["files"][number]
  readonly format: FileFormat
}

const formats: ReadonlyArray<readonly [FileFormat, RegExp]> = [
  ["parquet", /\.parquet$/i],
  ["arrow", /\.(arrow|ipc|feather)$/i],
  ["json lines", /\.(jsonl|ndjson)(\.gz|\.zst)?$/i],
  ["text", /\.txt(\.gz|\.zst)?$/i]
]

const formatOf = (name: string): FileFormat | undefined => formats.find(([, pattern]) => pattern.test(name))?.[0]

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

const inSplit = (name: string, split: string): boolean =>
  hasWord(name, spellings[split] ?? split.replace(special, "\\$&"))

/** @returns the files in the order of the source, or what is wrong, with what to do */
export const selectFiles = (
  { files }: Pick<ResolvedSource, "files">,
  choice: FileChoice
): ReadonlyArray<DataFile> | { readonly problem: string; readonly remedy: string } => {
  const pattern = choice.files === null ? undefined : patternOf(choice.files)
  const matching = files.filter(({ name }) => pattern === undefined || pattern.test(name))
  if (matching.length === 0) {
    const names = files.slice(0, 5).map(({ name }) => name)
    return {
      problem: `no file matches ${String(choice.files)}`,
      remedy: `Set files to another pattern; there are ${names.join(", ")}${files.length > 5 ? ", ..." : ""}.`
    }
  }
  const found = formats.map(([format]) => format).filter((f) => matching.some(({ name }) => formatOf(name) === f))
  const data = found.filter((format) => format !== "text")
  if (data.length > 1) {
    return {
      problem: `the folder holds files of several formats: ${data.join(", ")}`,
      remedy: "Choose some with files, such as files: '**/*.parquet'."
    }
  }
  const format = data[0] ?? "text"
  // A single file is what the user named, and a folder without .txt files is a folder of plain text.
  const chosen = found.length === 0 ? matching : matching.filter(({ name }) => formatOf(name) === format)
  const { config, split } = choice
  const configured =
    config === null ? chosen : chosen.filter(({ name }) => name.split("/").slice(0, -1).includes(config))
  if (configured.length === 0) {
    const folders = new Set(chosen.flatMap(({ name }) => name.split("/").slice(0, -1)))
    return {
      problem: `no file lies in a folder ${String(config)}`,
      remedy: folders.size === 0 ? "Leave config out." : `Set config to one of ${[...folders].toSorted().join(", ")}.`
    }
  }
  const splits = known.filter((name) => configured.some((file) => inSplit(file.name, name)))
  if (split === null && splits.length > 1) {
    return {
      problem: `the files are of several splits: ${splits.join(", ")}`,
      remedy: `Set split to one of them, or to all.`
    }
  }
  const taken = split === null || split === "all" ? configured : configured.filter(({ name }) => inSplit(name, split))
  if (taken.length === 0) {
    return {
      problem: `no file is named after the split ${String(split)}`,
      remedy: splits.length === 0 ? "Leave split out." : `Set split to one of ${splits.join(", ")}.`
    }
  }
  return taken.map((file) => ({ file, format: file.name.endsWith(".json") ? "json lines" : format }))
}
