/** The command line: `concordat <command>`. What is loaded is what the words on the line ask for. */
import { enableCompileCache } from "node:module"
import { asksForHelp, helpText } from "./help.ts"

// What was compiled once is read from the machine's temporary folder: a third of the time until an answer.
enableCompileCache()

const words = process.argv.slice(2)
if (asksForHelp(words)) process.stdout.write(`${helpText()}\n`)
else await (await import("./run.ts")).run(words)
