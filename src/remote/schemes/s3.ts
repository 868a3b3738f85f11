/**
 * S3, Amazon's or any server's that speaks it. Requests are signed by `aws4fetch`; credentials come from the environment
 * alone (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN) and stand in the headers of requests alone.
 *
 * Conditional writes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { sha256Of } from "../../file/hash-file.ts"
import { isBlobName, type OpenRemote, type Remote } from "../port/remote.ts"
import { RemoteFailed } from "../port/remote-failed.ts"
import { makeS3Requests, type S3Reply, type S3Request } from "../s3/s3-requests.ts"

/** A page of 1,000 names has some 300 KB. */
const LONGEST_PAGE = 16 * 1024 * 1024

const unescapeXml = (text: string): string =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&")

const element = (xml: string, name: string): string | undefined => {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return found === undefined ? undefined : unescapeXml(found)
}

const makeS3Remote = (
  request: S3Request,
  { place, host, prefix }: { readonly place: string; readonly host: string; readonly prefix: string }
): Remote => {
  const failed = ({ status, text }: S3Reply): RemoteFailed => {
    const code = element(text, "Code") ?? `HTTP ${status}`
    const said = element(text, "Message")
    const problem = `${host} says ${code}${said === undefined ? "" : `: ${said}`}`
    const region = element(text, "Region")
    if (region !== undefined && (status === 301 || code === "AuthorizationHeaderMalformed")) {
      return new RemoteFailed({ reason: "unfit", place, problem, remedy: `Set \`remote: { region: ${region} }\`.` })
    }
    if (code === "NoSuchBucket" || status === 301) {
      const remedy = "Correct `remote: { url: ... }`, or make the bucket."
      return new RemoteFailed({ reason: "unknown", place, problem, remedy })
    }
    if (status === 401 || status === 403) {
      const remedy =
        "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and what they allow in this bucket."
      return new RemoteFailed({ reason: "refused", place, problem, remedy })
    }
    if (code === "NotImplemented") {
      const remedy = "This server does not know conditional writes (If-None-Match); use a version of it that does."
      return new RemoteFailed({ reason: "unfit", place, problem, remedy })
    }
    return new RemoteFailed({ reason: "unfit", place, problem, remedy: "Check the address and the server." })
  }

  const keyOf = (name: string): string => (prefix === "" ? name : `${prefix}/${name}`)

  const get: Remote["get"] = Effect.fnUntraced(function* (name, limit) {
    const reply = yield* request({ method: "GET", key: keyOf(name), limit })
    if (reply.status === 404 && element(reply.text, "Code") !== "NoSuchBucket") return undefined
    if (reply.status !== 200) return yield* failed(reply)
    if (reply.tooLong) {
      const problem = `${name} has more than the ${limit} bytes that it may have`
      const remedy = "Remove it there: whoever has the result can push it again."
      return yield* new RemoteFailed({ reason: "unfit", place, problem, remedy })
    }
    return reply.bytes
  })

  const ageSeconds: Remote["ageSeconds"] = Effect.fnUntraced(function* (name) {
    const reply = yield* request({ method: "HEAD", key: keyOf(name), limit: LONGEST_PAGE })
    if (reply.status === 404) return undefined
    if (reply.status !== 200) return yield* failed(reply)
    const [now, then] = ["date", "last-modified"].map((header) => Date.parse(reply.headers.get(header) ?? ""))
    const age = ((now as number) - (then as number)) / 1000
    if (Number.isFinite(age)) return Math.max(0, age)
    const problem = `${host} does not say when it wrote ${name}`
    return yield* new RemoteFailed({ reason: "unfit", place, problem, remedy: "Check the server." })
  })

  const put = (name: string, bytes: Uint8Array, headers: Readonly<Record<string, string>>) =>
    request({
      method: "PUT",
      key: keyOf(name),
      limit: LONGEST_PAGE,
      body: bytes as Uint8Array<ArrayBuffer>,
      headers: { ...headers, "x-amz-content-sha256": sha256Of(bytes) }
    })

  const putIfAbsent = Effect.fnUntraced(function* (name: string, bytes: Uint8Array) {
    const reply = yield* put(name, bytes, { "if-none-match": "*" })
    if (reply.status === 200) return true
    if (reply.status === 412) return false
    return yield* failed(reply)
  })

  /** A server that takes no notice of conditions would let two writers think that they were first. */
  const provesConditions = Effect.fnUntraced(function* () {
    const name = "conditional-writes"
    const bytes = new TextEncoder().encode("The second of two conditional writes of this object has to fail.\n")
    if (!(yield* putIfAbsent(name, bytes)) || !(yield* putIfAbsent(name, bytes))) return
    const problem = `${host} ignores If-None-Match`
    const remedy = "Use a version of this server that knows conditional writes, or `remote: { mode: read }`."
    return yield* new RemoteFailed({ reason: "unfit", place, problem, remedy })
  })
  const conditions = Effect.runSync(Effect.cached(provesConditions()))

  const list: Remote["list"] = Effect.fnUntraced(function* (from) {
    const names: Array<string> = []
    let token: string | undefined
    do {
      const query = {
        "list-type": "2",
        prefix: keyOf(from),
        ...(token === undefined ? {} : { "continuation-token": token })
      }
      const reply: S3Reply = yield* request({ method: "GET", key: "", query, limit: LONGEST_PAGE })
      if (reply.status !== 200) return yield* failed(reply)
      for (const [, key] of reply.text.matchAll(/<Key>([^<]*)<\/Key>/g)) {
        const name = unescapeXml(key as string).slice(prefix === "" ? 0 : prefix.length + 1)
        if (isBlobName(name)) names.push(name)
      }
      token = element(reply.text, "IsTruncated") === "true" ? element(reply.text, "NextContinuationToken") : undefined
    } while (token !== undefined)
    return names.toSorted()
  })

  return {
    place,
    get,
    ageSeconds,
    list,
    putIfAbsent: (name, bytes) => Effect.andThen(conditions, putIfAbsent(name, bytes)),
    put: Effect.fnUntraced(function* (name, bytes) {
      const reply = yield* put(name, bytes, {})
      if (reply.status !== 200) return yield* failed(reply)
    }),
    remove: Effect.fnUntraced(function* (name) {
      const reply = yield* request({ method: "DELETE", key: keyOf(name), limit: LONGEST_PAGE })
      if (reply.status !== 204 && reply.status !== 200 && reply.status !== 404) return yield* failed(reply)
    })
  }
}

