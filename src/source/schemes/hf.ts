/** `hf:org/name@revision/PATH`, `hf:datasets/...`: the Hugging Face hub. Files are brought when a stage reads them. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { StageFailed } from "../../stage/stage-failed.ts"
import { downloadHubFile } from "../hub/download-hub-file.ts"
import { HubFile } from "../hub/hub-file.ts"
import { pinnedHubName } from "../hub/hub-name.ts"
import { hubSettings } from "../hub/hub-settings.ts"
import { resolveHubSource } from "../hub/resolve-hub-source.ts"
import type { SourceScheme } from "../scheme/source-scheme.ts"

const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10

const scheme: SourceScheme = {
  pinned: pinnedHubName,
  resolve: ({ uri, of, index, say }) => resolveHubSource(uri, of, index, say),
  fetch: Effect.fnUntraced(function* ({ uri, place, log, progress }) {
    const wanted = yield* Schema.decodeUnknownEffect(HubFile)(place).pipe(Effect.orDie)
    log(`fetching ${wanted.path} of ${wanted.repo}, ${megabytes(wanted.size)} MB`)
    yield* downloadHubFile(hubSettings(), wanted, (done, total) => progress(megabytes(done), megabytes(total))).pipe(
      Effect.mapError(
        ({ reason, problem, remedy }) =>
          new StageFailed({
            problem: `source ${uri}: ${problem}`,
            remedy,
            retryable: reason === "network" || reason === "busy" || reason === "damaged"
          })
      )
    )
  })
}
export default scheme
