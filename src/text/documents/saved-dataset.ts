/**
 * What a data set that Hugging Face `datasets` saved says of its files: `state.json` beside Arrow files lists those that
 * hold rows (the others are caches of computed ones), `dataset_dict.json` the splits, each a folder.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readSourceFile } from "../../source/read-source.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { ResolvedSource, SourceFile } from "../../stage/source.ts"

const State = Schema.Struct({
  _data_files: Schema.Array(Schema.Struct({ filename: Schema.String })),
  /** Of old versions: which rows count stands in files of their own. */
  _indices_data_files: Schema.optional(Schema.NullOr(Schema.Array(Schema.Unknown)))
})
const Splits = Schema.Struct({ splits: Schema.Array(Schema.String) })

export interface SavedDataset {
  /** Files that hold rows, or of which nothing is said. */
  readonly files: ReadonlyArray<SourceFile>
  /** Folder of each split, with its last slash, where the data set says which there are. */
  readonly splits: ReadonlyMap<string, string>
}

const folderOf = (name: string): string => name.slice(0, name.lastIndexOf("/") + 1)
const baseOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1)
const isArrow = (name: string): boolean => /\.arrow$/i.test(name)

const readJson = <A>(source: ResolvedSource, file: SourceFile, schema: Schema.Codec<A, unknown>) =>
  Effect.gen(function* () {
    const bytes = yield* readSourceFile(source, file)
    const text = new TextDecoder().decode(bytes)
    return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text).pipe(
      Effect.mapError((error) =>
        stageFailed(
          `source ${source.uri}: ${file.name} does not say what a saved data set says: ${error.message}`,
          "Save the data set again with save_to_disk, or name the files with files."
        )
      )
    )
  })

/** Names of the Arrow files of a folder that its state lists. */
const listedFiles = Effect.fnUntraced(function* (source: ResolvedSource, state: SourceFile) {
  const { _data_files: listed, _indices_data_files: indices } = yield* readJson(source, state, State)
  if (indices !== undefined && indices !== null && indices.length > 0) {
    return yield* stageFailed(
      `source ${source.uri}: ${state.name} says that only some rows count, by a file of indices`,
      "Save the data set again after flatten_indices()."
    )
  }
  const names = listed.map(({ filename }) => folderOf(state.name) + filename)
  const absent = names.find((name) => !source.files.some((file) => file.name === name))
  if (absent === undefined) return names
  return yield* stageFailed(
    `source ${source.uri}: ${state.name} lists ${absent}, which is not there`,
    "Give the whole folder, as it was saved."
  )
})

export const savedDataset = Effect.fn("savedDataset")(function* (source: ResolvedSource) {
  const states = source.files.filter(
    ({ name }) =>
      baseOf(name) === "state.json" &&
      source.files.some((file) => isArrow(file.name) && folderOf(file.name) === folderOf(name))
  )
  const listed = new Map<string, ReadonlyArray<string>>()
  for (const state of states) listed.set(folderOf(state.name), yield* listedFiles(source, state))
  const splits = new Map<string, string>()
  for (const file of source.files.filter(({ name }) => baseOf(name) === "dataset_dict.json")) {
    const folder = folderOf(file.name)
    for (const split of (yield* readJson(source, file, Splits)).splits) splits.set(split, `${folder}${split}/`)
  }
  // In the cache folder of a prepared data set no state says it; results of map and filter are named so there too.
  const isCache = ({ name }: SourceFile): boolean => /^cache-[^/]*\.arrow$/.test(baseOf(name))
  const counts = (file: SourceFile): boolean => {
    if (!isArrow(file.name)) return true
    const folder = folderOf(file.name)
    const names = listed.get(folder)
    if (names !== undefined) return names.includes(file.name)
    return (
      !isCache(file) ||
      !source.files.some((other) => isArrow(other.name) && folderOf(other.name) === folder && !isCache(other))
    )
  }
  const dataset: SavedDataset = { files: source.files.filter(counts), splits }
  return dataset
})