interface Address {
  readonly bucket: string
  readonly prefix: string
}

/** Bucket names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const addressOf = (url: string): Result.Result<Address, RemoteFailed> => {
  const [, bucket = "", path = ""] = /^s3:\/\/([^/]*)\/?(.*)$/.exec(url) ?? []
  const prefix = path.replace(/\/+$/, "")
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && (prefix === "" || isBlobName(prefix))) {
    return Result.succeed({ bucket, prefix })
  }
  const problem = "expected s3://BUCKET or s3://BUCKET/PREFIX: small letters, digits, - and . for the bucket"
  const remedy = "Correct `remote: { url: ... }`."
  return Result.fail(new RemoteFailed({ reason: "unknown", place: url, problem, remedy }))
}

/** Of Amazon's, a bucket has a host of its own; elsewhere, and where a dot would break its certificate, it is the path. */
const baseOf = (bucket: string, endpoint: string | undefined, region: string): string => {
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, "")}/${bucket}`
  return bucket.includes(".")
    ? `https://s3.${region}.amazonaws.com/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`
}

export const open: OpenRemote = Effect.fnUntraced(function* (options) {
  const { url, endpoint: configured, region: wanted, readOnly, environment: env } = options
  const { bucket, prefix } = yield* Effect.fromResult(addressOf(url))
  const endpoint = configured ?? (env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || undefined)
  const region = wanted ?? (env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "us-east-1")
  const accessKeyId = env["AWS_ACCESS_KEY_ID"] || undefined
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"] || undefined
  const place = endpoint === undefined ? url : `${url} at ${endpoint}`
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined
      ? undefined
      : { accessKeyId, secretAccessKey, sessionToken: env["AWS_SESSION_TOKEN"] || undefined }
  // A public bucket can be read by anybody: a pull request's CI has no secrets.
  if (credentials === undefined && !readOnly) {
    const problem = "there are no credentials in the environment"
    const remedy =
      "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use `remote: { mode: read }` for a public bucket."
    return yield* new RemoteFailed({ reason: "refused", place, problem, remedy })
  }
  const base = baseOf(bucket, endpoint, region)
  const requests = yield* makeS3Requests({ base, place, region, credentials })
  return makeS3Remote(requests, { place, host: new URL(base).host, prefix })
})
