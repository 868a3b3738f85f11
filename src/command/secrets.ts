/**
 * The values of secret variables, kept out of what is shown and of what is taken. A log comes line by line, so a secret of
 * several lines (a private key, a service account) is known by each of its lines.
 */
import { open, readdir, stat } from "node:fs/promises"
import { join, relative } from "node:path"

export interface Secret {
  /** Of the variable. */
  readonly name: string
  readonly value: string
}

/** A shorter line of a secret (`}`, `==`) is in every other text too, and tells nothing by itself. */
const shortestLine = 4
/** A shorter text may stand in a file by chance. */
const shortestInFiles = 8
/** Lines around a key in PEM, which are the same in all of them. */
const armour = /^-{3,}[^-]*-{3,}$/

const linesOf = (value: string): ReadonlyArray<string> => {
  const lines = value.split(/\r\n|\r|\n/)
  return lines.length === 1 ? [] : lines.map((line) => line.trim())
}

const longestFirst = (texts: Iterable<string>): ReadonlyArray<string> =>
  [...new Set(texts)].toSorted((a, b) => b.length - a.length)

/** Secrets that are set; an empty value hides nothing. */
export const secretsOf = (
  names: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>
): ReadonlyArray<Secret> =>
  names.flatMap((name) => {
    const value = environment[name] ?? ""
    return value === "" ? [] : [{ name, value }]
  })

/** Puts `***` for every secret in a line, or a line of one. */
export const redactor = (secrets: ReadonlyArray<Secret>): ((line: string) => string) => {
  const hidden = longestFirst(
    secrets.flatMap(({ value }) => [value, ...linesOf(value).filter((line) => line.length >= shortestLine)])
  )
  return (line) => hidden.reduce((text, secret) => text.replaceAll(secret, "***"), line)
}

/** Secrets too short to be searched for in files. */
export const tooShort = (secrets: ReadonlyArray<Secret>): ReadonlyArray<string> =>
  secrets.filter(({ value }) => value.length < shortestInFiles).map(({ name }) => name)

interface Needle {
  readonly name: string
  readonly bytes: Buffer
}

const needlesOf = (secrets: ReadonlyArray<Secret>): ReadonlyArray<Needle> =>
  secrets.flatMap(({ name, value }) =>
    [value, ...linesOf(value).filter((line) => !armour.test(line))]
      .filter((text) => text.length >= shortestInFiles)
      .map((text) => ({ name, bytes: Buffer.from(text) }))
  )

/** The name of a secret whose value stands in the text. */
export const secretInText = (text: string, secrets: ReadonlyArray<Secret>): string | undefined =>
  needlesOf(secrets).find(({ bytes }) => text.includes(bytes.toString()))?.name

const pieceBytes = 1 << 20

const searchFile = async (path: string, needles: ReadonlyArray<Needle>): Promise<string | undefined> => {
  // A secret may stand across two pieces: the end of one is searched again with the next.
  const kept = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1
  const handle = await open(path, "r")
  try {
    const piece = Buffer.alloc(kept + pieceBytes)
    let filled = 0
    for (;;) {
      const { bytesRead } = await handle.read(piece, filled, piece.length - filled)
      if (bytesRead === 0) return undefined
      filled += bytesRead
      const searched = piece.subarray(0, filled)
      const found = needles.find(({ bytes }) => searched.includes(bytes))
      if (found !== undefined) return found.name
      const from = Math.max(0, filled - kept)
      piece.copy(piece, 0, from, filled)
      filled -= from
    }
  } finally {
    await handle.close()
  }
}

export interface SecretInFile {
  readonly name: string
  /** Below the folder. */
  readonly path: string
}

/** A link to a file is taken as that file; what is neither is refused by whoever takes the output. */
const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isFile(),
    () => false
  )

/** The first secret that stands in a file below `directory`, in its name or in its content. */
export const findSecret = async (
  directory: string,
  secrets: ReadonlyArray<Secret>
): Promise<SecretInFile | undefined> => {
  const needles = needlesOf(secrets)
  if (needles.length === 0) return undefined
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = relative(directory, join(entry.parentPath, entry.name))
    const named = secretInText(path, secrets)
    if (named !== undefined) return { name: named, path: redactor(secrets)(path) }
    if (!(await isFile(join(directory, path)))) continue
    const name = await searchFile(join(directory, path), needles)
    if (name !== undefined) return { name, path }
  }
  return undefined
}
