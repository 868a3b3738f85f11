/** Signed requests to one bucket, each tried a few times; what the server answers is a value, whatever its status. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { RemoteFailed } from "../port/remote-failed.ts"

export interface S3Reply {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The answer was longer than the limit, and what came of it is dropped. */
  readonly tooLong: boolean
  /** `bytes` as text, for answers that are XML. */
  readonly text: string
}

export type S3Request = (options: {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE"
  /** "" for the bucket itself. */
  readonly key: string
  /** Most bytes of an answer that is no complaint. */
  readonly limit: number
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
}) => Effect.Effect<S3Reply, RemoteFailed>

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}

/** What a server says of a failure is a few hundred bytes of XML. */
const LONGEST_COMPLAINT = 64 * 1024
const TRIES = 3
const FIRST_DELAY_MS = 250
/** For one try, its body included: 16 MiB at 140 kB/s. */
const TRY_MS = 120_000

/** Too busy, not available, or two conditional writes at once: 409 is answered anew when the other one is done. */
const comesAndGoes = (status: number): boolean => (status >= 500 ? status !== 501 : [408, 409, 429].includes(status))

const readBody = async (
  method: string,
  response: Response,
  limit: number
): Promise<Pick<S3Reply, "bytes" | "tooLong">> => {
  if (method === "HEAD") return { bytes: new Uint8Array(), tooLong: false }
  const announced = Number(response.headers.get("content-length") ?? 0)
  const parts: Array<Uint8Array> = []
  let size = 0
  if (announced <= limit) {
    for await (const part of response.body ?? []) {
      parts.push(part as Uint8Array)
      size += part.byteLength
      if (size > limit) break
    }
  } else await response.body?.cancel()
  if (announced > limit || size > limit) return { bytes: new Uint8Array(), tooLong: true }
  // fetch gives what came of a body that was cut without a word where the server closes the connection in order.
  if (size < announced && !response.headers.has("content-encoding")) throw new Error("the answer was cut")
  const bytes = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return { bytes, tooLong: false }
}

/** Of a failed `fetch`, whose own message is "fetch failed". */
const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  if (!(inner instanceof Error)) return String(inner)
  if (inner.name === "TimeoutError") return `no answer within ${TRY_MS / 1000} s`
  const code = (inner as NodeJS.ErrnoException).code
  return inner.message === "" || inner.message === code ? (code ?? inner.name) : inner.message
}

/** @param options.base address of the bucket, without a slash at its end */
export const makeS3Requests = (options: {
  readonly base: string
  readonly place: string
  readonly region: string
  /** Undefined: requests are not signed. */
  readonly credentials: S3Credentials | undefined
}): Effect.Effect<S3Request> =>
  Effect.gen(function* () {
    const { base, place, region, credentials } = options
    const { AwsV4Signer } = yield* Effect.promise(() => import("aws4fetch"))
    // Keys that are derived for the signature hold for a day.
    const cache = new Map<string, ArrayBuffer>()

    const once = async (wanted: Parameters<S3Request>[0]): Promise<S3Reply> => {
      const { method, key, limit, query = {}, headers = {}, body } = wanted
      const url = new URL(key === "" ? base : `${base}/${key}`)
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      const plain = { method, headers: { ...headers }, ...(body === undefined ? {} : { body }) }
      const signed =
        credentials === undefined
          ? { ...plain, url }
          : await new AwsV4Signer({
              ...plain,
              url: url.href,
              service: "s3",
              region,
              cache,
              accessKeyId: credentials.accessKeyId,
              secretAccessKey: credentials.secretAccessKey,
              ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken })
            }).sign()
      const response = await fetch(signed.url, {
        method,
        headers: signed.headers,
        ...(body === undefined ? {} : { body }),
        redirect: "manual",
        signal: AbortSignal.timeout(TRY_MS)
      })
      const answer = await readBody(method, response, response.ok ? limit : LONGEST_COMPLAINT)
      return {
        status: response.status,
        headers: response.headers,
        ...answer,
        get text() {
          return new TextDecoder().decode(answer.bytes)
        }
      }
    }

    return Effect.fnUntraced(function* (wanted: Parameters<S3Request>[0]) {
      let reason = ""
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const result = yield* Effect.tryPromise({ try: () => once(wanted), catch: reasonOf }).pipe(Effect.result)
        if (result._tag === "Success" && (!comesAndGoes(result.success.status) || attempt === TRIES))
          return result.success
        reason = result._tag === "Success" ? `HTTP ${result.success.status}` : result.failure
        // Jitter keeps clients that failed together from coming back together.
        const jitter = yield* Random.nextBetween(0.75, 1.25)
        if (attempt < TRIES) yield* Effect.sleep(FIRST_DELAY_MS * 3 ** (attempt - 1) * jitter)
      }
      return yield* new RemoteFailed({
        reason: "unreachable",
        place,
        problem: `no answer from ${new URL(base).host} in ${TRIES} tries: ${reason}`,
        remedy: "Check the network and the address, or go on without it: --no-remote."
      })
    })
  })
