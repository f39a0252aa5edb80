/**
 * libphonenumber, loaded when the first phone number is read: its 93 modules took a twentieth of the start of a process that
 * may never see one.
 */
import { createRequire } from "node:module"

type Library = typeof import("libphonenumber-js/min")

const require = createRequire(import.meta.url)
let loaded: Library | undefined

export const phoneLibrary = (): Library => (loaded ??= require("libphonenumber-js/min") as Library)
