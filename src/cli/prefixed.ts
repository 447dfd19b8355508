/** Output of a service as whole lines, with its name before each where several are shown. */
export function prefixed(service: string, text: string, wanted: boolean): string {
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  if (!wanted || whole === "") return whole;
  const lines = whole.slice(0, -1).split("\n");
  return `${lines.map((line) => `${service} | ${line}`).join("\n")}\n`;
}
