import { readdirSync } from "node:fs"
import { join } from "node:path"

const ofTheCase = ["expected.safetensors", "info.json"]

/** Of a case's folder the one with the SAE: some layouts say in the names of folders what no file says. */
export const innermostFolder = (directory: string): string => {
  const own = readdirSync(directory, { withFileTypes: true }).filter(({ name }) => !ofTheCase.includes(name))
  const [only] = own
  return own.length === 1 && only?.isDirectory() === true ? innermostFolder(join(directory, only.name)) : directory
}
