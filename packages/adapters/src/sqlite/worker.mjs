/** Where the thread that holds the file begins: what it runs is in `serving.ts`. */
import { enableCompileCache } from "node:module"
import { workerData } from "node:worker_threads"

// A thread has no part in what its process keeps of compiled code, and a start waits for it. JavaScript, since of a first file
// that is TypeScript nothing is kept: what makes JavaScript of it would be loaded for this file alone.
if (workerData.compileCache) enableCompileCache()

await import("./serving.ts")
