/**
 * The process that reads outside files with the libraries of their formats, so that a damaged one can be ended: it sees
 * no file, only the bytes that it asks for.
 */
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { arrowFile } from "./arrow-file.ts"
import { DocumentProblem, type SourceDocument } from "./document-file.ts"
import type { FromReader, ToReader } from "./document-messages.ts"
import { libraryWords } from "./library-words.ts"
import { parquetFile } from "./parquet-file.ts"

/** Characters and numbers that go over at a time, about. */
const batchSize = 1 << 20

const say = (message: FromReader): void => void process.send?.(message)

let receive: (message: ToReader) => void = () => {}
const waiting: Array<ToReader> = []
process.on("message", (message: ToReader) => receive(message))
process.on("disconnect", () => process.exit())

const next = (): Promise<ToReader> => {
  const [first] = waiting.splice(0, 1)
  if (first !== undefined) return Promise.resolve(first)
  return new Promise((resolve) => {
    receive = (message) => {
      receive = (later) => void waiting.push(later)
      resolve(message)
    }
  })
}

/** What was asked for. Whoever stopped reading asks for something else: the read that goes on here is given up. */
const answered = async <T extends ToReader["type"]>(type: T): Promise<Extract<ToReader, { type: T }>> => {
  const message = await next()
  if (message.type !== type) throw new Abandoned(message)
  return message as Extract<ToReader, { type: T }>
}

class Abandoned extends Error {
  readonly instead: ToReader
  constructor(instead: ToReader) {
    super("another question")
    this.instead = instead
  }
}

const askedFile = (size: number): VerifiedFile => ({
  size,
  read: async (offset, length) => {
    say({ type: "want-bytes", offset, length })
    // In a buffer of their own: they came within a message.
    return (await answered("bytes")).bytes.slice()
  }
})

/** Numbers that are asked about at a time: a file may claim any number of rows. */
const chosenTogether = 1 << 16

const choose = async (start: number, end: number): Promise<ReadonlyArray<number>> => {
  const indices: Array<number> = []
  for (let at = start; at < end; at += chosenTogether) {
    say({ type: "choose", start: at, end: Math.min(end, at + chosenTogether) })
    for (const index of (await answered("chosen")).indices) indices.push(index)
  }
  return indices
}

const sizeOf = ({ content }: SourceDocument): number => {
  switch (content.type) {
    case "text":
      return typeof content.text === "string" ? content.text.length : 0
    case "ids":
      return content.ids.length
    default:
      return JSON.stringify(content).length
  }
}

const serve = async (asked: Extract<ToReader, { type: "count" | "read" }>): Promise<void> => {
  const file = (asked.format === "parquet" ? parquetFile : arrowFile)(askedFile(asked.size), asked.name, asked.field)
  if (asked.type === "count") return say({ type: "counted", count: await file.count() })
  let documents: Array<SourceDocument> = []
  let size = 0
  for await (const document of file.read(choose)) {
    documents.push(document)
    size += 1 + sizeOf(document)
    if (size < batchSize) continue
    say({ type: "documents", documents, done: false })
    documents = []
    size = 0
    await answered("more")
  }
  say({ type: "documents", documents, done: true })
}

say({ type: "ready" })
for (let asked = await next(); ;) {
  if (asked.type !== "count" && asked.type !== "read") {
    asked = await next()
    continue
  }
  try {
    await serve(asked)
  } catch (error) {
    if (error instanceof Abandoned) {
      asked = error.instead
      continue
    }
    say(
      error instanceof DocumentProblem
        ? { type: "problem", message: error.message, remedy: error.remedy }
        : {
            type: "problem",
            message: `${asked.name}: cannot be read: ${libraryWords(error)}`,
            remedy: "Give the whole file, as it was written."
          }
    )
  }
  asked = await next()
}
