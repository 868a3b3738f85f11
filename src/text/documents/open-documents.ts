/** The documents of a source, file by file, each file opened and checked when its turn comes. */
import { sourceFiles } from "../../source/open-source-file.ts"
import type { ResolvedSource } from "../../stage/source.ts"
import { confinedFile } from "./confined-file.ts"
import type { DocumentFile, SourceDocument } from "./document-file.ts"
import { jsonFile } from "./json-file.ts"
import { jsonLinesFile } from "./json-lines-file.ts"
import { plainTextFile } from "./plain-text-file.ts"
import type { DataFile, FileFormat } from "./select-files.ts"
import type { VerifiedFile } from "../../artifact/artifact.ts"

export interface LocatedDocument extends SourceDocument {
  /** Number of its file. */
  readonly file: number
  /** Number in the whole source where `wanted` was given, else in its file. */
  readonly index: number
}

export interface Documents {
  readonly files: ReadonlyArray<string>
  readonly count: () => Promise<number>
  /** Those whose number in the whole source is `wanted`, in order; later files stay closed until they are needed. */
  readonly read: (wanted?: (index: number) => boolean) => AsyncGenerator<LocatedDocument, void, undefined>
}

const readers: Readonly<Record<FileFormat, (file: VerifiedFile, name: string, field: string | null) => DocumentFile>> =
  {
    parquet: (file, name, field) => confinedFile({ file, name, field, format: "parquet" }),
    arrow: (file, name, field) => confinedFile({ file, name, field, format: "arrow" }),
    "json lines": jsonLinesFile,
    json: jsonFile,
    text: plainTextFile
  }

export const openDocuments = (
  source: ResolvedSource,
  files: ReadonlyArray<DataFile>,
  field: string | null
): Documents => {
  const open = sourceFiles(source)
  const counts: Array<number | undefined> = []
  const using = async function* <A>(
    { file, format }: DataFile,
    use: (documents: DocumentFile) => AsyncGenerator<A, void, undefined>
  ): AsyncGenerator<A, void, undefined> {
    const opened = await open(file)
    try {
      yield* use(readers[format](opened, file.name, field))
    } finally {
      await opened.close()
    }
  }
  const countOf = async (number: number, file: DataFile): Promise<number> => {
    // A plain text file is one document, whatever is in it.
    const known = file.format === "text" ? 1 : counts[number]
    if (known !== undefined) return known
    const one = async function* (documents: DocumentFile) {
      yield await documents.count()
    }
    for await (const count of using(file, one)) counts[number] = count
    return counts[number] as number
  }
  return {
    files: files.map(({ file }) => file.name),
    count: async () => {
      let count = 0
      for (const [number, file] of files.entries()) count += await countOf(number, file)
      return count
    },
    read: async function* (wanted) {
      let start = 0
      for (const [number, file] of files.entries()) {
        const before = start
        const documents = (opened: DocumentFile) => opened.read((index) => wanted?.(before + index) ?? true)
        for await (const document of using(file, documents)) {
          yield { ...document, file: number, index: before + document.index }
        }
        if (wanted !== undefined) start += await countOf(number, file)
      }
    }
  }
}
