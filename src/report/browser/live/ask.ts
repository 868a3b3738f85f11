/** Questions to the server that gave this page. */

const read = async <A>(response: Response): Promise<A> => {
  const told = (await response.json()) as A & { readonly problem?: string }
  if (!response.ok) throw new Error(told.problem ?? `the server answered ${response.status}`)
  return told
}

export const get = async <A>(path: string): Promise<A> => read(await fetch(path))

export const ask = async <A>(question: string, body: unknown): Promise<A> =>
  read(
    await fetch(`/api/${question}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    })
  )
