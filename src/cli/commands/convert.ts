/** `pipeline convert SRC DEST --to FORMAT`: an SAE in another library's format. */
import { existsSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { convertSae } from "../../kinds/sae/convert-sae.ts"
import { diskFolder } from "../../kinds/sae/files/disk-folder.ts"
import { detectFormat } from "../../kinds/sae/formats.ts"
import type { ConvertInput } from "./convert-flags.ts"
import { unwritable } from "../../file/unwritable.ts"
import { intoFreshFolder } from "../experiment/fresh-folder.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { count } from "../render/words.ts"
import { makeDirectory } from "../../file/make-directory.ts"
import { isRefused } from "../../kinds/sae/latents/sae-refused.ts"

const problem = (text: string) => new UsageError({ problem: text })

export const convert = Effect.fn("convert")(function* (input: ConvertInput) {
  const [source, target] = [resolve(input.source), resolve(input.directory)]
  if (!existsSync(source)) return yield* problem(`${input.source}: there is no such file or folder`)
  const { format, sae } = yield* Effect.scoped(
    Effect.gen(function* () {
      const folder = diskFolder(source)
      const found = yield* detectFormat(folder)
      return { format: found.name, sae: yield* found.read(folder, { k: Option.getOrUndefined(input.k) }) }
    })
  ).pipe(Effect.mapError((error) => problem(`${input.source}: ${error.message}; nothing was written`)))
  const converted = convertSae(sae, input.to, { fold: input.fold })
  if (isRefused(converted)) {
    return yield* problem(`${format} to ${input.to} is refused: ${converted.problem}; nothing was written`)
  }
  const lost = `${input.to} has no place for ${converted.dropped.join(", ")}`
  if (input.strict && converted.dropped.length > 0) {
    return yield* problem(`${format} to ${input.to} is refused (--strict): ${lost}; nothing was written`)
  }
  const written = Effect.tryPromise({
    try: async () => {
      await makeDirectory(target)
      for (const [name, bytes] of converted.files) await writeFile(join(target, name), bytes)
    },
    catch: unwritable(target)
  })
  yield* intoFreshFolder(target, input.directory, written)
  if (converted.dropped.length > 0) process.stderr.write(`warning: ${lost}\n`)
  const files = `${count(converted.files.size, "file")} (${[...converted.files.keys()].join(", ")})`
  process.stderr.write(`${format} to ${input.to}: ${files} in ${input.directory}\n`)
})
