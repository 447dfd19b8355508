/** Reads a list of YAML texts as gonit's reader does, with libyaml; a list of what came of each. See script-runner.ts. */
import { hostFiles, hostYaml } from "../../src/config/host-files.ts";
import { readYaml } from "../config/read-yaml.ts";
import { answer } from "./script-data.ts";

answer((texts: string[]) => texts.map((text) => readYaml(host.encodeUtf8(text), hostFiles, hostYaml)));
