/**
 * Who may ask a live page's server. On the loopback everybody who sits at this machine, but no page of another site that their
 * browser shows: the host must be the one that is served (a name that was rebound to 127.0.0.1 is another one), and what
 * changes or computes must come from this origin. Bound elsewhere, whoever has the token.
 */
import { timingSafeEqual } from "node:crypto"

export interface Asked {
  readonly method: string
  /** `/api/run?token=...` */
  readonly url: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
}

export interface Guarded {
  /** Hosts that a request may name, with their port. Undefined: any, where there is a token. */
  readonly hosts: ReadonlySet<string> | undefined
  /** Undefined: none is asked for. */
  readonly token: string | undefined
}

export type Verdict =
  | { readonly allowed: true; readonly setToken: boolean }
  | { readonly allowed: false; readonly status: number; readonly why: string }

export const cookieName = "pipeline-token"

const only = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof value === "string" ? value : undefined

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const refused = (status: number, why: string): Verdict => ({ allowed: false, status, why })

const cookieOf = (header: string | undefined): string | undefined =>
  header
    ?.split(";")
    .map((each) => each.trim().split("="))
    .find(([name]) => name === cookieName)?.[1]

export const verdict = ({ method, url, headers }: Asked, { hosts, token }: Guarded): Verdict => {
  const host = only(headers["host"])
  if (host === undefined || (hosts !== undefined && !hosts.has(host.toLowerCase()))) {
    return refused(421, "this server does not go by that name")
  }
  const origin = only(headers["origin"])
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return refused(403, "pages of other sites may not ask")
  }
  if (method !== "GET" && method !== "HEAD" && method !== "POST") return refused(405, "GET and POST are answered")
  // A form of another site cannot send this type without asking first, which is not answered.
  if (method === "POST" && only(headers["content-type"]) !== "application/json") {
    return refused(415, "send application/json")
  }
  if (token === undefined) return { allowed: true, setToken: false }
  const query = new URL(url, "http://here").searchParams.get("token")
  if (query !== null && same(query, token)) return { allowed: true, setToken: true }
  const bearer = /^Bearer (.+)$/.exec(only(headers["authorization"]) ?? "")?.[1]
  const given = bearer ?? cookieOf(only(headers["cookie"]))
  return given !== undefined && same(given, token)
    ? { allowed: true, setToken: false }
    : refused(401, "open the address that `pipeline serve` printed: it has the token")
}
