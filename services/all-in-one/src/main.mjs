/** Concordat without the command line: `node main.mjs [concordat.yaml]`. */
import { enableCompileCache } from "node:module"

// What was compiled once is read from the machine's temporary folder: half of the time until it is ready. Before anything else is loaded;
// and JavaScript, since what makes JavaScript of a first file that is TypeScript takes 70 ms to load.
enableCompileCache()

// And the store's thread loads what it needs beside it.
const { beginThread } = await import("@concordat/adapters/sqlite/thread")
beginThread()

const { run } = await import("./run.ts")
run(process.argv[2] ?? "concordat.yaml")
