/** `pipeline engine install`: builds the tensorflow engine now, instead of at the first run. */
import * as Effect from "effect/Effect"
import { installTensorflow } from "../../tensor/tensorflow/tensorflow-install.ts"
import { formatBytes } from "../render/words.ts"

export const engineInstall = installTensorflow({
  onProgress: ({ message, done, total }) => {
    const amount = done === undefined || total === undefined ? "" : ` ${formatBytes(done)} of ${formatBytes(total)}`
    process.stderr.write(`${message}${amount}\n`)
  }
}).pipe(
  Effect.flatMap(({ id, folder }) => Effect.sync(() => process.stderr.write(`engine ${id} is ready in ${folder}\n`)))
)
