/** The claim on a key: its lease, and a workspace for the new owner. */
import * as Effect from "effect/Effect"
import type { KeyAttempt } from "../key-claim.ts"
import { unwritable } from "../../file/unwritable.ts"
import { partialDirectory } from "./layout.ts"
import { formatOwner, leaseHolder, tryLease } from "../../file/lease.ts"
import { cleanEarlier, hasSomethingToResume, lastEpoch } from "./workspace-folder.ts"

export const claimKey = Effect.fnUntraced(function* (root: string, key: string, purpose: string) {
  const attempt = yield* tryLease({
    directory: partialDirectory(root, key),
    purpose,
    above: lastEpoch(root, key)
  })
  if (attempt._tag === "busy") {
    const busy: KeyAttempt = { _tag: "busy", owner: formatOwner(attempt.owner) }
    return busy
  }
  const workspace = { key, epoch: attempt.lease.epoch }
  yield* Effect.tryPromise({ try: () => cleanEarlier(root, workspace), catch: unwritable(root) })
  const held: KeyAttempt = {
    _tag: "held",
    claim: {
      workspace,
      resumes: Effect.sync(() => hasSomethingToResume(root, workspace)),
      lost: attempt.lease.lost,
      held: attempt.lease.held
    }
  }
  return held
})

export const keyOwner = (root: string, key: string): Effect.Effect<string | undefined> =>
  leaseHolder(partialDirectory(root, key))
