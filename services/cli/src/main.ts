/** The command line: `concordat <command>`. Each command loads what it needs when it runs. */
import { runMain } from "@effect/platform-node/NodeRuntime"
import { layer } from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { arm } from "./commands/arm.ts"
import { backfill } from "./commands/backfill.ts"
import { conflicts } from "./commands/conflicts.ts"
import { createAgain } from "./commands/create-again.ts"
import { demo } from "./commands/demo.ts"
import { explain } from "./commands/explain.ts"
import { issues } from "./commands/issues.ts"
import { mapping } from "./commands/mapping.ts"
import { match } from "./commands/match.ts"
import { matches } from "./commands/matches.ts"
import { merge } from "./commands/merge.ts"
import { pause } from "./commands/pause.ts"
import { plan } from "./commands/plan.ts"
import { release } from "./commands/release.ts"
import { replay } from "./commands/replay.ts"
import { resolve } from "./commands/resolve.ts"
import { resume } from "./commands/resume.ts"
import { split } from "./commands/split.ts"
import { status } from "./commands/status.ts"
import { tail } from "./commands/tail.ts"
import { up } from "./commands/up.ts"
import { waiting } from "./commands/waiting.ts"
import { teardown } from "./ending.ts"
import { concordat, VERSION } from "./root.ts"

export const command = concordat.pipe(
  Command.withSubcommands([
    up,
    demo,
    status,
    plan,
    arm,
    pause,
    resume,
    backfill,
    tail,
    explain,
    conflicts,
    resolve,
    matches,
    match,
    merge,
    split,
    waiting,
    issues,
    replay,
    release,
    createAgain,
    mapping,
  ]),
)

if (import.meta.main) {
  runMain(Command.run(command, { version: VERSION }).pipe(Effect.provide(layer)), { teardown })
}
