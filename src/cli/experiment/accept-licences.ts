/** `--accept-licence NAME`: a person's yes to the terms of a model's weights, kept for this user. */
import * as Effect from "effect/Effect"
import { licences, rememberConsent } from "../../source/scheme/licence-consent.ts"
import { suggestOrList } from "../../words/did-you-mean.ts"
import { UsageError } from "./usage-error.ts"

export const acceptLicences = Effect.fn("acceptLicences")(function* (
  names: ReadonlyArray<string>,
  say: (line: string) => void
) {
  const known = licences.map(({ name }) => name)
  for (const name of names) {
    const terms = licences.find((each) => each.name === name)
    if (terms === undefined) {
      const hint = suggestOrList(name, known)
      return yield* new UsageError({ problem: `--accept-licence ${name}: no such licence${hint}` })
    }
    const file = rememberConsent(name)
    say(`accepted: ${terms.title} (${terms.urls.join(", ")}); remembered in ${file}`)
  }
})
