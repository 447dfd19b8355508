/* The words after `npm run image --`. */
import { Failure } from "../run.ts";
import { FORMATS, type Format } from "./manifest.ts";

export interface ImageOptions {
  /** Configuration; undefined: examples/appliance/config.yml. */
  file?: string;
  /** Undefined: what the configuration says. */
  formats?: Format[];
  /** Undefined: dist/image. */
  output?: string;
  /** A gonit binary; undefined: it is built. */
  binary?: string;
  /** Asks the archive for a newer kernel. */
  update: boolean;
}

export const IMAGE_USAGE = `npm run image -- [OPTION ...] [CONFIG]

Builds images from a configuration (examples/appliance/config.yml) into dist/image: see docs/image.md.

  --format LIST     instead of the configuration's image.format: ${FORMATS.join(",")}
  --output FOLDER   where the files go
  --binary FILE     a gonit binary to put in, instead of building one
  --update          asks the archive whether Debian has a newer kernel`;

function readFormats(text: string): Format[] {
  const words = text.split(",");
  const wrong = words.find((word) => !(FORMATS as readonly string[]).includes(word));
  if (wrong !== undefined) throw new Failure(`cannot use --format ${wrong}: it is none of ${FORMATS.join(", ")}`);
  return words as Format[];
}

/** Reads the words; a Failure names the first that is wrong. */
export function readImageOptions(words: readonly string[]): ImageOptions {
  const options: ImageOptions = { update: false };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name = "", ...parts] = word.startsWith("--") ? word.split("=") : [word];
    const value = (): string => {
      const text = parts.length > 0 ? parts.join("=") : rest.shift();
      if (text === undefined) throw new Failure(`${name} needs a value\n\n${IMAGE_USAGE}`);
      return text;
    };
    if (name === "--format") options.formats = readFormats(value());
    else if (name === "--output") options.output = value();
    else if (name === "--binary") options.binary = value();
    else if (word === "--update") options.update = true;
    else if (word.startsWith("-") || options.file !== undefined) {
      throw new Failure(`${word} is not understood\n\n${IMAGE_USAGE}`);
    } else options.file = word;
  }
  return options;
}
