/** The engine's version, as the package names it: in `status`, on the command line, in metrics. */
export const VERSION = "0.1.0"
