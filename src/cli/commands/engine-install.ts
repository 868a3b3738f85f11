/** `pipeline engine install`: builds the tensorflow engine now, instead of at the first run. */
import * as Effect from "effect/Effect"
import { installTensorflow } from "../../tensor/tensorflow/tensorflow-install.ts"
import { installLines } from "../render/install-lines.ts"

export const engineInstall = Effect.suspend(() => {
  const lines = installLines(process.stderr)
  return installTensorflow({ onProgress: lines.onProgress }).pipe(
    Effect.ensuring(Effect.sync(lines.close)),
    Effect.flatMap(({ id, folder }) => Effect.sync(() => process.stderr.write(`engine ${id} is ready in ${folder}\n`)))
  )
})
