/** Runs a start-up during which tfjs prints notices for browser users (platform set twice, back end speed) without them. */
export const quietly = async <A>(start: () => Promise<A>): Promise<A> => {
  const { warn } = console
  console.warn = () => {}
  try {
    return await start()
  } finally {
    console.warn = warn
  }
}
