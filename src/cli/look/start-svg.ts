/** `gonit analyze --format svg`: a bar for each service, in the order of their starts; those that held up the rest stand out. */

import { spanText } from "./event-words.ts";
import type { BootAnalysis, ServiceStart, StartAnalysis } from "./start-analysis.ts";
import { drawing, element, textAt, widthOf } from "./svg.ts";

const rowHeight = 22;
const barHeight = 14;
const plotWidth = 800;
const margin = 20;
const colours = { waited: "#dddddd", spawn: "#f2b134", ready: "#4a90c2", boot: "#9b7fb8" };
const ticks = 8;

interface Bar {
  name: string;
  /** From and to, with the colour. */
  parts: [number, number, string][];
  isHeld: boolean;
  label: string;
}

export function startSvg(analysis: StartAnalysis, boot: BootAnalysis | null): string {
  const before = boot === null ? 0 : boot.totalMs - boot.initMs - boot.servicesMs;
  const bars = [...(boot === null ? [] : bootBars(boot, before)), ...serviceBars(analysis, before)];
  const endMs = Math.max(1, before + analysis.totalMs, ...bars.flatMap(({ parts }) => parts.map(([, to]) => to)));
  const left = margin + Math.max(60, ...bars.map(({ name }) => widthOf(name))) + 10;
  const x = (ms: number): number => left + (ms / endMs) * plotWidth;
  const bottom = margin * 2 + bars.length * rowHeight;
  const parts = axis(endMs, x, bottom);
  for (const [row, bar] of bars.entries()) parts.push(...drawn(bar, margin * 2 + row * rowHeight, left, x));
  const legend = "grey: waited · yellow: until its program runs · blue: until ready · bold: what held up the rest";
  parts.push(textAt(margin, bottom + 24, legend, { "font-size": 11, fill: "#555555" }));
  return drawing(left + plotWidth + 100, bottom + 40, parts);
}

function axis(endMs: number, x: (ms: number) => number, bottom: number): string[] {
  const parts: string[] = [];
  for (let tick = 0; tick <= ticks; tick++) {
    const ms = (endMs * tick) / ticks;
    parts.push(element("path", { d: `M${x(ms)} ${margin * 2 - 6} V${bottom}`, stroke: "#e4e4e4" }));
    parts.push(textAt(x(ms), margin + 6, spanText(ms), { "text-anchor": "middle", "font-size": 11, fill: "#555555" }));
  }
  return parts;
}

function drawn({ name, parts, isHeld, label }: Bar, y: number, left: number, x: (ms: number) => number): string[] {
  const weight = isHeld ? "bold" : "normal";
  const shapes = parts.map(([from, to, fill]) =>
    element("rect", { x: x(from), y, width: Math.max(1, x(to) - x(from)), height: barHeight, fill }),
  );
  const end = Math.max(...parts.map(([, to]) => to));
  return [
    textAt(left - 8, y + 11, name, { "text-anchor": "end", "font-weight": weight }),
    ...shapes,
    textAt(x(end) + 5, y + 11, label, { "font-size": 11, fill: "#555555" }),
  ];
}

function bootBars({ kernelMs, initramfsMs, initMs }: BootAnalysis, before: number): Bar[] {
  const bars: Bar[] = [];
  const add = (name: string, from: number, ms: number): void => {
    bars.push({ name, parts: [[from, from + ms, colours.boot]], isHeld: true, label: spanText(ms) });
  };
  if (kernelMs !== null) add("kernel", 0, kernelMs);
  if (initramfsMs !== null) add("initramfs", kernelMs ?? 0, initramfsMs);
  add("init", before, initMs);
  return bars;
}

function serviceBars({ services, chain, totalMs }: StartAnalysis, before: number): Bar[] {
  return services.map((service) => {
    const { name, readyAtMs, state } = service;
    const parts = partsOf(service, totalMs).map(([from, to, fill]): Bar["parts"][number] => [
      from + before,
      to + before,
      fill,
    ]);
    const tookMs = (service.spawnMs ?? 0) + (service.untilReadyMs ?? 0);
    return { name, parts, isHeld: chain.includes(name), label: readyAtMs === null ? state : spanText(tookMs) };
  });
}

function partsOf({ waitingAtMs, startingAtMs, execAtMs, readyAtMs }: ServiceStart, totalMs: number): Bar["parts"] {
  const end = readyAtMs ?? Math.max(totalMs, execAtMs ?? startingAtMs ?? waitingAtMs);
  const starting = startingAtMs ?? end;
  const exec = execAtMs ?? starting;
  return [
    [waitingAtMs, starting, colours.waited],
    [starting, Math.min(exec, end), colours.spawn],
    [Math.min(exec, end), end, colours.ready],
  ];
}
