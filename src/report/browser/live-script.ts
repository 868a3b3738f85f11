/** The script of the live page, beside that of the report: `live/`, bundled. */
import { fileURLToPath } from "node:url"
import { codeEnding } from "../../project/code-ending.ts"
import { bundleScript } from "./page-script.ts"

let made: string | undefined

export const liveScript = (): string => {
  made ??= bundleScript(fileURLToPath(new URL(`live/main${codeEnding}`, import.meta.url)))
  return made
}
