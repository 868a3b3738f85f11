/** `pipeline serve FILE`: the report's page, live: the run as it goes, and SAEs of the store that can be asked. Until Ctrl-C. */
import { randomBytes } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { Report, reportFileName } from "../../kinds/report.ts"
import { livePage } from "../../report/live-page.ts"
import { answersFor } from "../../serve/answers-for.ts"
import { liveServer } from "../../serve/live-server.ts"
import { Store } from "../../store/store.ts"
import { madeExperiment } from "../experiment/made-experiment.ts"
import { compareAgainst } from "../compare/compare-against.ts"
import { openInBrowser } from "../experiment/open-in-browser.ts"
import type { ServeInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"

const loopback = new Set(["127.0.0.1", "localhost", "::1"])

const inAddress = (host: string): string => (host.includes(":") ? `[${host}]` : host)

export const serve = Effect.fn("serve")(function* (input: ServeInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  const page = Effect.gen(function* () {
    const { plan } = yield* planExperiment(experiment)
    const store = yield* Store
    const made = plan.stages.find(({ instance, found }) => instance.output === Report.name && found !== undefined)
    const report =
      made?.found === undefined
        ? undefined
        : yield* store.artifact(made.found.digest).pipe(Effect.flatMap((artifact) => artifact.readText(reportFileName)))
    const against = Option.isNone(input.against)
      ? undefined
      : yield* compareAgainst(input.against.value, experiment, input)
    return livePage({ ...madeExperiment(experiment, plan, input.set), report, against })
  })
  const serving = Effect.gen(function* () {
    const own = loopback.has(input.host)
    const token = own ? undefined : randomBytes(24).toString("base64url")
    const { port } = yield* liveServer({
      host: input.host,
      port: input.port,
      guarded: (bound) => ({
        hosts: own ? new Set([...loopback].map((name) => `${inAddress(name)}:${bound}`)) : undefined,
        token
      }),
      answers: yield* answersFor(experiment.name),
      page
    })
    const address = `http://${inAddress(input.host)}:${port}/${token === undefined ? "" : `?token=${token}`}`
    process.stderr.write(`${address}\n`)
    if (token !== undefined) {
      process.stderr.write(
        "whoever has this address can read the results and make this machine compute; it is not encrypted\n"
      )
    }
    const refused = input.open ? yield* openInBrowser(address) : undefined
    if (refused !== undefined) process.stderr.write(`${refused}: open ${address} yourself\n`)
    return yield* Effect.never
  })
  yield* withStore(experiment.project, Effect.scoped(serving))
})
