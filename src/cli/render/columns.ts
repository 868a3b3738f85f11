/** How wide lines on stdout may be: the terminal's width; into a file or a pipe they are as long as they are. */
export const columns = (): number => (process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY)
