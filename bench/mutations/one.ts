/** `node bench/mutations/one.ts FORMAT NUMBER`: what one mutation of `main.ts` came to, and the damaged file at a path that is printed. */
import { writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { type FormatName, outsideFormat } from "../../test/mutations/formats.ts"
import { mutation } from "../../test/mutations/try-mutation.ts"

const [name, number] = process.argv.slice(2) as [FormatName, string]
const { file, bytes } = mutation(outsideFormat(name), Number(number))
const path = join(tmpdir(), `mutation-${number}-${file.name}`)
writeFileSync(path, bytes)
console.log(path)
const start = performance.now()
const exit = await Effect.runPromiseExit(Effect.scoped(file.read(bytes)))
console.log(`${(performance.now() - start).toFixed(0)} ms`)
console.log(exit._tag === "Failure" ? String(Cause.squash(exit.cause)) : "read")
