/**
 * Which files of a project this process reads while it is watched: what a stage opens and does not declare is in no key. Node's
 * own file functions are looked at, whoever calls them; native code and modules that Node loads are not.
 */
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { isAbsolute, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"

/** write: emptied or made, so that what is read of it later is the process's own. */
export type Access = "read" | "write"

/** Whether programs that this process starts are looked at, too: as far as that can be done, or else the stage fails. */
export type Programs = "no" | "if possible" | "must"

interface Watch {
  readonly programs: Programs
  /** Absolute, without links. */
  readonly root: string
  /** Folders below the root that are none of the project's: absolute, ending in a separator. */
  readonly ignored: Array<string>
  /** Of every file below the root the first access. */
  readonly first: Map<string, Access>
}

/** A stage that opens more than that reads a folder, which is told by its first files just as well. */
const MOST_FILES = 10_000

let watch: Watch | undefined
let looking = false

const real = (path: string): string => {
  try {
    return fs.realpathSync.native(path)
  } catch {
    return resolve(path)
  }
}

export const programsWatched = (): Programs => watch?.programs ?? "no"

export const noteOpened = (path: string, access: Access): void => {
  if (watch === undefined || watch.first.size >= MOST_FILES) return
  const absolute = isAbsolute(path) ? path : resolve(path)
  // A link to the project from outside is found where it leads.
  const target = absolute.startsWith(watch.root + sep) ? absolute : real(absolute)
  if (!target.startsWith(watch.root + sep) || watch.ignored.some((folder) => target.startsWith(folder))) return
  if (!watch.first.has(target)) watch.first.set(target, access)
}

/** From now on, what is below this folder is not noted. */
export const ignoreOpened = (folder: string): void => {
  watch?.ignored.push(real(folder) + sep)
}

const accessOf = (flags: unknown): Access | undefined => {
  if (typeof flags === "number") {
    if ((flags & fs.constants.O_TRUNC) !== 0) return "write"
    return (flags & fs.constants.O_WRONLY) === 0 ? "read" : undefined
  }
  if (typeof flags !== "string") return "read"
  return flags.startsWith("r") || flags.startsWith("a+") ? "read" : flags.startsWith("w") ? "write" : undefined
}

const pathOf = (path: unknown): string | undefined =>
  typeof path === "string"
    ? path
    : Buffer.isBuffer(path)
      ? path.toString()
      : path instanceof URL
        ? fileURLToPath(path)
        : undefined

const note = (path: unknown, access: Access | undefined): void => {
  if (watch === undefined || access === undefined) return
  const text = pathOf(path)
  if (text !== undefined) noteOpened(text, access)
}

const flagOf = (options: unknown): unknown =>
  typeof options === "object" && options !== null && "flag" in options ? options.flag : undefined

type Functions = Record<string, (...args: ReadonlyArray<unknown>) => unknown>

/** Puts a look before functions of a module; what they do and give stays as it is. */
const look = (module: object, names: ReadonlyArray<string>, at: (args: ReadonlyArray<unknown>) => void): void => {
  const functions = module as Functions
  for (const name of names) {
    const original = functions[name]
    if (original === undefined) continue
    const looked = function (this: unknown, ...args: ReadonlyArray<unknown>): unknown {
      at(args)
      return Reflect.apply(original, this, args)
    }
    // `promisify` finds its own ways at the function.
    Object.defineProperties(looked, Object.getOwnPropertyDescriptors(original))
    functions[name] = looked
  }
}

const lookAtFiles = (): void => {
  if (looking) return
  looking = true
  const opens = ([path, flags]: ReadonlyArray<unknown>): void =>
    note(path, typeof flags === "function" ? "read" : accessOf(flags))
  const reads = ([path, options]: ReadonlyArray<unknown>): void => note(path, accessOf(flagOf(options)))
  const writes = ([path, , options]: ReadonlyArray<unknown>): void => note(path, accessOf(flagOf(options) ?? "w"))
  const copies = ([from, to]: ReadonlyArray<unknown>): void => {
    note(from, "read")
    note(to, "write")
  }
  look(fs, ["open", "openSync"], opens)
  look(fs, ["readFile", "readFileSync"], reads)
  look(fs, ["writeFile", "writeFileSync"], writes)
  look(fs, ["copyFile", "copyFileSync"], copies)
  look(fs.promises, ["open"], opens)
  look(fs.promises, ["readFile"], reads)
  look(fs.promises, ["writeFile"], writes)
  look(fs.promises, ["copyFile"], copies)
  syncBuiltinESMExports()
}

const isFile = (path: string): boolean => {
  try {
    return fs.statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * One watch at a time.
 *
 * @param root the project's folder
 * @param ignored folders in it that are not its own, such as the store
 * @returns ends the watch and gives the files that were read, by path below the root, sorted
 */
export const watchOpened = (
  root: string,
  ignored: ReadonlyArray<string>,
  programs: Programs
): (() => ReadonlyArray<string>) => {
  lookAtFiles()
  const folders = ignored.map((folder) => real(folder) + sep)
  const own: Watch = { root: real(root), ignored: folders, first: new Map(), programs }
  watch = own
  return () => {
    if (watch === own) watch = undefined
    return [...own.first]
      .filter(([path, access]) => access === "read" && isFile(path))
      .map(([path]) => relative(own.root, path))
      .toSorted()
  }
}
