/** A remote as the store uses it: with whoever is told of what is refused there. */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import type { RemoteFailed } from "../../remote/port/remote-failed.ts"
import type { Remote } from "../../remote/port/remote.ts"
import { quarantineName } from "./layout.ts"

export interface SharedRemote {
  readonly remote: Remote
  /** Whether we may write there. */
  readonly writes: boolean
  /** Told what is wrong there, for people. */
  readonly say: (line: string) => void
}

/** Takes what is not as it should be out of everybody's way, where we may; it is refused in any case. */
export const refuse = Effect.fnUntraced(function* (
  { remote, writes, say }: SharedRemote,
  name: string,
  bytes: Uint8Array,
  why: string
) {
  if (!writes) return say(`refused ${name} of ${remote.place}: ${why}`)
  const target = quarantineName(name, randomUUID().slice(0, 8))
  yield* remote.putIfAbsent(target, bytes)
  yield* remote.remove(name)
  say(`refused ${name} of ${remote.place}: ${why}; it is ${target} there now`)
})

/** A blob of at most `limit` bytes; one that is larger is not what it should be, and is as good as missing. */
export const take = ({ remote, writes, say }: SharedRemote, name: string, limit: number) =>
  remote.get(name, limit).pipe(
    Effect.catchIf(
      (error: RemoteFailed) => error.reason === "unfit",
      Effect.fnUntraced(function* (error) {
        if (writes) yield* remote.remove(name)
        say(`refused ${name} of ${remote.place}: ${error.problem}${writes ? "; it is removed there" : ""}`)
        return undefined
      })
    )
  )
