/**
 * The names of the formats of SAEs: those of the files in `formats/`, which are read and written, and in `layouts/`, which are
 * only read, with `_` for `-`. What can be chosen anywhere follows from what stands there; nothing is loaded for it.
 */
import { readdirSync } from "node:fs"

export interface FormatFile {
  readonly name: string
  readonly folder: "formats" | "layouts"
  /** Without its ending. */
  readonly file: string
}

const filesIn = (folder: FormatFile["folder"]): ReadonlyArray<FormatFile> =>
  readdirSync(new URL(`./${folder}/`, import.meta.url))
    .flatMap((entry) => /^([a-z][a-z0-9-]*)\.(?:ts|js)$/.exec(entry)?.[1] ?? [])
    .toSorted()
    .map((file) => ({ name: file.replaceAll("-", "_"), folder, file }))

export const formatFiles: ReadonlyArray<FormatFile> = [...filesIn("formats"), ...filesIn("layouts")].toSorted((a, b) =>
  a.name < b.name ? -1 : 1
)

export const formatNames: ReadonlyArray<string> = formatFiles.map(({ name }) => name)

/** Those that can be written. */
export const writableNames: ReadonlyArray<string> = formatFiles
  .filter(({ folder }) => folder === "formats")
  .map(({ name }) => name)
