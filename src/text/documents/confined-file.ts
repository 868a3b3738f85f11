/**
 * Files of formats that a library decodes, read in a process with limits. What can be checked against a file's bytes has
 * been; what is left, a damaged file of a few KB can keep a library busy for minutes, or make it fill the memory. So the time
 * between two answers and the memory are bounded by what a file of its size may take, and a process that goes beyond is ended.
 */
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { sizeText } from "../../words/size-text.ts"
import { type DocumentFile, DocumentProblem, type SourceDocument } from "./document-file.ts"
import type { FromReader, LibraryFormat, ToReader } from "./document-messages.ts"
import { type ReaderProcess, takeReader } from "./reader-process.ts"

export interface ReadingLimits {
  /** Of computing for an answer, and for each MiB of the file on top. */
  readonly seconds: number
  readonly secondsPerMiB: number
  /** Bytes above what the process takes by itself, and for each byte of the file. */
  readonly bytes: number
  readonly bytesPerByte: number
}

/** Libraries decode some 50 MB/s; text that is packed tenfold is unpacked, then strings. */
const usual: ReadingLimits = { seconds: 3, secondsPerMiB: 1, bytes: 256 * 2 ** 20, bytesPerByte: 24 }

const formatNames: Readonly<Record<LibraryFormat, string>> = { parquet: "Parquet", arrow: "Arrow" }

export interface ConfinedOptions {
  readonly file: VerifiedFile
  readonly name: string
  /** null: the first of the usual ones that the file has as a column. */
  readonly field: string | null
  readonly format: LibraryFormat
  readonly limits?: ReadingLimits
}

export const confinedFile = ({ file, name, field, format, limits = usual }: ConfinedOptions): DocumentFile => {
  const seconds = limits.seconds + (limits.secondsPerMiB * file.size) / 2 ** 20
  const bytes = limits.bytes + limits.bytesPerByte * file.size

  const ended = (how: string): DocumentProblem =>
    new DocumentProblem(
      name,
      `reading it as ${formatNames[format]} was ended: ${how}, for ${sizeText(file.size)}`,
      "It is damaged, or packed beyond all measure: write it again, as Parquet with small row groups."
    )

  const reach = (reader: ReaderProcess, question: ToReader, wanted: (index: number) => boolean) =>
    reader.ask(question, {
      seconds,
      bytes,
      reply: async (asked: FromReader): Promise<ToReader | undefined> => {
        if (asked.type === "want-bytes") {
          return { type: "bytes", bytes: await file.read(asked.offset, asked.length) }
        }
        if (asked.type !== "choose") return undefined
        const indices: Array<number> = []
        for (let index = asked.start; index < asked.end; index++) if (wanted(index)) indices.push(index)
        return { type: "chosen", indices }
      }
    })

  const fails = (answer: FromReader): never => {
    throw answer.type === "problem" ? DocumentProblem.told(answer.message, answer.remedy) : ended("it gave no answer")
  }

  const start = (type: "count" | "read"): ToReader => ({ type, format, name, field, size: file.size })

  return {
    count: async () => {
      const reader = await takeReader(ended)
      try {
        const answer = await reach(reader, start("count"), () => false)
        return answer.type === "counted" ? answer.count : fails(answer)
      } finally {
        reader.release()
      }
    },
    read: async function* (wanted): AsyncGenerator<SourceDocument, void, undefined> {
      const reader = await takeReader(ended)
      try {
        for (let question = start("read"); ; question = { type: "more" }) {
          const answer = await reach(reader, question, wanted)
          if (answer.type !== "documents") return fails(answer)
          yield* answer.documents
          if (answer.done) return
        }
      } finally {
        reader.release()
      }
    }
  }
}
