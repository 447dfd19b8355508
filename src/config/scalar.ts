/**
 * What a plain scalar means: the core schema of YAML 1.2, chapter 10.3. `no`, `on`, `0640` and `1:30` are what they look
 * like: text, text, six hundred and forty, text.
 */

export function isNullText(text: string): boolean {
  return text === "" || text === "~" || text === "null" || text === "Null" || text === "NULL";
}

export function readBoolean(text: string): boolean | null {
  if (text === "true" || text === "True" || text === "TRUE") return true;
  if (text === "false" || text === "False" || text === "FALSE") return false;
  return null;
}

const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** null: not a number. */
export function readNumber(text: string): number | null {
  if (decimal.test(text)) return Number(text);
  if (/^0o[0-7]+$/.test(text)) return Number.parseInt(text.slice(2), 8);
  if (/^0x[0-9a-fA-F]+$/.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? Number.NaN : null;
}

export function readScalar(text: string): string | number | boolean | null {
  if (isNullText(text)) return null;
  return readBoolean(text) ?? readNumber(text) ?? text;
}

/** Whether a text must be quoted in YAML to stay that text. */
export function needsQuotes(text: string): boolean {
  return (
    readScalar(text) !== text ||
    !/^(?:_*[A-Za-z]|\/)[A-Za-z0-9_/.@%+=~ -]*$/.test(text) ||
    text.endsWith(" ") ||
    // Booleans of YAML 1.1: other readers are spared the difference.
    /^(?:y|n|yes|no|on|off)$/i.test(text)
  );
}
