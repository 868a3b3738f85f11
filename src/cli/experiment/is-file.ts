/** Whether what a person names is a file, and not a run. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"

export const isFile = (name: string): boolean => /\.ya?ml$/.test(name) || existsSync(resolve(name))
