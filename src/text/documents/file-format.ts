/** What the end of a file's name says of how it is read. */
export type FileFormat = "parquet" | "arrow" | "json lines" | "json" | "text"

export type NamedFormat =
  | { readonly is: FileFormat; /** Describes other files where there are some. */ readonly describes?: true }
  | { readonly is: "refused"; readonly problem: string; readonly remedy: string }
  | { readonly is: "unknown" }

const formats: ReadonlyArray<readonly [FileFormat, RegExp]> = [
  ["parquet", /\.parquet$/i],
  ["arrow", /\.(arrow|ipc|feather)$/i],
  ["json lines", /\.(jsonl|ndjson)(\.gz|\.zst)?$/i],
  ["json", /\.json(\.gz|\.zst)?$/i],
  ["text", /\.(txt|text)(\.gz|\.zst)?$/i]
]

/** Files that stand beside data and models. */
const describing =
  /(^|\/)(dataset_infos?|dataset_dict|state|config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|package|package-lock)\.json$|\.index\.json$/i

/** Prose that needs no reader. A name without an end is text too. */
const prose = /\.(md|markdown|rst|tex)(\.gz|\.zst)?$/i

const tables =
  "Convert it to Parquet or JSON lines: pandas.read_csv(...).to_parquet(...) or .to_json(..., orient='records', lines=True)."
const unpack = (command: string): string => `Decompress it first (${command}).`
const refusals: ReadonlyArray<readonly [RegExp, string, string]> = [
  [/\.(csv|tsv)(\.\w+)?$/i, "tables of comma-separated values are not read", tables],
  [/\.(xlsx?|ods)$/i, "spreadsheets are not read", tables.replace("read_csv", "read_excel")],
  [/\.xz$|\.lzma$/i, "xz is not read", unpack("xz -d")],
  [/\.bz2$/i, "bzip2 is not read", unpack("bzip2 -d")],
  [/\.lz4$/i, "files compressed with lz4 are not read", unpack("lz4 -d")],
  [/\.br$/i, "brotli is not read", unpack("brotli -d")],
  [/\.7z$|\.rar$/i, "archives are not read", "Unpack it and give the folder."],
  [/\.(zip|tar|tgz)$|\.tar\.\w+$/i, "archives are not read", "Unpack it and give the folder."],
  [/\.(parquet|arrow|ipc|feather)\.(gz|zst)$/i, "it is compressed as a whole", unpack("gzip -d or zstd -d")],
  [/\.(pdf|docx?|epub|odt|rtf)$/i, "documents with a layout are not read", "Extract their text into .txt files."],
  [
    /\.(orc|avro|msgpack|h5|hdf5|lance|sqlite3?|db)$/i,
    "this format is not read",
    "Convert it to Parquet or JSON lines."
  ],
  [
    /\.(npy|npz|bin|pt|pth|pkl|pickle|safetensors|gguf|idx)$/i,
    "it holds numbers, no documents",
    "Write token ids as lists in Parquet or JSON lines."
  ]
]

/** Whether the name ends with something that looks like a format. */
const hasEnding = (name: string): boolean => /\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(name.slice(name.lastIndexOf("/") + 1))

export const namedFormat = (name: string): NamedFormat => {
  const refused = refusals.find(([pattern]) => pattern.test(name))
  if (refused !== undefined) return { is: "refused", problem: refused[1], remedy: refused[2] }
  const found = formats.find(([, pattern]) => pattern.test(name))?.[0]
  if (found === "json" && describing.test(name)) return { is: "json", describes: true }
  if (found !== undefined) return { is: found }
  if (prose.test(name) || !hasEnding(name)) return { is: "text", describes: true }
  return { is: "unknown" }
}
