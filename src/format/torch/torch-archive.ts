/**
 * PyTorch's files since 1.6: a zip archive with a pickle and the storages' bytes.
 *
 * Source: PyTorch `torch/serialization.py`, `caffe2/serialize/inline_container.cc`.
 */
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { openZip } from "../zip.ts"
import { maxPickleBytes, type TorchContents } from "./torch-contents.ts"
import { decodeTorchPickle } from "./torch-pickle.ts"

export const openTorchArchive = Effect.fn("openTorchArchive")(function* (
  file: VerifiedFile,
  path: string,
  digest: string
) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest, path, detail })
  const attempt = <A>(run: () => Promise<A>) =>
    Effect.tryPromise({ try: run, catch: (error) => error as ArtifactError })
  const start = yield* attempt(() => file.read(0, Math.min(2, file.size)))
  if (start[0] !== 0x50 || start[1] !== 0x4b) {
    return yield* fail(
      "it is no file that torch.save writes; load it with torch.load and save it again with torch.save"
    )
  }
  const zip = yield* attempt(() => openZip(file, path, digest))
  const pickles = [...zip.entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name))
  const [pickleName] = pickles
  if (pickleName === undefined || pickles.length > 1) {
    return yield* fail("it has no data.pkl: it is not what torch.save writes")
  }
  const root = pickleName.slice(0, -"data.pkl".length)
  if ([...zip.entries.keys()].some((name) => name.startsWith(`${root}code/`))) {
    return yield* fail("it is a TorchScript archive, which is a program; save the state dict instead")
  }
  if ((zip.entries.get(pickleName)?.size as number) > maxPickleBytes) return yield* fail("its pickle is too large")
  if (zip.entries.has(`${root}byteorder`)) {
    const order = new TextDecoder().decode(yield* attempt(() => zip.read(`${root}byteorder`)))
    if (order.trim() !== "little") return yield* fail(`its byte order is ${order.trim()}; only little can be read`)
  }
  const decoded = decodeTorchPickle(yield* attempt(() => zip.read(pickleName)))
  if ("refused" in decoded) return yield* fail(`its pickle is refused, nothing was executed: ${decoded.refused}`)

  const contents: TorchContents = {
    value: decoded.value,
    storage: ({ key }) => {
      const name = `${root}data/${key}`
      const entry = zip.entries.get(name)
      return entry === undefined ? undefined : { size: entry.size, read: () => zip.read(name) }
    }
  }
  return contents
})
