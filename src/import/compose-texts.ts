/** Interpolation and commands of Compose. */

import { splitWords } from "./command-words.ts";
import { type At, type Draft, literal } from "./draft.ts";
import { reference, withReferences } from "./references.ts";

const forms = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^}]*))?\})/g;

/** `$$`, `$NAME`, `${NAME:-text}` …; an unset variable is empty there, so that a default is written where it matters. */
export function interpolate(text: string, at: At, draft: Draft): string {
  return text.replace(forms, (written, dollar, bare, name, operator = "", rest = "") => {
    if (dollar !== undefined) return "$";
    if (rest.includes("$")) {
      draft.note(at, `${written} has a variable within a variable`, "write the default out");
      return written;
    }
    if (operator === ":-" || operator === "-") return reference(`${name}:-${rest}`);
    if (operator === ":?" || operator === "?") return reference(name);
    if (operator === "") return reference(`${bare ?? name}:-`);
    draft.note(at, `${written} has no counterpart: it is empty here`, `write ${rest} where it shall be used`);
    return "";
  });
}

/** A value that means itself but for variables. */
export function composeText(text: string, at: At, draft: Draft): string {
  return withReferences(literal(interpolate(text, at, draft)));
}

/** Words of a text or a list; null: none. */
export function composeWords(texts: string[], isList: boolean, at: At, draft: Draft): string[] | null {
  const expanded = texts.map((text) => interpolate(text, at, draft));
  if (isList) return expanded.length === 0 ? null : expanded;
  const words = splitWords(expanded[0] ?? "");
  if (words === null) draft.note(at, "the command cannot be split into words", "close the quote");
  return words === null || words.length === 0 ? null : words;
}

/** What images of this name run when nothing is said: their documentation says it. */
const imageCommands: { [image: string]: string } = {
  postgres: "postgres",
  redis: "redis-server",
  valkey: "valkey-server",
  nginx: 'nginx -g "daemon off;"',
  httpd: "httpd -DFOREGROUND",
  caddy: "caddy run --config /etc/caddy/Caddyfile",
  mysql: "mysqld",
  mariadb: "mariadbd",
  memcached: "memcached",
  mongo: "mongod",
  rabbitmq: "rabbitmq-server",
  mosquitto: "mosquitto -c /mosquitto/config/mosquitto.conf",
  nats: "nats-server",
  traefik: "traefik",
  minio: "minio server /data",
};

/** The command of an image by its name, without registry, tag and digest. */
export function imageCommand(image: string): { command: string; isKnown: boolean } {
  const name = (image.replace(/@.*$/, "").split("/").at(-1) ?? "").replace(/:.*$/, "");
  const known = Object.hasOwn(imageCommands, name) ? imageCommands[name] : undefined;
  return { command: known ?? (name.replace(/[^\w.-]/g, "") || "false"), isKnown: known !== undefined };
}
