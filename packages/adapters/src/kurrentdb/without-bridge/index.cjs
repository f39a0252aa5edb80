"use strict"
// The client asks for its native reader when it is made and uses it for `readStream` and `readAll` only, which this
// adapter never calls (see ../wire.ts). Whoever does is told so, instead of being answered with nothing.
const refuse = (name) => () => {
  throw new Error(`${name} needs the native bridge, which is left out: read through the Journal port`)
}
exports.createClient = () => ({ readStream: refuse("readStream"), readAll: refuse("readAll") })
