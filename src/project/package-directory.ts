/** Where this package is: the same whether its sources run or what `npm pack` builds from them. */
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { codeEnding } from "./code-ending.ts"

/** The folder with `src/` and `stages/`: of the built package `dist/`. */
export const codeDirectory: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The folder that the package is installed in, with `package.json`, `models/`, `pipelines/` and `experiments/`. */
export const packageDirectory: string = codeEnding === ".ts" ? codeDirectory : dirname(codeDirectory)
