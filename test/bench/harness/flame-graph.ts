/** A profile as a flame graph: one HTML file that needs nothing else. A click zooms in, the search marks what it finds. */
import type { Profiler } from "node:inspector"
import { type Call, callTree } from "./call-tree.ts"

/** Calls that took less than this share of the whole are too narrow to be seen. */
const NARROWEST = 0.0005

/** name, place, self ms, total ms, children */
type Drawn = readonly [string, string, number, number, ReadonlyArray<Drawn>]

const drawn = (call: Call, least: number): Drawn => [
  call.name,
  call.place,
  Math.round(call.self * 10) / 10,
  Math.round(call.total * 10) / 10,
  [...call.children.values()]
    .filter(({ total }) => total >= least)
    .toSorted((a, b) => b.total - a.total)
    .map((child) => drawn(child, least)),
]

const SCRIPT = `
const box = document.getElementById("flames"), said = document.getElementById("said"), find = document.getElementById("find")
const ROW = 18
let top = root
const hue = (place) => { let h = 0; for (const c of place.replace(/:\\d+$/, "")) h = (h * 31 + c.charCodeAt(0)) % 360; return h }
const show = () => {
  box.textContent = ""
  let depth = 0
  const word = find.value.toLowerCase()
  const draw = (call, left, row) => {
    const width = (call[3] / top[3]) * 100
    if (width < 0.05) return
    depth = Math.max(depth, row)
    const bar = document.createElement("div")
    bar.className = "bar"
    bar.style.cssText = "left:" + left + "%;width:" + width + "%;top:" + row * ROW + "px;background:" +
      (word !== "" && (call[0] + " " + call[1]).toLowerCase().includes(word) ? "#d0f" : "hsl(" + hue(call[1]) + " 60% 72%)")
    bar.textContent = call[0]
    bar.title = call[0] + "\\n" + call[1] + "\\n" + call[3] + " ms with callees (" + (call[3] / root[3] * 100).toFixed(1) + " %), " + call[2] + " ms itself"
    bar.onclick = () => { top = top === call ? root : call; show() }
    box.append(bar)
    let at = left
    for (const child of call[4]) { draw(child, at, row + 1); at += (child[3] / top[3]) * 100 }
  }
  draw(top, 0, 0)
  box.style.height = (depth + 1) * ROW + "px"
  said.textContent = (top[3] / 1000).toFixed(2) + " s shown of " + (root[3] / 1000).toFixed(2) + " s"
}
find.oninput = show
show()`

export const flameGraph = (title: string, profile: Profiler.Profile): string => {
  const root = callTree(profile)
  // Waiting is no work.
  for (const [key, call] of root.children)
    if (call.name === "(idle)") {
      root.children.delete(key)
      root.total -= call.total
    }
  const data = JSON.stringify(drawn(root, root.total * NARROWEST)).replaceAll("<", "\\u003c")
  const name = title.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
  return `<!doctype html><meta charset="utf-8"><title>${name}</title>
<style>body{font:12px sans-serif;margin:8px}#flames{position:relative}.bar{position:absolute;height:17px;box-sizing:border-box;
overflow:hidden;white-space:nowrap;border-right:1px solid #fff;cursor:pointer;padding-left:2px}</style>
<h3>${name}</h3><p><input id="find" placeholder="function or file"> <span id="said"></span> (a click zooms, another goes back)</p>
<div id="flames"></div><script>const root = ${data};${SCRIPT}</script>
`
}
