/**
 * Where the engine's store stands: a small file system in memory of our own, where this user may mount one in a namespace
 * (`unshare -rm`), so that it can be filled without harm to anybody; else a folder, which can't.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"

const SIZE = "256m"
const BALLAST_BYTES = 64 * 1024

export interface Disk {
  /** As the engine names it. */
  readonly path: string
  /** As this process reaches it. */
  readonly seen: string
  /** What stands before a command that is to see it. */
  readonly enter: ReadonlyArray<string>
  /** To the last byte; null where it is everybody's disk. */
  readonly fill: (() => void) | null
  readonly free: () => void
  readonly end: () => void
}

const mayMount = (): boolean => spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0

const folder = (path: string): Disk => ({
  path,
  seen: path,
  enter: [],
  fill: null,
  free: () => {},
  end: () => {},
})

/** Writes until the kernel says that there is no room. */
const fillUp = (file: string): void => {
  const fd = openSync(file, "w")
  try {
    for (let size = BALLAST_BYTES; size >= 1; size = Math.floor(size / 2)) {
      const bytes = Buffer.alloc(size)
      for (let isRoom = true; isRoom;) {
        try {
          writeSync(fd, bytes)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
          isRoom = false
        }
      }
    }
  } finally {
    closeSync(fd)
  }
}

const said = async (child: ChildProcess, line: string): Promise<void> => {
  for await (const one of createInterface({ input: child.stdout! })) if (one === line) return
  throw new Error("the file system in memory was not mounted")
}

/** `dir`: an empty folder that is there. */
export const makeDisk = async (dir: string): Promise<Disk> => {
  const path = join(dir, "disk")
  mkdirSync(path)
  if (!mayMount()) return folder(path)
  const mounted = `mount -t tmpfs -o size=${SIZE} tmpfs "$0" && echo mounted && exec sleep infinity`
  const holder = spawn("unshare", ["-rm", "sh", "-c", mounted, path], { stdio: ["ignore", "pipe", "inherit"] })
  await said(holder, "mounted")
  const seen = `/proc/${holder.pid}/root${path}`
  return {
    path,
    seen,
    enter: ["nsenter", "-t", String(holder.pid), "-U", "-m", "--preserve-credentials"],
    fill: () => fillUp(join(seen, "ballast")),
    free: () => rmSync(join(seen, "ballast"), { force: true }),
    end: () => void holder.kill("SIGKILL"),
  }
}
