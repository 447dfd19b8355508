/**
 * Run by tests/children/runs-script.c: reads YAML texts as gonit's reader does, with libyaml and the script engine. The
 * arguments are a file that holds a list of texts as JSON, and the file for the list of what came of each.
 */
import { hostFiles, hostYaml } from "../../src/config/host-files.ts";
import { readYaml } from "../config/read-yaml.ts";

const [from = "", to = ""] = host.args();
const bytes = host.readFile(from, 256 * 1024 * 1024);
if (typeof bytes === "number") throw new Error(`cannot read ${from}: ${host.errnoText(-bytes)}`);
const texts = JSON.parse(host.decodeUtf8(bytes)) as string[];
const outcomes = texts.map((text) => readYaml(host.encodeUtf8(text), hostFiles, hostYaml));
const error = host.writeFile(to, JSON.stringify(outcomes), 0o600);
if (error < 0) throw new Error(`cannot write ${to}: ${host.errnoText(-error)}`);
