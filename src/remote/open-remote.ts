/** Opens the remote that a project names: by the scheme of its address, a file in `src/remote/schemes/`; a folder has none. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import { codeEnding } from "../project/code-ending.ts"
import type { RemoteConfig } from "../config/config.ts"
import { codeDirectory } from "../project/package-directory.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import type { OpenRemote, Remote } from "./port/remote.ts"
import { RemoteFailed } from "./port/remote-failed.ts"

const schemes = join(codeDirectory, "src", "remote", "schemes")

const schemeOf = (url: string): string => {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase()
  return scheme === undefined || scheme === "file" ? "folder" : scheme
}

const isClosed = (place: string) => () =>
  new RemoteFailed({
    reason: "refused",
    place,
    problem: "it is only read here, so nothing is written there",
    remedy: "Leave out --remote-read-only, or set `remote: { mode: read-write }`, where the results can be trusted."
  })

/** Whatever is asked, nothing is written: not even the file that a folder tells its time by. */
const closed = (remote: Remote): Remote => {
  const refuse = () => Effect.fail(isClosed(remote.place)())
  return { ...remote, putIfAbsent: refuse, put: refuse, remove: refuse, ageSeconds: refuse }
}

/** @param readOnly nothing will be written there, whatever is asked */
export const openRemote = Effect.fnUntraced(function* (
  { url, endpoint, region }: RemoteConfig,
  {
    projectDirectory,
    readOnly,
    environment = process.env
  }: {
    readonly projectDirectory: string
    readonly readOnly: boolean
    readonly environment?: NodeJS.ProcessEnv
  }
) {
  const scheme = schemeOf(url)
  const file = join(schemes, `${scheme}${codeEnding}`)
  if (!/^[a-z0-9]+$/.test(scheme) || !existsSync(file)) {
    const names = readdirSync(schemes)
      .filter((name) => name.endsWith(codeEnding) && !name.endsWith(".d.ts"))
      .map((name) => name.slice(0, -codeEnding.length))
    return yield* new RemoteFailed({
      reason: "unknown",
      place: url,
      problem: `there is no kind of remote "${scheme}"${suggestOrList(scheme, names)}`,
      remedy: "Write s3://BUCKET/PREFIX, or the path of a folder."
    })
  }
  const { open } = yield* Effect.promise(
    () => import(pathToFileURL(file).href) as Promise<{ readonly open: OpenRemote }>
  )
  const remote = yield* open({ url, projectDirectory, endpoint, region, readOnly, environment })
  return readOnly ? closed(remote) : remote
})
