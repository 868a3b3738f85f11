/** The store of a project: its folder, with the remote behind it that the project names. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Project } from "../config/locate-project.ts"
import { layer as localStore, makeLocalStore } from "../store/local/local-store.ts"
import { Store } from "../store/store.ts"

/** Told to people: of whatever is refused in the remote, and of what is not shared. */
const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** Nothing of the remote is loaded, opened or asked before something is missing in the folder. */
const withRemoteOf = ({ cache, config, directory }: Project) =>
  Effect.promise(async () => {
    const { remote: named } = config
    const local = makeLocalStore(cache)
    if (named === undefined) return local
    const { withRemote } = await import("../store/remote/with-remote.ts")
    const readOnly = named.mode === "read"
    const remote = Effect.flatMap(
      Effect.promise(() => import("../remote/open-remote.ts")),
      ({ openRemote }) => openRemote(named, { projectDirectory: directory, readOnly })
    )
    return withRemote(local, { root: cache, remote, writes: !readOnly, say })
  })

export const projectStore = (project: Project): Layer.Layer<Store> => {
  const { remote } = project.config
  return remote === undefined || remote.mode === "manual"
    ? localStore(project.cache)
    : Layer.effect(Store, withRemoteOf(project))
}
