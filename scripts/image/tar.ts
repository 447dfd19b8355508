/* The image as tar archive, and as OCI image (image-spec v1.1): one layer, as a layout in a tar archive. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";
import { type Entry, modeOf } from "./tree.ts";
import type { WriteInput, Writer } from "./writer.ts";

function tarEntry(entry: Entry, mtime: Date): TarEntry {
  const common = { mtime, mode: modeOf(entry) & 0o7777, uid: entry.uid, gid: entry.gid, uname: "", gname: "" };
  switch (entry.kind) {
    case "folder":
      return { header: { ...common, name: `${entry.path}/`, type: "directory", size: 0 } };
    case "link":
      return { header: { ...common, name: entry.path, type: "symlink", size: 0, linkname: entry.target } };
    case "file":
      return { header: { ...common, name: entry.path, type: "file", size: entry.size }, body: entry.content() };
    case "device":
      throw new Error(`${entry.path} is a device: containers bring their own`);
  }
}

async function archive(entries: readonly Entry[], seconds: number): Promise<Buffer> {
  const mtime = new Date(seconds * 1000);
  return Buffer.from(await packTar(entries.map((entry) => tarEntry(entry, mtime))));
}

export const writeTar: Writer = async ({ entries, seconds }, path) => {
  writeFileSync(path, await archive(entries, seconds));
  return undefined;
};

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

function blobOf(bytes: Buffer, mediaType: string): { descriptor: Descriptor; entry: Entry } {
  const hash = sha256(bytes);
  return {
    descriptor: { mediaType, digest: `sha256:${hash}`, size: bytes.length },
    entry: file(`blobs/sha256/${hash}`, bytes),
  };
}

function file(path: string, bytes: Buffer): Entry {
  return { kind: "file", path, mode: 0o644, uid: 0, gid: 0, size: bytes.length, content: () => bytes };
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** A tag may hold letters, digits, `_`, `.` and `-`, 128 at most. */
function tagFor(version: string): string {
  const tag = version.replaceAll(/[^\w.-]/g, "-").slice(0, 128);
  return /^\w/.test(tag) ? tag : "latest";
}

function imageConfiguration({ title, version, seconds }: WriteInput, layer: Buffer): unknown {
  const created = new Date(seconds * 1000).toISOString();
  return {
    created,
    architecture: "amd64",
    os: "linux",
    config: {
      Entrypoint: ["/system/gonit", "init"],
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      WorkingDir: "/",
      StopSignal: "SIGTERM",
      Labels: { "org.opencontainers.image.title": title, "org.opencontainers.image.version": version },
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created, created_by: "gonit image builder" }],
  };
}

const TYPE = "application/vnd.oci.image";

/** All files of an OCI layout for one image. */
export async function ociLayout(input: WriteInput): Promise<Entry[]> {
  const layer = await archive(input.entries, input.seconds);
  const layerBlob = blobOf(gzipSync(layer, { level: 6 }), `${TYPE}.layer.v1.tar+gzip`);
  const configuration = blobOf(json(imageConfiguration(input, layer)), `${TYPE}.config.v1+json`);
  const mediaType = `${TYPE}.manifest.v1+json`;
  const manifest = blobOf(
    json({ schemaVersion: 2, mediaType, config: configuration.descriptor, layers: [layerBlob.descriptor] }),
    mediaType,
  );
  const reference = {
    ...manifest.descriptor,
    annotations: { "org.opencontainers.image.ref.name": tagFor(input.version) },
  };
  return [
    file("oci-layout", json({ imageLayoutVersion: "1.0.0" })),
    file("index.json", json({ schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests: [reference] })),
    ...[layerBlob, configuration, manifest].map((blob) => blob.entry),
  ];
}

export const writeOci: Writer = async (input, path) => {
  writeFileSync(path, await archive(await ociLayout(input), input.seconds));
  return undefined;
};
