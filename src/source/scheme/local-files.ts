/**
 * The files below a folder, by relative name. Symbolic links are followed (a snapshot of the Hugging Face hub is nothing
 * but links); one that leads back to a folder above it is passed over. Dot files are left out: editors and version control
 * keep theirs there.
 */
import type { Dirent } from "node:fs"
import { readdir, realpath, stat } from "node:fs/promises"
import { join } from "node:path"
import type { NamedFile } from "./named-file.ts"

const kindOf = async (entry: Dirent, path: string, name: string): Promise<"folder" | "file" | "other"> => {
  const found = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry
  if (found === undefined) throw new Error(`${name} is a link to what is not there`)
  return found.isDirectory() ? "folder" : found.isFile() ? "file" : "other"
}

export const localFiles = async (directory: string): Promise<ReadonlyArray<NamedFile>> => {
  const files: Array<NamedFile> = []
  const walk = async (folder: string, prefix: string, above: ReadonlyArray<string>): Promise<void> => {
    const real = await realpath(folder)
    if (above.includes(real)) return
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue
      const [path, name] = [join(folder, entry.name), prefix + entry.name]
      const kind = await kindOf(entry, path, name)
      if (kind === "folder") await walk(path, `${name}/`, [...above, real])
      else if (kind === "file") files.push({ name, path })
    }
  }
  await walk(directory, "", [])
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
