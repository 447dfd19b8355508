import { ErrorCode, type RpcError } from "./messages.ts";

/** The error for names that match no service. */
export function unknownName(names: string[], suggestions: string[]): RpcError {
  const shown = names.join(", ");
  const hint = suggestions.length > 0 ? `; did you mean ${suggestions.join(" or ")}?` : "";
  return { code: ErrorCode.noSuchService, message: `there is no service ${shown}${hint}`, data: { suggestions } };
}
