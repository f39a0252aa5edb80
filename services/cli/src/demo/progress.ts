/** What is shown while the demo runs: a bar for each connection's first sync, and lines for what happens. Nothing on `--json`. */
import type { TenantStatus } from "@concordat/api/operator/views"
import { MultiBar, Presets, type SingleBar } from "cli-progress"

export interface Screen {
  readonly say: (line: string) => void
  readonly bars: (status: TenantStatus) => void
  readonly endBars: () => void
}

/** `aside`: on standard error, as the answer goes to standard output. `silent`: nowhere. */
export const makeScreen = (aside: boolean, silent: boolean): Screen => {
  const out = aside ? process.stderr : process.stdout
  const quiet = aside || silent || !process.stdout.isTTY
  let multi: MultiBar | null = null
  const bars = new Map<string, SingleBar>()
  return {
    say: (line) => {
      if (!silent) out.write(`${line}\n`)
    },
    bars: (status) => {
      if (quiet) return
      multi ??= new MultiBar(
        {
          format: "  {name} {bar} {value}/{total}  {rate}/s  {left}",
          stream: process.stdout,
          noTTYOutput: false,
          hideCursor: true,
        },
        Presets.shades_classic,
      )
      for (const { backfill, connection } of status.connections) {
        const done = backfill.objects.reduce((all, one) => all + one.done, 0)
        const total = Math.max(
          done,
          backfill.objects.reduce((all, one) => all + (one.total ?? one.done), 0),
        )
        const rate = Math.round(backfill.objects.reduce((all, one) => all + (one.finished ? 0 : one.perSecond), 0))
        const left =
          backfill.state === "done"
            ? "done"
            : `${Math.round(Math.max(0, ...backfill.objects.map((one) => one.secondsLeft ?? 0)))} s left`
        const bar =
          bars.get(connection) ?? multi.create(Math.max(total, 1), 0, { name: connection.padEnd(8), rate, left })
        bars.set(connection, bar)
        bar.setTotal(Math.max(total, 1))
        bar.update(done, { rate, left })
      }
    },
    endBars: () => {
      multi?.stop()
      multi = null
      bars.clear()
    },
  }
}
