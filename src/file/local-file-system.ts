/** Whether a folder is on a disk of this machine: what one process writes there, others see at once. */
import { statfs } from "node:fs/promises"

/** Magic numbers of statfs(2): ext, xfs, btrfs, tmpfs, overlay, zfs, f2fs, ramfs. */
const LOCAL: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0x858458f6
])

/** False where it is not known to be. */
export const onLocalFileSystem = async (directory: string): Promise<boolean> =>
  process.platform === "linux" &&
  (await statfs(directory).then(
    ({ type }) => LOCAL.has(type),
    () => false
  ))
