/** Where the page's script starts: its code is in the key of the stage that embeds it. */
import { fileURLToPath } from "node:url"
import { codeEnding } from "../../project/code-ending.ts"

export const pageScriptFile: string = fileURLToPath(new URL(`script/main${codeEnding}`, import.meta.url))
