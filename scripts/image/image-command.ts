/* `npm run image`. */
import type { Tools } from "../run.ts";
import { recordBuild } from "./fresh-images.ts";
import { buildImages } from "./image.ts";
import { IMAGE_USAGE, readImageOptions } from "./options.ts";

export async function imageCommand(tools: Tools, words: string[]): Promise<number> {
  if (words.includes("--help")) {
    console.log(IMAGE_USAGE);
    return 0;
  }
  const options = readImageOptions(words);
  await buildImages(tools, options);
  if (options.output === undefined) await recordBuild(tools, words);
  return 0;
}
